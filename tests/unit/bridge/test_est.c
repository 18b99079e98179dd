/*
 * EST against a scripted server on loopback: what is sent, what each answer
 * means, and that nothing is sent to a server we do not trust.
 */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bridge_internal.h"
#include "ca_internal.h"
#include "corp.h"
#include "http_peer.h"
#include "identity.h"
#include "mem.h"
#include "str.h"

static struct corp corp;
static struct identity *root, *server;
static struct http_peer *peer;

/* --- the server --- */

static struct script {
	const char *head; /* status line and headers; NULL: hang up */
	const char *body; /* NULL: the certificate that was asked for */
	const char *attributes_head, *attributes;
	bool binary, stranger, alone;
	char paths[2048], authorization[256], type[64];
} script;

static void
enroll(struct http_link *link, const struct http_request *request)
{
	struct buf der, leaf, message, text;
	struct other_wish wish = {0};

	buf_init(&der, 16384);
	buf_init(&leaf, 16384);
	buf_init(&message, 65536);
	buf_init(&text, 131072);
	if (script.stranger)
		wish.key = fixture_key(1, 2048);
	(void)str_unbase64(&der, request->body);
	other_ca_issue(corp.other, &wish, der.data, der.len, &leaf);
	if (script.alone) /* no message around it */
		buf_add(&message, leaf.data, leaf.len);
	else
		other_ca_message(corp.other, &leaf, &message);
	str_base64(&text, message.data, message.len);
	if (script.binary)
		http_link_answer(link, script.head, message.data, message.len);
	else
		http_link_answer(link, script.head, text.data, text.len);
	buf_free(&der);
	buf_free(&leaf);
	buf_free(&message);
	buf_free(&text);
}

static void
give_certs(struct http_link *link)
{
	struct buf leaf, message;
	unsigned char *der = NULL;
	int len = i2d_X509(corp.other->cert, &der);

	assert(len > 0);
	buf_init(&leaf, 16384);
	buf_init(&message, 65536);
	buf_add(&leaf, der, (size_t)len);
	other_ca_message(corp.other, &leaf, &message);
	http_link_answer(link, "200 OK", message.data, message.len);
	buf_free(&leaf);
	buf_free(&message);
	OPENSSL_free(der);
}

static void
note_path(const char *line, size_t len)
{
	size_t used = strlen(script.paths);

	assert(used + len + 2 <= sizeof(script.paths));
	memcpy(script.paths + used, line, len);
	memcpy(script.paths + used + len, ";", 2);
}

static void
serve(struct http_link *link, void *cookie)
{
	static struct http_request request;
	char *end;

	(void)cookie;
	if (!http_link_read(link, &request))
		return;
	(void)http_request_header(&request, "Authorization",
	    script.authorization, sizeof(script.authorization));
	(void)http_request_header(
	    &request, "Content-Type", script.type, sizeof(script.type));
	end = strstr(request.head, " HTTP/");
	assert(end != NULL);
	note_path(request.head, (size_t)(end - request.head));
	if (strstr(request.head, "/cacerts ") != NULL)
		give_certs(link);
	else if (strstr(request.head, "/csrattrs ") != NULL)
		http_link_answer(link, script.attributes_head,
		    script.attributes, strlen(script.attributes));
	else if (script.head != NULL && script.body != NULL)
		http_link_answer(
		    link, script.head, script.body, strlen(script.body));
	else if (script.head != NULL)
		enroll(link, &request);
}

/* --- fixture --- */

static void
open_bridge(const char *host, const char *tls_ca)
{
	char *url =
	    mem_printf("https://%s:%u", host, (unsigned)http_peer_port(peer));
	const struct ca_bridge_conf conf = {
	    .kind = "est",
	    .url = url,
	    .label = "amt",
	    .tls_ca = tls_ca,
	    .user = "ra",
	    .password_file = "password",
	};

	corp_open(&corp, &conf);
	free(url);
}

