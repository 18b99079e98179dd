/*
 * CMP against an imitated CA over real HTTP on loopback: what is sent, what
 * each answer means, what goes on after a restart, and that nothing is believed
 * that is not proven.
 */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "ca_internal.h"
#include "cmp_ca.h"
#include "cmp_internal.h"
#include "fixture.h"
#include "http_peer.h"
#include "identity.h"
#include "mem.h"
#include "other_ca.h"
#include "str.h"

#define SECRET "a secret of some length"

static struct fixture fixture;
static struct other_ca *other;
static struct identity *root, *signer, *ra;
static struct cmp_ca *ca;
static struct cmp_plan *plan;
static struct http_peer *peer;
static struct ca_bridge *bridge;
static struct other_wish wish;
static struct buf csr;
static struct ca_bridge_result got;
static struct err err;

/* --- the server --- */

static struct script {
	const char *head; /* instead of the CA's answer: status and headers */
	const void *body;
	size_t len;
	unsigned skip; /* but for so many messages first */
	bool drop;     /* answer nothing, having done it */
	char path[128], type[64], raw[HTTP_BODY_MAX];
	size_t raw_len;
} script;

static void
serve(struct http_link *link, void *cookie)
{
	static struct http_request request;
	struct buf out;
	bool skip;

	(void)cookie;
	if (!http_link_read(link, &request))
		return;
	(void)http_request_header(
	    &request, "Content-Type", script.type, sizeof(script.type));
	(void)snprintf(
	    script.path, sizeof(script.path), "%.100s", request.head);
	script.path[strcspn(script.path, "\r")] = '\0';
	memcpy(script.raw, request.body, request.body_len);
	script.raw_len = request.body_len;
	skip = script.skip > 0;
	if (skip)
		script.skip--;
	if (!skip && script.head != NULL) {
		http_link_answer(link, script.head, script.body, script.len);
		return;
	}
	buf_init(&out, 65536);
	if (cmp_ca_answer(ca, request.body, request.body_len, &out) &&
	    (skip || !script.drop))
		http_link_answer(link,
		    "200 OK\r\nContent-Type: application/pkixcmp", out.data,
		    out.len);
	buf_free(&out);
}

static void
issue(void *cookie, const uint8_t *der, size_t len, struct buf *out)
{
	(void)cookie;
	other_ca_issue(other, &wish, der, len, out);
}

/* --- fixture --- */

static void
write_secret(const char *name, const char *text)
{
	char *path;

	fixture_write(&fixture, name, text, strlen(text));
	path = fixture_path(&fixture, name);
	assert_int_equal(chmod(path, 0600), 0);
	free(path);
}

