/*
 * The client against a server on loopback that says what the test wants: what
 * is sent, what is asked twice, what ends it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <pthread.h>

#include "api_client.h"
#include "err.h"
#include "http_peer.h"
#include "identity.h"
#include "secret.h"

#define LOG_MAX 32
#define LINE_MAX_ 200
#define VERSION "{\"name\":\"amtkeeper\",\"version\":\"1\",\"api\":\"v1\"}"
#define RESET NULL /* an answer: the connection ends */

static struct identity *root, *server, *stranger;
static struct http_peer *peer;
static struct api_client *client;
static struct err err;

/* What the server was asked but for the version. */
struct asked {
	size_t count;
	char lines[LOG_MAX][LINE_MAX_], keys[LOG_MAX][64], bodies[LOG_MAX][128];
	char token[128];
};
/* Under the mutex: the server has threads of its own. */
static struct {
	pthread_mutex_t mutex;
	const char *version;   /* answer to that */
	const char *const *to; /* to all else, in turn: "HEAD|BODY", "BODY" */
	struct asked asked;
} script = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static struct asked seen; /* as it was at the last look() */

static void
look(void)
{
	(void)pthread_mutex_lock(&script.mutex);
	seen = script.asked;
	(void)pthread_mutex_unlock(&script.mutex);
}

static void
says(const char *version, const char *const *answers)
{
	(void)pthread_mutex_lock(&script.mutex);
	script.version = version;
	script.to = answers;
	(void)pthread_mutex_unlock(&script.mutex);
}

/* As much of it as there is room for. */
static void
keep(char *out, size_t size, const char *text, size_t len)
{
	len = len < size ? len : size - 1;
	memcpy(out, text, len);
	out[len] = '\0';
}

static const char *
next_answer(const struct http_request *request)
{
	struct asked *a = &script.asked;
	size_t n = a->count;

	(void)http_request_header(
	    request, "Authorization", a->token, sizeof(a->token));
	if (strncmp(request->head, "GET /api/v1/version ", 20) == 0)
		return script.version;
	assert_true(n < LOG_MAX);
	keep(a->lines[n], LINE_MAX_, request->head,
	    strcspn(request->head, "\r"));
	(void)http_request_header(
	    request, "Idempotency-Key", a->keys[n], sizeof(a->keys[n]));
	keep(a->bodies[n], sizeof(a->bodies[n]), request->body,
	    request->body_len);
	a->count++;
	return script.to[n];
}

static void
serve(struct http_link *link, void *cookie)
{
	struct http_request request;
	const char *answer, *body;
	char head[LINE_MAX_];

	(void)cookie;
	while (http_link_read(link, &request)) {
		(void)pthread_mutex_lock(&script.mutex);
		answer = next_answer(&request);
		(void)pthread_mutex_unlock(&script.mutex);
		if (answer == RESET) {
			http_link_reset(link);
			return;
		}
		body = strchr(answer, '|');
		if (body == NULL)
			keep(head, sizeof(head), "200 OK", 6);
		else
			keep(head, sizeof(head), answer,
			    (size_t)(body - answer));
		body = body == NULL ? answer : body + 1;
		http_link_answer(link, head, body, strlen(body));
	}
}

static struct api_client *
new_client(const char *host, const char *ca)
{
	struct secret *token = secret_new("amtk_secret", 11);
	struct api_client_conf conf = {.ca_pem = ca, .token = token};
	struct api_client *c = NULL;
	char url[100];

	(void)snprintf(url, sizeof(url), "https://%s:%u//", host,
	    (unsigned)http_peer_port(peer));
	conf.url = url;
	assert_int_equal(api_client_new(&conf, &c, &err), 0);
	secret_free(token);
	return c;
}

static int
start(void **state)
{
	const struct http_peer_conf conf = {.identity = server, .serve = serve};

	(void)state;
	memset(&script.asked, 0, sizeof(script.asked));
	says(VERSION, NULL);
	memset(&err, 0, sizeof(err));
	peer = http_peer_start(&conf);
	client = new_client("localhost", root->pem);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	api_client_free(client);
	http_peer_stop(peer);
	return 0;
}

static int
make_identities(void **state)
{
	(void)state;
	root = identity_new("Test CA", NULL);
	server = identity_new("localhost", root);
	stranger = identity_new("Other CA", NULL);
	return 0;
}

static int
free_identities(void **state)
{
	(void)state;
	identity_free(root);
	identity_free(server);
	identity_free(stranger);
	return 0;
}

static int
count_row(void *cookie, struct json_object *row, struct err *why)
{
	size_t *count = cookie;

	(void)why;
	assert_true(json_object_is_type(row, json_type_object));
	(*count)++;
	return 0;
}