static int
setup(void **state)
{
	struct http_peer_conf conf = {.serve = serve};

	(void)state;
	memset(&script, 0, sizeof(script));
	corp_start(&corp);
	root = identity_new("TLS root", NULL);
	server = identity_new("localhost", root);
	conf.identity = server;
	peer = http_peer_start(&conf);
	corp_file(&corp, "tls.pem", root->pem);
	corp_file(&corp, "password", "geheim\n");
	open_bridge("localhost", "tls.pem");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	http_peer_stop(peer);
	identity_free(server);
	identity_free(root);
	corp_stop(&corp);
	return 0;
}

/* --- tests --- */

static void
test_enroll(void **state)
{
	(void)state;
	script.head = "200 OK\r\nContent-Type: application/pkcs7-mime";
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	assert_string_equal(
	    script.paths, "POST /.well-known/est/amt/simpleenroll;");
	assert_string_equal(script.type, "application/pkcs10");
	assert_string_equal(script.authorization, "Basic cmE6Z2VoZWlt");
}

static void
test_enroll_binary(void **state)
{
	(void)state;
	script.head = "200 OK";
	script.binary = true;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
}

static void
test_pending(void **state)
{
	(void)state;
	script.head = "202 Accepted\r\nRetry-After: 7200";
	script.body = "";
	corp_expect(&corp, CA_BRIDGE_PENDING);
	assert_in_range(corp.got.retry_at, corp.fixture.now + 7200,
	    corp.fixture.now + 7920);
	/* Asked after by asking again, in time. */
	corp.fixture.now = corp.got.retry_at;
	script.body = NULL;
	script.head = "200 OK";
	corp_expect(&corp, CA_BRIDGE_ISSUED);
}

static const struct status {
	const char *head, *body;
	enum err_kind kind;
	const char *text;
} statuses[] = {
    {"400 Bad Request\r\nContent-Type: text/plain", "no such\x1b[2J name\r\n",
	ERR_REFUSED, "refuses (HTTP 400): no such\\x1B[2J name"},
    {"400 Bad Request\r\nContent-Type: text/html", "<b>no</b>", ERR_REFUSED,
	"refuses (HTTP 400)"},
    {"401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", "", ERR_REFUSED,
	"credentials (HTTP 401)"},
    {"403 Forbidden", "", ERR_REFUSED, "HTTP 403"},
    {"404 Not Found", "", ERR_REFUSED, "no EST at this url"},
    {"301 Moved\r\nLocation: https://127.0.0.1/", "", ERR_UNKNOWN, "HTTP 301"},
    {"500 Internal Server Error", "", ERR_UNKNOWN, "HTTP 500"},
    {"204 No Content", "", ERR_UNKNOWN, "HTTP 204"},
    {"200 OK", "!!!!", ERR_UNKNOWN, "neither base64 nor DER"},
    {"200 OK", "", ERR_UNKNOWN, "neither base64 nor DER"},
    {"200 OK", "AAAA", ERR_UNKNOWN, "no PKCS#7"},
    {NULL, NULL, ERR_UNKNOWN, "simpleenroll: "},
};

static void
test_statuses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		script.head = statuses[i].head;
		script.body = statuses[i].body;
		corp_refused(&corp, statuses[i].kind, statuses[i].text);
		/* Past any wait, still within the certificate's life. */
		corp.fixture.now += 11000;
	}
	script.head = "503 Service Unavailable\r\nRetry-After: 60";
	script.body = "";
	corp_expect(&corp, CA_BRIDGE_LIMITED);
}

static void
test_messages_that_are_not_ours(void **state)
{
	(void)state;
	script.head = "200 OK";
	script.stranger = true;
	corp_refused(&corp, ERR_UNKNOWN, "no certificate in it is for the key");
	script.stranger = false;
	script.alone = true;
	corp_refused(&corp, ERR_UNKNOWN, "no PKCS#7");
}

static void
test_flood(void **state)
{
	char *flood = mem_alloc(CA_BRIDGE_ANSWER_MAX + 2);

	(void)state;
	memset(flood, 'A', CA_BRIDGE_ANSWER_MAX + 1);
	script.head = "200 OK";
	script.body = flood;
	corp_refused(&corp, ERR_UNKNOWN, "exceeds 65536 bytes");
	free(flood);
}

