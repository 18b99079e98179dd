/*
 * Vault's PKI engine against a scripted server on loopback (no Vault, and no
 * imitation of its rules either: that is e2e_apis): what is sent, what each
 * answer means, what is looked for after one was lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api_peer.h"
#include "clock.h"
#include "json_internal.h"
#include "mem.h"
#include "str.h"
#include "vault_internal.h"

#define SIGN "POST /v1/corp/pki/sign/amt"
#define REVOKE "POST /v1/corp/pki/revoke"
#define CERTS "GET /v1/corp/pki/certs?list=true"
#define LOGIN "POST /v1/auth/approle/login"
#define CERT "{\"data\":{\"certificate\":\"@CERT@\"},\"warnings\":null}"

static struct api api;

static void
open_with_token(void)
{
	char *token = api_file(&api, "token", "hvs.geheim\n");
	const struct ca_bridge_conf conf = {.kind = "vault",
	    .label = "amt",
	    .mount = "corp/pki",
	    .space = "corp",
	    .token_file = token};

	api_open(&api, &conf);
	free(token);
}

static void
open_with_role(void)
{
	char *secret = api_file(&api, "secret", "se\"cret\n");
	const struct ca_bridge_conf conf = {.kind = "vault",
	    .label = "amt",
	    .mount = "corp/pki",
	    .user = "role-1",
	    .password_file = secret};

	api_open(&api, &conf);
	free(secret);
}

static int
setup(void **state)
{
	(void)state;
	api_start(&api);
	open_with_token();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	api_stop(&api);
	return 0;
}

static void
expect_header(const char *name, const char *value)
{
	char found[256] = "(none)";

	(void)http_request_header(&api.last, name, found, sizeof(found));
	assert_string_equal(found, value);
}

/* Past any wait. */
static void
later(void)
{
	api.fixture.now += 11000;
}

/* --- formats --- */

static void
test_request(void **state)
{
	static const uint8_t csr[] = {0x30, 0x03, 0x02, 0x01, 0x00};
	static const char *const dns[] = {"pc1.corp.example", "pc1"};
	const struct ca_bridge_ask ask = {.csr = csr,
	    .csr_len = sizeof(csr),
	    .dns = dns,
	    .dns_count = 2,
	    .address = "192.0.2.7",
	    .validity = 31536000};
	char *want = api_golden("vault-request.json");
	struct buf got;

	(void)state;
	buf_init(&got, 65536);
	assert_int_equal(ca_vault_write_sign(&ask, &got, &api.err), 0);
	buf_char(&got, '\n');
	assert_string_equal(buf_text(&got), want);
	buf_free(&got);
	free(want);
}

static void
test_answer(void **state)
{
	char *text = api_golden("vault-sign.json");
	char *pem = api_golden("step-leaf.pem");
	const struct ca_span body = {(const uint8_t *)text, strlen(text)};
	struct ca_bridge_answer a;
	struct buf spki;

	(void)state;
	buf_init(&spki, 4096);
	api_key_of(pem, &spki);
	ca_bridge_answer_init(&a);
	assert_null(ca_vault_read_sign(body, ca_der_bytes(&spki), &a));
	assert_int_equal(a.outcome, CA_BRIDGE_ISSUED);
	assert_true(a.leaf.len > 500);
	assert_string_equal(buf_text(&a.text),
	    "TTL \"31536000s\" is longer than permitted maxTTL \"86400s\", so "
	    "maxTTL is being used; and \\x1B[2J this");
	buf_reset(&a.leaf);
	spki.data[spki.len - 1] ^= 1;
	assert_string_equal(ca_vault_read_sign(body, ca_der_bytes(&spki), &a),
	    "the certificate in it is not for the key of the request");
	assert_int_equal(a.leaf.len, 0);
	ca_bridge_answer_clear(&a);
	buf_free(&spki);
	free(text);
	free(pem);
}

