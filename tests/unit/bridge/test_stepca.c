/*
 * step-ca against a scripted server on loopback, and its own answers from files
 * (those of a real 0.19): what a token says and who can check it, what each
 * answer means, and what is known after one was lost.  The real one is in
 * e2e_apis.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_peer.h"
#include "clock.h"
#include "fetch.h"
#include "identity.h"
#include "json_internal.h"
#include "jwt_internal.h"
#include "mem.h"
#include "stepca_internal.h"
#include "str.h"

#define SIGN "POST /1.0/sign"
#define REVOKE "POST /1.0/revoke"
#define CERT "{\"crt\":\"@CERT@\",\"ca\":\"\",\"certChain\":[]}"
#define FLEET "amt fleet"

static struct api api;

static void
open_with(bool certificate)
{
	char *pem = identity_key_pem(api.client, NULL);
	char *key = api_file(&api, "ra.key", pem);
	char *cert = api_file(&api, "ra.pem", api.client->pem);
	const struct ca_bridge_conf conf = {.kind = "step",
	    .label = FLEET,
	    .certificate = certificate ? cert : NULL,
	    .key = key};

	api_open(&api, &conf);
	free(pem);
	free(key);
	free(cert);
}

static int
setup(void **state)
{
	(void)state;
	api_start(&api);
	open_with(true);
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
later(void)
{
	api.fixture.now += 11000;
}

/* --- reading tokens --- */

/* A part of a token: base64url to bytes. */
static void
unbase64url(const char *text, size_t len, struct buf *out)
{
	char *plain = mem_dup_len(text, len), padded[4] = "";
	struct buf whole;
	size_t i;

	for (i = 0; i < len; i++) {
		if (plain[i] == '-')
			plain[i] = '+';
		else if (plain[i] == '_')
			plain[i] = '/';
		else
			assert_non_null(
			    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcde"
				   "fghijklmnopqrstuvwxyz0123456789",
				plain[i]));
	}
	buf_init(&whole, 131072);
	buf_str(&whole, plain);
	memset(padded, '=', (4 - len % 4) % 4);
	buf_str(&whole, padded);
	assert_int_equal(str_unbase64(out, buf_text(&whole)), 0);
	buf_free(&whole);
	free(plain);
}

static void
check_signature(
    EVP_PKEY *key, const char *digest, const char *token, size_t signed_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buf raw;
	unsigned char *der = NULL;
	int len, half;
	ECDSA_SIG *pair;

	buf_init(&raw, 2048);
	unbase64url(
	    token + signed_len + 1, strlen(token) - signed_len - 1, &raw);
	if (EVP_PKEY_is_a(key, "EC")) {
		half = (int)raw.len / 2;
		assert_int_equal(half, (EVP_PKEY_get_bits(key) + 7) / 8);
		pair = ECDSA_SIG_new();
		assert_int_equal(
		    ECDSA_SIG_set0(pair, BN_bin2bn(raw.data, half, NULL),
			BN_bin2bn(raw.data + half, half, NULL)),
		    1);
		len = i2d_ECDSA_SIG(pair, &der);
		buf_reset(&raw);
		buf_add(&raw, der, (size_t)len);
		OPENSSL_free(der);
		ECDSA_SIG_free(pair);
	}
	assert_int_equal(
	    EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL),
	    1);
	assert_int_equal(EVP_DigestVerify(ctx, raw.data, raw.len,
			     (const unsigned char *)token, signed_len),
	    1);
	EVP_MD_CTX_free(ctx);
	buf_free(&raw);
}

/* Both parts, checked with the key; to be put. */
static void
open_token(const char *token, EVP_PKEY *key, const char *digest,
    struct json_object **ret_header, struct json_object **ret_claims)
{
	const char *first = strchr(token, '.'), *second;
	struct buf text;

	assert_non_null(first);
	second = strchr(first + 1, '.');
	assert_non_null(second);
	check_signature(key, digest, token, (size_t)(second - token));
	buf_init(&text, 65536);
	unbase64url(token, (size_t)(first - token), &text);
	*ret_header = ca_json_read(ca_der_bytes(&text));
	buf_reset(&text);
	unbase64url(first + 1, (size_t)(second - first - 1), &text);
	*ret_claims = ca_json_read(ca_der_bytes(&text));
	buf_free(&text);
	assert_non_null(*ret_header);
	assert_non_null(*ret_claims);
}

