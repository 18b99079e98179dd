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
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "ca_internal.h"
#include "cmp_ca.h"
#include "cmp_internal.h"
#include "corp.h"
#include "http_peer.h"
#include "identity.h"
#include "mem.h"
#include "str.h"

#define SECRET "a secret of some length"

static struct corp corp;
static struct identity *root, *signer, *ra;
static struct cmp_ca *ca;
static struct cmp_plan *plan;
static struct http_peer *peer;
static struct other_wish wish;

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
	other_ca_issue(corp.other, &wish, der, len, out);
}

/* --- fixture --- */

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
	corp_file(&corp, name, copy);
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
	char *url = mem_printf("%s://localhost:%u/pkix/",
	    o->scheme != NULL ? o->scheme : "http",
	    (unsigned)http_peer_port(peer));
	const struct ca_bridge_conf conf = {
	    .kind = "cmp",
	    .url = url,
	    .label = o->label,
	    .anchors = o->anchors,
	    .tls_ca = "tls.pem",
	    .user = o->user,
	    .password_file = o->password,
	    .certificate = o->certificate,
	    .key = o->key,
	    .signer = o->signer,
	};
	int rc = corp_try_open(&corp, &conf, ret);

	free(url);
	return rc;
}

static void
open_with(const struct options *o)
{
	ca_bridge_close(corp.bridge);
	corp.bridge = NULL;
	if (try_open(o, &corp.bridge) != 0)
		fail_msg("%s", corp.err.text);
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
	    .authority = corp.other->cert,
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
	corp_start(&corp);
	root = identity_new("Server root", NULL);
	signer = identity_new("cmp.corp.example", root);
	ra = identity_new("ra.corp.example", root);
	ca = NULL;
	start_ca(SECRET);
	corp_file(&corp, "tls.pem", root->pem);
	corp_file(&corp, "signer.pem", signer->pem);
	corp_file(&corp, "ra.pem", ra->pem);
	write_key("ra.key", ra->key);
	write_key("other.key", signer->key);
	corp_file(&corp, "secret", SECRET "\n");
	corp_file(&corp, "wrong", "not the CA's secret\n");
	corp_file(&corp, "short", "short\n");
	start(NULL);
	open_with(&sealed);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	http_peer_stop(peer);
	cmp_ca_free(ca);
	identity_free(ra);
	identity_free(signer);
	identity_free(root);
	corp_stop(&corp);
	return 0;
}

/* What the CA was asked since the last time. */
static void
expect_asked(const char *want)
{
	assert_string_equal(cmp_ca_asked(ca), want);
	cmp_ca_forget(ca);
}

/* State; and the transaction id of the request, if there is one. */
static void
expect_state(const char *state, char id[64])
{
	char row[CORP_ROW_MAX];
	size_t len = strlen(state);

	corp_on_record(&corp, row);
	if (strncmp(row, state, len) != 0 || row[len] != ' ')
		fail_msg("not %s: %s", state, row);
	if (id != NULL)
		(void)snprintf(id, 64, "%s", row + len + 1);
}

/* As another process, with a bridge of its own. */
static void
restart(const struct options *o)
{
	fixture_reopen(&corp.fixture);
	open_with(o);
}

/* --- tests --- */