static void
test_quoted(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	ca_json_quote(&out, "a\"b\\c\x01/");
	assert_string_equal(buf_text(&out), "\"a\\\"b\\\\c\\u0001/\"");
	buf_free(&out);
}

static bool
is_read(const char *text, size_t len)
{
	struct json_object *whole =
	    ca_json_read((struct ca_span){(const uint8_t *)text, len});
	bool good = whole != NULL;

	(void)json_object_put(whole);
	return good;
}

static void
test_json(void **state)
{
	char deep[200];

	(void)state;
	assert_true(is_read("{}", 2));
	assert_true(is_read("{\"a\":[1]}\n\n", 11));
	assert_false(is_read("{}{}", 4));
	assert_false(is_read("{}\0x", 4));
	assert_false(is_read("{\"a\":\"\xff\"}", 9));
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	memset(deep + 100, ']', 95);
	deep[195] = '}';
	assert_false(is_read(deep, 196));
	assert_false(is_read("", 0));
}

/* --- a certificate --- */

static void
test_issued(void **state)
{
	(void)state;
	api_row(&api, SIGN, "200 OK", CERT);
	api_expect(&api, CA_BRIDGE_ISSUED);
	assert_string_equal(api.lines, SIGN ";");
	assert_string_equal(api.got.text, "");
	assert_string_equal(api.got.cert.serial, "1267");
	expect_header("X-Vault-Token", "hvs.geheim");
	expect_header("X-Vault-Namespace", "corp");
	expect_header("Content-Type", "application/json");
	assert_non_null(strstr(api.last.body,
	    "\"common_name\":\"pc1.corp.example\",\"alt_names\":"
	    "\"pc1.corp.example\",\"ttl\":\"31536000s\""));
	assert_null(strstr(api.last.body, "geheim"));
	/* Once more: from the records. */
	api_expect(&api, CA_BRIDGE_ISSUED);
	assert_string_equal(api.lines, SIGN ";");
}

static void
test_remarks(void **state)
{
	(void)state;
	api_row(&api, SIGN, "200 OK",
	    "{\"lease_id\":\"corp/pki/1\",\"data\":{\"certificate\":\"@CERT@\"}"
	    ",\"warnings\":[\"beware\"]}");
	api_expect(&api, CA_BRIDGE_ISSUED);
	assert_string_equal(api.got.text,
	    "the role makes leases (generate_lease): the CA revokes this when "
	    "our token ends; beware");
}

/* What is not taken is to be revoked; the reason has the CA's remarks. */
static void
test_not_taken(void **state)
{
	(void)state;
	api.wish.lives = 86400;
	api_row(&api, REVOKE, "200 OK", "{\"data\":{\"revocation_time\":1}}");
	api_row(&api, SIGN, "200 OK",
	    "{\"data\":{\"certificate\":\"@CERT@\"},\"warnings\":[\"short\"]}");
	api_fails(&api, api_ask(&api), ERR_REFUSED,
	    "each one would be due at once; it remarks: short");
	assert_string_equal(api.lines, SIGN ";" REVOKE ";");
	assert_string_equal(api.last.body, "{\"serial_number\":\"12:67\"}");
	api_state(&api, "rejected", NULL);
}

/* But not when its serial is that of a good one. */
static void
test_serial_on_record(void **state)
{
	struct ca_request request;

	(void)state;
	api_row(&api, REVOKE, "200 OK", "{\"data\":{\"revocation_time\":1}}");
	api_row(&api, SIGN, "200 OK", CERT);
	api_expect(&api, CA_BRIDGE_ISSUED);
	api.wish.lives = 86400;
	request = fixture_request(&api.fixture, &api.csr, "k2");
	ca_cert_clear(&api.got.cert);
	api_fails(&api,
	    ca_bridge_issue(
		api.fixture.ca, api.bridge, &request, 0, &api.got, &api.err),
	    ERR_REFUSED, "due at once");
	assert_string_equal(api.lines, SIGN ";" SIGN ";");
}