/* The token of the request that was seen last. */
static char *
seen_token(void)
{
	struct json_object *whole = ca_json_read((struct ca_span){
	    (const uint8_t *)api.last.body, api.last.body_len});
	char *token = mem_dup(ca_json_text(whole, "ott"));

	assert_non_null(token);
	(void)json_object_put(whole);
	return token;
}

static void
expect_claim(const struct json_object *in, const char *name, const char *want)
{
	const char *text = ca_json_text(in, name);

	assert_non_null(text);
	assert_string_equal(text, want);
}

/* --- formats --- */

/* RFC 7638, 3.1: the key, and its thumbprint. */
static void
test_thumbprint(void **state)
{
	static const char n[] =
	    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu"
	    "1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc"
	    "5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
	    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQ"
	    "Fh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJ"
	    "zKnqDKgw";
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	char thumbprint[CA_JWT_THUMBPRINT];
	BIGNUM *modulus, *exponent = BN_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;
	struct buf bytes;

	(void)state;
	buf_init(&bytes, 1024);
	unbase64url(n, strlen(n), &bytes);
	modulus = BN_bin2bn(bytes.data, (int)bytes.len, NULL);
	(void)BN_set_word(exponent, 65537);
	(void)OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
	(void)OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
	params = OSSL_PARAM_BLD_to_param(build);
	(void)EVP_PKEY_fromdata_init(ctx);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	assert_int_equal(ca_jwt_thumbprint(key, thumbprint, &api.err), 0);
	assert_string_equal(
	    thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
	buf_free(&bytes);
}

static void
sign_one(EVP_PKEY *key, const char *name, const char *digest)
{
	struct json_object *header = json_object_new_object();
	struct json_object *claims = json_object_new_object();
	struct buf token;

	buf_init(&token, 8192);
	ca_json_add(claims, "sub", "a/b?\xc3\xbc");
	assert_int_equal(ca_jwt_sign(key, header, claims, &token, &api.err), 0);
	(void)json_object_put(header);
	(void)json_object_put(claims);
	open_token(buf_text(&token), key, digest, &header, &claims);
	expect_claim(header, "alg", name);
	expect_claim(claims, "sub", "a/b?\xc3\xbc");
	(void)json_object_put(header);
	(void)json_object_put(claims);
	buf_free(&token);
}

/* Numbers that begin with zero octets come up in so many. */
static void
test_algorithms(void **state)
{
	struct json_object *header = json_object_new_object();
	struct json_object *claims = json_object_new_object();
	EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	EVP_PKEY *large = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
	EVP_PKEY *edwards = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct buf token;
	unsigned i;

	(void)state;
	for (i = 0; i < 300; i++)
		sign_one(fixture_ec_key("P-256"), "ES256", "SHA256");
	sign_one(fixture_ec_key("P-384"), "ES384", "SHA384");
	sign_one(large, "ES512", "SHA512");
	sign_one(fixture_key(0, 2048), "RS256", "SHA256");
	buf_init(&token, 8192);
	assert_int_equal(
	    ca_jwt_sign(weak, header, claims, &token, &api.err), -1);
	assert_int_equal(
	    ca_jwt_sign(edwards, header, claims, &token, &api.err), -1);
	assert_int_equal(token.len, 0);
	(void)json_object_put(header);
	(void)json_object_put(claims);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(large);
	EVP_PKEY_free(edwards);
	buf_free(&token);
}

/* --- its own answers --- */

/* What came with this status, from a file. */
static void
judge_file(const char *name, int status, struct ca_bridge_answer *a)
{
	char *text = api_golden(name);
	struct net_fetched got = {.status = status};

	ca_bridge_answer_init(a);
	buf_init(&got.body, 65536);
	buf_str(&got.body, text);
	ca_step_judge(&got, a);
	buf_free(&got.body);
	free(text);
}

static void
test_golden_refusals(void **state)
{
	static const struct {
		const char *name;
		int status;
		enum ca_bridge_outcome outcome;
		const char *text;
	} rows[] = {
	    {"step-used.json", 401, CA_BRIDGE_MISCONFIGURED,
		"refuses our token"},
	    {"step-names.json", 403, CA_BRIDGE_REJECTED,
		"want [pc2.corp.example]"},
	    {"step-life.json", 403, CA_BRIDGE_REJECTED, "requested duration"},
	    {"step-bad.json", 400, CA_BRIDGE_REJECTED, "error decoding json"},
	};
	struct ca_bridge_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		judge_file(rows[i].name, rows[i].status, &a);
		assert_int_equal(a.outcome, rows[i].outcome);
		if (strstr(buf_text(&a.text), rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].name, buf_text(&a.text));
		ca_bridge_answer_clear(&a);
	}
}