static void
test_sealed(void **state)
{
	(void)state;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	assert_string_equal(corp.got.cert.serial, "1267");
	assert_string_equal(script.path, "POST /pkix/ HTTP/1.1");
	assert_string_equal(script.type, "application/pkixcmp");
	expect_asked("p10cr;certConf;");
	expect_state("none", NULL);
	/* Nothing is asked twice. */
	corp_expect(&corp, CA_BRIDGE_ISSUED);
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
	corp_expect(&corp, CA_BRIDGE_ISSUED);
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
	corp_expect(&corp, CA_BRIDGE_ISSUED);
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
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	http_peer_stop(peer);
	/* A server that is not proven hears nothing. */
	start(signer);
	open_with(&o);
	corp.fixture.now += 10;
	corp.got.outcome = CA_BRIDGE_ISSUED;
	assert_int_equal(http_peer_requests(peer), 0);
	cmp_ca_forget(ca);
	{
		struct ca_request request =
		    fixture_request(&corp.fixture, &corp.csr, "k2");

		ca_cert_clear(&corp.got.cert);
		fixture_failed(ca_bridge_issue(corp.fixture.ca, corp.bridge,
				   &request, 0, &corp.got, &corp.err),
		    &corp.err, ERR_REFUSED, "CMP: ");
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
	corp_expect(&corp, CA_BRIDGE_PENDING);
	/* Asked after at once, since only that answer says when. */
	expect_asked("p10cr;pollReq;");
	assert_in_range(corp.got.retry_at, corp.fixture.now + 7200,
	    corp.fixture.now + 7920);
	expect_state("pending", first);
	assert_int_equal(strlen(first), 32);
	restart(&sealed);
	corp.fixture.now = corp.got.retry_at;
	corp_expect(&corp, CA_BRIDGE_PENDING);
	expect_asked("pollReq;");
	restart(&sealed);
	corp.fixture.now = corp.got.retry_at;
	corp_expect(&corp, CA_BRIDGE_PENDING);
	expect_asked("pollReq;");
	expect_state("pending", then);
	assert_string_equal(first, then);
	restart(&sealed);
	corp.fixture.now = corp.got.retry_at;
	plan->wait = false;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	expect_asked("pollReq;certConf;");
}

static void
test_pending_signed(void **state)
{
	(void)state;
	start_ca(NULL);
	open_with(&signed_);
	plan->wait = true;
	corp_expect(&corp, CA_BRIDGE_PENDING);
	restart(&signed_);
	corp.fixture.now = corp.got.retry_at;
	plan->wait = false;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	expect_asked("p10cr;pollReq;pollReq;certConf;");
}

/* Servers by RFC 9483 answer to the nonce of the request in the end. */
static void
test_pending_first_nonce(void **state)
{
	(void)state;
	plan->wait = true;
	corp_expect(&corp, CA_BRIDGE_PENDING);
	corp.fixture.now = corp.got.retry_at;
	corp_expect(&corp, CA_BRIDGE_PENDING);
	corp.fixture.now = corp.got.retry_at;
	plan->first_nonce = true;
	plan->wait = false;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	expect_asked("p10cr;pollReq;pollReq;pollReq;certConf;");
}

static void
test_pending_then_refused(void **state)
{
	char first[64], then[64];

	(void)state;
	plan->wait = true;
	corp_expect(&corp, CA_BRIDGE_PENDING);
	expect_state("pending", first);
	plan->wait = false;
	plan->refuse = 19 + 1;
	plan->text = "no\x1b[2J";
	corp.fixture.now = corp.got.retry_at;
	corp_refused(&corp, ERR_REFUSED,
	    "corp: the CA refuses (badCertTemplate): no\\x1B[2J");
	expect_state("rejected", NULL);
	expect_asked("p10cr;pollReq;pollReq;");
	/* Asked anew in time, as another transaction. */
	corp_refused(&corp, ERR_REFUSED, "asked again after");
	corp.fixture.now += 11000;
	plan->refuse = 0;
	plan->wait = true;
	corp_expect(&corp, CA_BRIDGE_PENDING);
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
	corp_expect(&corp, CA_BRIDGE_PENDING);
	cmp_ca_restart(ca);
	corp.fixture.now = corp.got.retry_at;
	corp_refused(&corp, ERR_REFUSED, "the CA refuses (badRequest)");
	expect_state("rejected", NULL);
	corp.fixture.now += 11000;
	corp_expect(&corp, CA_BRIDGE_PENDING);
	/* Another secret meanwhile: the record does not verify. */
	start_ca("not the CA's secret");
	o.password = "wrong";
	restart(&o);
	corp.fixture.now = corp.got.retry_at;
	corp_refused(&corp, ERR_REFUSED, "earlier messages do not verify");
	expect_asked("");
	corp.fixture.now += 11000;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
}

/* --- confirmation --- */

static void
test_wrong_certificate_is_refused(void **state)
{
	(void)state;
	wish.san = "DNS:pc2.corp.example";
	corp_refused(
	    &corp, ERR_REFUSED, "the certificate it gave is not taken");
	assert_non_null(strstr(cmp_ca_asked(ca),
	    "p10cr;certConf-PKIStatus: rejection; PKIFailureInfo: "
	    "incorrectData; StatusString: \"the certificate it gave is not "
	    "taken: names: "));
	cmp_ca_forget(ca);
	expect_state("rejected", NULL);
	corp.fixture.now += 11000;
	memset(&wish, 0, sizeof(wish));
	/* Another key than the CSR's. */
	wish.key = fixture_key(1, 2048);
	corp_refused(&corp, ERR_REFUSED, "public key is not the one");
	assert_non_null(strstr(cmp_ca_asked(ca), "p10cr;certConf-PKIStatus: "));
	cmp_ca_forget(ca);
	corp.fixture.now += 11000;
	memset(&wish, 0, sizeof(wish));
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	expect_asked("p10cr;certConf;");
}

static void
test_other_issuer(void **state)
{
	struct other_ca *stranger = other_ca_new("Corp CA"), *ours = corp.other;

	(void)state;
	corp.other = stranger;
	corp_refused(&corp, ERR_REFUSED, "does not chain");
	corp.other = ours;
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
	corp_refused(&corp, ERR_UNKNOWN, "CMP: ");
	expect_asked("p10cr;certConf;");
	expect_state("unconfirmed", NULL);
	assert_int_equal(
	    ca_find(corp.fixture.ca, "k1", NULL, &cert, &corp.err), -1);
	assert_int_equal(
	    ca_bridge_look(corp.fixture.ca, "k1", &corp.got, &corp.err), -1);
	/* The CA did hear it: the same word again is an error to it, and the
	 * certificate that nobody uses is asked for anew. */
	restart(&sealed);
	script.drop = false;
	corp_refused(
	    &corp, ERR_REFUSED, "confirmation: the CA refuses (badRequest)");
	expect_state("rejected", NULL);
	expect_asked("rr 4711;");
	corp.fixture.now += 11000;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	expect_asked("p10cr;certConf;");
}

static void
test_confirmation_did_not_arrive(void **state)
{
	(void)state;
	script.skip = 1;
	script.head = "503 Service Unavailable\r\nRetry-After: 5";
	script.body = "";
	corp_expect(&corp, CA_BRIDGE_LIMITED);
	expect_state("unconfirmed", NULL);
	assert_int_equal(
	    ca_bridge_look(corp.fixture.ca, "k1", &corp.got, &corp.err), 0);
	assert_int_equal(corp.got.outcome, CA_BRIDGE_LIMITED);
	/* From the record, as another process: no second certificate. */
	restart(&sealed);
	script.head = NULL;
	corp.fixture.now = corp.got.retry_at;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	expect_asked("p10cr;certConf;");
}

static void
test_confirmation_is_denied(void **state)
{
	(void)state;
	plan->deny_confirm = true;
	corp_refused(
	    &corp, ERR_REFUSED, "confirmation: the CA refuses (badRequest)");
	expect_state("rejected", NULL);
	expect_asked("p10cr;rr 4711;");
}

static void
test_implicit_confirmation(void **state)
{
	(void)state;
	plan->implicit = true;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
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
		corp.fixture.now += 11000;
		if (refusals[i].kind != ERR_NONE) {
			corp_refused(&corp, refusals[i].kind, refusals[i].text);
			if (i == 0)
				expect_state("rejected", id);
			continue;
		}
		corp_expect(&corp, CA_BRIDGE_LIMITED);
		assert_non_null(strstr(corp.got.text, refusals[i].text));
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
	corp_refused(&corp, ERR_UNKNOWN, "CMP: ");
	expect_state("asked", first);
	script.drop = false;
	restart(&sealed);
	corp_refused(&corp, ERR_UNKNOWN, "transactionIdInUse");
	expect_state("asked", then);
	assert_string_equal(then, "");
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	expect_asked("p10cr;p10cr;p10cr;certConf;");
}

static void
test_lost_answer_same_id(void **state)
{
	char first[64], then[64];

	(void)state;
	script.drop = true;
	corp_refused(&corp, ERR_UNKNOWN, "CMP: ");
	expect_state("asked", first);
	corp_refused(&corp, ERR_UNKNOWN, "CMP: ");
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
	corp_refused(&corp, ERR_REFUSED,
	    "that cannot be verified (wrong pbm value): compare the secret");
	expect_state("asked", NULL);
	expect_asked("");
}

static void
test_answer_is_not_the_cas(void **state)
{
	(void)state;
	plan->flip = true;
	corp_refused(
	    &corp, ERR_UNKNOWN, "answer cannot be verified (wrong pbm value)");
	expect_state("asked", NULL);
	/* A refusal that anybody could have written ends nothing. */
	plan->refuse = 9 + 1;
	corp_refused(&corp, ERR_UNKNOWN, "cannot be verified");
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
	corp_refused(&corp, ERR_UNKNOWN, "it is not from the signer");
	expect_state("asked", NULL);
	/* The right name, by a stranger. */
	identity_free(signer);
	identity_free(root);
	root = identity_new("Server root", NULL);
	signer = identity_new("cmp.corp.example", root);
	start_ca(NULL);
	open_with(&signed_);
	corp_refused(&corp, ERR_REFUSED, "cannot be verified");
	expect_state("asked", NULL);
}

/* The CA's messages are signed by another one from now on. */
static void
sign_by(struct identity *other)
{
	identity_free(signer);
	signer = other;
	start_ca(NULL);
}

static void
sign_by_root(void)
{
	struct identity *other = signer;

	signer = root;
	start_ca(NULL);
	signer = other;
}

#define SIGNER "cmp.corp.example"

/* As if the CA had let a device choose its name, which is the signer's. */
static void
test_signer_name_of_a_device(void **state)
{
	const struct identity_of of = {.issuer = root};

	(void)state;
	sign_by(identity_make(SIGNER, &of));
	open_with(&signed_);
	corp_refused(&corp, ERR_UNKNOWN,
	    "signed by CN=" SIGNER ": another key than signer's");
	expect_state("asked", NULL);
	expect_asked("p10cr;");
}

static void
test_signer_is_renewed(void **state)
{
	const struct identity_of same = {.issuer = root, .key = signer->key};
	const struct identity_of next = {.issuer = root, .usage = "cmcRA"};

	(void)state;
	sign_by(identity_make(SIGNER, &same));
	open_with(&signed_);
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	expect_asked("p10cr;certConf;");
	sign_by(identity_make(SIGNER, &next));
	corp_test(&corp, "chains to anchors", ERR_NONE, "");
}

/* Name and purpose are right, and another CA that tls_ca vouches for gave them.
 */
static void
test_signer_of_another_issuer(void **state)
{
	struct identity *foreign = identity_new("Foreign root", NULL);
	const struct identity_of of = {.issuer = foreign, .usage = "cmcRA"};
	char *both = mem_printf("%s%s", root->pem, foreign->pem);

	(void)state;
	corp_file(&corp, "tls.pem", both);
	sign_by(identity_make(SIGNER, &of));
	open_with(&signed_);
	corp_refused(
	    &corp, ERR_UNKNOWN, "another key and issuer than signer's");
	expect_state("asked", NULL);
	free(both);
	identity_free(foreign);
}

static const struct options unnamed_ = {
    .certificate = "ra.pem", .key = "ra.key", .anchors = "both.pem"};

/* Without signer: the CA's own certificate, or one that it marked. */
static void
unnamed(const struct identity_of *of, const char *why)
{
	char *both = mem_printf("%s%s", corp.other->pem, root->pem);

	corp_file(&corp, "both.pem", both);
	free(both);
	if (of != NULL)
		sign_by(identity_make("server.corp.example", of));
	else
		sign_by_root();
	open_with(&unnamed_);
	if (why != NULL)
		corp_refused(&corp, ERR_UNKNOWN, why);
	else
		corp_expect(&corp, CA_BRIDGE_ISSUED);
	expect_asked(why != NULL ? "p10cr;" : "p10cr;certConf;");
}

static void
test_signer_is_a_device(void **state)
{
	const struct identity authority = {
	    .key = corp.other->key, .cert = corp.other->cert};
	const struct identity_of of = {.issuer = &authority};

	(void)state;
	unnamed(&of, "neither the CA, nor with id-kp-cmcRA");
}

static void
test_signer_is_marked(void **state)
{
	const struct identity authority = {
	    .key = corp.other->key, .cert = corp.other->cert};
	const struct identity_of of = {.issuer = &authority, .usage = "cmcCA"};

	(void)state;
	unnamed(&of, NULL);
}

/* The CA signs its messages with the key that it signs certificates with. */
static void
test_signer_is_the_ca(void **state)
{
	(void)state;
	unnamed(NULL, NULL);
}

/* Right in all but that somebody stands between it and the CA. */
static void
test_signer_of_a_lower_ca(void **state)
{
	const struct identity_of ca_of = {.issuer = root, .is_ca = true};
	struct identity *lower = identity_make("Lower CA", &ca_of);
	const struct identity_of of = {.issuer = lower, .usage = "cmcRA"};
	char *file = mem_printf("%s%s", ra->pem, lower->pem);

	(void)state;
	corp_file(&corp, "ra.pem", file);
	unnamed(&of, "not issued by one of anchors");
	free(file);
	identity_free(lower);
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
	corp_expect(&corp, CA_BRIDGE_ISSUED);
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
		corp_refused(&corp, junks[i].kind, junks[i].text);
		expect_state("asked", NULL);
	}
}