/* The password goes to nobody who is not proven. */
static void
test_untrusted_server(void **state)
{
	(void)state;
	script.head = "200 OK";
	open_bridge("localhost", "anchors.pem");
	corp_refused(&corp, ERR_REFUSED, "simpleenroll: ");
	open_bridge("127.0.0.1", "tls.pem");
	corp_refused(&corp, ERR_REFUSED, "simpleenroll: ");
	assert_string_equal(script.paths, "");
	assert_int_equal(http_peer_requests(peer), 0);
}

static void
test_nobody_there(void **state)
{
	struct http_peer_conf conf = {.serve = serve, .identity = server};

	(void)state;
	http_peer_stop(peer);
	corp_refused(&corp, ERR_UNREACHABLE, "simpleenroll: ");
	peer = http_peer_start(&conf);
}

static void
test_test(void **state)
{
	(void)state;
	script.attributes_head = "204 No Content";
	script.attributes = "";
	corp_test(&corp, "CA certificate: CN=Corp CA: chains to anchors",
	    ERR_NONE, "");
	assert_string_equal(script.paths,
	    "GET /.well-known/est/amt/cacerts;"
	    "GET /.well-known/est/amt/csrattrs;");
	/* RFC 7030's own example, 4.5.2. */
	script.attributes_head = "200 OK";
	script.attributes = "MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYG"
			    "CSqGSIb3DQEJDjEJBgcrBgEBAQEWBggqhkjOPQQDAw==";
	corp_test(&corp, "wants in requests: challengePassword", ERR_REFUSED,
	    "EC keys");
	/* challengePassword alone; then RSA with 4096 bits, with 2048. */
	script.attributes = "MAsGCSqGSIb3DQEJBw==";
	corp_test(&corp, "challengePassword", ERR_REFUSED, "TLS session");
	script.attributes = "MBMwEQYJKoZIhvcNAQEBMQQCAhAA";
	corp_test(&corp, "rsaEncryption", ERR_REFUSED, "larger");
	script.attributes = "MBMwEQYJKoZIhvcNAQEBMQQCAggA";
	corp_test(&corp, "rsaEncryption", ERR_NONE, "");
	script.attributes = "MAMCAQE=";
	corp_test(&corp, "", ERR_PROTOCOL, "csrattrs: ");
	script.attributes_head = "401 Unauthorized";
	corp_test(&corp, "", ERR_REFUSED, "HTTP 401");
	other_ca_free(corp.other);
	corp.other = other_ca_new("New CA");
	corp_test(&corp, "CN=New CA: ", ERR_REFUSED, "do not chain");
}

static void
test_retry_after(void **state)
{
	const int64_t now = 1793000000; /* 2026-10-26T07:33:20Z */

	(void)state;
	assert_int_equal(ca_bridge_retry_after(NULL, now), 0);
	assert_int_equal(ca_bridge_retry_after("120", now), 120);
	assert_int_equal(ca_bridge_retry_after("-1", now), 0);
	assert_int_equal(ca_bridge_retry_after("soon", now), 0);
	assert_int_equal(ca_bridge_retry_after("99999999999999999999", now), 0);
	assert_int_equal(
	    ca_bridge_retry_after("9999999999", now), CA_BRIDGE_HINT_MAX);
	assert_int_equal(
	    ca_bridge_retry_after("Mon, 26 Oct 2026 07:34:20 GMT", now), 60);
	assert_int_equal(
	    ca_bridge_retry_after("Mon, 26 Oct 2026 07:30:20 GMT", now), 0);
	assert_int_equal(
	    ca_bridge_retry_after("Mon, 26 Oct 2026 07:34:20 GMT!", now), 0);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_enroll),
	    ROW(test_enroll_binary),
	    ROW(test_pending),
	    ROW(test_statuses),
	    ROW(test_messages_that_are_not_ours),
	    ROW(test_flood),
	    ROW(test_untrusted_server),
	    ROW(test_nobody_there),
	    ROW(test_test),
	    cmocka_unit_test(test_retry_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
