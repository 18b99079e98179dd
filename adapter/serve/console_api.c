#include "console_api_internal.h"

#include "api.h"
#include "conf.h"
#include "console_internal.h"
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

int
console_api_new(struct daemon *d, struct console *console,
    void (*wake)(void *cookie), void *cookie, struct api **ret, struct err *err)
{
	static const char *const methods[] = {
	    "GET", "POST", "PUT", "PATCH", "DELETE"};
	const struct api_conf conf = {.loop = d->loop,
	    .database = d->conf->database,
	    .vault = d->vault,
	    .wake = wake,
	    .cookie = cookie,
	    .version = AMTKEEPER_VERSION};
	struct console_route route = {.path = API_PATH,
	    .body_max = API_BODY_MAX,
	    .need = CONSOLE_KNOWN,
	    .handle = api_handle,
	    .refuse = refuse};
	size_t i;

	*ret = NULL;
	if (console == NULL)
		return 0;
	if (api_new(&conf, ret, err) != 0)
		return -1;
	route.cookie = *ret;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		route.method = methods[i];
		console_add(console, &route, 1);
	}
	return 0;
}