static void
test_nobody_there(void **state)
{
	(void)state;
	http_peer_stop(peer);
	corp_refused(&corp, ERR_UNREACHABLE, "CMP: ");
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
	(void)corp_ask(&corp);
}

static void
test_crashes(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
		if (i > 0)
			(void)setup(state);
		http_peer_settle(peer);
		fixture_die_at(
		    &corp.fixture, crashes[i].point, ask_to_death, NULL);
		restart(&sealed);
		expect_state(crashes[i].state, NULL);
		corp_expect(&corp, CA_BRIDGE_ISSUED);
		expect_asked(crashes[i].asked);
		if (i + 1 < sizeof(crashes) / sizeof(crashes[0]))
			(void)teardown(state);
	}
}

/* --- revocation --- */

static int
tell_revoked(bool *ret_told)
{
	const struct ca_bridge_end end = {.reason = 4, .now = corp.fixture.now};

	return ca_bridge_revoke(
	    corp.fixture.ca, corp.bridge, "1267", &end, ret_told, &corp.err);
}

static void
expect_valid(void)
{
	struct ca_cert cert;

	assert_int_equal(
	    ca_find(corp.fixture.ca, "k1", NULL, &cert, &corp.err), 0);
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
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	cmp_ca_forget(ca);
	plan->refuse_revoke = 23 + 1;
	fixture_failed(
	    tell_revoked(&told), &corp.err, ERR_REFUSED, "notAuthorized");
	expect_valid();
	/* Not now: it is to be told again, and is. */
	plan->refuse_revoke = 24 + 1;
	fixture_failed(
	    tell_revoked(&told), &corp.err, ERR_UNREACHABLE, "systemUnavail");
	assert_false(told);
	expect_valid();
	plan->refuse_revoke = 0;
	cmp_ca_forget(ca);
	/* Its answer is lost; it is told again, and knew. */
	script.drop = true;
	fixture_failed(tell_revoked(&told), &corp.err, ERR_UNKNOWN, "CMP: ");
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
	corp_refused(&corp, ERR_CONFLICT, "which was revoked");
}

