#include "console_remote.h"

#include <stdlib.h>

#include "conf.h"
#include "console.h"
#include "daemon.h"
#include "look_internal.h"
#include "mem.h"
#include "remote.h"
#include "remote_http.h"

struct console_remote {
	struct looks *looks;
	struct remote *remote;
	struct remote_http http;
	void (*wake)(void *cookie);
	void *wake_cookie;
};

static void
look(void *self, const int64_t *devices, size_t count, int64_t ms,
    remote_looked_fn *done, void *cookie)
{
	struct console_remote *r = self;

	looks_begin(r->looks, devices, count, ms, done, cookie);
}

static void
wake(void *self)
{
	struct console_remote *r = self;

	r->wake(r->wake_cookie);
}

int
console_remote_new(struct daemon *d, struct console *console,
    void (*woken)(void *cookie), void *cookie, struct console_remote **ret,
    struct err *err)
{
	struct console_remote *r;
	struct console_route route = {.path = REMOTE_PATH,
	    .body_max = REMOTE_FORM_MAX,
	    .need = CONSOLE_KNOWN,
	    .handle = remote_http_handle};
	struct remote_conf conf = {
	    .loop = d->loop, .database = d->conf->database, .vault = d->vault};
	struct console_route routes[2];

	*ret = NULL;
	if (console == NULL)
		return 0;
	r = mem_alloc(sizeof(*r));
	r->wake = woken;
	r->wake_cookie = cookie;
	r->looks = looks_new(d->loop, d->engine);
	conf.hands =
	    (struct remote_hands){.self = r, .look = look, .wake = wake};
	if (remote_new(&conf, &r->remote, err) == -1) {
		console_remote_free(r);
		return -1;
	}
	r->http.remote = r->remote;
	r->http.access = console_access(console);
	route.cookie = &r->http;
	routes[0] = routes[1] = route;
	routes[0].method = "GET";
	routes[1].method = "POST";
	console_add(console, routes, 2);
	*ret = r;
	return 0;
}

void
console_remote_report(
    struct console_remote *r, const struct engine_report *report)
{
	if (r != NULL)
		looks_report(r->looks, report);
}

void
console_remote_stop(struct console_remote *r)
{
	if (r == NULL)
		return;
	remote_stop(r->remote);
	looks_stop(r->looks);
}

void
console_remote_free(struct console_remote *r)
{
	if (r == NULL)
		return;
	remote_free(r->remote);
	looks_free(r->looks);
	free(r);
}