static void
write_key(const char *name, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *copy;
	long len;

	assert_non_null(bio);
	assert_int_equal(
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	len = BIO_get_mem_data(bio, &text);
	copy = mem_dup_len(text, (size_t)len);
	write_secret(name, copy);
	free(copy);
	BIO_free(bio);
}

/* Options as a person writes them; files are in the fixture's folder. */
struct options {
	const char *scheme, *anchors, *user, *password, *certificate, *key,
	    *signer, *label;
};
static const struct options sealed = {.user = "ra-1", .password = "secret"};
static const struct options signed_ = {
    .certificate = "ra.pem", .key = "ra.key", .signer = "signer.pem"};

static int
try_open(const struct options *o, struct ca_bridge **ret)
{
	char *files[6] = {NULL};
	const char *const names[6] = {
	    o->anchors != NULL ? o->anchors : "anchors.pem", o->password,
	    o->certificate, o->key, o->signer, "tls.pem"};
	char *url = mem_printf("%s://localhost:%u/pkix/",
	    o->scheme != NULL ? o->scheme : "http",
	    (unsigned)http_peer_port(peer));
	struct ca_bridge_conf conf = {
	    .name = "corp",
	    .kind = "cmp",
	    .url = url,
	    .label = o->label,
	    .user = o->user,
	    .timeout = 120,
	    .retry_first = 100,
	    .retry_most = 10000,
	};
	size_t i;
	int rc;

	for (i = 0; i < 6; i++)
		if (names[i] != NULL)
			files[i] = fixture_path(&fixture, names[i]);
	conf.anchors = files[0];
	conf.password_file = files[1];
	conf.certificate = files[2];
	conf.key = files[3];
	conf.signer = files[4];
	conf.tls_ca = files[5];
	rc = ca_bridge_open(&conf, ret, &err);
	for (i = 0; i < 6; i++)
		free(files[i]);
	free(url);
	return rc;
}

static void
open_with(const struct options *o)
{
	ca_bridge_close(bridge);
	bridge = NULL;
	if (try_open(o, &bridge) != 0)
		fail_msg("%s", err.text);
}

static void
start(const struct identity *tls)
{
	const struct http_peer_conf conf = {.serve = serve, .identity = tls};

	peer = http_peer_start(&conf);
}

static void
start_ca(const char *secret)
{
	const struct cmp_ca_conf conf = {
	    .reference = "ra-1",
	    .secret = secret,
	    .trusted = root->cert,
	    .cert = secret == NULL ? signer->cert : NULL,
	    .key = secret == NULL ? signer->key : NULL,
	    .authority = other->cert,
	    .issue = issue,
	};

	cmp_ca_free(ca);
	ca = cmp_ca_new(&conf);
	plan = cmp_ca_plan(ca);
}

static int
setup(void **state)
{
	(void)state;
	memset(&script, 0, sizeof(script));
	memset(&wish, 0, sizeof(wish));
	fixture_open(&fixture);
	other = other_ca_new("Corp CA");
	root = identity_new("Server root", NULL);
	signer = identity_new("cmp.corp.example", root);
	ra = identity_new("ra.corp.example", root);
	ca = NULL;
	start_ca(SECRET);
	fixture_write(&fixture, "anchors.pem", other->pem, strlen(other->pem));
	fixture_write(&fixture, "tls.pem", root->pem, strlen(root->pem));
	fixture_write(&fixture, "signer.pem", signer->pem, strlen(signer->pem));
	fixture_write(&fixture, "ra.pem", ra->pem, strlen(ra->pem));
	write_key("ra.key", ra->key);
	write_key("other.key", signer->key);
	write_secret("secret", SECRET "\n");
	write_secret("wrong", "not the CA's secret\n");
	write_secret("short", "short\n");
	start(NULL);
	bridge = NULL;
	open_with(&sealed);
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
	cmp_ca_free(ca);
	identity_free(ra);
	identity_free(signer);
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
expect(enum ca_bridge_outcome outcome)
{
	if (ask() != 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.outcome, outcome);
}

static void
expect_error(int rc, enum err_kind kind, const char *text)
{
	fixture_failed(rc, &err, kind, text);
}

/* What the CA was asked since the last time. */
static void
expect_asked(const char *want)
{
	assert_string_equal(cmp_ca_asked(ca), want);
	cmp_ca_forget(ca);
}

static int
show_row(void *cookie, const struct ca_bridge_row *row, struct err *e)
{
	(void)e;
	(void)snprintf(cookie, 128, "%s %s", row->state, row->request_id);
	return 0;
}

/* State; and the transaction id of the request, if there is one. */
static void
expect_state(const char *state, char id[64])
{
	char row[128] = "none ";
	size_t len = strlen(state);

	assert_int_equal(ca_bridge_list(fixture.ca, show_row, row, &err), 0);
	if (strncmp(row, state, len) != 0 || row[len] != ' ')
		fail_msg("not %s: %s", state, row);
	if (id != NULL)
		(void)snprintf(id, 64, "%s", row + len + 1);
}

/* As another process, with a bridge of its own. */
static void
restart(const struct options *o)
{
	fixture_reopen(&fixture);
	open_with(o);
}

/* --- tests --- */

static void
test_sealed(void **state)
{
	(void)state;
	expect(CA_BRIDGE_ISSUED);
	assert_string_equal(got.cert.serial, "1267");
	assert_string_equal(script.path, "POST /pkix/ HTTP/1.1");
	assert_string_equal(script.type, "application/pkixcmp");
	expect_asked("p10cr;certConf;");
	expect_state("none", NULL);
	/* Nothing is asked twice. */
	expect(CA_BRIDGE_ISSUED);
	expect_asked("");
}

/* SHA-256 and HMAC-SHA256, not the library's SHA-1; and the secret is in no
 * message. */
static void
test_what_seals(void **state)
{
	static const uint8_t hmac[] = {
	    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09};

	(void)state;
	expect(CA_BRIDGE_ISSUED);
	assert_non_null(memmem(script.raw, script.raw_len, hmac, sizeof(hmac)));
	assert_null(memmem(script.raw, script.raw_len, SECRET, strlen(SECRET)));
	assert_non_null(memmem(script.raw, script.raw_len, "ra-1", 4));
}

static void
test_signed(void **state)
{
	(void)state;
	start_ca(NULL);
	open_with(&signed_);
	expect(CA_BRIDGE_ISSUED);
	expect_asked("p10cr;certConf;");
}

static void
test_tls(void **state)
{
	struct options o = sealed;
	struct identity *server = identity_new("localhost", root);

	(void)state;
	http_peer_stop(peer);
	start(server);
	o.scheme = "https";
	open_with(&o);
	expect(CA_BRIDGE_ISSUED);
	http_peer_stop(peer);
	/* A server that is not proven hears nothing. */
	start(signer);
	open_with(&o);
	fixture.now += 10;
	got.outcome = CA_BRIDGE_ISSUED;
	assert_int_equal(http_peer_requests(peer), 0);
	cmp_ca_forget(ca);
	{
		struct ca_request request =
		    fixture_request(&fixture, &csr, "k2");

		ca_cert_clear(&got.cert);
		expect_error(ca_bridge_issue(
				 fixture.ca, bridge, &request, 0, &got, &err),
		    ERR_REFUSED, "CMP: ");
	}
	assert_int_equal(http_peer_requests(peer), 0);
	identity_free(server);
}

/* --- waiting --- */

static void
test_pending_goes_on_after_restarts(void **state)
{
	char first[64], then[64];

	(void)state;
	plan->wait = true;
	plan->check_after = 7200;
	expect(CA_BRIDGE_PENDING);
	/* Asked after at once, since only that answer says when. */
	expect_asked("p10cr;pollReq;");
	assert_in_range(got.retry_at, fixture.now + 7200, fixture.now + 7920);
	expect_state("pending", first);
	assert_int_equal(strlen(first), 32);
	restart(&sealed);
	fixture.now = got.retry_at;
	expect(CA_BRIDGE_PENDING);
	expect_asked("pollReq;");
	restart(&sealed);
	fixture.now = got.retry_at;
	expect(CA_BRIDGE_PENDING);
	expect_asked("pollReq;");
	expect_state("pending", then);
	assert_string_equal(first, then);
	restart(&sealed);
	fixture.now = got.retry_at;
	plan->wait = false;
	expect(CA_BRIDGE_ISSUED);
	expect_asked("pollReq;certConf;");
}

static void
test_pending_signed(void **state)
{
	(void)state;
	start_ca(NULL);
	open_with(&signed_);
	plan->wait = true;
	expect(CA_BRIDGE_PENDING);
	restart(&signed_);
	fixture.now = got.retry_at;
	plan->wait = false;
	expect(CA_BRIDGE_ISSUED);
	expect_asked("p10cr;pollReq;pollReq;certConf;");
}

/* Servers by RFC 9483 answer to the nonce of the request in the end. */
static void
test_pending_first_nonce(void **state)
{
	(void)state;
	plan->wait = true;
	expect(CA_BRIDGE_PENDING);
	fixture.now = got.retry_at;
	expect(CA_BRIDGE_PENDING);
	fixture.now = got.retry_at;
	plan->first_nonce = true;
	plan->wait = false;
	expect(CA_BRIDGE_ISSUED);
	expect_asked("p10cr;pollReq;pollReq;pollReq;certConf;");
}

static void
test_pending_then_refused(void **state)
{
	char first[64], then[64];

	(void)state;
	plan->wait = true;
	expect(CA_BRIDGE_PENDING);
	expect_state("pending", first);
	plan->wait = false;
	plan->refuse = 19 + 1;
	plan->text = "no\x1b[2J";
	fixture.now = got.retry_at;
	expect_error(ask(), ERR_REFUSED,
	    "corp: the CA refuses (badCertTemplate): no\\x1B[2J");
	expect_state("rejected", NULL);
	expect_asked("p10cr;pollReq;pollReq;");
	/* Asked anew in time, as another transaction. */
	expect_error(ask(), ERR_REFUSED, "asked again after");
	fixture.now += 11000;
	plan->refuse = 0;
	plan->wait = true;
	expect(CA_BRIDGE_PENDING);
	expect_state("pending", then);
	assert_string_not_equal(first, then);
}

/* What cannot be gone on with is over, not waited for without end. */
static void
test_pending_is_forgotten(void **state)
{
	struct options o = sealed;

	(void)state;
	plan->wait = true;
	expect(CA_BRIDGE_PENDING);
	cmp_ca_restart(ca);
	fixture.now = got.retry_at;
	expect_error(ask(), ERR_REFUSED, "the CA refuses (badRequest)");
	expect_state("rejected", NULL);
	fixture.now += 11000;
	expect(CA_BRIDGE_PENDING);
	/* Another secret meanwhile: the record does not verify. */
	start_ca("not the CA's secret");
	o.password = "wrong";
	restart(&o);
	fixture.now = got.retry_at;
	expect_error(ask(), ERR_REFUSED, "earlier messages do not verify");
	expect_asked("");
	fixture.now += 11000;
	expect(CA_BRIDGE_ISSUED);
}

/* --- confirmation --- */

static void
test_wrong_certificate_is_refused(void **state)
{
	(void)state;
	wish.san = "DNS:pc2.corp.example";
	expect_error(
	    ask(), ERR_REFUSED, "the certificate it gave is not taken");
	assert_non_null(strstr(cmp_ca_asked(ca),
	    "p10cr;certConf-PKIStatus: rejection; PKIFailureInfo: "
	    "incorrectData; StatusString: \"the certificate it gave is not "
	    "taken: names: "));
	cmp_ca_forget(ca);
	expect_state("rejected", NULL);
	fixture.now += 11000;
	memset(&wish, 0, sizeof(wish));
	/* Another key than the CSR's. */
	wish.key = fixture_key(1, 2048);
	expect_error(ask(), ERR_REFUSED, "public key is not the one");
	assert_non_null(strstr(cmp_ca_asked(ca), "p10cr;certConf-PKIStatus: "));
	cmp_ca_forget(ca);
	fixture.now += 11000;
	memset(&wish, 0, sizeof(wish));
	expect(CA_BRIDGE_ISSUED);
	expect_asked("p10cr;certConf;");
}

static void
test_other_issuer(void **state)
{
	struct other_ca *stranger = other_ca_new("Corp CA"), *ours = other;

	(void)state;
	other = stranger;
	expect_error(ask(), ERR_REFUSED, "does not chain");
	other = ours;
	other_ca_free(stranger);
	assert_non_null(strstr(cmp_ca_asked(ca), "certConf-"));
}

/* It has been issued, and nobody may use it before the CA knows. */
static void
test_confirmation_is_lost(void **state)
{
	struct ca_cert cert;

	(void)state;
	script.skip = 1;
	script.drop = true;
	expect_error(ask(), ERR_UNKNOWN, "CMP: ");
	expect_asked("p10cr;certConf;");
	expect_state("unconfirmed", NULL);
	assert_int_equal(ca_find(fixture.ca, "k1", NULL, &cert, &err), -1);
	assert_int_equal(ca_bridge_look(fixture.ca, "k1", &got, &err), -1);
	/* The CA did hear it: the same word again is an error to it, and the
	 * certificate that nobody uses is asked for anew. */
	restart(&sealed);
	script.drop = false;
	expect_error(
	    ask(), ERR_REFUSED, "confirmation: the CA refuses (badRequest)");
	expect_state("rejected", NULL);
	expect_asked("rr 4711;");
	fixture.now += 11000;
	expect(CA_BRIDGE_ISSUED);
	expect_asked("p10cr;certConf;");
}

static void
test_confirmation_did_not_arrive(void **state)
{
	(void)state;
	script.skip = 1;
	script.head = "503 Service Unavailable\r\nRetry-After: 5";
	script.body = "";
	expect(CA_BRIDGE_LIMITED);
	expect_state("unconfirmed", NULL);
	assert_int_equal(ca_bridge_look(fixture.ca, "k1", &got, &err), 0);
	assert_int_equal(got.outcome, CA_BRIDGE_LIMITED);
	/* From the record, as another process: no second certificate. */
	restart(&sealed);
	script.head = NULL;
	fixture.now = got.retry_at;
	expect(CA_BRIDGE_ISSUED);
	expect_asked("p10cr;certConf;");
}

static void
test_confirmation_is_denied(void **state)
{
	(void)state;
	plan->deny_confirm = true;
	expect_error(
	    ask(), ERR_REFUSED, "confirmation: the CA refuses (badRequest)");
	expect_state("rejected", NULL);
	expect_asked("p10cr;rr 4711;");
}

static void
test_implicit_confirmation(void **state)
{
	(void)state;
	plan->implicit = true;
	expect(CA_BRIDGE_ISSUED);
	expect_asked("p10cr;");
}

/* --- refusals --- */

static const struct refusal {
	int bit;
	enum err_kind kind; /* ERR_NONE: limited */
	const char *text;
} refusals[] = {
    {0, ERR_REFUSED, "refuses (badAlg): words"},
    {9, ERR_REFUSED, "refuses (badPOP): words"},
    {23, ERR_REFUSED, "refuses (notAuthorized): words"},
    {20, ERR_REFUSED, "refuses (signerNotTrusted): words"},
    {21, ERR_UNKNOWN, "refuses (transactionIdInUse): words"},
    {24, ERR_NONE, "refuses (systemUnavail): words"},
    {25, ERR_NONE, "refuses (systemFailure): words"},
    {26, ERR_REFUSED, "refuses (duplicateCertReq): words"},
};

static void
test_refusals(void **state)
{
	size_t i;
	char id[64];

	(void)state;
	plan->text = "words";
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		plan->refuse = refusals[i].bit + 1;
		fixture.now += 11000;
		if (refusals[i].kind != ERR_NONE) {
			expect_error(ask(), refusals[i].kind, refusals[i].text);
			if (i == 0)
				expect_state("rejected", id);
			continue;
		}
		expect(CA_BRIDGE_LIMITED);
		assert_non_null(strstr(got.text, refusals[i].text));
	}
	/* People may ask the CA about it by its id. */
	assert_int_equal(strlen(id), 32);
}

/* An answer that was lost is asked for under the same id; who says that the id
 * is in use has heard us, and is asked anew. */
static void
test_lost_answer(void **state)
{
	char first[64], then[64];

	(void)state;
	plan->unique_ids = true;
	script.drop = true;
	expect_error(ask(), ERR_UNKNOWN, "CMP: ");
	expect_state("asked", first);
	script.drop = false;
	restart(&sealed);
	expect_error(ask(), ERR_UNKNOWN, "transactionIdInUse");
	expect_state("asked", then);
	assert_string_equal(then, "");
	expect(CA_BRIDGE_ISSUED);
	expect_asked("p10cr;p10cr;p10cr;certConf;");
}

static void
test_lost_answer_same_id(void **state)
{
	char first[64], then[64];

	(void)state;
	script.drop = true;
	expect_error(ask(), ERR_UNKNOWN, "CMP: ");
	expect_state("asked", first);
	expect_error(ask(), ERR_UNKNOWN, "CMP: ");
	expect_state("asked", then);
	assert_string_equal(first, then);
	assert_int_equal(strlen(first), 32);
}

/* --- what is not proven --- */

static void
test_wrong_secret(void **state)
{
	struct options o = sealed;

	(void)state;
	o.password = "wrong";
	open_with(&o);
	expect_error(ask(), ERR_REFUSED,
	    "that cannot be verified (wrong pbm value): compare the secret");
	expect_state("asked", NULL);
	expect_asked("");
}

static void
test_answer_is_not_the_cas(void **state)
{
	(void)state;
	plan->flip = true;
	expect_error(
	    ask(), ERR_UNKNOWN, "answer cannot be verified (wrong pbm value)");
	expect_state("asked", NULL);
	/* A refusal that anybody could have written ends nothing. */
	plan->refuse = 9 + 1;
	expect_error(ask(), ERR_UNKNOWN, "cannot be verified");
	expect_state("asked", NULL);
}

static void
test_wrong_signer(void **state)
{
	struct options o = signed_;

	(void)state;
	start_ca(NULL);
	/* A certificate of the same root, as each device has one. */
	o.signer = "ra.pem";
	open_with(&o);
	expect_error(ask(), ERR_UNKNOWN, "it is not from the signer");
	expect_state("asked", NULL);
	/* The right name, by a stranger. */
	identity_free(signer);
	identity_free(root);
	root = identity_new("Server root", NULL);
	signer = identity_new("cmp.corp.example", root);
	start_ca(NULL);
	open_with(&signed_);
	expect_error(ask(), ERR_REFUSED, "cannot be verified");
	expect_state("asked", NULL);
}

/* Sealed with the secret we asked, signed the CA answers: only with signer. */
static void
test_signed_answer_to_sealed_request(void **state)
{
	struct options o = sealed;
	const struct cmp_ca_conf conf = {
	    .reference = "ra-1",
	    .secret = SECRET,
	    .cert = signer->cert,
	    .key = signer->key,
	    .issue = issue,
	};

	(void)state;
	cmp_ca_free(ca);
	ca = cmp_ca_new(&conf);
	plan = cmp_ca_plan(ca);
	o.signer = "signer.pem";
	open_with(&o);
	expect(CA_BRIDGE_ISSUED);
}

static const struct junk {
	const char *head;
	const char *body;
	enum err_kind kind;
	const char *text;
} junks[] = {
    {"200 OK", "", ERR_UNKNOWN, "no CMP message"},
    {"200 OK", "<html>", ERR_UNKNOWN, "no CMP message"},
    {"200 OK", "\x30\x80", ERR_UNKNOWN, "no CMP message"},
    {"301 Moved\r\nLocation: http://127.0.0.1/", "", ERR_UNKNOWN, "HTTP 301"},
    {"202 Accepted", "", ERR_UNKNOWN, "HTTP 202"},
    {"400 Bad Request\r\nContent-Type: text/plain", "no\x1b", ERR_UNKNOWN,
	"refuses (HTTP 400): no\\x1B"},
    {"401 Unauthorized", "", ERR_REFUSED, "credentials (HTTP 401)"},
    {"404 Not Found", "", ERR_REFUSED, "no CMP at this url (HTTP 404)"},
    {"500 Internal Server Error", "", ERR_UNKNOWN, "HTTP 500"},
    {"500 Oops\r\nContent-Type: application/pkixcmp", "x", ERR_UNKNOWN,
	"no CMP message"},
};

static void
test_junk(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(junks) / sizeof(junks[0]); i++) {
		script.head = junks[i].head;
		script.body = junks[i].body;
		script.len = strlen(junks[i].body);
		expect_error(ask(), junks[i].kind, junks[i].text);
		expect_state("asked", NULL);
	}
}