/* --- test --- */

static void
test_test(void **state)
{
	struct options o = sealed;

	(void)state;
	corp_test(&corp, "CA certificate: CN=Corp CA: chains to anchors",
	    ERR_NONE, "");
	expect_asked("genm;");
	/* That it does not answer questions proves who it is, too. */
	plan->refuse = 1;
	corp_test(&corp, "the right one", ERR_NONE, "");
	plan->refuse = 0;
	plan->flip = true;
	corp_test(&corp, "", ERR_PROTOCOL, "cannot be verified");
	plan->flip = false;
	o.anchors = "tls.pem";
	open_with(&o);
	corp_test(&corp, "CN=Corp CA: ", ERR_REFUSED, "do not chain");
	o = sealed;
	o.password = "wrong";
	open_with(&o);
	corp_test(&corp, "", ERR_REFUSED, "compare the secret");
	http_peer_stop(peer);
	corp_test(&corp, "", ERR_UNREACHABLE, "CMP: ");
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
		fixture_failed(try_open(&bads[i].o, &b), &corp.err, ERR_INVALID,
		    bads[i].text);
	if (try_open(&o, &b) != 0)
		fail_msg("%s", corp.err.text);
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
	    ROW(test_signer_name_of_a_device),
	    ROW(test_signer_is_renewed),
	    ROW(test_signer_of_another_issuer),
	    ROW(test_signer_is_a_device),
	    ROW(test_signer_is_marked),
	    ROW(test_signer_is_the_ca),
	    ROW(test_signer_of_a_lower_ca),
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