static const struct status {
	const char *head, *body;
	enum err_kind kind; /* ERR_NONE: limited */
	const char *text;
} statuses[] = {
    {"400 Bad Request",
	"{\"errors\":[\"common name x not allowed by this role\","
	"\"and\\u001b[2J more\"]}\n",
	ERR_REFUSED,
	"the CA refuses (HTTP 400): common name x not allowed by this role; "
	"and\\x1B[2J more"},
    {"400 Bad Request", "{\"errors\":[\"unknown role: amt\"]}", ERR_REFUSED,
	"there is no such role (HTTP 400): unknown role: amt"},
    {"403 Forbidden",
	"{\"errors\":[\"1 error occurred:\\n\\t* permission denied\\n\\n\"]}",
	ERR_REFUSED, "compare its policy (HTTP 403): 1 error occurred:\\x0A"},
    {"404 Not Found", "{\"errors\":[\"no handler for route\"]}", ERR_REFUSED,
	"there is no such engine or role at this url (HTTP 404): no handler"},
    {"307 Temporary Redirect\r\nLocation: https://localhost:1/", "",
	ERR_REFUSED, "url must name the active node (HTTP 307)"},
    {"472 DR", "{}", ERR_REFUSED, "issues nothing (HTTP 472)"},
    {"501 Not Implemented", "{\"errors\":[]}", ERR_REFUSED,
	"not initialized (HTTP 501)"},
    {"412 Precondition Failed", "{\"errors\":[\"index\"]}", ERR_NONE,
	"has not caught up yet (HTTP 412): index"},
    {"429 Too Many Requests\r\nRetry-After: 600",
	"{\"errors\":[\"request path \\\"x\\\": rate limit quota exceeded\"]}",
	ERR_NONE, "a quota of the CA is used up (HTTP 429): request path"},
    {"473 Standby", "{}", ERR_NONE, "does not pass this on (HTTP 473)"},
    {"474 Standby", "{}", ERR_NONE, "does not reach the active node"},
    {"503 Service Unavailable", "{\"errors\":[\"Vault is sealed\"]}", ERR_NONE,
	"sealed, or being served (HTTP 503): Vault is sealed"},
    {"500 Internal Server Error", "{\"errors\":[\"storage\"]}", ERR_UNKNOWN,
	"HTTP 500: storage"},
    {"204 No Content", "", ERR_UNKNOWN, "HTTP 204"},
    {"200 OK", "", ERR_UNKNOWN, "it is no JSON object"},
    {"200 OK", "[]", ERR_UNKNOWN, "it is no JSON object"},
    {"200 OK", "{} x", ERR_UNKNOWN, "it is no JSON object"},
    {"200 OK", "{\"data\":", ERR_UNKNOWN, "it is no JSON object"},
    {"200 OK", "{\"data\":{\"certificate\":7}}", ERR_UNKNOWN,
	"it holds no certificate"},
    {"200 OK", "{\"data\":{\"certificate\":\"a\\u0000b\"}}", ERR_UNKNOWN,
	"it holds no certificate"},
    {"200 OK", "{\"data\":[\"certificate\"]}", ERR_UNKNOWN,
	"it holds no certificate"},
    {"200 OK", "{\"data\":{\"certificate\":\"MIIB\"}}", ERR_UNKNOWN,
	"not for the key"},
    {"200 OK", NULL, ERR_UNKNOWN, "corp/pki/sign/amt: "},
};

/* Each changes nothing but the row, which tells what was said. */
static void
test_statuses(void **state)
{
	size_t i;

	(void)state;
	api_row(&api, CERTS, "404 Not Found", "{\"errors\":[]}");
	api_row(&api, SIGN, "", NULL);
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		api.rows[0].head = statuses[i].head;
		api.rows[0].body = statuses[i].body;
		if (statuses[i].kind != ERR_NONE) {
			api_fails(&api, api_ask(&api), statuses[i].kind,
			    statuses[i].text);
		} else {
			api_expect(&api, CA_BRIDGE_LIMITED);
			if (strstr(api.got.text, statuses[i].text) == NULL)
				fail_msg("%s", api.got.text);
		}
		api_state(&api, i < 1 ? "rejected" : "asked", NULL);
		later();
	}
}

