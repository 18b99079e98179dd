/*
 * From one root to the next with cross-certificates: who trusts either root
 * alone verifies what hangs on the other; OpenSSL judges, strictly.
 */
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "clock.h"
#include "db.h"
#include "err.h"
#include "fixture.h"
#include "mem.h"
#include "rollover.h"

static struct fixture fixture;

/* --- doing it --- */

static void
roll(void)
{
	struct ca_roll io = {.organisation = NULL};
	struct err err;

	if (ca_rollover(fixture.ca, &fixture.conf, &io, &err) != 0)
		fail_msg("%s", err.text);
	assert_non_null(strstr(io.root, "AMT Root CA"));
	assert_int_equal(strlen(io.root_sha256), 64);
	fixture_reopen(&fixture);
}

static bool
verifies(const struct ca_cert *cert)
{
	struct err err;

	return ca_verify(fixture.ca, cert->der, cert->der_len, NULL,
		   fixture.now, &err) == 0;
}

static STACK_OF(X509) *
read_all(const struct buf *pem)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509 *one;

	while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		assert_true(sk_X509_push(all, one) > 0);
	BIO_free(bio);
	return all;
}

/* A leaf and a chain as the wire has them, judged by who trusts this root and
 * nothing else. */
static bool
judge(const struct ca_cert *cert, const struct buf *chain, X509 *root)
{
	const unsigned char *p = cert->der;
	X509 *leaf = d2i_X509(NULL, &p, (long)cert->der_len);
	STACK_OF(X509) *all = read_all(chain);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE *trust = X509_STORE_new();
	bool ok;

	assert_int_equal(X509_STORE_add_cert(trust, root), 1);
	assert_int_equal(X509_STORE_CTX_init(ctx, trust, leaf, all), 1);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
	(void)X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
	ok = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trust);
	sk_X509_pop_free(all, X509_free);
	X509_free(leaf);
	return ok;
}

static void
cross_of(const struct ca *ca, size_t number, struct buf *out)
{
	struct err err;

	buf_init(out, 65536);
	if (ca_cross_pem(ca, number, out, &err) != 0)
		fail_msg("%s", err.text);
}

static int
cross_import(const struct buf *pem, bool dry, struct err *err)
{
	struct ca_import io = {.pem = pem, .now = fixture.now, .dry = dry};

	return ca_cross_import(&fixture.conf, &io, err);
}

static void
change(const char *sql)
{
	struct db *db;

	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	assert_int_equal(db_run(db, NULL, sql, ""), 0);
	db_close(db);
}

/* --- both roots --- */

static void
test_either_root(void **state)
{
	struct ca_cert before, after;
	struct buf forth, back, own;
	struct ca *old;

	(void)state;
	buf_init(&own, 65536);
	assert_int_equal(ca_cross_pem(fixture.ca, 1, &own, NULL), -1);
	fixture_issue(&fixture, 0, "k1", &before);
	roll();
	old = ca_older(fixture.ca);
	fixture_issue(&fixture, 1, "k2", &after);
	assert_true(verifies(&before) && verifies(&after));
	cross_of(fixture.ca, 1, &forth);
	cross_of(old, 1, &back);
	assert_int_equal(ca_chain_pem(fixture.ca, &own, NULL), 0);
	assert_true(judge(&after, &own, fixture.ca->root.x509));
	assert_true(judge(&after, &forth, old->root.x509));
	assert_true(judge(&before, &back, fixture.ca->root.x509));
	/* Not without them. */
	assert_false(judge(&after, &own, old->root.x509));
	assert_false(judge(&before, &own, fixture.ca->root.x509));
	/* Neither outlives what vouches for it. */
	assert_true(old->cross[0].place[0].not_after <= old->issuing.not_after);
	assert_true(
	    fixture.ca->cross[0].place[0].not_after <= old->root.not_after);
	ca_cert_clear(&before);
	ca_cert_clear(&after);
	buf_free(&forth);
	buf_free(&back);
	buf_free(&own);
}

/* We are such a reader ourselves: the line's own root alone, the other alone.
 */
static void
test_own_verification(void **state)
{
	struct ca_cert before;
	X509_STORE *other = X509_STORE_new(), *own;
	struct ca *old;

	(void)state;
	fixture_issue(&fixture, 0, "k1", &before);
	roll();
	old = ca_older(fixture.ca);
	assert_int_equal(X509_STORE_add_cert(other, fixture.ca->root.x509), 1);
	own = old->trust;
	old->trust = other;
	assert_true(verifies(&before));
	old->trust = own;
	X509_STORE_free(other);
	ca_cert_clear(&before);
}

