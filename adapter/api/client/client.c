#include "client_internal.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "api_client.h"
#include "clock.h"
#include "err.h"
#include "events_internal.h"
#include "fetch.h"
#include "mem.h"
#include "read_internal.h"
#include "secret.h"
#include "str.h"

#define PREFIX "/api/v1/"
#define KEY_LEN 32
#define SCHEME "https://"
#define JSON "application/json"
#define EVENTS "text/event-stream"
#define SECRET_TEXT_MAX 8192 /* six bytes for one of a password's at most */
#define AGAIN 2		     /* exchanges of what may be asked twice */

struct api_client {
	char *base; /* "https://HOST:PORT/api/v1/" */
	char *ca_pem;
	char *cert_pem;
	struct secret *key_pem, *bearer; /* NULL: none */
	struct net_line *line;		 /* NULL: the next exchange makes one */
	bool met;			 /* it is the API */
};

/* --- where --- */

/* A user or password in it would be seen by all who list processes. */
static int
check_url(const char *url, struct err *err)
{
	const char *at;

	if (strchr(url, '@') != NULL)
		return err_set(
		    err, ERR_INVALID, "the URL has no user or password in it");
	if (!str_starts(url, SCHEME) || strchr("/:", url[8]) != NULL)
		return err_set(err, ERR_INVALID,
		    "%s: wanted https://HOST or https://HOST:PORT", url);
	for (at = url; *at != '\0'; at++)
		if (*at <= ' ' || strchr("?#\"<>\\^`{|}", *at) != NULL ||
		    *at == '\x7f')
			return err_set(err, ERR_INVALID,
			    "%s: wanted https://HOST or https://HOST:PORT",
			    url);
	return 0;
}

static char *
base_of(const char *url)
{
	size_t len = strlen(url);

	while (len > sizeof(SCHEME) && url[len - 1] == '/')
		len--;
	return mem_printf("%.*s" PREFIX, (int)len, url);
}

/* RFC 6750, 2.1. */
static int
take_token(struct api_client *c, const struct secret *token, struct err *err)
{
	static const char *const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~+/=";
	const char *text = secret_text(token);
	struct buf value;
	size_t len;

	(void)secret_bytes(token, &len);
	if (len == 0 || len > API_CLIENT_TOKEN_MAX ||
	    strspn(text, plain) != len)
		return err_set(err, ERR_INVALID,
		    "that is no token; \"user token add\" makes one");
	buf_init(&value, API_CLIENT_TOKEN_MAX + 16);
	buf_str(&value, "Bearer ");
	buf_add(&value, text, len);
	c->bearer = secret_new(value.data, value.len);
	buf_free(&value);
	return 0;
}

int
api_client_new(const struct api_client_conf *conf,
    struct api_client **ret_client, struct err *err)
{
	struct api_client *c;

	if (check_url(conf->url, err) != 0)
		return -1;
	c = mem_alloc(sizeof(*c));
	c->base = base_of(conf->url);
	c->ca_pem = mem_dup(conf->ca_pem);
	c->cert_pem = mem_dup(conf->cert_pem);
	if (conf->key_pem != NULL)
		c->key_pem = secret_copy(conf->key_pem);
	if (conf->token != NULL && take_token(c, conf->token, err) != 0) {
		api_client_free(c);
		return -1;
	}
	*ret_client = c;
	return 0;
}

void
api_client_free(struct api_client *c)
{
	if (c == NULL)
		return;
	free(c->base);
	free(c->ca_pem);
	free(c->cert_pem);
	secret_free(c->key_pem);
	secret_free(c->bearer);
	net_line_free(c->line);
	free(c);
}

/* --- one exchange --- */

struct exchange {
	const char *method, *path;
	const struct net_flow *flow; /* NULL: the answer comes whole */
	const char *type;	     /* of the answer; NULL: JSON */
	char *key;		     /* a header, given; or NULL */
	char *body;		     /* given; or NULL */
	const char *sent;	     /* its type; NULL: JSON */
	bool fresh;
};

static void
pause_s(int64_t seconds)
{
	struct timespec left = {.tv_sec = (time_t)seconds};

	while (nanosleep(&left, &left) != 0)
		continue;
}

/* After a failure the next one goes over a connection of its own. */
static int
send_it(struct api_client *c, const struct exchange *x, struct net_fetched *ret,
    struct err *err)
{
	char *accept =
	    mem_printf("Accept: %s", x->type == NULL ? JSON : x->type);
	const char *headers[] = {accept, NULL, NULL, NULL, NULL};
	char *type =
	    mem_printf("Content-Type: %s", x->sent == NULL ? JSON : x->sent);
	char *url = mem_printf("%s%s", c->base, x->path);
	struct net_fetch f = {.method = x->method,
	    .url = url,
	    .headers = headers,
	    .body = x->body,
	    .body_len = x->body == NULL ? 0 : strlen(x->body),
	    .ca_pem = c->ca_pem,
	    .cert_pem = c->cert_pem,
	    .key_pem = c->key_pem,
	    .token_header = c->bearer == NULL ? NULL : "Authorization",
	    .token = c->bearer,
	    .timeout_ms = API_CLIENT_MS,
	    .flow = x->flow,
	    .answer_max = API_CLIENT_ANSWER_MAX};
	size_t n = 1;
	int rc = 0;