static void
test_retry_after(void **state)
{
	(void)state;
	api_row(&api, SIGN, "429 Too Many Requests\r\nRetry-After: 7200",
	    "{\"errors\":[]}");
	api_expect(&api, CA_BRIDGE_LIMITED);
	assert_in_range(
	    api.got.retry_at, api.fixture.now + 7200, api.fixture.now + 7920);
}

static void
test_stranger_key(void **state)
{
	(void)state;
	api.wish.key = fixture_key(1, 2048);
	api_row(&api, SIGN, "200 OK", CERT);
	api_fails(&api, api_ask(&api), ERR_UNKNOWN, "not for the key");
	assert_string_equal(api.lines, SIGN ";");
}

/* The token is sent to nobody who is not proven. */
static void
test_untrusted(void **state)
{
	char *tls = api_file(&api, "other.pem", api.other->pem);
	char *token = api_file(&api, "token", "hvs.geheim\n");
	const struct ca_bridge_conf conf = {.kind = "vault",
	    .label = "amt",
	    .tls_ca = tls,
	    .token_file = token};

	(void)state;
	api_open(&api, &conf);
	api_fails(&api, api_ask(&api), ERR_REFUSED, "pki/sign/amt: ");
	assert_int_equal(http_peer_requests(api.peer), 0);
	free(tls);
	free(token);
}

/* --- who we are --- */

/* An agent writes another one: it is taken without a restart. */
static void
test_token_is_read_each_time(void **state)
{
	char *path = fixture_path(&api.fixture, "token");

	(void)state;
	api_row(&api, SIGN, "503 Sealed", "{}");
	api_expect(&api, CA_BRIDGE_LIMITED);
	free(api_file(&api, "token", "hvs.second"));
	later();
	api_expect(&api, CA_BRIDGE_LIMITED);
	expect_header("X-Vault-Token", "hvs.second");
	later();
	(void)unlink(path);
	api_fails(&api, api_ask(&api), ERR_REFUSED, "token");
	free(path);
}

static void
test_approle(void **state)
{
	static const char words[] =
	    "{\"auth\":{\"client_token\":\"hvs.%u\",\"lease_duration\":%u}}";
	char first[100], second[100];

	(void)state;
	open_with_role();
	(void)snprintf(first, sizeof(first), words, 1U, 3600U);
	(void)snprintf(second, sizeof(second), words, 2U, 3600U);
	api_row(&api, LOGIN, "200 OK", first);
	api_row(&api, CERTS, "404 Not Found", "{\"errors\":[]}");
	api_row(&api, SIGN, "503 Sealed", "{}");
	api_expect(&api, CA_BRIDGE_LIMITED);
	assert_string_equal(api.lines, LOGIN ";" SIGN ";");
	expect_header("X-Vault-Token", "hvs.1");
	expect_header("X-Vault-Namespace", "(none)");
	/* It is kept. */
	later();
	api_expect(&api, CA_BRIDGE_LIMITED);
	assert_string_equal(api.lines, LOGIN ";" SIGN ";" CERTS ";" SIGN ";");
	/* Taken back: another is asked for, once. */
	later();
	api_forget(&api);
	api_row(&api, LOGIN, "200 OK", second);
	api_row(&api, CERTS, "404 Not Found", "{}");
	api_row(&api, SIGN, "403 Forbidden", "{\"errors\":[\"denied\"]}");
	api_fails(&api, api_ask(&api), ERR_REFUSED, "HTTP 403): denied");
	assert_string_equal(api.lines, CERTS ";" SIGN ";" LOGIN ";" SIGN ";");
	expect_header("X-Vault-Token", "hvs.2");
}