static int
list(size_t limit, const char *after, size_t *rows)
{
	struct api_client_path path;
	const struct api_client_list what = {
	    .path = &path, .paged = true, .limit = limit, .after = after};
	int rc;

	*rows = 0;
	api_client_path_init(&path, "devices");
	api_client_path_param(&path, "site", "a b");
	rc = api_client_list(client, &what, count_row, rows, &err);
	api_client_path_free(&path);
	return rc;
}

static int
post(bool keyed, struct json_object **ret)
{
	struct json_object *body = json_object_new_object();
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = "POST", .path = &path, .body = body, .keyed = keyed};
	int rc;

	(void)json_object_object_add(
	    body, "why", json_object_new_string("\"quoted\""));
	api_client_path_init(&path, "runs");
	api_client_path_add_id(&path, 7);
	rc = api_client_ask(client, &request, ret, &err);
	api_client_path_free(&path);
	(void)json_object_put(body);
	return rc;
}

static void
is_asked(size_t i, const char *line)
{
	look();
	assert_string_equal(seen.lines[i], line);
}

/* --- tests --- */

static void
test_pages(void **state)
{
	static const char *const answers[] = {
	    "{\"items\":[{},{}],\"next\":\"b&c\"}",
	    "{\"items\":[{}],\"next\":null}",
	    "{\"items\":[{}],\"next\":\"z\"}"};
	size_t rows;

	(void)state;
	says(VERSION, answers);
	assert_int_equal(list(0, NULL, &rows), 0);
	assert_int_equal(rows, 3);
	is_asked(0, "GET /api/v1/devices?site=a%20b&limit=500 HTTP/1.1");
	is_asked(1,
	    "GET /api/v1/devices?site=a%20b&limit=500&cursor=b%26c "
	    "HTTP/1.1");
	assert_string_equal(seen.token, "Bearer amtk_secret");
	/* No more than is wanted, though there is another page. */
	assert_int_equal(list(1, "17", &rows), 0);
	assert_int_equal(rows, 1);
	is_asked(
	    2, "GET /api/v1/devices?site=a%20b&limit=1&cursor=17 HTTP/1.1");
	look();
	assert_int_equal(seen.count, 3);
	assert_int_equal(http_peer_links(peer), 1);
}

/* A server that gives more rows than were asked for. */
static void
test_too_many_rows(void **state)
{
	static const char *const answers[] = {"{\"items\":[{},{},{}]}"};
	size_t rows;

	(void)state;
	says(VERSION, answers);
	assert_int_equal(list(2, NULL, &rows), 0);
	assert_int_equal(rows, 2);
}

