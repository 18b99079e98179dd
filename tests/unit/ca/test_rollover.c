/*
 * A new issuing key: asked for, signed by somebody, imported, issuing; the one
 * before it answers for what it issued.  Somebody is our own root, or an
 * enterprise's CA that OpenSSL plays here, also wrongly.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "clock.h"
#include "db.h"
#include "err.h"
#include "fixture.h"
#include "mem.h"
#include "record_internal.h"
#include "rollover.h"

static struct fixture fixture;

/* --- doing it --- */

static void
ask(bool anew, struct buf *out)
{
	const struct ca_request_new how = {.anew = anew};
	struct err err;

	buf_init(out, 16384);
	if (ca_request(&fixture.conf, &how, out, &err) != 0)
		fail_msg("%s", err.text);
}

static int
import(const struct buf *pem, bool dry, struct ca_import *ret, struct err *err)
{
	struct ca_import io = {.pem = pem, .now = fixture.now, .dry = dry};
	int rc = ca_import(&fixture.conf, &io, err);

	if (ret != NULL)
		*ret = io;
	return rc;
}

static void
certify(const struct buf *request, struct buf *out)
{
	struct err err;

	buf_init(out, 16384);
	if (ca_certify(fixture.ca, &fixture.conf, request, out, &err) != 0)
		fail_msg("%s", err.text);
}

/* From one issuing CA to the next by our own root. */
static void
roll(void)
{
	struct buf request, cert;
	struct err err;

	ask(false, &request);
	certify(&request, &cert);
	if (import(&cert, false, NULL, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&request);
	buf_free(&cert);
	fixture_reopen(&fixture);
}

static void
must_verify(const struct ca_cert *cert)
{
	struct err err;

	if (ca_verify(fixture.ca, cert->der, cert->der_len, NULL, fixture.now,
		&err) != 0)
		fail_msg("%s", err.text);
}

static X509_CRL *
crl_of(struct ca *ca)
{
	const unsigned char *p;
	struct buf der;
	X509_CRL *crl;

	buf_init(&der, 1u << 20);
	assert_int_equal(ca_crl(ca, fixture.now, &der, NULL), 0);
	p = der.data;
	crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	assert_non_null(crl);
	assert_int_equal(
	    X509_CRL_verify(crl, X509_get0_pubkey(ca->issuing.x509)), 1);
	buf_free(&der);
	return crl;
}

static int
entries(X509_CRL *crl)
{
	int count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));

	X509_CRL_free(crl);
	return count < 0 ? 0 : count;
}

static int
count_line(void *cookie, const struct ca_line_info *info, struct err *err)
{
	char *text = cookie;
	static const char *const words[] = {"waiting", "active", "old"};

	(void)err;
	(void)sprintf(text + strlen(text), "%s ", words[info->state]);
	assert_non_null(strstr(info->subject, "AMT Issuing CA"));
	assert_int_equal(access(info->key_file, F_OK), 0);
	assert_int_equal(info->state == CA_LINE_WAITING, info->root == NULL);
	return 0;
}

static void
lines_are(const char *wanted)
{
	char text[128] = "";

	assert_int_equal(ca_lines(&fixture.conf, count_line, text, NULL), 0);
	assert_string_equal(text, wanted);
}

static void
test_own_root(void **state)
{
	struct ca_cert before, after;
	struct err err;
	struct ca *old;

	(void)state;
	fixture_issue(&fixture, 0, "k1", &before);
	assert_null(ca_older(fixture.ca));
	roll();
	lines_are("active old ");
	old = ca_older(fixture.ca);
	assert_non_null(old);
	assert_null(ca_older(old));
	fixture_issue(&fixture, 1, "k2", &after);
	must_verify(&before);
	must_verify(&after);
	/* Each line has a list of its own. */
	assert_int_equal(
	    ca_revoke(fixture.ca, before.serial, 4, fixture.now, &err), 0);
	assert_int_equal(entries(crl_of(fixture.ca)), 0);
	assert_int_equal(entries(crl_of(old)), 1);
	assert_int_equal(ca_verify(fixture.ca, before.der, before.der_len, NULL,
			     fixture.now, &err),
	    -1);
	assert_non_null(strstr(err.text, "revoked"));
	must_verify(&after);
	ca_cert_clear(&before);
	ca_cert_clear(&after);
	roll();
	lines_are("active old old ");
	assert_non_null(ca_older(ca_older(fixture.ca)));
}