static void
test_nobody_there(void **state)
{
	(void)state;
	http_peer_stop(peer);
	expect_error(ask(), ERR_UNREACHABLE, "CMP: ");
	expect_state("asked", NULL);
	start(NULL);
}

/* --- crashes --- */

static const struct crash {
	const char *point, *state, *asked;
} crashes[] = {
    {"bridge.before-asked", "none", "p10cr;certConf;"},
    {"bridge.asked", "asked", "p10cr;certConf;"},
    {"bridge.answered", "asked", "p10cr;p10cr;certConf;"},
    {"bridge.unconfirmed", "unconfirmed", "p10cr;certConf;"},
};

static void
ask_to_death(void *arg)
{
	(void)arg;
	(void)ask();
}

static void
test_crashes(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
		if (i > 0)
			(void)setup(state);
		http_peer_settle(peer);
		fixture_die_at(&fixture, crashes[i].point, ask_to_death, NULL);
		restart(&sealed);
		expect_state(crashes[i].state, NULL);
		expect(CA_BRIDGE_ISSUED);
		expect_asked(crashes[i].asked);
		if (i + 1 < sizeof(crashes) / sizeof(crashes[0]))
			(void)teardown(state);
	}
}

/* --- revocation --- */

static int
tell_revoked(bool *ret_told)
{
	const struct ca_bridge_end end = {.reason = 4, .now = fixture.now};

	return ca_bridge_revoke(
	    fixture.ca, bridge, "1267", &end, ret_told, &err);
}

