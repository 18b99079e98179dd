#include "console_api.h"

#include "api.h"
#include "ca.h"
#include "conf.h"
#include "console.h"
#include "daemon.h"

static void
refuse(void *cookie, struct http_request *request,
    const struct console_refusal *why)
{
	const struct api_refusal refusal = {.status = why->status,
	    .retry_after = why->retry_after,
	    .headers = why->headers,
	    .header_count = why->header_count};

	(void)cookie;
	api_refuse(request, &refusal);
}

static void
wake(void *cookie)
{
	const struct console_api *c = cookie;

	c->wake(c->cookie);
}

/* It is opened anew when its issuers change. */
static struct ca *
the_ca(void *cookie)
{
	const struct console_api *c = cookie;

	return c->d->ca == NULL ? NULL : ca_hold(c->d->ca);
}

int
console_api_new(struct console_api *c, struct console *console, struct err *err)
{
	static const char *const methods[] = {
	    "GET", "POST", "PUT", "PATCH", "DELETE"};
	const struct api_conf conf = {.loop = c->d->loop,
	    .database = c->d->conf->database,
	    .vault = c->d->vault,
	    .wake = wake,
	    .ca = the_ca,
	    .cookie = c,
	    .policy = &c->policy,
	    .parallel = c->d->conf->parallel,
	    .version = AMTKEEPER_VERSION,
	    .conf = c->d->conf};
	struct console_route route = {.path = API_PATH,
	    .body_max = API_BODY_MAX,
	    .need = CONSOLE_KNOWN,
	    .handle = api_handle,
	    .refuse = refuse};
	size_t i;

	if (console == NULL)
		return 0;
	c->policy = (struct policy){.profile = c->d->profile,
	    .directory = c->d->conf->directory,
	    .realm = c->d->conf->realm};
	if (api_new(&conf, &c->api, err) != 0)
		return -1;
	route.cookie = c->api;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		route.method = methods[i];
		console_add(console, &route, 1);
	}
	return 0;
}