static void
test_golden_certificate(void **state)
{
	char *text = api_golden("step-sign.json");
	char *pem = api_golden("step-leaf.pem");
	const struct ca_span body = {(const uint8_t *)text, strlen(text)};
	char serial[CA_STEP_SERIAL_MAX];
	struct buf spki, leaf;

	(void)state;
	buf_init(&spki, 4096);
	buf_init(&leaf, 16384);
	api_key_of(pem, &spki);
	assert_null(ca_step_read_sign(body, ca_der_bytes(&spki), &leaf));
	assert_true(ca_step_serial(leaf.data, leaf.len, serial));
	free(text);
	text = api_golden("step-again.json");
	assert_non_null(strstr(text, serial));
	assert_false(ca_step_serial(leaf.data, leaf.len - 1, serial));
	buf_free(&spki);
	buf_free(&leaf);
	free(text);
	free(pem);
}

static void
count_cert(void *cookie, X509 *cert)
{
	unsigned *count = cookie;

	assert_non_null(cert);
	++*count;
}

static struct ca_span
span_of(const char *text)
{
	return (struct ca_span){(const uint8_t *)text, strlen(text)};
}

static void
test_golden_lists(void **state)
{
	char *roots = api_golden("step-roots.json");
	char *page = api_golden("step-provisioners.json");
	char *pem = api_golden("step-jwk.pub"), cursor[CA_STEP_CURSOR_MAX];
	BIO *bio = BIO_new_mem_buf(pem, -1);
	struct ca_step_signer signer = {.provisioner = "amt-keys"};
	unsigned count = 0;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	assert_null(ca_step_each_root(span_of(roots), count_cert, &count));
	assert_int_equal(count, 1);
	signer.key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	assert_non_null(signer.key);
	assert_int_equal(ca_step_find_provisioner(
			     span_of(page), &signer, cursor, &out, &api.err),
	    1);
	assert_string_equal(
	    buf_text(&out), "provisioner, life at most: 9000h0m0s\n");
	EVP_PKEY_free(signer.key);
	signer.key = fixture_ec_key("P-256");
	assert_int_equal(ca_step_find_provisioner(
			     span_of(page), &signer, cursor, &out, &api.err),
	    -1);
	assert_non_null(strstr(api.err.text, "another key than ours"));
	signer.provisioner = "nobody";
	assert_int_equal(ca_step_find_provisioner(
			     span_of(page), &signer, cursor, &out, &api.err),
	    0);
	assert_string_equal(cursor, "");
	assert_null(ca_step_read_ok(span_of("{\"status\":\"ok\"}\n")));
	assert_non_null(ca_step_read_ok(span_of("{\"status\":\"no\"}")));
	BIO_free(bio);
	buf_free(&out);
	free(roots);
	free(page);
	free(pem);
}

/* --- a certificate --- */

static void
expect_times(const struct json_object *claims)
{
	int64_t now = clock_now(), at = ca_json_int(claims, "iat");

	assert_in_range(at, now - 100, now);
	assert_int_equal(ca_json_int(claims, "nbf"), at - 60);
	assert_int_equal(ca_json_int(claims, "exp"), at + 300);
}

/* All that the CA checks: who, for whom, for which CSR, where, when. */
static void
test_token(void **state)
{
	struct json_object *header, *claims, *list;
	struct buf hash;
	uint8_t digest[32];
	char hex[65], *token, *url = api_url(&api, "localhost"), *want;

	(void)state;
	api_row(&api, SIGN, "201 Created", CERT);
	api_expect(&api, CA_BRIDGE_ISSUED);
	assert_string_equal(api.lines, SIGN ";");
	token = seen_token();
	open_token(token, api.client->key, "SHA256", &header, &claims);
	expect_claim(header, "alg", "ES256");
	list = ca_json_array(header, "x5c");
	assert_int_equal(json_object_array_length(list), 1);
	buf_init(&hash, 16384);
	assert_int_equal(str_unbase64(&hash, ca_json_text_at(list, 0)), 0);
	str_sha256(hash.data, hash.len, digest);
	str_hex(digest, sizeof(digest), hex);
	assert_string_equal(hex, api.client->sha256);
	want = mem_printf("%s/1.0/sign#x5c/amt%%20fleet", url);
	expect_claim(claims, "aud", want);
	expect_claim(claims, "iss", FLEET);
	expect_claim(claims, "sub", "pc1.corp.example");
	list = ca_json_array(claims, "sans");
	assert_int_equal(json_object_array_length(list), 1);
	assert_string_equal(ca_json_text_at(list, 0), "pc1.corp.example");
	buf_reset(&hash);
	str_sha256(api.csr.data, api.csr.len, digest);
	ca_base64url(&hash, digest, sizeof(digest));
	expect_claim(
	    ca_json_object(claims, "cnf"), "x5rt#S256", buf_text(&hash));
	assert_int_equal(strlen(ca_json_text(claims, "jti")), 32);
	expect_times(claims);
	assert_non_null(strstr(api.last.body, "\"notAfter\":\"31536000s\""));
	(void)json_object_put(header);
	(void)json_object_put(claims);
	buf_free(&hash);
	free(token);
	free(url);
	free(want);
}