static void
test_trust(void **state)
{
	struct buf all, chain, root;
	size_t count = 0;
	const char *at;

	(void)state;
	roll();
	buf_init(&all, 65536);
	buf_init(&chain, 65536);
	buf_init(&root, 65536);
	assert_int_equal(ca_trust_pem(fixture.ca, &all, NULL), 0);
	assert_int_equal(ca_chain_pem(fixture.ca, &chain, NULL), 0);
	assert_int_equal(ca_root_pem(fixture.ca, &root, NULL), 0);
	for (at = buf_text(&all); (at = strstr(at, "BEGIN C")) != NULL; at++)
		count++;
	assert_int_equal(count, 4);
	assert_memory_equal(all.data, chain.data, chain.len);
	assert_non_null(strstr(buf_text(&chain), buf_text(&root)));
	buf_free(&all);
	buf_free(&chain);
	buf_free(&root);
}

static void
test_request(void **state)
{
	struct buf first, again, anew, cert;
	size_t keys;
	struct err err;

	(void)state;
	ask(false, &first);
	ask(false, &again);
	assert_string_equal(buf_text(&first), buf_text(&again));
	assert_non_null(strstr(buf_text(&first), "BEGIN CERTIFICATE REQUEST"));
	lines_are("waiting active ");
	keys = fixture_count(&fixture, "ca.key");
	ask(true, &anew);
	assert_string_not_equal(buf_text(&first), buf_text(&anew));
	lines_are("waiting active ");
	assert_int_equal(fixture_count(&fixture, "ca.key"), keys);
	/* The answer to the one that was given up. */
	certify(&first, &cert);
	assert_int_equal(import(&cert, false, NULL, &err), -1);
	assert_non_null(strstr(err.text, "for the key of our request"));
	lines_are("waiting active ");
	fixture_reopen(&fixture);
	buf_free(&first);
	buf_free(&again);
	buf_free(&anew);
	buf_free(&cert);
}

