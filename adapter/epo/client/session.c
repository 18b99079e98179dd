#include "session_internal.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "epo_client.h"
#include "err.h"
#include "fetch.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define TOKEN_MAX 512
#define TOKEN_NAME "orion.user.security.token"
/* Of the URL: the server, "/remote/", the command, the token. */
#define ARGS_MAX (EPO_URL_MAX - 1024)

struct epo_session {
	const struct epo_conf *conf;
	const char *user;
	const struct secret *password;
	struct net_line *line;
	struct secret *token; /* NULL: none, or not asked for yet */
	bool asked;	      /* for a token */
	bool proven;	      /* our login was taken, over this line */
	int64_t retry_after;
};

struct epo_session *
epo_session_new(const struct epo_conf *conf, const char *user,
    const struct secret *password)
{
	struct epo_session *s = mem_alloc(sizeof(*s));

	s->conf = conf;
	s->user = user;
	s->password = password;
	return s;
}

/* Back to the state before the first call. */
static void
forget(struct epo_session *s)
{
	net_line_free(s->line);
	s->line = NULL;
	secret_free(s->token);
	s->token = NULL;
	s->asked = false;
	s->proven = false;
}

void
epo_session_free(struct epo_session *s)
{
	if (s == NULL)
		return;
	forget(s);
	free(s);
}

int64_t
epo_session_retry_after(const struct epo_session *s)
{
	return s->retry_after;
}

/* --- a command --- */

void
epo_command_init(struct epo_command *c, const char *name)
{
	c->name = name;
	buf_init(&c->args, ARGS_MAX);
}

/* Names are in a list that commas part. */
static void
encode(struct buf *out, const char *text)
{
	buf_url(out, text, ",");
}

void
epo_command_add(struct epo_command *c, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (c->args.len > 0)
		buf_char(&c->args, '&');
	encode(&c->args, name);
	buf_char(&c->args, '=');
	encode(&c->args, value);
}

void
epo_command_add_int(struct epo_command *c, const char *name, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	epo_command_add(c, name, text);
}

bool
epo_command_has_room(const struct epo_command *c, size_t bytes)
{
	return !c->args.over && bytes <= ARGS_MAX - c->args.len;
}

void
epo_command_free(struct epo_command *c)
{
	buf_free(&c->args);
}

/* --- one exchange --- */

static int
judge_status(struct epo_session *s, const struct net_fetched *got,
    const char *name, struct err *err)
{
	s->retry_after =
	    net_retry_after(got->retry_after, clock_now(), EPO_RETRY_AFTER_MAX);
	if (got->status == 200) {
		s->proven = true;
		return 0;
	}
	if (got->status == 401)
		return err_native(err, ERR_DENIED, ERR_HTTP, got->status,
		    "%s: the server refuses our user and password", name);
	if (got->status == 403)
		return err_native(err, ERR_REFUSED, ERR_HTTP, got->status,
		    "%s: the server refuses it to our user (HTTP 403)", name);
	if (got->status == 503) /* a proxy may say so of what was begun */
		return err_native(err, ERR_UNKNOWN, ERR_HTTP, got->status,
		    "%s: the server is not there for us now (HTTP 503)", name);
	return err_native(err, ERR_PROTOCOL, ERR_HTTP, got->status,
	    "%s: answered with HTTP %d", name, got->status);
}

static int
judge_body(const struct epo_body *b, const char *name, struct err *err)
{
	if (b->ok)
		return 0;
	if (epo_body_no_command(b))
		return err_native(err, ERR_NOTFOUND, ERR_OURS, 1,
		    "%s: the server has no such command, or our user may not "
		    "use it",
		    name);
	return err_native(err, ERR_REFUSED, ERR_OURS, (long)b->code,
	    "%s: Error %lld: %s", name, (long long)b->code, b->error);
}