static void
expect_valid(void)
{
	struct ca_cert cert;

	assert_int_equal(ca_find(fixture.ca, "k1", NULL, &cert, &err), 0);
	assert_int_equal(cert.revoked_at, 0);
	ca_cert_clear(&cert);
}

static void
test_revocation(void **state)
{
	/* reasonCode (2.5.29.21), superseded. */
	static const uint8_t reason[] = {
	    0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01, 0x04};
	bool told = false;

	(void)state;
	expect(CA_BRIDGE_ISSUED);
	cmp_ca_forget(ca);
	plan->refuse_revoke = 23 + 1;
	expect_error(tell_revoked(&told), ERR_REFUSED, "notAuthorized");
	expect_valid();
	/* Not now: it is to be told again, and is. */
	plan->refuse_revoke = 24 + 1;
	expect_error(tell_revoked(&told), ERR_UNREACHABLE, "systemUnavail");
	assert_false(told);
	expect_valid();
	plan->refuse_revoke = 0;
	cmp_ca_forget(ca);
	/* Its answer is lost; it is told again, and knew. */
	script.drop = true;
	expect_error(tell_revoked(&told), ERR_UNKNOWN, "CMP: ");
	expect_asked("rr 4711;");
	script.drop = false;
	assert_int_equal(tell_revoked(&told), 0);
	assert_true(told);
	expect_asked("rr 4711;");
	assert_non_null(
	    memmem(script.raw, script.raw_len, reason, sizeof(reason)));
	/* On record: not told once more. */
	assert_int_equal(tell_revoked(&told), 0);
	expect_asked("");
	expect_error(ask(), ERR_CONFLICT, "which was revoked");
}