/* A third root: whoever trusts one of them verifies the newest. */
static void
test_again(void **state)
{
	struct ca_cert first, last;
	struct buf chain;
	struct ca *ca;

	(void)state;
	fixture_issue(&fixture, 0, "k1", &first);
	roll();
	roll();
	fixture_issue(&fixture, 1, "k2", &last);
	assert_int_equal(fixture.ca->cross_count, 1);
	ca = ca_older(fixture.ca);
	assert_int_equal(ca->cross_count, 2);
	cross_of(fixture.ca, 1, &chain);
	assert_true(judge(&last, &chain, ca->root.x509));
	buf_free(&chain);
	ca = ca_older(ca);
	assert_int_equal(ca->cross_count, 2);
	cross_of(ca, 2, &chain);
	assert_true(judge(&first, &chain, fixture.ca->root.x509));
	assert_true(verifies(&first) && verifies(&last));
	buf_free(&chain);
	ca_cert_clear(&first);
	ca_cert_clear(&last);
}

/* The new root is the one that certifies from now on. */
static void
test_certifies(void **state)
{
	const struct ca_request_new how = {.anew = false};
	struct buf request, cert;
	struct ca_import io = {.pem = &cert, .now = fixture.now};
	struct err err;

	(void)state;
	roll();
	buf_init(&request, 16384);
	buf_init(&cert, 16384);
	assert_int_equal(ca_request(&fixture.conf, &how, &request, &err), 0);
	if (ca_certify(fixture.ca, &fixture.conf, &request, &cert, &err) != 0)
		fail_msg("%s", err.text);
	if (ca_import(&fixture.conf, &io, &err) != 0)
		fail_msg("%s", err.text);
	fixture_reopen(&fixture);
	assert_true(ca_span_equal(
	    fixture.ca->root.subject, ca_older(fixture.ca)->root.subject));
	buf_free(&request);
	buf_free(&cert);
}

static void
test_root_elsewhere(void **state)
{
	char *path = fixture_path(&fixture, "ca.key.root");
	struct ca_roll io = {.organisation = NULL};
	size_t keys;
	struct err err;

	(void)state;
	assert_int_equal(unlink(path), 0);
	keys = fixture_count(&fixture, "ca.key");
	assert_int_equal(ca_rollover(fixture.ca, &fixture.conf, &io, &err), -1);
	assert_non_null(strstr(err.text, "cannot sign here"));
	assert_int_equal(fixture_count(&fixture, "ca.key"), keys);
	fixture_reopen(&fixture);
	assert_null(ca_older(fixture.ca));
	free(path);
}

/* --- a root elsewhere: cross-certificates go by file --- */

static struct fixture other;

static void
issuing_pem(const struct ca *ca, struct buf *out)
{
	struct buf all;
	char *end;

	buf_init(&all, 65536);
	assert_int_equal(ca_chain_pem(ca, &all, NULL), 0);
	end = strstr(buf_text(&all), "-----END CERTIFICATE-----\n");
	assert_non_null(end);
	buf_init(out, 65536);
	buf_add(out, all.data, (size_t)(end + 26 - (char *)all.data));
	buf_free(&all);
}

static void
test_by_file(void **state)
{
	struct buf ours, cross, both, root;
	struct ca_cert cert;
	struct err err;

	(void)state;
	fixture_open_bare(&other);
	assert_int_equal(ca_create(&other.conf,
			     &(struct ca_new){.organisation = "Other"}, &err),
	    0);
	assert_int_equal(ca_open(&other.conf, &other.ca, &err), 0);
	fixture_issue(&fixture, 0, "k1", &cert);
	issuing_pem(fixture.ca, &ours);
	buf_init(&cross, 65536);
	if (ca_certify(other.ca, &other.conf, &ours, &cross, &err) != 0)
		fail_msg("%s", err.text);
	/* Its root is not known here. */
	assert_int_equal(cross_import(&cross, false, &err), -1);
	assert_non_null(strstr(err.text, "lacks the certificate"));
	buf_init(&root, 65536);
	assert_int_equal(ca_root_pem(other.ca, &root, NULL), 0);
	buf_init(&both, 65536);
	buf_str(&both, buf_text(&cross));
	buf_str(&both, buf_text(&root));
	assert_int_equal(cross_import(&both, true, &err), 0);
	fixture_reopen(&fixture);
	assert_int_equal(fixture.ca->cross_count, 0);
	assert_int_equal(cross_import(&both, false, &err), 0);
	fixture_reopen(&fixture);
	assert_int_equal(fixture.ca->cross_count, 1);
	assert_true(judge(&cert, &both, other.ca->root.x509));
	/* Once is enough. */
	assert_int_equal(cross_import(&both, false, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	buf_free(&ours);
	buf_free(&cross);
	buf_free(&both);
	buf_free(&root);
	ca_cert_clear(&cert);
	fixture_close(&other);
}

static void
add_ext(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* Another's CA that calls itself as ours does. */
static void
impostor(struct buf *pem)
{
	X509_NAME *name = X509_NAME_new(), *ours;
	EVP_PKEY *key = fixture_key(2, 3072);
	BIO *bio = BIO_new(BIO_s_mem());
	X509 *x = X509_new();
	char *text;
	long len;

	ours = X509_get_subject_name(fixture.ca->issuing.x509);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			     (const unsigned char *)"Elsewhere", -1, -1, 0),
	    1);
	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	assert_int_equal(X509_set_subject_name(x, ours), 1);
	assert_int_equal(X509_set_issuer_name(x, name), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), CLOCK_DAY));
	assert_int_equal(X509_set_pubkey(x, key), 1);
	add_ext(x, NID_basic_constraints, "critical,CA:TRUE");
	add_ext(x, NID_subject_key_identifier, "hash");
	assert_true(X509_sign(x, key, EVP_sha384()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, x), 1);
	len = BIO_get_mem_data(bio, &text);
	buf_add(pem, text, (size_t)len);
	BIO_free(bio);
	X509_free(x);
	X509_NAME_free(name);
}