/* Without a certificate the key is known by its thumbprint. */
static void
test_token_of_a_key(void **state)
{
	char thumbprint[CA_JWT_THUMBPRINT], *token, *want;
	char *url = api_url(&api, "localhost");
	struct json_object *header, *claims;

	(void)state;
	open_with(false);
	api_row(&api, SIGN, "201 Created", CERT);
	api_expect(&api, CA_BRIDGE_ISSUED);
	token = seen_token();
	open_token(token, api.client->key, "SHA256", &header, &claims);
	assert_int_equal(
	    ca_jwt_thumbprint(api.client->key, thumbprint, &api.err), 0);
	expect_claim(header, "kid", thumbprint);
	assert_null(ca_json_array(header, "x5c"));
	want = mem_printf("%s/1.0/sign", url);
	expect_claim(claims, "aud", want);
	(void)json_object_put(header);
	(void)json_object_put(claims);
	free(token);
	free(want);
	free(url);
}

static const struct status {
	const char *head, *body;
	enum err_kind kind; /* ERR_NONE: limited */
	const char *text;
	const char *state;
} statuses[] = {
    {"403 Forbidden", "{\"status\":403,\"message\":\"no\\u001b[2J\"}",
	ERR_REFUSED, "the CA refuses (HTTP 403): no\\x1B[2J", "rejected"},
    {"400 Bad Request", "{\"message\":\"bad csr\"}", ERR_REFUSED,
	"the CA refuses (HTTP 400): bad csr", "rejected"},
    {"501 Not Implemented", "{}", ERR_REFUSED, "HTTP 501", "rejected"},
    {"404 Not Found", "404 page not found\n", ERR_REFUSED,
	"there is no step-ca at this url", "asked"},
    {"503 Service Unavailable", "", ERR_NONE, "not ready", "asked"},
    {"500 Internal Server Error", "{\"message\":\"db\"}", ERR_UNKNOWN,
	"HTTP 500: db", "asked"},
    {"302 Found\r\nLocation: https://localhost:1/", "", ERR_UNKNOWN, "HTTP 302",
	"asked"},
    {"201 Created", "", ERR_UNKNOWN, "it is no JSON object", "asked"},
    {"201 Created", "{\"crt\":{}}", ERR_UNKNOWN, "it holds no certificate",
	"asked"},
    {"201 Created", "{\"crt\":\"MIIB\"}", ERR_UNKNOWN, "not for the key",
	"asked"},
    {"201 Created", NULL, ERR_UNKNOWN, "/1.0/sign: ", "asked"},
};

static void
test_statuses(void **state)
{
	size_t i;

	(void)state;
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
		api_state(&api, statuses[i].state, NULL);
		later();
	}
	api.rows[0].head = "201 Created";
	api.rows[0].body = CERT;
	api.wish.key = fixture_key(1, 2048);
	api_fails(&api, api_ask(&api), ERR_UNKNOWN, "not for the key");
}

static void
claim_of_last(const char *name, char out[160])
{
	struct json_object *header, *claims;
	char *token = seen_token();

	open_token(token, api.client->key, "SHA256", &header, &claims);
	(void)snprintf(out, 160, "%s", ca_json_text(claims, name));
	(void)json_object_put(header);
	(void)json_object_put(claims);
	free(token);
}