/* --- test --- */

static void
expect_test(int want, const char *said, enum err_kind kind, const char *text)
{
	struct buf out;
	int rc;

	buf_init(&out, 65536);
	rc = ca_bridge_test(bridge, &out, &err);
	if (rc != want || strstr(buf_text(&out), said) == NULL)
		fail_msg("%d, \"%s\" is not in: %s (%s)", rc, said,
		    buf_text(&out), err.text);
	if (want != 0)
		expect_error(rc, kind, text);
	buf_free(&out);
}

static void
test_test(void **state)
{
	struct options o = sealed;

	(void)state;
	expect_test(
	    0, "CA certificate: CN=Corp CA: chains to anchors", ERR_NONE, "");
	expect_asked("genm;");
	/* That it does not answer questions proves who it is, too. */
	plan->refuse = 1;
	expect_test(0, "the right one", ERR_NONE, "");
	plan->refuse = 0;
	plan->flip = true;
	expect_test(-1, "", ERR_PROTOCOL, "cannot be verified");
	plan->flip = false;
	o.anchors = "tls.pem";
	open_with(&o);
	expect_test(-1, "CN=Corp CA: ", ERR_REFUSED, "do not chain");
	o = sealed;
	o.password = "wrong";
	open_with(&o);
	expect_test(-1, "", ERR_REFUSED, "compare the secret");
	http_peer_stop(peer);
	expect_test(-1, "", ERR_UNREACHABLE, "CMP: ");
	start(NULL);
}

