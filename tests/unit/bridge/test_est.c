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
#include <sys/stat.h>

#include <cmocka.h>

#include "bridge_internal.h"
#include "ca_internal.h"
#include "fixture.h"
#include "http_peer.h"
#include "identity.h"
#include "mem.h"
#include "other_ca.h"
#include "str.h"

static struct fixture fixture;
static struct other_ca *other;
static struct identity *root, *server;
static struct http_peer *peer;
static struct ca_bridge *bridge;
static struct buf csr;
static struct ca_bridge_result got;
static struct err err;

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
	other_ca_issue(other, &wish, der.data, der.len, &leaf);
	if (script.alone) /* no message around it */
		buf_add(&message, leaf.data, leaf.len);
	else
		other_ca_message(other, &leaf, &message);
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
	int len = i2d_X509(other->cert, &der);

	assert(len > 0);
	buf_init(&leaf, 16384);
	buf_init(&message, 65536);
	buf_add(&leaf, der, (size_t)len);
	other_ca_message(other, &leaf, &message);
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

static struct ca_bridge *
open_bridge(const char *host, const char *tls_ca)
{
	char *anchors = fixture_path(&fixture, "anchors.pem");
	char *tls = fixture_path(&fixture, tls_ca);
	char *password = fixture_path(&fixture, "password");
	char *url =
	    mem_printf("https://%s:%u", host, (unsigned)http_peer_port(peer));
	const struct ca_bridge_conf conf = {
	    .name = "corp",
	    .kind = "est",
	    .url = url,
	    .label = "amt",
	    .anchors = anchors,
	    .tls_ca = tls,
	    .user = "ra",
	    .password_file = password,
	    .timeout = 120,
	    .retry_first = 100,
	    .retry_most = 10000,
	};
	struct ca_bridge *b = NULL;

	if (ca_bridge_open(&conf, &b, &err) != 0)
		fail_msg("%s", err.text);
	free(anchors);
	free(tls);
	free(password);
	free(url);
	return b;
}

static int
setup(void **state)
{
	struct http_peer_conf conf = {.serve = serve};
	char *password;

	(void)state;
	memset(&script, 0, sizeof(script));
	fixture_open(&fixture);
	other = other_ca_new("Corp CA");
	root = identity_new("TLS root", NULL);
	server = identity_new("localhost", root);
	conf.identity = server;
	peer = http_peer_start(&conf);
	fixture_write(&fixture, "anchors.pem", other->pem, strlen(other->pem));
	fixture_write(&fixture, "tls.pem", root->pem, strlen(root->pem));
	fixture_write(&fixture, "password", "geheim\n", 7);
	password = fixture_path(&fixture, "password");
	assert_int_equal(chmod(password, 0600), 0);
	free(password);
	bridge = open_bridge("localhost", "tls.pem");
	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ca_cert_clear(&got.cert);
	buf_free(&csr);
	ca_bridge_close(bridge);
	http_peer_stop(peer);
	identity_free(server);
	identity_free(root);
	other_ca_free(other);
	fixture_close(&fixture);
	return 0;
}

static int
ask(void)
{
	return fixture_ask(&fixture, bridge, &csr, &got, &err);
}

static void
expect_error(int rc, enum err_kind kind, const char *text)
{
	fixture_failed(rc, &err, kind, text);
}

/* --- tests --- */

static void
test_enroll(void **state)
{
	(void)state;
	script.head = "200 OK\r\nContent-Type: application/pkcs7-mime";
	if (ask() != 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.outcome, CA_BRIDGE_ISSUED);
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
	if (ask() != 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.outcome, CA_BRIDGE_ISSUED);
}

static void
test_pending(void **state)
{
	(void)state;
	script.head = "202 Accepted\r\nRetry-After: 7200";
	script.body = "";
	assert_int_equal(ask(), 0);
	assert_int_equal(got.outcome, CA_BRIDGE_PENDING);
	assert_in_range(got.retry_at, fixture.now + 7200, fixture.now + 7920);
	/* Asked after by asking again, in time. */
	fixture.now = got.retry_at;
	script.body = NULL;
	script.head = "200 OK";
	assert_int_equal(ask(), 0);
	assert_int_equal(got.outcome, CA_BRIDGE_ISSUED);
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
		expect_error(ask(), statuses[i].kind, statuses[i].text);
		/* Past any wait, still within the certificate's life. */
		fixture.now += 11000;
	}
	script.head = "503 Service Unavailable\r\nRetry-After: 60";
	script.body = "";
	assert_int_equal(ask(), 0);
	assert_int_equal(got.outcome, CA_BRIDGE_LIMITED);
}