static void
test_dry(void **state)
{
	struct buf request, cert;
	struct ca_import told;
	struct err err;

	(void)state;
	buf_init(&cert, 16);
	assert_int_equal(import(&cert, true, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	ask(false, &request);
	certify(&request, &cert);
	assert_int_equal(import(&cert, true, &told, &err), 0);
	lines_are("waiting active ");
	assert_non_null(strstr(told.subject, "AMT Issuing CA"));
	assert_non_null(strstr(told.root, "AMT Root CA"));
	assert_int_equal(strlen(told.root_sha256), 64);
	assert_in_range(told.not_after, fixture.now + 3649 * CLOCK_DAY,
	    fixture.now + 3651 * CLOCK_DAY);
	buf_free(&request);
	buf_free(&cert);
}

static void
test_certify_refuses(void **state)
{
	static const char junk[] = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"
				   "-----END CERTIFICATE REQUEST-----\n";
	struct buf in, out, csr;
	struct err err;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	(void)state;
	buf_init(&in, 16384);
	buf_init(&out, 16384);
	buf_init(&csr, 16384);
	assert_int_equal(
	    ca_certify(fixture.ca, &fixture.conf, &in, &out, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	buf_str(&in, junk);
	assert_int_equal(
	    ca_certify(fixture.ca, &fixture.conf, &in, &out, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	/* A device's request: its key is too short for a CA. */
	fixture_good_csr(&csr);
	assert_true(PEM_write_bio(bio, PEM_STRING_X509_REQ, "", csr.data,
			(long)csr.len) > 0);
	len = BIO_get_mem_data(bio, &text);
	buf_reset(&in);
	buf_add(&in, text, (size_t)len);
	assert_int_equal(
	    ca_certify(fixture.ca, &fixture.conf, &in, &out, &err), -1);
	assert_non_null(strstr(err.text, "RSA-3072"));
	assert_int_equal(out.len, 0);
	BIO_free(bio);
	buf_free(&in);
	buf_free(&out);
	buf_free(&csr);
}

/* --- an enterprise's CA --- */

enum who { ROOT, POLICY, OURS, WHO };

/* What is wrong with one of the three; NULLs and zeros: nothing. */
struct flaw {
	const char *says;
	enum who who;
	const char *constraints, *usage, *purpose, *extra;
	const char *hash;
	bool no_key_id;
	bool other_key, other_name, expired, left_out, self_signed;
};

struct enterprise {
	EVP_PKEY *key[WHO];
	X509 *cert[WHO];
};

static void
add_ext(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static void
add_unknown(X509 *x)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	assert_int_equal(
	    ASN1_OCTET_STRING_set(value, (const uint8_t *)"\5\0", 2), 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

static void
name_it(X509 *x, enum who who, const X509_NAME *asked, bool other)
{
	static const char *const names[] = {
	    "Example Root", "Example Policy", "Example Other"};
	X509_NAME *name = X509_NAME_new();

	if (who == OURS && !other) {
		assert_int_equal(X509_set_subject_name(x, asked), 1);
	} else {
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
			(const unsigned char *)names[who], -1, -1, 0),
		    1);
		assert_int_equal(X509_set_subject_name(x, name), 1);
	}
	X509_NAME_free(name);
}

static void
make_cert(struct enterprise *e, enum who who, const X509_NAME *asked,
    const struct flaw *flaw)
{
	static const struct flaw none = {.says = NULL};
	const struct flaw *f = flaw->who == who ? flaw : &none;
	enum who by = who == ROOT || f->self_signed ? who : (enum who)(who - 1);
	X509 *x = X509_new(), *issuer;
	EVP_PKEY *signer = e->key[by];

	e->cert[who] = x;
	issuer = e->cert[by];
	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	assert_int_equal(
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 100 + (long)who), 1);
	assert_non_null(X509_time_adj_ex(
	    X509_getm_notBefore(x), f->expired ? -20 : -1, 0, NULL));
	assert_non_null(X509_time_adj_ex(
	    X509_getm_notAfter(x), f->expired ? -10 : 2000, 0, NULL));
	assert_int_equal(
	    X509_set_pubkey(x, f->other_key ? e->key[ROOT] : e->key[who]), 1);
	name_it(x, who, asked, f->other_name);
	assert_int_equal(
	    X509_set_issuer_name(x, X509_get_subject_name(issuer)), 1);
	if (!f->no_key_id)
		add_ext(x, issuer, NID_subject_key_identifier, "hash");
	if (by != who)
		add_ext(x, issuer, NID_authority_key_identifier, "keyid");
	add_ext(x, issuer, NID_basic_constraints,
	    f->constraints != NULL ? f->constraints : "critical,CA:TRUE");
	add_ext(x, issuer, NID_key_usage,
	    f->usage != NULL ? f->usage : "critical,keyCertSign,cRLSign");
	if (f->purpose != NULL)
		add_ext(x, issuer, NID_ext_key_usage, f->purpose);
	if (f->extra != NULL)
		add_unknown(x);
	assert_true(X509_sign(x, signer,
			EVP_get_digestbyname(
			    f->hash != NULL ? f->hash : "SHA256")) > 0);
}

static X509_REQ *
read_request(const struct buf *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509_REQ *req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);

	assert_non_null(req);
	assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
	BIO_free(bio);
	return req;
}

/* The three certificates for this request, root last, PEM. */
static void
enterprise_answer(
    const struct buf *request, const struct flaw *flaw, struct buf *out)
{
	struct enterprise e = {{NULL}, {NULL}};
	X509_REQ *req = read_request(request);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	int i;

	e.key[ROOT] = fixture_ec_key("P-384");
	e.key[POLICY] = fixture_ec_key("P-256");
	e.key[OURS] = X509_REQ_get0_pubkey(req);
	if (flaw->self_signed)
		e.key[OURS] = fixture_key(2, 3072);
	for (i = 0; i < WHO; i++)
		make_cert(
		    &e, (enum who)i, X509_REQ_get_subject_name(req), flaw);
	for (i = WHO; i-- > 0;)
		if (!(flaw->left_out && flaw->who == (enum who)i))
			assert_int_equal(PEM_write_bio_X509(bio, e.cert[i]), 1);
	len = BIO_get_mem_data(bio, &text);
	buf_init(out, 65536);
	buf_add(out, text, (size_t)len);
	for (i = 0; i < WHO; i++)
		X509_free(e.cert[i]);
	X509_REQ_free(req);
	BIO_free(bio);
}

static const struct flaw flaws[] = {
    {.says = "for the key of our request", .who = OURS, .left_out = true},
    {.says = "for the key of our request", .who = OURS, .other_key = true},
    {.says = "but the request was for", .who = OURS, .other_name = true},
    {.says = "lacks the certificate of CN=Example Policy",
	.who = POLICY,
	.left_out = true},
    {.says = "lacks the certificate of CN=Example Root",
	.who = ROOT,
	.left_out = true},
    {.says = "is no CA", .who = OURS, .constraints = "critical,CA:FALSE"},
    {.says = "keyUsage", .who = OURS, .usage = "critical,keyCertSign"},
    {.says = "keyUsage", .who = POLICY, .usage = "critical,cRLSign"},
    {.says = "CN=Example Root allows fewer",
	.who = ROOT,
	.constraints = "critical,CA:TRUE,pathlen:1"},
    {.says = "CN=Example Policy allows fewer",
	.who = POLICY,
	.constraints = "critical,CA:TRUE,pathlen:0"},
    {.says = "vouch for servers", .who = OURS, .purpose = "clientAuth"},
    {.says = "vouch for servers", .who = POLICY, .purpose = "emailProtection"},
    {.says = "no key identifier", .who = OURS, .no_key_id = true},
    {.says = "critical extension", .who = OURS, .extra = "1"},
    {.says = "leaves nothing now", .who = OURS, .expired = true},
    {.says = "leaves nothing now", .who = ROOT, .expired = true},
    {.says = "does not verify", .who = OURS, .hash = "SHA1"},
};

/* None of them changes anything, and the good one is taken after all. */
static void
test_enterprise(void **state)
{
	const struct flaw good = {.who = WHO, .says = NULL};
	struct buf request, answer;
	struct ca_cert before, after;
	struct ca_import told;
	struct err err;
	size_t i;

	(void)state;
	fixture_issue(&fixture, 0, "k1", &before);
	ask(false, &request);
	for (i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
		enterprise_answer(&request, &flaws[i], &answer);
		if (import(&answer, false, NULL, &err) == 0)
			fail_msg("flaw %zu (%s) passed", i, flaws[i].says);
		if (strstr(err.text, flaws[i].says) == NULL)
			fail_msg(
			    "flaw %zu (%s): %s", i, flaws[i].says, err.text);
		lines_are("waiting active ");
		buf_free(&answer);
	}
	enterprise_answer(&request, &good, &answer);
	if (import(&answer, false, &told, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(told.root, "CN=Example Root");
	fixture_reopen(&fixture);
	assert_int_equal(fixture.ca->between_count, 1);
	fixture_issue(&fixture, 1, "k2", &after);
	must_verify(&before);
	must_verify(&after);
	ca_cert_clear(&before);
	ca_cert_clear(&after);
	buf_free(&request);
	buf_free(&answer);
}

static void
test_garbage(void **state)
{
	static const char *const texts[] = {"", "nothing\n",
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
	struct buf request, many, root;
	struct err err;
	size_t i;

	(void)state;
	ask(false, &request);
	buf_init(&many, 1u << 20);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buf_reset(&many);
		buf_str(&many, texts[i]);
		assert_int_equal(import(&many, false, NULL, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
	buf_init(&root, 16384);
	assert_int_equal(ca_root_pem(fixture.ca, &root, NULL), 0);
	buf_reset(&many);
	for (i = 0; i < 9; i++)
		buf_add(&many, root.data, root.len);
	assert_int_equal(import(&many, false, NULL, &err), -1);
	assert_non_null(strstr(err.text, "more than 8"));
	lines_are("waiting active ");
	buf_free(&request);
	buf_free(&many);
	buf_free(&root);
}

/* --- a root that is elsewhere from the beginning --- */

static void
test_offline(void **state)
{
	const struct flaw good = {.who = WHO, .says = NULL};
	struct buf request, answer;
	struct ca_cert cert;
	struct err err;
	struct ca *ca;

	(void)state;
	assert_int_equal(ca_create_offline(&fixture.conf,
			     &(struct ca_new){.organisation = "Example"}, &err),
	    0);
	assert_int_equal(fixture_count(&fixture, "ca.key"), 1);
	lines_are("waiting ");
	assert_int_equal(ca_open(&fixture.conf, &ca, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "ca import"));
	assert_int_equal(ca_create_offline(&fixture.conf,
			     &(struct ca_new){.organisation = "Again"}, &err),
	    -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	ask(true, &request);
	enterprise_answer(&request, &good, &answer);
	if (import(&answer, false, NULL, &err) != 0)
		fail_msg("%s", err.text);
	fixture_reopen(&fixture);
	fixture_issue(&fixture, 0, "k1", &cert);
	must_verify(&cert);
	assert_int_equal(entries(crl_of(fixture.ca)), 0);
	/* Nobody here can sign for that root. */
	buf_reset(&answer);
	assert_int_equal(
	    ca_certify(fixture.ca, &fixture.conf, &request, &answer, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	ca_cert_clear(&cert);
	buf_free(&request);
	buf_free(&answer);
}

/* --- what is lost --- */

static void
test_key_of_an_older_one_is_gone(void **state)
{
	struct err err;
	struct ca *ca;

	(void)state;
	roll();
	assert_int_equal(unlink(fixture.key_file), 0);
	assert_int_equal(ca_open(&fixture.conf, &ca, &err), -1);
	assert_non_null(strstr(err.text, "issuing CA 1, which is not at"));
}

/* Deeds of a process that dies. */
static void
ask_to_death(void *arg)
{
	struct buf out;

	buf_init(&out, 16384);
	(void)ca_request(&fixture.conf, arg, &out, NULL);
}

static void
import_to_death(void *arg)
{
	struct ca_import io = {.pem = arg, .now = fixture.now};

	(void)ca_import(&fixture.conf, &io, NULL);
}

static void
die_at(const char *point, void (*deed)(void *arg), void *arg)
{
	fixture_die_at(&fixture, point, deed, arg);
	fixture_reopen(&fixture);
}

/* Whatever is left behind: the old one issues, and all of it works again. */
static void
test_crashes(void **state)
{
	struct ca_request_new once = {.anew = false}, anew = {.anew = true};
	struct buf request, cert;
	struct ca_cert one, two;
	struct err err;

	(void)state;
	die_at("ca.request.after-key", ask_to_death, &once);
	lines_are("active ");
	die_at("ca.request.after-commit", ask_to_death, &once);
	lines_are("waiting active ");
	die_at("ca.request.after-key", ask_to_death, &anew);
	lines_are("waiting active ");
	die_at("ca.request.after-commit", ask_to_death, &anew);
	lines_are("waiting active ");
	ask(false, &request);
	certify(&request, &cert);
	die_at("ca.import.before-commit", import_to_death, &cert);
	lines_are("waiting active ");
	fixture_issue(&fixture, 0, "k1", &one);
	assert_null(ca_older(fixture.ca));
	die_at("ca.import.after-commit", import_to_death, &cert);
	lines_are("active old ");
	assert_int_equal(import(&cert, false, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	fixture_issue(&fixture, 1, "k2", &two);
	must_verify(&one);
	must_verify(&two);
	ca_cert_clear(&one);
	ca_cert_clear(&two);
	buf_free(&request);
	buf_free(&cert);
}

/* A database from before there were lines. */
static void
test_migration(void **state)
{
	static const char before[] =
	    "CREATE TABLE ca_issuer (role TEXT PRIMARY KEY,"
	    " certificate BLOB NOT NULL);"
	    "INSERT INTO ca_issuer SELECT CASE place WHEN 0 THEN 'issuing'"
	    " ELSE 'root' END, certificate FROM ca_line_certificate;"
	    "DROP VIEW ca_known;"
	    "DROP INDEX ca_pending_key;"
	    "DROP INDEX ca_intent_subject;"
	    "CREATE INDEX ca_intent_subject ON ca_intent (subject);"
	    "CREATE INDEX ca_intent_key ON ca_intent (key);"
	    "DROP INDEX ca_revocation_list;"
	    "ALTER TABLE ca_revocation DROP COLUMN line;"
	    "ALTER TABLE ca_revocation DROP COLUMN not_after;"
	    "DROP TABLE bridge_certificate;"
	    "DROP TABLE bridge_request;"
	    "DROP TABLE ca_root_crl;"
	    "DROP TABLE ca_root_revocation;"
	    "DROP TABLE ca_root_answer;"
	    "DROP TABLE ca_cross;"
	    "DROP TABLE ca_line_certificate;"
	    "DROP TABLE ca_line;"
	    "ALTER TABLE ca_intent DROP COLUMN line;"
	    "CREATE TABLE old_crl (number BIGINT PRIMARY KEY,"
	    " crl BLOB NOT NULL, made_at BIGINT NOT NULL,"
	    " this_update BIGINT NOT NULL, next_update BIGINT NOT NULL,"
	    " covers BIGINT NOT NULL);"
	    "INSERT INTO old_crl SELECT number, crl, made_at, this_update,"
	    " next_update, covers FROM ca_crl;"
	    "DROP TABLE ca_crl;"
	    "ALTER TABLE old_crl RENAME TO ca_crl;"
	    "PRAGMA user_version = 4;";
	struct ca_cert cert;
	struct db *db;
	struct err err;

	(void)state;
	fixture_issue(&fixture, 0, "k1", &cert);
	assert_int_equal(
	    ca_revoke(fixture.ca, cert.serial, 4, fixture.now, &err), 0);
	assert_int_equal(entries(crl_of(fixture.ca)), 1);
	ca_close(fixture.ca);
	fixture.ca = NULL;
	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	if (db_script(db, before, &err) != 0)
		fail_msg("%s", err.text);
	db_close(db);
	fixture_reopen(&fixture);
	lines_are("active ");
	assert_int_equal(entries(crl_of(fixture.ca)), 1);
	ca_cert_clear(&cert);
	fixture_issue(&fixture, 1, "k2", &cert);
	must_verify(&cert);
	ca_cert_clear(&cert);
}

#define ROW(test) FIXTURE_TEST(test, fixture_setup, &fixture)
#define BARE(test) FIXTURE_TEST(test, fixture_setup_bare, &fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_own_root),
	    ROW(test_trust),
	    ROW(test_request),
	    ROW(test_dry),
	    ROW(test_certify_refuses),
	    ROW(test_enterprise),
	    ROW(test_garbage),
	    BARE(test_offline),
	    ROW(test_key_of_an_older_one_is_gone),
	    ROW(test_crashes),
	    ROW(test_migration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