static void
test_round(void **state)
{
	static const char *const a = "{\"items\":[{}],\"next\":\"a\"}";
	static const char *const b = "{\"items\":[{}],\"next\":\"b\"}";
	const char *const answers[] = {a, b, a, b, a, b, a, b, a, b};
	size_t rows;

	(void)state;
	says(VERSION, answers);
	assert_int_equal(list(0, NULL, &rows), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	assert_non_null(strstr(err.text, "came again"));
	look();
	assert_true(seen.count < 10);
}

static void
test_nonsense(void **state)
{
	static const char *const answers[] = {"<html>", "{\"items\":[{\"a\":1}",
	    "302 Found\r\nLocation: https://x/|",
	    "{\"items\":[],\"next\":\"a\"}",
	    "500 Oops|{\"detail\":\"broken\"}"};
	size_t rows, i;

	(void)state;
	says(VERSION, answers);
	for (i = 0; i < 5; i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(list(0, NULL, &rows), -1);
		assert_int_equal(err.kind, ERR_PROTOCOL);
		assert_int_equal(rows, 0);
		/* Whom it is about. */
		assert_non_null(strstr(err.text, "https://localhost:"));
	}
	look();
	assert_int_equal(seen.count, 5);
}

static void
test_another_version(void **state)
{
	static const char *const answers[] = {"{\"items\":[]}"};
	size_t rows;

	(void)state;
	says("{\"name\":\"amtkeeper\",\"api\":\"v2\"}", answers);
	assert_int_equal(list(0, NULL, &rows), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	look();
	assert_int_equal(seen.count, 0);
	says("404 Not Found|no", answers);
	assert_int_equal(list(0, NULL, &rows), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	says(VERSION, answers);
	assert_int_equal(list(0, NULL, &rows), 0);
}

/* A lost answer to what reads, and to what is done once. */
static void
test_lost(void **state)
{
	static const char *const answers[] = {RESET, "{\"items\":[{}]}", RESET,
	    "202 Accepted|{\"id\":7}", RESET, RESET, RESET};
	struct json_object *answer = NULL;
	size_t rows;

	(void)state;
	says(VERSION, answers);
	assert_int_equal(list(0, NULL, &rows), 0);
	assert_int_equal(rows, 1);
	assert_int_equal(post(true, &answer), 0);
	assert_int_equal(
	    json_object_get_int64(api_client_member(answer, "id")), 7);
	(void)json_object_put(answer);
	is_asked(2, "POST /api/v1/runs/7 HTTP/1.1");
	assert_string_equal(seen.bodies[3], "{\"why\":\"\\\"quoted\\\"\"}");
	assert_int_equal(strlen(seen.keys[2]), 32);
	assert_string_equal(seen.keys[2], seen.keys[3]);
	/* Both times; and what might be done twice. */
	answer = NULL;
	assert_int_equal(post(true, &answer), -1);
	assert_int_equal(err.kind, ERR_UNKNOWN);
	look();
	assert_string_not_equal(seen.keys[4], seen.keys[3]);
	assert_int_equal(seen.count, 6);
	assert_int_equal(post(false, &answer), -1);
	assert_int_equal(err.kind, ERR_UNKNOWN);
	look();
	assert_string_equal(seen.keys[6], "");
	assert_int_equal(seen.count, 7);
	assert_null(answer);
}

static void
test_busy(void **state)
{
	static const char *const answers[] = {"429 Too Many\r\nRetry-After: 1|",
	    "{\"items\":[{}]}",
	    "503 Busy\r\nRetry-After: 3600|{\"detail\":\"later\"}"};
	size_t rows;

	(void)state;
	says(VERSION, answers);
	assert_int_equal(list(0, NULL, &rows), 0);
	assert_int_equal(rows, 1);
	assert_int_equal(list(0, NULL, &rows), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "later"));
}

/* Put into what is sent, whatever it is. */
static void
test_secret(void **state)
{
	static const char *const answers[] = {"{}", "{}"};
	struct secret *secret = secret_new("q\"b\\\x01\xc3\xa4", 7);
	struct json_object *body = json_object_new_object(), *answer = NULL;
	struct api_client_path path;
	struct api_client_request request = {.method = "POST",
	    .path = &path,
	    .body = body,
	    .secret_name = "password",
	    .secret = secret};
	size_t i;

	(void)state;
	says(VERSION, answers);
	api_client_path_init(&path, "users");
	for (i = 0; i < 2; i++) {
		assert_int_equal(
		    api_client_ask(client, &request, &answer, &err), 0);
		(void)json_object_put(answer);
		(void)json_object_object_add(
		    body, "name", json_object_new_string("a"));
	}
	api_client_path_free(&path);
	look();
	assert_string_equal(
	    seen.bodies[0], "{\"password\":\"q\\\"b\\\\\\u0001\xc3\xa4\"}");
	assert_string_equal(seen.bodies[1],
	    "{\"name\":\"a\",\"password\":\"q\\\"b\\\\\\u0001\xc3\xa4\"}");
	assert_null(strstr(json_object_to_json_string(body), "password"));
	(void)json_object_put(body);
	secret_free(secret);
}

/* --- following --- */

struct heard {
	size_t count;
	bool wanted;
};

static int
hear(void *cookie, const char *name, struct json_object *data, struct err *why)
{
	struct heard *h = cookie;

	(void)data;
	(void)why;
	h->count++;
	return strcmp(name, "end") == 0 ? 1 : 0;
}

static bool
is_wanted(void *cookie)
{
	const struct heard *h = cookie;

	return h->wanted;
}

static int
follow(struct heard *h)
{
	struct api_client_path path;
	const struct api_client_follow what = {
	    .path = &path, .event = hear, .wanted = is_wanted, .cookie = h};
	int rc;

	h->count = 0;
	memset(&err, 0, sizeof(err));
	api_client_path_init(&path, "runs");
	api_client_path_add(&path, "stream");
	rc = api_client_follow(client, &what, &err);
	api_client_path_free(&path);
	return rc;
}

static void
test_follow(void **state)
{
	static const char *const answers[] = {
	    "data: {}\n\nevent: end\ndata: {}\n\ndata: {}\n\n", "data: {}\n\n",
	    "data: []\n\n", "503 Busy|{\"detail\":\"too many streams\"}",
	    "403 No|{\"detail\":\"lack the right\"}", RESET, "data: {}\n\n"};
	static const struct {
		enum err_kind kind;
		size_t count;
	} ends[] = {{ERR_UNKNOWN, 1}, {ERR_PROTOCOL, 0}, {ERR_REFUSED, 0},
	    {ERR_DENIED, 0}, {ERR_UNKNOWN, 0}};
	struct heard h = {.wanted = true};
	size_t i;

	(void)state;
	says(VERSION, answers);
	assert_int_equal(follow(&h), 0);
	assert_int_equal(h.count, 2);
	is_asked(0, "GET /api/v1/runs/stream HTTP/1.1");
	assert_string_equal(seen.token, "Bearer amtk_secret");
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		assert_int_equal(follow(&h), -1);
		assert_int_equal(err.kind, ends[i].kind);
		assert_int_equal(h.count, ends[i].count);
	}
	h.wanted = false;
	assert_int_equal(follow(&h), -1);
	assert_int_equal(err.kind, ERR_CANCELLED);
}

static void
test_file(void **state)
{
	static const char *const answers[] = {
	    "200 OK\r\nContent-Type: application/X-pem-file; a=b|PEM",
	    "200 OK\r\nContent-Type: application/x-pem-files|no", "{\"no\":1}",
	    "409 No\r\nContent-Type: application/problem+json|"
	    "{\"kind\":\"not-found\",\"detail\":\"none such\"}",
	    RESET, "200 OK\r\nContent-Type: application/x-pem-file|again"};
	static const enum err_kind kinds[] = {
	    ERR_PROTOCOL, ERR_PROTOCOL, ERR_NOTFOUND};
	static const char *const type = "application/x-pem-file";
	struct api_client_path path;
	struct buf out;
	size_t i;

	(void)state;
	says(VERSION, answers);
	buf_init(&out, API_CLIENT_ANSWER_MAX);
	api_client_path_init(&path, "ca");
	api_client_path_add(&path, "chain");
	assert_int_equal(api_client_file(client, &path, type, &out, &err), 0);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(
		    api_client_file(client, &path, type, &out, &err), -1);
		assert_int_equal(err.kind, kinds[i]);
	}
	assert_string_equal(err.text, "none such");
	assert_string_equal(buf_text(&out), "PEM");
	assert_int_equal(api_client_file(client, &path, type, &out, &err), 0);
	assert_string_equal(buf_text(&out), "PEMagain");
	look();
	assert_int_equal(seen.count, 6);
	assert_string_equal(seen.lines[0], "GET /api/v1/ca/chain HTTP/1.1");
	api_client_path_free(&path);
	buf_free(&out);
}