	if (x->body != NULL)
		headers[n++] = type;
	if (x->key != NULL)
		headers[n++] = x->key;
	if (x->fresh)
		headers[n] = "If-None-Match: *";
	if (c->line == NULL && (c->line = net_line_new(err)) == NULL)
		rc = -1;
	f.line = c->line;
	if (rc == 0)
		rc = net_fetch(&f, ret, err);
	if (rc != 0) {
		net_line_free(c->line);
		c->line = NULL;
	}
	free(url);
	free(type);
	free(accept);
	return rc;
}

/* Seconds that the server wants us to wait before we ask again; 0: it does not
 * say so, or too long a time. */
static int64_t
busy_for(const struct net_fetched *got)
{
	int64_t wait = 0;

	if (got->status != 429 && got->status != 503)
		return 0;
	wait = net_retry_after(
	    got->retry_after, clock_now(), API_CLIENT_BUSY_S + 1);
	return wait > API_CLIENT_BUSY_S ? 0 : wait;
}

/* *ret is filled on success: a status of 200 to 299. */
static int
exchange(struct api_client *c, const struct exchange *x,
    struct net_fetched *ret, struct err *err)
{
	bool twice = str_eq(x->method, "GET") || x->key != NULL;
	int lost = 0, busy = 0;
	struct err why;
	int64_t wait;

	for (;;) {
		err_clear(&why);
		if (send_it(c, x, ret, &why) != 0) {
			if (twice && why.kind == ERR_UNKNOWN && ++lost < AGAIN)
				continue;
			break;
		}
		if (ret->status >= 200 && ret->status <= 299)
			return 0;
		wait = busy_for(ret);
		if (wait == 0 || ++busy > API_CLIENT_BUSY) {
			(void)api_client_problem(
			    ret->status, ret->body.data, ret->body.len, &why);
			net_fetched_clear(ret);
			break;
		}
		net_fetched_clear(ret);
		pause_s(wait);
	}
	if (err != NULL)
		*err = why;
	return -1;
}

/* --- asking --- */

/* An answer as an object; NULL when there is none. */
static int
talk(struct api_client *c, const struct exchange *x, struct json_object **ret,
    size_t *ret_bytes, struct err *err)
{
	struct net_fetched got = {0};
	struct json_object *answer = NULL;
	bool empty;

	if (exchange(c, x, &got, err) != 0)
		return -1;
	empty = got.status == 204;
	if (!empty)
		answer = api_client_object(got.body.data, got.body.len, err);
	*ret_bytes = got.body.len;
	net_fetched_clear(&got);
	if (!empty && answer == NULL)
		return -1;
	*ret = answer;
	return 0;
}

static int
meet(struct api_client *c, struct err *err)
{
	const struct exchange x = {.method = "GET", .path = "version"};
	struct json_object *answer = NULL;
	size_t bytes;
	int rc;

	if (c->met)
		return 0;
	if (talk(c, &x, &answer, &bytes, err) != 0)
		return -1;
	rc = api_client_meet(answer, err);
	(void)json_object_put(answer);
	c->met = rc == 0;
	return rc;
}

static char *
new_key(void)
{
	struct secret *key =
	    secret_random_text("0123456789abcdefghjkmnpqrstvwxyz", KEY_LEN);
	char *line = mem_printf("Idempotency-Key: %s", secret_text(key));

	secret_free(key);
	return line;
}

/* What the server itself says of what was asked needs no more words. */
int
api_client_about(const struct api_client *c, int rc, struct err *err)
{
	if (rc == 0 || err == NULL ||
	    (err->domain == ERR_HTTP && err->native != 401 &&
		err->kind != ERR_PROTOCOL))
		return rc;
	return err_context(err, "%s", c->base);
}

static int
ask(struct api_client *c, const struct exchange *x, struct json_object **ret,
    size_t *ret_bytes, struct err *err)
{
	int rc = meet(c, err);

	if (rc == 0)
		rc = talk(c, x, ret, ret_bytes, err);
	return api_client_about(c, rc, err);
}

int
api_client_get(struct api_client *c, const char *path, struct json_object **ret,
    size_t *ret_bytes, struct err *err)
{
	const struct exchange x = {.method = "GET", .path = path};

	return ask(c, &x, ret, ret_bytes, err);
}