static void
test_login_body(void **state)
{
	(void)state;
	open_with_role();
	api_row(&api, LOGIN, "400 Bad Request",
	    "{\"errors\":[\"invalid role or secret ID\"]}");
	api_fails(&api, api_ask(&api), ERR_REFUSED, "invalid role or secret");
	assert_string_equal(api.lines, LOGIN ";");
	assert_string_equal(api.last.body,
	    "{\"role_id\":\"role-1\",\"secret_id\":\"se\\\"cret\"}");
	expect_header("X-Vault-Token", "(none)");
	later();
	api_forget(&api);
	api_row(&api, LOGIN, "200 OK", "{\"auth\":{\"client_token\":\"\"}}");
	api_fails(&api, api_ask(&api), ERR_REFUSED, "it holds no token");
	assert_string_equal(api.lines, LOGIN ";");
	later();
	api_row(&api, LOGIN, "200 OK", NULL);
	api_fails(&api, api_ask(&api), ERR_UNKNOWN, "auth/approle/login: ");
}

/* One that ends before it could be used is used at once, and not kept. */
static void
test_short_token(void **state)
{
	(void)state;
	open_with_role();
	api_row(&api, LOGIN, "200 OK",
	    "{\"auth\":{\"client_token\":\"hvs.1\",\"lease_duration\":5}}");
	api_row(&api, SIGN, "200 OK", "{}");
	api_fails(&api, api_ask(&api), ERR_UNKNOWN, "no certificate");
	later();
	api_row(&api, CERTS, "403 Forbidden", "{}");
	api_forget(&api);
	api_row(&api, LOGIN, "200 OK",
	    "{\"auth\":{\"client_token\":\"hvs.1\",\"lease_duration\":0}}");
	api_row(&api, CERTS, "404 Not Found", "{}");
	api_row(&api, SIGN, "200 OK", CERT);
	api_expect(&api, CA_BRIDGE_ISSUED);
	/* And one without an end is. */
	assert_string_equal(api.lines, LOGIN ";" CERTS ";" SIGN ";");
}

/* --- after a lost answer --- */

static void
lose_one(void)
{
	api_row(&api, SIGN, "200 OK", NULL);
	api_fails(&api, api_ask(&api), ERR_UNKNOWN, "corp/pki/sign/amt: ");
	api_state(&api, "asked", NULL);
	api_forget(&api);
	later();
}

static void
test_lost_is_found(void **state)
{
	(void)state;
	lose_one();
	api_row(&api, SIGN, "200 OK", CERT);
	api_row(&api, CERTS, "200 OK",
	    "{\"data\":{\"keys\":[\"ca_chain\",\"0a:0b\",\"12-67\"]}}");
	api_row(&api, "GET /v1/corp/pki/cert/0a:0b", "200 OK",
	    "{\"data\":{\"certificate\":\"MIIB\",\"revocation_time\":0}}");
	api_row(&api, "GET /v1/corp/pki/cert/12-67", "200 OK",
	    "{\"data\":{\"certificate\":\"@CERT@\",\"revocation_time\":0}}");
	api_expect(&api, CA_BRIDGE_ISSUED);
	assert_string_equal(api.lines,
	    CERTS ";GET /v1/corp/pki/cert/0a:0b;"
		  "GET /v1/corp/pki/cert/12-67;");
	assert_string_equal(
	    api.got.text, "found among the CA's, its answer was lost");
}

/* A revoked one is none, and neither is one for another key. */
static void
test_lost_is_not_there(void **state)
{
	(void)state;
	lose_one();
	api_row(&api, SIGN, "200 OK", CERT);
	api_row(&api, CERTS, "200 OK", "{\"data\":{\"keys\":[\"12-67\"]}}");
	api_row(&api, "GET /v1/corp/pki/cert/12-67", "200 OK",
	    "{\"data\":{\"certificate\":\"@CERT@\",\"revocation_time\":9}}");
	api_expect(&api, CA_BRIDGE_ISSUED);
	assert_string_equal(
	    api.lines, CERTS ";GET /v1/corp/pki/cert/12-67;" SIGN ";");
	assert_string_equal(api.got.text, "");
}