/* It never heard us: the same id makes the one certificate. */
static void
test_lost_request(void **state)
{
	char id[160], first[160], second[160];

	(void)state;
	api_row(&api, SIGN, "201 Created", NULL);
	api_fails(&api, api_ask(&api), ERR_UNKNOWN, "/1.0/sign: ");
	claim_of_last("jti", first);
	api_state(&api, "asked", id);
	assert_string_equal(first, id);
	api_row(&api, SIGN, "201 Created", CERT);
	api_expect(&api, CA_BRIDGE_ISSUED);
	claim_of_last("jti", second);
	assert_string_equal(first, second);
}

/* It heard us, and takes no token twice: the id is said, and left. */
static void
test_lost_answer(void **state)
{
	char first[160], id[160], second[160];

	(void)state;
	api_row(&api, SIGN, "201 Created", NULL);
	api_fails(&api, api_ask(&api), ERR_UNKNOWN, "/1.0/sign: ");
	claim_of_last("jti", first);
	api_row(&api, SIGN, "401 Unauthorized", "{\"message\":\"used\"}");
	api_fails(&api, api_ask(&api), ERR_UNKNOWN, first);
	assert_non_null(strstr(api.err.text, "but in its log; asked anew"));
	api_state(&api, "asked", id);
	assert_string_equal(id, "");
	api_row(&api, SIGN, "201 Created", CERT);
	api_expect(&api, CA_BRIDGE_ISSUED);
	claim_of_last("jti", second);
	assert_string_not_equal(first, second);
	assert_string_equal(api.lines, SIGN ";" SIGN ";" SIGN ";");
}

/* A token that is wrong is told from one that was used, each time. */
static void
test_wrong_token(void **state)
{
	unsigned i;

	(void)state;
	api_row(&api, SIGN, "401 Unauthorized", "{\"message\":\"no\"}");
	for (i = 0; i < 3; i++) {
		api_fails(&api, api_ask(&api), ERR_REFUSED,
		    "refuses our token: compare the provisioner's name and "
		    "key, the host in url and the clocks (HTTP 401): no");
		later();
	}
}

static void
test_not_taken(void **state)
{
	char subject[160];

	(void)state;
	api.wish.san = "DNS:pc2.corp.example";
	api_row(&api, REVOKE, "200 OK", "{\"status\":\"ok\"}");
	api_row(&api, SIGN, "201 Created", CERT);
	api_fails(&api, api_ask(&api), ERR_REFUSED, "pc2.corp.example");
	assert_string_equal(api.lines, SIGN ";" REVOKE ";");
	claim_of_last("sub", subject);
	assert_string_equal(subject, "4711");
}

/* --- revocation --- */

static void
test_revocation(void **state)
{
	char *again = api_golden("step-again.json"), first[160], second[160];
	bool told = false;

	(void)state;
	api_row(&api, SIGN, "201 Created", CERT);
	api_expect(&api, CA_BRIDGE_ISSUED);
	api_forget(&api);
	api_row(&api, REVOKE, "501 Not Implemented",
	    "{\"message\":\"no persistence layer configured\"}");
	api_fails(&api, api_revoke(&api, &told), ERR_REFUSED, "persistence");
	claim_of_last("jti", first);
	api_row(&api, REVOKE, "200 OK", "{\"status\":\"what\"}");
	api_fails(&api, api_revoke(&api, &told), ERR_UNKNOWN, "all is well");
	assert_false(told);
	api_row(&api, REVOKE, "400 Bad Request", again);
	assert_int_equal(api_revoke(&api, &told), 0);
	assert_true(told);
	claim_of_last("jti", second);
	assert_string_not_equal(first, second);
	claim_of_last("aud", first);
	assert_non_null(strstr(first, "/1.0/revoke#x5c/amt%20fleet"));
	assert_non_null(strstr(api.last.body, "\"serial\":\"4711\""));
	assert_non_null(strstr(api.last.body,
	    "\"reasonCode\":4,\"reason\":\"told by amtkeeper\",\"passive\":"
	    "true"));
	free(again);
}

/* --- test --- */

