#include "remote_http.h"

#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "buf.h"
#include "err.h"
#include "http.h"
#include "http_args.h"
#include "mem.h"
#include "remote.h"
#include "str.h"

#define ASK_TOKEN "core.getSecurityToken"
#define TOKEN "orion.user.security.token"
#define TEXT_MAX 512
#define RETRY_S 2 /* when too much is waiting */

struct visit {
	const struct remote_http *parts;
	struct http_request *request;
	struct access_identity who;
	char token[ACCESS_SECURITY];
	struct remote_arg *args;
	struct remote_request ask; /* borrows all of the above */
};

static void
visit_free(struct visit *v)
{
	free(v->args);
	free(v);
}

/* --- answers --- */

/* Takes the bytes' contents. */
static void
give(struct http_request *request, int status, struct buf *bytes,
    unsigned retry_after)
{
	static const struct http_header headers[] = {
	    {"X-Content-Type-Options", "nosniff"},
	    {"Allow", "GET, POST"}, /* a command is not for HEAD */
	};
	struct http_answer a = {.status = status,
	    .type = REMOTE_TYPE,
	    .body = http_body_new(bytes),
	    .cache = "no-store",
	    .retry_after = retry_after,
	    .headers = headers,
	    .header_count = status == 405 ? 2 : 1};

	http_answer(request, &a);
	http_body_drop(a.body);
}

/* What never got to a command. */
static void
refuse(struct http_request *request, int status, const char *text)
{
	struct buf bytes;

	buf_init(&bytes, TEXT_MAX);
	buf_printf(&bytes, "%s\r\n", text);
	give(request, status, &bytes, 0);
	buf_free(&bytes);
}

static void
answered(void *cookie, const struct remote_answer *answer)
{
	struct visit *v = cookie;

	give(v->request, answer->busy ? 503 : 200, answer->body,
	    answer->busy ? RETRY_S : 0);
	visit_free(v);
}

/* --- what was asked --- */

/* No other page can read the answer. */
static bool
asks_token(const struct http_request *request)
{
	const char *command = http_request_rest(request);

	return str_ieq(command, ASK_TOKEN) || str_ieq(command, ASK_TOKEN ".do");
}

/* NULL: it may go on. */
static const char *
judge_token(const struct visit *v, const char *token)
{
	if (token != NULL)
		return access_security_good(v->parts->access, &v->who, token)
		    ? NULL
		    : TOKEN " is not the one of core.getSecurityToken";
	if (v->who.means != ACCESS_SESSION || asks_token(v->request))
		return NULL;
	return "with a session's cookie " TOKEN " is needed";
}

static const char *
take_args(struct visit *v, const struct http_arg *args, size_t count)
{
	const char *token = NULL;
	size_t i;

	v->args = mem_array(count + 1, sizeof(*v->args));
	for (i = 0; i < count; i++) {
		v->args[i] = (struct remote_arg){
		    args[i].name, args[i].value, args[i].len};
		if (str_ieq(args[i].name, TOKEN) && args[i].len > 0)
			token = args[i].value;
	}
	return judge_token(v, token);
}

/* The status to refuse it with; 0: it may go on. */
static int
read_request(struct visit *v, struct err *err)
{
	const struct http_arg *args;
	const char *problem;
	size_t count;

	if (http_request_args(v->request, &args, &count, err) == -1)
		return 400;
	problem = take_args(v, args, count);
	if (problem != NULL) {
		(void)err_set(err, ERR_DENIED, "%s", problem);
		return 403;
	}
	access_security(v->parts->access, &v->who, v->token);
	v->ask =
	    (struct remote_request){.command = http_request_rest(v->request),
		.args = v->args,
		.arg_count = count,
		.who = &v->who,
		.token = v->token};
	return 0;
}

void
remote_http_handle(void *cookie, struct http_request *request,
    const struct access_identity *who)
{
	const char *method = http_request_method(request);
	struct err err = {.kind = ERR_NONE};
	struct visit *v;
	int status;

	if (!str_eq(method, "GET") && !str_eq(method, "POST")) {
		refuse(request, 405, "wanted GET or POST");
		return;
	}
	v = mem_alloc(sizeof(*v));
	v->parts = cookie;
	v->request = request;
	v->who = *who;
	status = read_request(v, &err);
	if (status == 0) {
		remote_submit(v->parts->remote, &v->ask, answered, v);
		return;
	}
	refuse(request, status, err.text);
	visit_free(v);
}