static int
exchange(struct epo_session *s, const struct epo_command *c,
    struct epo_body *ret, struct err *err)
{
	struct net_fetch f = {.method = "GET",
	    .ca_pem = s->conf->ca_pem,
	    .user = s->user,
	    .password = s->password,
	    .timeout_ms = (unsigned)(s->conf->timeout * 1000),
	    .answer_max = EPO_ANSWER_MAX};
	struct net_fetched got = {0};
	struct epo_body body = {.ok = false};
	struct buf url;
	int rc = -1;

	if (s->line == NULL && (s->line = net_line_new(err)) == NULL)
		return -1;
	buf_init(&url, EPO_URL_MAX);
	buf_printf(&url, "%s/remote/%s?%s%s%%3Aoutput=json", s->conf->url,
	    c->name, buf_text(&c->args), c->args.len > 0 ? "&" : "");
	if (s->token != NULL) {
		buf_str(&url, "&" TOKEN_NAME "=");
		encode(&url, secret_text(s->token));
	}
	f.url = buf_text(&url);
	f.line = s->line;
	if (url.over || c->args.over)
		(void)err_set(err, ERR_LIMIT,
		    "%s: more than %d bytes of arguments", c->name, ARGS_MAX);
	else if (net_fetch(&f, &got, err) != 0)
		(void)err_context(err, "%s", c->name);
	else if (judge_status(s, &got, c->name, err) == 0) {
		if (epo_body_read(got.body.data, got.body.len, &body, err) != 0)
			(void)err_context(err, "%s", c->name);
		else
			rc = judge_body(&body, c->name, err);
	}
	if (rc == 0)
		*ret = body;
	else
		epo_body_clear(&body);
	net_fetched_clear(&got);
	buf_wipe(&url);
	buf_free(&url);
	return rc;
}

/* --- the token --- */

/* A server without one is as good: then none is sent. */
static int
ask_token(struct epo_session *s, struct err *err)
{
	struct epo_command c;
	struct epo_body body = {.ok = false};
	const char *text;
	int rc;

	epo_command_init(&c, "core.getSecurityToken");
	rc = exchange(s, &c, &body, err);
	epo_command_free(&c);
	if (rc != 0 &&
	    (err->kind == ERR_NOTFOUND || err->kind == ERR_REFUSED)) {
		err_clear(err);
		rc = 0;
	}
	if (rc != 0)
		return -1;
	text = epo_text_of(body.value);
	if (text != NULL && strlen(text) <= TOKEN_MAX)
		s->token = secret_new(text, strlen(text));
	s->asked = true;
	epo_body_clear(&body);
	return 0;
}

/* It has forgotten our session or token: nothing was done. */
static bool
is_stale(const struct epo_session *s, const struct err *err)
{
	struct buf text;
	bool stale = err->kind == ERR_DENIED && s->proven;

	if (err->domain == ERR_HTTP && err->native == 403 && s->token != NULL)
		return true;
	buf_init(&text, sizeof(err->text));
	buf_str(&text, err->text);
	(void)str_lower((char *)text.data);
	if (err->kind == ERR_REFUSED && s->token != NULL &&
	    strstr(buf_text(&text), "token") != NULL)
		stale = true;
	buf_free(&text);
	return stale;
}

static int
attempt(struct epo_session *s, const struct epo_command *c,
    struct epo_body *ret, struct err *err)
{
	if (!s->asked && ask_token(s, err) != 0)
		return -1;
	return exchange(s, c, ret, err);
}

int
epo_call(struct epo_session *s, const struct epo_command *c,
    struct epo_body *ret, struct err *err)
{
	struct err why = {.kind = ERR_NONE};

	s->retry_after = 0;
	if (attempt(s, c, ret, &why) == 0)
		return 0;
	if (is_stale(s, &why)) {
		forget(s);
		err_clear(&why);
		if (attempt(s, c, ret, &why) == 0)
			return 0;
	}
	*err = why;
	return -1;
}