static void
expect_unsure(const char *why)
{
	api_expect(&api, CA_BRIDGE_ISSUED);
	assert_non_null(strstr(api.got.text, "one more certificate"));
	if (strstr(api.got.text, why) == NULL)
		fail_msg("%s", api.got.text);
	assert_string_equal(
	    api.lines + strlen(api.lines) - strlen(SIGN ";"), SIGN ";");
}

static void
test_lost_and_denied(void **state)
{
	(void)state;
	lose_one();
	api_row(&api, SIGN, "200 OK", CERT);
	api_row(&api, CERTS, "403 Forbidden", "{\"errors\":[\"denied\"]}");
	expect_unsure("does not let us list");
}

static void
test_lost_among_too_many(void **state)
{
	struct buf list;
	unsigned i;

	(void)state;
	lose_one();
	buf_init(&list, CA_VAULT_LIST_MAX);
	buf_str(&list, "{\"data\":{\"keys\":[");
	for (i = 0; i <= CA_VAULT_SEARCH_MAX; i++)
		buf_printf(&list, "%s\"%02x:%02x\"", i > 0 ? "," : "", i / 256,
		    i % 256);
	buf_str(&list, "]}}");
	api_row(&api, SIGN, "200 OK", CERT);
	api_row(&api, CERTS, "200 OK", buf_text(&list));
	expect_unsure("too many");
	buf_free(&list);
}

static void
test_lost_among_slow_ones(void **state)
{
	(void)state;
	lose_one();
	api.bridge->timeout = 0; /* for one exchange: as long as it takes */
	api_row(&api, SIGN, "200 OK", CERT);
	api_row(&api, CERTS, "200 OK", "{\"data\":{\"keys\":[\"0a:0b\"]}}");
	expect_unsure("too long to look through");
	assert_string_equal(api.lines, CERTS ";" SIGN ";");
}

static void
test_lost_and_unreadable(void **state)
{
	(void)state;
	lose_one();
	api_row(&api, SIGN, "200 OK", CERT);
	api_row(&api, CERTS, "200 OK", "{\"data\":{\"keys\":[\"0a:0b\"]}}");
	expect_unsure("not all of its certificates can be read");
}

/* Nothing goes into a path that is no serial. */
static void
test_serials(void **state)
{
	static const char text[] =
	    "{\"data\":{\"keys\":[\"../../sys/seal\",\"0a?x\",7,\"\","
	    "\"0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:"
	    "1f\",\"0A-0b\"]}}";
	struct ca_vault_list list;

	(void)state;
	assert_int_equal(
	    ca_vault_read_list(
		(struct ca_span){(const uint8_t *)text, strlen(text)}, &list),
	    0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.serials[0], "0A-0b");
}

/* --- revocation --- */

static void
test_revocation(void **state)
{
	bool told = false;

	(void)state;
	api_row(&api, SIGN, "200 OK", CERT);
	api_expect(&api, CA_BRIDGE_ISSUED);
	api_forget(&api);
	api_row(&api, REVOKE, "400 Bad Request",
	    "{\"errors\":[\"certificate with serial 12:67 not found.\"]}");
	api_fails(
	    &api, api_revoke(&api, &told), ERR_REFUSED, "12:67 not found");
	api_row(&api, REVOKE, "200 OK", "{\"data\":{\"revocation_time\":0}}");
	api_fails(&api, api_revoke(&api, &told), ERR_UNKNOWN,
	    "does not say that 12:67 is revoked");
	api_row(&api, REVOKE, "503 Sealed", "{\"errors\":[\"sealed\"]}");
	api_fails(&api, api_revoke(&api, &told), ERR_UNREACHABLE, "sealed");
	assert_false(told);
	api_row(&api, REVOKE, "200 OK",
	    "{\"data\":{\"revocation_time\":1793000000},"
	    "\"warnings\":[\"it was already\"]}");
	assert_int_equal(api_revoke(&api, &told), 0);
	assert_true(told);
	assert_string_equal(api.last.body, "{\"serial_number\":\"12:67\"}");
	expect_header("X-Vault-Token", "hvs.geheim");
}