static void
test_messages_that_are_not_ours(void **state)
{
	(void)state;
	script.head = "200 OK";
	script.stranger = true;
	expect_error(ask(), ERR_UNKNOWN, "no certificate in it is for the key");
	script.stranger = false;
	script.alone = true;
	expect_error(ask(), ERR_UNKNOWN, "no PKCS#7");
}

static void
test_flood(void **state)
{
	char *flood = mem_alloc(CA_BRIDGE_ANSWER_MAX + 2);

	(void)state;
	memset(flood, 'A', CA_BRIDGE_ANSWER_MAX + 1);
	script.head = "200 OK";
	script.body = flood;
	expect_error(ask(), ERR_UNKNOWN, "exceeds 65536 bytes");
	free(flood);
}

/* The password goes to nobody who is not proven. */
static void
test_untrusted_server(void **state)
{
	(void)state;
	script.head = "200 OK";
	ca_bridge_close(bridge);
	bridge = open_bridge("localhost", "anchors.pem");
	expect_error(ask(), ERR_REFUSED, "simpleenroll: ");
	ca_bridge_close(bridge);
	bridge = open_bridge("127.0.0.1", "tls.pem");
	expect_error(ask(), ERR_REFUSED, "simpleenroll: ");
	assert_string_equal(script.paths, "");
	assert_int_equal(http_peer_requests(peer), 0);
}

static void
test_nobody_there(void **state)
{
	struct http_peer_conf conf = {.serve = serve, .identity = server};

	(void)state;
	http_peer_stop(peer);
	expect_error(ask(), ERR_UNREACHABLE, "simpleenroll: ");
	peer = http_peer_start(&conf);
}

static void
expect_test(int want, const char *said, enum err_kind kind, const char *text)
{
	struct buf out;
	int rc;

	buf_init(&out, 65536);
	script.paths[0] = '\0';
	rc = ca_bridge_test(bridge, &out, &err);
	assert_int_equal(rc, want);
	if (strstr(buf_text(&out), said) == NULL)
		fail_msg("\"%s\" is not in: %s", said, buf_text(&out));
	if (want != 0)
		expect_error(rc, kind, text);
	buf_free(&out);
}

static void
test_test(void **state)
{
	(void)state;
	script.attributes_head = "204 No Content";
	script.attributes = "";
	expect_test(
	    0, "CA certificate: CN=Corp CA: chains to anchors", ERR_NONE, "");
	assert_string_equal(script.paths,
	    "GET /.well-known/est/amt/cacerts;"
	    "GET /.well-known/est/amt/csrattrs;");
	/* RFC 7030's own example, 4.5.2. */
	script.attributes_head = "200 OK";
	script.attributes = "MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYG"
			    "CSqGSIb3DQEJDjEJBgcrBgEBAQEWBggqhkjOPQQDAw==";
	expect_test(
	    -1, "wants in requests: challengePassword", ERR_REFUSED, "EC keys");
	/* challengePassword alone; then RSA with 4096 bits, with 2048. */
	script.attributes = "MAsGCSqGSIb3DQEJBw==";
	expect_test(-1, "challengePassword", ERR_REFUSED, "TLS session");
	script.attributes = "MBMwEQYJKoZIhvcNAQEBMQQCAhAA";
	expect_test(-1, "rsaEncryption", ERR_REFUSED, "larger");
	script.attributes = "MBMwEQYJKoZIhvcNAQEBMQQCAggA";
	expect_test(0, "rsaEncryption", ERR_NONE, "");
	script.attributes = "MAMCAQE=";
	expect_test(-1, "", ERR_PROTOCOL, "csrattrs: ");
	script.attributes_head = "401 Unauthorized";
	expect_test(-1, "", ERR_REFUSED, "HTTP 401");
	other_ca_free(other);
	other = other_ca_new("New CA");
	expect_test(-1, "CN=New CA: ", ERR_REFUSED, "do not chain");
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