static void
test_refuses(void **state)
{
	struct buf in, out;
	struct err err;

	(void)state;
	buf_init(&in, 65536);
	buf_init(&out, 65536);
	assert_int_equal(ca_root_pem(fixture.ca, &in, NULL), 0);
	assert_int_equal(
	    ca_certify(fixture.ca, &fixture.conf, &in, &out, &err), -1);
	assert_non_null(strstr(err.text, "it is a root"));
	buf_free(&in);
	issuing_pem(fixture.ca, &in);
	assert_int_equal(
	    ca_certify(fixture.ca, &fixture.conf, &in, &out, &err), -1);
	assert_non_null(strstr(err.text, "of this root already"));
	buf_free(&in);
	impostor(&in);
	assert_int_equal(
	    ca_certify(fixture.ca, &fixture.conf, &in, &out, &err), -1);
	assert_non_null(strstr(err.text, "that of a CA of ours"));
	assert_int_equal(out.len, 0);
	buf_free(&in);
	issuing_pem(fixture.ca, &in);
	/* What is no other certificate of ours. */
	assert_int_equal(cross_import(&in, false, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	buf_reset(&in);
	assert_int_equal(cross_import(&in, false, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	buf_free(&in);
	buf_free(&out);
}

/* --- the root's list --- */

static struct fixture other_list;

static int64_t
root_list(struct ca *ca, int64_t now, struct buf *der, struct err *err)
{
	struct ca_crl_info info = {.number = 0};

	buf_reset(der);
	return ca_root_crl_since(ca, now, &info, der, err) == 0 ? info.number
								: -1;
}

static void
check_list(const struct ca *ca, const struct buf *der, int64_t now)
{
	const unsigned char *p = der->data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der->len);
	time_t at = (time_t)now;

	assert_non_null(crl);
	assert_int_equal(
	    X509_CRL_verify(crl, X509_get0_pubkey(ca->root.x509)), 1);
	assert_null(X509_CRL_get_REVOKED(crl));
	assert_true(X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &at) < 0);
	assert_true(X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &at) > 0);
	X509_CRL_free(crl);
}

static void
test_root_list(void **state)
{
	char *path = fixture_path(&fixture, "ca.key.root");
	const int64_t later = fixture.now + 200 * CLOCK_DAY;
	struct ca_crl_info info;
	struct buf der;
	struct err err;
	char place[64];

	(void)state;
	buf_init(&der, 65536);
	assert_int_equal(root_list(fixture.ca, fixture.now, &der, &err), 1);
	check_list(fixture.ca, &der, fixture.now);
	info.number = 1;
	buf_reset(&der);
	assert_int_equal(
	    ca_root_crl_since(fixture.ca, fixture.now, &info, &der, &err), 0);
	assert_int_equal(der.len, 0);
	assert_int_equal(root_list(fixture.ca, later, &der, &err), 2);
	check_list(fixture.ca, &der, later);
	/* Without its key what is there is given out. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(
	    root_list(fixture.ca, later + 200 * CLOCK_DAY, &der, &err), 2);
	free(path);
	/* A certificate of an issuing CA says where it is. */
	fixture_close(&fixture);
	fixture_open(&fixture);
	fixture.conf.url = "http://pki.example/amt";
	roll();
	(void)snprintf(place, sizeof(place),
	    "http://pki.example/amt/crl/%s.crl", ca_root_name(fixture.ca));
	assert_non_null(memmem(fixture.ca->issuing.der.data,
	    fixture.ca->issuing.der.len, place, strlen(place)));
	assert_int_equal(root_list(fixture.ca, fixture.now, &der, &err), 1);
	check_list(fixture.ca, &der, fixture.now);
	fixture.conf.url = NULL;
	buf_free(&der);
}

/* Made elsewhere, as with an offline root. */
static void
test_root_list_by_file(void **state)
{
	char *path = fixture_path(&fixture, "ca.key.root");
	const int64_t later = fixture.now + 200 * CLOCK_DAY;
	struct buf first, second;
	struct err err;

	(void)state;
	buf_init(&first, 65536);
	buf_init(&second, 65536);
	assert_int_equal(root_list(fixture.ca, fixture.now, &first, &err), 1);
	assert_int_equal(root_list(fixture.ca, later, &second, &err), 2);
	/* Not newer than ours, out of its time, no list, another's. */
	assert_int_equal(
	    ca_root_crl_import(fixture.ca, &first, fixture.now, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(
	    ca_root_crl_import(fixture.ca, &second, fixture.now, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	second.data[second.len - 1] ^= 1;
	assert_int_equal(
	    ca_root_crl_import(fixture.ca, &second, later, &err), -1);
	assert_int_equal(err.kind, ERR_UNTRUSTED);
	second.data[second.len - 1] ^= 1;
	fixture_open_bare(&other_list);
	assert_int_equal(ca_create(&other_list.conf,
			     &(struct ca_new){.organisation = "Other"}, &err),
	    0);
	assert_int_equal(ca_open(&other_list.conf, &other_list.ca, &err), 0);
	assert_int_equal(
	    ca_root_crl_import(other_list.ca, &second, later, &err), -1);
	assert_int_equal(err.kind, ERR_UNTRUSTED);
	fixture_close(&other_list);
	/* As if it had been lost here. */
	assert_int_equal(unlink(path), 0);
	change("DELETE FROM ca_root_crl");
	assert_int_equal(root_list(fixture.ca, later, &first, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(
	    ca_root_crl_import(fixture.ca, &second, later, &err), 0);
	assert_int_equal(root_list(fixture.ca, later, &first, &err), 2);
	buf_reset(&first);
	buf_str(&first, "nothing");
	assert_int_equal(
	    ca_root_crl_import(fixture.ca, &first, later, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	buf_free(&first);
	buf_free(&second);
	free(path);
}

/* --- crashes --- */

static void
roll_to_death(void *arg)
{
	struct ca_roll io = {.organisation = NULL};

	(void)arg;
	(void)ca_rollover(fixture.ca, &fixture.conf, &io, NULL);
}

static void
list_to_death(void *arg)
{
	struct ca_crl_info info = {.number = 0};
	struct buf der;

	(void)arg;
	buf_init(&der, 65536);
	(void)ca_root_crl_since(
	    fixture.ca, fixture.now + 200 * CLOCK_DAY, &info, &der, NULL);
}

/* One list or the other, never two of one number. */
static void
test_list_crashes(void **state)
{
	const int64_t later = fixture.now + 200 * CLOCK_DAY;
	struct buf der;
	struct err err;

	(void)state;
	buf_init(&der, 65536);
	fixture_die_at(
	    &fixture, "ca.crl.root.before-commit", list_to_death, NULL);
	fixture_reopen(&fixture);
	assert_int_equal(root_list(fixture.ca, fixture.now, &der, &err), 1);
	fixture_die_at(
	    &fixture, "ca.crl.root.after-commit", list_to_death, NULL);
	fixture_reopen(&fixture);
	assert_int_equal(root_list(fixture.ca, later, &der, &err), 2);
	check_list(fixture.ca, &der, later);
	buf_free(&der);
}

static void
test_crashes(void **state)
{
	static const char *const before[] = {"ca.rollover.after-root-key",
	    "ca.rollover.after-key", "ca.rollover.before-commit"};
	struct ca_cert one, two;
	size_t i;

	(void)state;
	fixture_issue(&fixture, 0, "k1", &one);
	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		fixture_die_at(&fixture, before[i], roll_to_death, NULL);
		fixture_reopen(&fixture);
		assert_null(ca_older(fixture.ca));
		assert_true(verifies(&one));
	}
	fixture_die_at(
	    &fixture, "ca.rollover.after-commit", roll_to_death, NULL);
	fixture_reopen(&fixture);
	assert_non_null(ca_older(fixture.ca));
	assert_int_equal(fixture.ca->cross_count, 1);
	fixture_issue(&fixture, 1, "k2", &two);
	assert_true(verifies(&one) && verifies(&two));
	roll();
	assert_true(verifies(&one) && verifies(&two));
	ca_cert_clear(&one);
	ca_cert_clear(&two);
}

#define ROW(test) FIXTURE_TEST(test, fixture_setup, &fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_either_root),
	    ROW(test_own_verification),
	    ROW(test_again),
	    ROW(test_certifies),
	    ROW(test_root_elsewhere),
	    ROW(test_by_file),
	    ROW(test_refuses),
	    ROW(test_root_list),
	    ROW(test_root_list_by_file),
	    ROW(test_list_crashes),
	    ROW(test_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