/* --- test --- */

#define CAPABLE                                                                \
	"{\"data\":{\"corp/pki/sign/amt\":[\"update\"],\"corp/pki/revoke\":"   \
	"[\"create\",\"update\"],\"corp/pki/certs\":[\"list\"]}}"

static void
good_server(void)
{
	api_forget(&api);
	api_row(&api, "GET /v1/corp/pki/roles/amt", "200 OK",
	    "{\"data\":{\"allowed_domains\":[\"corp.example\"],"
	    "\"allow_subdomains\":true,\"max_ttl\":7200,\"key_type\":\"rsa\","
	    "\"key_bits\":2048}}");
	api_row(&api, "POST /v1/sys/capabilities-self", "200 OK", CAPABLE);
	api_row(&api, "GET /v1/corp/pki/ca_chain", "200 OK", api.other->pem);
	api_row(&api, "GET /v1/sys/health", "200 OK",
	    "{\"sealed\":false,\"version\":\"1.2\"}");
}

static void
test_test(void **state)
{
	(void)state;
	good_server();
	api_test(&api,
	    "state: active\nversion: 1.2\nCA certificate: CN=Corp CA: chains "
	    "to anchors\nrole, domains: corp.example\nrole, life at most: 2h",
	    ERR_NONE, "");
	api_row(&api, "GET /v1/sys/health", "429 Standby", "{}");
	api_test(&api, "state: a standby, which passes", ERR_NONE, "");
	api_row(&api, "GET /v1/sys/health", "473 Standby", "{}");
	api_test(&api, "state: a performance standby", ERR_NONE, "");
	api_row(&api, "GET /v1/sys/health", "503 Sealed", "{}");
	api_test(&api, "", ERR_REFUSED, "sealed: somebody must unseal it");
	api_row(&api, "GET /v1/sys/health", "474 Standby", "{}");
	api_test(&api, "", ERR_REFUSED, "does not reach the active node");
	api_row(&api, "GET /v1/sys/health", "302 Found", "{}");
	api_test(&api, "", ERR_PROTOCOL, "is it a Vault?");
	api_row(&api, "GET /v1/sys/health", "200 OK", "<html>");
	api_test(&api, "", ERR_PROTOCOL, "but not in JSON: is it a Vault?");
}

static void
test_test_chain(void **state)
{
	struct other_ca *stranger = other_ca_new("Other CA");

	(void)state;
	good_server();
	api_row(&api, "GET /v1/corp/pki/ca_chain", "200 OK", stranger->pem);
	api_test(&api, "CN=Other CA: ", ERR_REFUSED, "do not chain");
	api_row(&api, "GET /v1/corp/pki/ca_chain", "204 No Content", "");
	api_row(&api, "GET /v1/corp/pki/ca/pem", "200 OK", api.other->pem);
	api_test(&api, "CN=Corp CA: chains", ERR_NONE, "");
	api_row(&api, "GET /v1/corp/pki/ca/pem", "204 No Content", "");
	api_test(&api, "", ERR_REFUSED, "no issuer yet");
	api_row(&api, "GET /v1/corp/pki/ca/pem", "200 OK", "<html>");
	api_test(&api, "", ERR_PROTOCOL, "corp/pki/ca/pem holds no certif");
	other_ca_free(stranger);
}

static void
test_test_policy(void **state)
{
	(void)state;
	good_server();
	api_row(&api, "POST /v1/sys/capabilities-self", "200 OK",
	    "{\"data\":{\"corp/pki/sign/amt\":[\"read\"]}}");
	api_test(&api, "", ERR_REFUSED,
	    "does not allow to update corp/pki/sign/amt");
	api_row(&api, "POST /v1/sys/capabilities-self", "200 OK",
	    "{\"data\":{\"corp/pki/sign/amt\":[\"root\"]}}");
	api_test(&api, "corp/pki/revoke may not be updated", ERR_NONE, "");
	api_row(&api, "POST /v1/sys/capabilities-self", "403 Forbidden", "{}");
	api_test(&api, "", ERR_REFUSED, "compare its policy");
	assert_string_equal(api.last.body,
	    "{\"paths\":[\"corp/pki/sign/amt\",\"corp/pki/revoke\","
	    "\"corp/pki/certs\"]}");
}