static char *
json_of(const char *pem)
{
	struct buf out;
	char *text;

	buf_init(&out, 65536);
	ca_json_quote(&out, pem);
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

/* Its provisioner trusts this CA. */
static char *
provisioners(const char *name, const char *root)
{
	struct buf roots;
	char *text;

	buf_init(&roots, 65536);
	str_base64(&roots, (const uint8_t *)root, strlen(root));
	text = mem_printf("{\"provisioners\":[7,{\"type\":\"JWK\",\"name\":"
			  "\"%s\"},{\"type\":\"X5C\",\"name\":\"%s\",\"roots\":"
			  "\"%s\"}],\"nextCursor\":\"0a1b\"}",
	    name, name, buf_text(&roots));
	buf_free(&roots);
	return text;
}

static void
test_test(void **state)
{
	char *root = json_of(api.other->pem);
	char *roots = mem_printf("{\"crts\":[%s]}", root);
	char *ours = provisioners(FLEET, api.root->pem);
	char *theirs = provisioners(FLEET, api.other->pem);
	char *nobody = provisioners("nobody", api.root->pem);

	(void)state;
	api_row(&api, "GET /provisioners?limit=20 ", "200 OK", ours);
	api_row(&api, "GET /roots ", "201 Created", roots);
	api_row(&api, "GET /health ", "200 OK", "{\"status\":\"ok\"}\n");
	api_test(&api,
	    "CA certificate: CN=Corp CA: chains to anchors\nprovisioner, life "
	    "at most: the CA's own claims",
	    ERR_NONE, "");
	api_row(&api, "GET /provisioners?limit=20 ", "200 OK", theirs);
	api_test(&api, "", ERR_REFUSED, "does not trust our certificate");
	/* On the second page. */
	api_row(&api, "GET /provisioners?limit=20 ", "200 OK", nobody);
	api_row(
	    &api, "GET /provisioners?limit=20&cursor=0a1b ", "200 OK", ours);
	api_test(&api, "life at most", ERR_NONE, "");
	api_row(&api, "GET /provisioners?limit=20&cursor=0a1b ", "200 OK",
	    "{\"provisioners\":[],\"nextCursor\":\"a&b\"}");
	api_test(&api, "", ERR_REFUSED, "has no X5C provisioner amt fleet");
	api_row(&api, "GET /provisioners", "200 OK", "{}");
	api_test(&api, "", ERR_PROTOCOL, "no list of provisioners");
	api_row(&api, "GET /roots ", "200 OK", "{\"crts\":[7]}");
	api_test(&api, "", ERR_PROTOCOL, "no list of certificates");
	api_row(&api, "GET /health ", "200 OK", "{}");
	api_test(&api, "", ERR_PROTOCOL, "health: ");
	free(root);
	free(roots);
	free(ours);
	free(theirs);
	free(nobody);
}

/* --- configuration --- */

static void
test_configurations(void **state)
{
	char *pem = identity_key_pem(api.client, NULL);
	char *locked = identity_key_pem(api.client, "sesame");
	char *other = identity_key_pem(api.server, NULL);
	char *key = api_file(&api, "ra.key", pem);
	char *locked_key = api_file(&api, "locked.key", locked);
	char *other_key = api_file(&api, "other.key", other);
	char *cert = api_file(&api, "ra.pem", api.client->pem);
	char *secret = fixture_path(&api.fixture, "secret");
	const struct ca_bridge_conf good = {
	    .kind = "step", .label = FLEET, .certificate = cert, .key = key};
	struct ca_bridge_conf c;

	(void)state;
#define BAD(member, value, text)                                               \
	c = good;                                                              \
	c.member = value;                                                      \
	api_open_fails(&api, &c, text)
	BAD(url, "http://localhost", "https://");
	BAD(url, "https://localhost/acme", "https://HOST:PORT");
	BAD(label, NULL, "label is not set");
	BAD(label, "a\nb", "label is not set");
	BAD(key, NULL, "go together");
	BAD(key, locked_key, "encrypted");
	BAD(key, other_key, "not the one of the first certificate");
	BAD(key, secret, "no private key");
	BAD(certificate, key, "holds not 1 to");
	BAD(mount, "x", "are for the kind vault");
	c = good;
	c.certificate = NULL;
	c.key = NULL;
	api_open_fails(&api, &c, "key is not set");
	c = good;
	c.user = "u";
	c.password_file = secret;
	api_open_fails(&api, &c, "not for step-ca");
#undef BAD
	free(pem);
	free(locked);
	free(other);
	free(key);
	free(locked_key);
	free(other_key);
	free(cert);
	free(secret);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_thumbprint),
	    cmocka_unit_test(test_algorithms),
	    cmocka_unit_test(test_golden_refusals),
	    cmocka_unit_test(test_golden_certificate),
	    cmocka_unit_test(test_golden_lists),
	    ROW(test_token),
	    ROW(test_token_of_a_key),
	    ROW(test_statuses),
	    ROW(test_lost_request),
	    ROW(test_lost_answer),
	    ROW(test_wrong_token),
	    ROW(test_not_taken),
	    ROW(test_revocation),
	    ROW(test_test),
	    ROW(test_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