/* --- configuration --- */

static const struct bad {
	struct options o;
	const char *text;
} bads[] = {
    {{.user = NULL}, "set either user and password_file"},
    {{.user = "ra-1",
	 .password = "secret",
	 .certificate = "ra.pem",
	 .key = "ra.key",
	 .signer = "signer.pem"},
	"set either user and password_file"},
    {{.certificate = "ra.pem", .key = "ra.key"}, "signer is not set"},
    {{.certificate = "ra.pem", .key = "other.key", .signer = "signer.pem"},
	"the key is not the certificate's"},
    {{.certificate = "ra.pem", .key = "ra.key", .signer = "secret"}, "no PEM"},
    {{.user = "ra-1", .password = "short"}, "at least 16 bytes"},
    {{.user = "ra-1", .password = "secret", .label = "amt"}, "label"},
    {{.scheme = "ftp", .user = "ra-1", .password = "secret"}, "https://"},
};

static void
test_bad_configurations(void **state)
{
	struct options o = {
	    .scheme = "https", .user = "ra-1", .password = "short"};
	struct ca_bridge *b = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
		expect_error(
		    try_open(&bads[i].o, &b), ERR_INVALID, bads[i].text);
	if (try_open(&o, &b) != 0)
		fail_msg("%s", err.text);
	ca_bridge_close(b);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_sealed),
	    ROW(test_what_seals),
	    ROW(test_signed),
	    ROW(test_tls),
	    ROW(test_pending_goes_on_after_restarts),
	    ROW(test_pending_signed),
	    ROW(test_pending_first_nonce),
	    ROW(test_pending_then_refused),
	    ROW(test_pending_is_forgotten),
	    ROW(test_wrong_certificate_is_refused),
	    ROW(test_other_issuer),
	    ROW(test_confirmation_is_lost),
	    ROW(test_confirmation_did_not_arrive),
	    ROW(test_confirmation_is_denied),
	    ROW(test_implicit_confirmation),
	    ROW(test_refusals),
	    ROW(test_lost_answer),
	    ROW(test_lost_answer_same_id),
	    ROW(test_wrong_secret),
	    ROW(test_answer_is_not_the_cas),
	    ROW(test_wrong_signer),
	    ROW(test_signed_answer_to_sealed_request),
	    ROW(test_junk),
	    ROW(test_nobody_there),
	    ROW(test_crashes),
	    ROW(test_revocation),
	    ROW(test_test),
	    ROW(test_bad_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