static void
test_test_role(void **state)
{
	static const struct {
		const char *head, *body, *said;
		enum err_kind kind;
		const char *text;
	} rows[] = {
	    {"403 Forbidden", "{}", "what it allows is not known", ERR_NONE,
		""},
	    {"404 Not Found", "{\"errors\":[]}", "", ERR_REFUSED, "HTTP 404"},
	    {"200 OK", "{\"data\":7}", "", ERR_PROTOCOL, "cannot be read"},
	    {"200 OK", "{\"data\":{\"allow_any_name\":true,\"no_store\":true}}",
		"names are not restricted\nrole: certificates are not kept",
		ERR_NONE, ""},
	    {"200 OK", "{\"data\":{\"generate_lease\":true}}",
		"role, domains: none\nrole: allow_subdomains is off: only "
		"these very names\nrole: leases",
		ERR_NONE, ""},
	    {"200 OK", "{\"data\":{\"key_type\":\"ec\"}}", "", ERR_REFUSED,
		"not RSA"},
	    {"200 OK", "{\"data\":{\"key_type\":\"rsa\",\"key_bits\":4096}}",
		"", ERR_REFUSED, "larger than firmware makes"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		good_server();
		api_row(&api, "GET /v1/corp/pki/roles/amt", rows[i].head,
		    rows[i].body);
		api_test(&api, rows[i].said, rows[i].kind, rows[i].text);
	}
}

/* --- configuration --- */

static void
test_configurations(void **state)
{
	char *token = api_file(&api, "token", "t\n");
	const struct ca_bridge_conf good = {
	    .kind = "vault", .label = "amt", .token_file = token};
	struct ca_bridge_conf c;

	(void)state;
	api_open(&api, &good);
#define BAD(member, value, text)                                               \
	c = good;                                                              \
	c.member = value;                                                      \
	api_open_fails(&api, &c, text)
	BAD(url, "http://localhost", "https://");
	BAD(url, "https://localhost/v1", "https://HOST:PORT");
	BAD(label, NULL, "label is not set");
	BAD(label, "a/b", "label is no name");
	BAD(label, "..", "label is no name");
	BAD(mount, "/pki", "mount is no path");
	BAD(mount, "pki/../sys", "mount is no path");
	BAD(mount, "pki?x", "mount is no path");
	BAD(space, "a\r\nb", "namespace is no path");
	BAD(token_file, NULL, "set either token_file");
	BAD(user, "u", "go together");
	BAD(kind, "est", "are for the kind vault");
#undef BAD
	free(token);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_answer),
	    cmocka_unit_test(test_quoted),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_serials),
	    ROW(test_issued),
	    ROW(test_remarks),
	    ROW(test_not_taken),
	    ROW(test_serial_on_record),
	    ROW(test_statuses),
	    ROW(test_retry_after),
	    ROW(test_stranger_key),
	    ROW(test_untrusted),
	    ROW(test_token_is_read_each_time),
	    ROW(test_approle),
	    ROW(test_login_body),
	    ROW(test_short_token),
	    ROW(test_lost_is_found),
	    ROW(test_lost_is_not_there),
	    ROW(test_lost_and_denied),
	    ROW(test_lost_among_too_many),
	    ROW(test_lost_among_slow_ones),
	    ROW(test_lost_and_unreadable),
	    ROW(test_revocation),
	    ROW(test_test),
	    ROW(test_test_chain),
	    ROW(test_test_policy),
	    ROW(test_test_role),
	    ROW(test_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