/* A text of JSON (RFC 8259, 7), written where it can be wiped. */
static void
add_quoted(struct buf *out, const struct secret *secret)
{
	const char *at;

	buf_char(out, '"');
	for (at = secret_text(secret); *at != '\0'; at++)
		if ((unsigned char)*at < ' ')
			buf_printf(out, "\\u%04x", (unsigned char)*at);
		else if (*at == '"' || *at == '\\')
			buf_printf(out, "\\%c", *at);
		else
			buf_char(out, *at);
	buf_char(out, '"');
}

/* Given; to be wiped. */
static char *
write_body(const struct api_client_request *request)
{
	const char *plain = json_object_to_json_string_ext(
	    request->body, JSON_C_TO_STRING_PLAIN);
	bool alone = json_object_object_length(request->body) == 0;
	size_t len = strlen(plain);
	struct buf out;
	char *text;

	if (request->secret == NULL)
		return mem_dup(plain);
	buf_init(&out, len + SECRET_TEXT_MAX);
	buf_add(&out, plain, len - 1);
	buf_printf(&out, "%s\"%s\":", alone ? "" : ",", request->secret_name);
	add_quoted(&out, request->secret);
	buf_char(&out, '}');
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

int
api_client_ask(struct api_client *c, const struct api_client_request *request,
    struct json_object **ret_answer, struct err *err)
{
	struct exchange x = {.method = request->method,
	    .path = buf_text(&request->path->text),
	    .sent = request->type,
	    .fresh = request->fresh};
	size_t bytes = 0;
	int rc;

	if (api_client_path_check(request->path, err) != 0)
		return -1;
	if (request->file != NULL)
		x.body = mem_dup(buf_text(request->file));
	else if (request->body != NULL)
		x.body = write_body(request);
	if (request->keyed)
		x.key = new_key();
	rc = ask(c, &x, ret_answer, &bytes, err);
	if (x.body != NULL)
		secret_wipe(x.body, strlen(x.body));
	free(x.body);
	free(x.key);
	return rc;
}

/* "application/x-pem-file", and parameters may follow. */
static bool
is_type(const char *sent, const char *type)
{
	size_t len = strlen(type);

	return sent != NULL && strncasecmp(sent, type, len) == 0 &&
	    (sent[len] == '\0' || strchr("; \t", sent[len]) != NULL);
}

static int
fetch(struct api_client *c, const struct exchange *x, struct buf *ret,
    struct err *err)
{
	struct net_fetched got = {0};
	int rc = 0;

	if (exchange(c, x, &got, err) != 0)
		return -1;
	if (!is_type(got.content_type, x->type))
		rc =
		    err_set(err, ERR_PROTOCOL, "the answer is not %s", x->type);
	else
		buf_add(ret, got.body.data, got.body.len);
	net_fetched_clear(&got);
	return rc;
}

int
api_client_file(struct api_client *c, const struct api_client_path *path,
    const char *type, struct buf *ret, struct err *err)
{
	const struct exchange x = {
	    .method = "GET", .path = buf_text(&path->text), .type = type};
	int rc;

	if (api_client_path_check(path, err) != 0)
		return -1;
	rc = meet(c, err);
	if (rc == 0)
		rc = fetch(c, &x, ret, err);
	return api_client_about(c, rc, err);
}

/* --- following --- */

static int
take_piece(void *cookie, const void *bytes, size_t len)
{
	struct api_client_events *e = cookie;

	return api_client_events_take(e, bytes, len) == 0 ? 0 : -1;
}

static bool
wanted(void *cookie)
{
	const struct api_client_events *e = cookie;

	return e->to->wanted(e->to->cookie);
}

/* Each time over a connection of its own: a stream that was enough is not read
 * to its end. */
static int
flow(struct api_client *c, const struct api_client_follow *follow,
    struct err *err)
{
	struct api_client_events events;
	const struct net_flow to = {.take = take_piece,
	    .wanted = wanted,
	    .cookie = &events,
	    .idle_s = API_CLIENT_IDLE_S};
	const struct exchange x = {.method = "GET",
	    .path = buf_text(&follow->path->text),
	    .type = EVENTS,
	    .flow = &to};
	struct net_fetched got = {0};
	int rc;

	api_client_events_init(&events, follow);
	rc = send_it(c, &x, &got, err);
	if (rc == 0 && (got.status < 200 || got.status > 299))
		rc = api_client_problem(
		    got.status, got.body.data, got.body.len, err);
	else if (rc == 0)
		rc = err_set(err, ERR_UNKNOWN, "the server ended the stream");
	if (events.enough) {
		err_clear(err);
		rc = 0;
	} else if (events.err.kind != ERR_NONE) {
		*err = events.err;
		rc = -1;
	}
	net_fetched_clear(&got);
	api_client_events_clear(&events);
	return rc;
}

int
api_client_follow(struct api_client *c, const struct api_client_follow *follow,
    struct err *err)
{
	int rc;

	if (api_client_path_check(follow->path, err) != 0)
		return -1;
	rc = meet(c, err);
	if (rc == 0)
		rc = flow(c, follow, err);
	return api_client_about(c, rc, err);
}
