#ifndef CONSOLE_H_
#define CONSOLE_H_
#include <stdbool.h>
#include <stddef.h>

#include "access.h"

struct console;
struct daemon;
struct err;
struct http_request;

/*
 * The HTTPS listener of `serve`.  It tells who asks, and whether he may;
 * everything behind that plugs in as routes: remote commands, API, metrics.
 * All on the loop.
 */

/* Owes one answer (http.h), now or later; who is borrowed for the call, and
 * NULL on a route that is for anybody. */
typedef void console_fn(void *cookie, struct http_request *request,
    const struct access_identity *who);
/* Owes the answer to who is not let in: 401, 403, 413, 429, 503.
 * console_refuse() is one; headers has what belongs to the status (a
 * challenge), to be passed on. */
struct http_header;
struct console_refusal {
	int status;
	unsigned retry_after; /* seconds; 0: no matter */
	const struct http_header *headers;
	size_t header_count;
};
typedef void console_refuse_fn(void *cookie, struct http_request *request,
    const struct console_refusal *why);

enum console_need {
	CONSOLE_ANYBODY,
	CONSOLE_KNOWN, /* any user; the handler looks at rights itself */
	CONSOLE_RIGHT  /* a user with this right */
};
/* Who came by a session's cookie shows access_security() in this header, unless
 * he only reads. */
#define CONSOLE_SECURITY "X-Security-Token"
struct console_route {
	const char *method; /* as in http.h */
	const char *path;
	size_t body_max;
	bool proves_itself; /* the handler asks for such a proof elsewhere */
	enum console_need need;
	enum access_right right;
	console_fn *handle;
	console_refuse_fn *refuse; /* NULL: console_refuse(); else of 413, too
				    */
	void *cookie;
};

/* Is `serve` able to work? "ok", or why not in one word. */
typedef const char *console_health_fn(void *cookie);

/* Nothing listens yet; d is borrowed. *ret is NULL when conf has no
 * console.listen: console_add(), _start() and _free() then do nothing. */
int console_new(struct daemon *d, console_health_fn *health, void *cookie,
    struct console **ret, struct err *err);
/* More routes, copied; the texts are borrowed. Before console_start(). */
void console_add(
    struct console *c, const struct console_route *routes, size_t count);
int console_start(struct console *c, struct err *err);
/* Accept no more, let requests under way end, then call done() once, from the
 * loop. Only a console that was started. */
void console_stop(struct console *c, void (*done)(void *cookie), void *cookie);
void console_free(struct console *c); /* after that, or before the loop ran */

/* For handlers. */
struct access *console_access(struct console *c);
/* Plain text with the reason; cookie is not looked at. */
void console_refuse(void *cookie, struct http_request *request,
    const struct console_refusal *why);
#endif
