/*
 * Who am I, and sessions for who logs in once:
 *
 *   GET    /session   user, means, rights, what proves that a request is meant
 *   POST   /session   the same, with a cookie that stands for the login
 *   DELETE /session   the end of it
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "console_session_internal.h"
#include "err.h"
#include "http.h"
#include "mem.h"

#define JSON_MAX 8192
#define COOKIE_RULES "; Path=/; Secure; HttpOnly; SameSite=Strict"

static const char *
means_name(enum access_means means)
{
	switch (means) {
	case ACCESS_PASSWORD:
		return "password";
	case ACCESS_TOKEN:
		return "token";
	case ACCESS_SESSION:
		return "session";
	case ACCESS_CERTIFICATE:
		return "certificate";
	}
	return "";
}

static void
write_who(struct console *c, const struct access_identity *who, struct buf *out)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rights = json_object_new_array();
	char security[ACCESS_SECURITY];
	enum access_right right;
	unsigned i;

	access_security(console_access(c), who, security);
	for (i = 0; i < ACCESS_RIGHTS; i++) {
		right = (enum access_right)i;
		if (access_may(who, right))
			(void)json_object_array_add(rights,
			    json_object_new_string(access_right_name(right)));
	}
	(void)json_object_object_add(
	    o, "user", json_object_new_string(who->name));
	(void)json_object_object_add(
	    o, "means", json_object_new_string(means_name(who->means)));
	(void)json_object_object_add(o, "rights", rights);
	(void)json_object_object_add(
	    o, "security_token", json_object_new_string(security));
	buf_printf(out, "%s\n",
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	(void)json_object_put(o);
}

static void
answer_who(struct console *c, struct http_request *request,
    const struct access_identity *who, const char *cookie)
{
	const struct http_header set = {"Set-Cookie", cookie};
	struct http_answer answer = {.status = cookie == NULL ? 200 : 201,
	    .type = "application/json",
	    .cache = "no-store",
	    .headers = &set,
	    .header_count = cookie == NULL ? 0 : 1};
	struct buf text;

	buf_init(&text, JSON_MAX);
	write_who(c, who, &text);
	answer.body = http_body_new(&text);
	http_answer(request, &answer);
	http_body_drop(answer.body);
}

static void
handle_get(void *cookie, struct http_request *request,
    const struct access_identity *who)
{
	answer_who(cookie, request, who, NULL);
}

/* --- begin --- */

struct beginning {
	struct console *c;
	struct http_request *request;
	struct access_identity who;
};

static void
begun(void *cookie, const char *token, const struct err *err)
{
	struct beginning *b = cookie;
	const struct console_refusal away = {.status = 503, .retry_after = 1};
	char *set;

	(void)err;
	if (token == NULL) {
		console_refuse(NULL, b->request, &away);
	} else {
		set =
		    mem_printf(ACCESS_COOKIE "=%s" COOKIE_RULES "; Max-Age=%d",
			token, ACCESS_SESSION_S);
		answer_who(b->c, b->request, &b->who, set);
		free(set);
	}
	free(b);
}

static void
handle_post(void *cookie, struct http_request *request,
    const struct access_identity *who)
{
	struct console *c = cookie;
	struct beginning *b;

	if (who->means == ACCESS_SESSION) { /* it has one */
		answer_who(c, request, who, NULL);
		return;
	}
	b = mem_alloc(sizeof(*b));
	b->c = c;
	b->request = request;
	b->who = *who;
	access_session_begin(
	    console_access(c), who, http_request_peer(request), begun, b);
}

/* --- end --- */

static void
handle_delete(void *cookie, struct http_request *request,
    const struct access_identity *who)
{
	static const struct http_header forget = {
	    "Set-Cookie", ACCESS_COOKIE "=" COOKIE_RULES "; Max-Age=0"};
	const struct http_answer answer = {.status = 204,
	    .cache = "no-store",
	    .headers = &forget,
	    .header_count = 1};
	struct console *c = cookie;

	access_session_end(console_access(c), who);
	http_answer(request, &answer);
}

void
console_session_add(struct console *c)
{
	const struct console_route routes[] = {
	    {.method = "GET",
		.path = "/session",
		.need = CONSOLE_KNOWN,
		.handle = handle_get,
		.cookie = c},
	    {.method = "POST",
		.path = "/session",
		.need = CONSOLE_KNOWN,
		.handle = handle_post,
		.cookie = c},
	    {.method = "DELETE",
		.path = "/session",
		.need = CONSOLE_KNOWN,
		.handle = handle_delete,
		.cookie = c},
	};

	console_add(c, routes, sizeof(routes) / sizeof(routes[0]));
}