static void
test_nothing_to_say(void **state)
{
	static const char *const answers[] = {"204 No Content|"};
	static struct json_object *answer;

	(void)state;
	says(VERSION, answers);
	assert_int_equal(post(true, &answer), 0);
	assert_null(answer);
}

/* What the server would take for another path is not sent. */
static void
test_slash(void **state)
{
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = "DELETE", .path = &path};
	struct json_object *answer = NULL;

	(void)state;
	api_client_path_init(&path, "tags");
	api_client_path_add(&path, "a/b");
	assert_int_equal(api_client_ask(client, &request, &answer, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	api_client_path_free(&path);
	assert_int_equal(http_peer_requests(peer), 0);
}

static void
test_who_it_is(void **state)
{
	static const char *const answers[] = {"{\"items\":[]}"};
	size_t rows;

	(void)state;
	says(VERSION, answers);
	api_client_free(client);
	client = new_client("localhost", stranger->pem);
	assert_int_equal(list(0, NULL, &rows), -1);
	assert_int_equal(err.kind, ERR_UNTRUSTED);
	api_client_free(client);
	client = new_client("127.0.0.1", root->pem);
	assert_int_equal(list(0, NULL, &rows), -1);
	assert_int_equal(err.kind, ERR_UNTRUSTED);
	assert_int_equal(http_peer_requests(peer), 0);
}

static void
test_urls(void **state)
{
	static const char *const bad[] = {"http://h", "h", "https://",
	    "https:///x", "https://:8443", "https://u:p@h", "https://h?x",
	    "https://h#x", "https://h h", "https://h\r\nX: y"};
	struct secret *token = secret_new("a b", 3);
	struct api_client_conf conf = {.ca_pem = ""};
	struct api_client *c = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		conf.url = bad[i];
		memset(&err, 0, sizeof(err));
		assert_int_equal(api_client_new(&conf, &c, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_null(strstr(err.text, "u:p"));
	}
	conf.url = "https://h";
	conf.token = token;
	assert_int_equal(api_client_new(&conf, &c, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_null(c);
	secret_free(token);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_pages),
	    ROW(test_too_many_rows),
	    ROW(test_round),
	    ROW(test_nonsense),
	    ROW(test_another_version),
	    ROW(test_lost),
	    ROW(test_busy),
	    ROW(test_file),
	    ROW(test_secret),
	    ROW(test_follow),
	    ROW(test_nothing_to_say),
	    ROW(test_slash),
	    ROW(test_who_it_is),
	    cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests_name(
	    "api_client/client", tests, make_identities, free_identities);
}
