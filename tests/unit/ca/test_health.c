/* A CA that is well says nothing; each planted fault is found, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "clock.h"
#include "db.h"
#include "err.h"
#include "fixture.h"
#include "health.h"
#include "rollover.h"
#include "str.h"

static struct fixture fixture;
static struct err err;
static enum ca_shown shown;

struct seen {
	size_t count;
	struct ca_finding first; /* but for its texts */
	char name[40], subject[200], serial[64], text[300];
};

static int
setup(void **state)
{
	(void)state;
	fixture_open(&fixture);
	shown = CA_SHOWN_THIS;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

static int
look_shown(
    void *cookie, const struct ca_cert *cert, enum ca_shown *ret, struct err *e)
{
	(void)cookie;
	(void)e;
	assert_string_equal(cert->device, fixture_subject.device);
	*ret = shown;
	return 0;
}

static int
collect(void *cookie, const struct ca_finding *f, struct err *e)
{
	struct seen *seen = cookie;

	(void)e;
	if (seen->count++ > 0)
		return 0;
	seen->first = *f;
	(void)snprintf(seen->name, sizeof(seen->name), "%s", f->name);
	(void)snprintf(seen->subject, sizeof(seen->subject), "%s", f->subject);
	(void)snprintf(seen->serial, sizeof(seen->serial), "%s",
	    f->serial != NULL ? f->serial : "");
	(void)snprintf(seen->text, sizeof(seen->text), "%s", f->text);
	return 0;
}

static struct seen
examine(int64_t after, const struct ca_template *t)
{
	struct seen seen = {0};
	const struct ca_health h = {.now = fixture.now + after,
	    .templates = t,
	    .template_count = 1,
	    .published = true,
	    .shown = look_shown,
	    .found = collect,
	    .found_cookie = &seen};

	if (ca_health(fixture.ca, &h, &err) != 0)
		fail_msg("%s", err.text);
	return seen;
}

/* Exactly one finding, of this code, about this subject. */
static void
finds(struct seen seen, enum ca_finding_code code, const char *name,
    const char *subject)
{
	if (seen.count != 1)
		fail_msg("%zu findings; the first: %s: %s", seen.count,
		    seen.name, seen.text);
	assert_int_equal(seen.first.code, code);
	assert_string_equal(seen.name, name);
	assert_non_null(strstr(seen.subject, subject));
	assert_true(strlen(seen.text) > 0);
}

static void
finds_nothing(struct seen seen)
{
	if (seen.count != 0)
		fail_msg("%s: %s: %s", seen.name, seen.subject, seen.text);
}

static void
issue(const char *key, unsigned slot)
{
	const struct csr_spec spec = {.key = fixture_key(slot, 2048)};
	struct ca_request request;
	struct ca_cert cert;
	struct buf csr;

	buf_init(&csr, 16384);
	fixture_csr(&spec, &csr);
	request = fixture_request(&fixture, &csr, key);
	if (ca_issue(fixture.ca, &request, &cert, &err) != 0)
		fail_msg("%s", err.text);
	ca_cert_clear(&cert);
	buf_free(&csr);
}

/* A new list, as serve makes one: whatever the day is, it is not what ails. */
static void
renew_crl(int64_t after)
{
	struct buf crl;

	buf_init(&crl, 1u << 20);
	if (ca_crl(fixture.ca, fixture.now + after, &crl, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&crl);
}

static void
test_well(void **state)
{
	(void)state;
	finds_nothing(examine(0, &fixture_template));
	issue("k1", 0);
	finds_nothing(examine(0, &fixture_template));
	finds_nothing(examine(3 * CLOCK_DAY, &fixture_template));
}

static void
test_issuer(void **state)
{
	const int64_t year = 365 * CLOCK_DAY;
	struct seen seen;

	(void)state;
	renew_crl(8 * year + 60 * CLOCK_DAY);
	seen = examine(8 * year + 60 * CLOCK_DAY, &fixture_template);
	finds(seen, CA_FINDING_ISSUER_ENDS, "issuer-ends", "Issuing");
	assert_false(seen.first.bad);
	/* The template cannot be served any more, either. */
	seen = examine(10 * year + CLOCK_DAY, &fixture_template);
	assert_int_equal(seen.first.code, CA_FINDING_ISSUER_ENDED);
	assert_true(seen.first.bad);
	assert_true(seen.count > 1);
}

static int
count_old_lines(void *cookie, const struct ca_finding *f, struct err *e)
{
	size_t *count = cookie;

	(void)e;
	if (f->code != CA_FINDING_LINE_ENDS)
		return 0;
	(*count)++;
	assert_string_equal(f->name, "line-ends");
	assert_non_null(strstr(f->subject, "AMT Issuing CA"));
	assert_non_null(strstr(f->text, "1 valid certificate of devices is"));
	return 0;
}

static size_t
old_lines(int64_t after)
{
	size_t count = 0;
	const struct ca_health h = {.now = fixture.now + after,
	    .shown = look_shown,
	    .found = count_old_lines,
	    .found_cookie = &count};

	if (ca_health(fixture.ca, &h, &err) != 0)
		fail_msg("%s", err.text);
	return count;
}

/* An old issuing CA is told before its end, while there is something by it. */
static void
test_old_line(void **state)
{
	const int64_t near = INT64_C(3650) * CLOCK_DAY - 30 * CLOCK_DAY;
	struct ca_roll roll = {.organisation = NULL};
	struct ca_cert cert;
	struct db *db;

	(void)state;
	issue("k1", 0);
	assert_int_equal(
	    ca_rollover(fixture.ca, &fixture.conf, &roll, &err), 0);
	fixture_reopen(&fixture);
	finds_nothing(examine(0, &fixture_template));
	assert_int_equal(old_lines(near), 0);
	/* A certificate that lives as long as its issuer. */
	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	assert_int_equal(db_run(db, &err,
			     "UPDATE ca_intent SET not_after = ? WHERE"
			     " device <> ''",
			     "i", fixture.now + near + CLOCK_DAY),
	    0);
	db_close(db);
	assert_int_equal(old_lines(0), 0);
	assert_int_equal(old_lines(near), 1);
	assert_int_equal(ca_find(fixture.ca, "k1", NULL, &cert, &err), 0);
	assert_int_equal(
	    ca_revoke(fixture.ca, cert.serial, 4, fixture.now, &err), 0);
	assert_int_equal(old_lines(near), 0);
	ca_cert_clear(&cert);
}

static void
test_crl(void **state)
{
	struct seen seen;

	(void)state;
	finds_nothing(examine(4 * CLOCK_DAY, &fixture_template));
	seen = examine(6 * CLOCK_DAY, &fixture_template);
	finds(seen, CA_FINDING_CRL_LATE, "crl-late", "Issuing");
	assert_false(seen.first.bad);
	seen = examine(8 * CLOCK_DAY, &fixture_template);
	finds(seen, CA_FINDING_CRL_LAPSED, "crl-lapsed", "Issuing");
	assert_true(seen.first.bad);
}

static void
change_root_list(const char *sql)
{
	struct db *db;

	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	assert_int_equal(db_run(db, &err, sql, ""), 0);
	db_close(db);
}

/* Only where a certificate says that the root's list is with us. */
static void
test_root_crl(void **state)
{
	struct ca_roll roll = {.organisation = NULL};

	(void)state;
	change_root_list("DELETE FROM ca_root_crl");
	finds_nothing(examine(0, &fixture_template));
	fixture.conf.url = "http://pki.example/amt";
	assert_int_equal(
	    ca_rollover(fixture.ca, &fixture.conf, &roll, &err), 0);
	fixture_reopen(&fixture);
	fixture.conf.url = NULL;
	finds_nothing(examine(0, &fixture_template));
	change_root_list("UPDATE ca_root_crl"
			 " SET next_update = next_update - 340 * 86400");
	finds(examine(0, &fixture_template), CA_FINDING_ROOT_CRL_LATE,
	    "root-crl-late", "AMT Root CA");
	change_root_list("UPDATE ca_root_crl"
			 " SET next_update = next_update - 30 * 86400");
	finds(examine(0, &fixture_template), CA_FINDING_ROOT_CRL_LAPSED,
	    "root-crl-lapsed", "AMT Root CA");
	change_root_list("DELETE FROM ca_root_crl");
	finds(examine(0, &fixture_template), CA_FINDING_ROOT_CRL_LAPSED,
	    "root-crl-lapsed", "AMT Root CA");
}

static int
keep_serial(void *cookie, const struct ca_line_info *info, struct err *e)
{
	(void)e;
	(void)snprintf(cookie, 64, "%s", info->serial);
	return 0;
}

/* The CA that issues is revoked, then it is an old one with a certificate in
 * use, then without. */
static void
test_revoked(void **state)
{
	struct ca_roll roll = {.organisation = NULL};
	struct ca_cert cert;
	char serial[64];
	struct ca_fall fall = {
	    .serial = serial, .reason = 4, .now = fixture.now, .force = true};

	(void)state;
	issue("k1", 0);
	assert_int_equal(ca_lines(&fixture.conf, keep_serial, serial, &err), 0);
	if (ca_revoke_issuing(fixture.ca, &fixture.conf, &fall, &err) != 0)
		fail_msg("%s", err.text);
	finds(examine(0, &fixture_template), CA_FINDING_ISSUER_REVOKED,
	    "issuer-revoked", "AMT Issuing CA");
	assert_int_equal(
	    ca_rollover(fixture.ca, &fixture.conf, &roll, &err), 0);
	fixture_reopen(&fixture);
	finds(examine(0, &fixture_template), CA_FINDING_LINE_REVOKED,
	    "line-revoked", "AMT Issuing CA");
	assert_int_equal(ca_find(fixture.ca, "k1", NULL, &cert, &err), 0);
	assert_int_equal(
	    ca_revoke(fixture.ca, cert.serial, 4, fixture.now, &err), 0);
	finds_nothing(examine(0, &fixture_template));
	ca_cert_clear(&cert);
}

static void
test_template(void **state)
{
	struct ca_template t = fixture_template;

	(void)state;
	t.renew_before = t.validity + 1;
	finds(examine(0, &t), CA_FINDING_TEMPLATE, "template", t.name);
}

static void
test_life(void **state)
{
	const int64_t validity = fixture_template.validity;
	const int64_t late = validity - fixture_template.renew_before / 2;
	struct seen seen;

	(void)state;
	issue("k1", 0);
	renew_crl(late - CLOCK_DAY);
	finds_nothing(examine(late - CLOCK_DAY, &fixture_template));
	renew_crl(late + CLOCK_DAY);
	seen = examine(late + CLOCK_DAY, &fixture_template);
	finds(seen, CA_FINDING_RENEWAL_LATE, "renewal-late",
	    fixture_subject.device);
	assert_true(seen.serial[0] != '\0');
	renew_crl(validity + CLOCK_DAY);
	seen = examine(validity + CLOCK_DAY, &fixture_template);
	finds(seen, CA_FINDING_ENDED, "certificate-ended",
	    fixture_subject.device);
	assert_true(seen.first.bad);
	renew_crl(validity + 91 * CLOCK_DAY);
	finds_nothing(examine(validity + 91 * CLOCK_DAY, &fixture_template));
}

static void
test_place(void **state)
{
	(void)state;
	issue("k1", 0);
	shown = CA_SHOWN_OTHER;
	finds_nothing(examine(CLOCK_DAY, &fixture_template));
	finds(examine(3 * CLOCK_DAY, &fixture_template), CA_FINDING_UNSEEN,
	    "certificate-unseen", fixture_subject.device);
	shown = CA_SHOWN_NO_DEVICE;
	finds(examine(0, &fixture_template), CA_FINDING_ORPHAN,
	    "certificate-orphan", fixture_subject.device);
}

static void
test_duplicate(void **state)
{
	struct seen seen;
	struct ca_cert cert;

	(void)state;
	issue("k1", 0);
	issue("k2", 1);
	finds_nothing(examine(CLOCK_DAY, &fixture_template));
	seen = examine(3 * CLOCK_DAY, &fixture_template);
	finds(seen, CA_FINDING_DUPLICATE, "certificate-duplicate",
	    fixture_subject.device);
	/* Doing what it says makes it well. */
	assert_int_equal(
	    ca_find(fixture.ca, NULL, seen.serial, &cert, &err), 0);
	ca_cert_clear(&cert);
	assert_int_equal(
	    ca_revoke(fixture.ca, seen.serial, 4, fixture.now, &err), 0);
	finds_nothing(examine(3 * CLOCK_DAY, &fixture_template));
}

static void
test_blocked(void **state)
{
	struct ca_blocked b = {.note = "leaked"};
	unsigned char *spki = NULL;
	char *device = NULL, hex[65];
	int len = i2d_PUBKEY(fixture_key(0, 2048), &spki);

	(void)state;
	issue("k1", 0);
	str_sha256_hex(spki, (size_t)len, hex);
	OPENSSL_free(spki);
	b.sha256 = hex;
	b.at = fixture.now;
	assert_int_equal(ca_block_add(fixture.ca, &b, &device, &err), 1);
	free(device);
	finds(examine(0, &fixture_template), CA_FINDING_KEY_BLOCKED,
	    "key-blocked", fixture_subject.device);
}

/* A certificate as another CA may issue it, in the place of ours. */
static void
plant(const char *hash, unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);
	X509 *x = X509_new();
	unsigned char *der = NULL;
	struct db *db;
	int len;

	assert_true(X509_set_pubkey(x, key) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(x), 0) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(x), 86400) != NULL &&
	    X509_sign(x, key, EVP_get_digestbyname(hash)) > 0);
	len = i2d_X509(x, &der);
	assert_true(len > 0);
	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	assert_int_equal(
	    db_run(db, &err, "UPDATE ca_certificate SET certificate = ?", "b",
		der, (size_t)len),
	    0);
	db_close(db);
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void
test_weak(void **state)
{
	(void)state;
	issue("k1", 0);
	plant("SHA256", 2048);
	finds_nothing(examine(0, &fixture_template));
	plant("SHA256", 1024);
	finds(examine(0, &fixture_template), CA_FINDING_KEY_WEAK, "key-weak",
	    fixture_subject.device);
	plant("SHA1", 2048);
	finds(examine(0, &fixture_template), CA_FINDING_KEY_WEAK, "key-weak",
	    fixture_subject.device);
}

static void
test_bridge(void **state)
{
	struct db *db;

	(void)state;
	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	assert_int_equal(
	    db_run(db, &err,
		"INSERT INTO bridge_request VALUES ('corp', 'k9', ?, 't', 's',"
		" 'n', x'00', x'00', x'00', 'pending', '', '', 1, ?, ?, ?, 0,"
		" x'')",
		"tiii", fixture_subject.device, fixture.now, fixture.now,
		fixture.now),
	    0);
	db_close(db);
	finds_nothing(examine(3 * CLOCK_DAY, &fixture_template));
	renew_crl(8 * CLOCK_DAY);
	finds(examine(8 * CLOCK_DAY, &fixture_template),
	    CA_FINDING_BRIDGE_WAITS, "bridge-waits", fixture_subject.device);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_well, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_issuer, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_old_line, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_crl, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_root_crl, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_revoked, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_template, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_life, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_place, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_duplicate, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_blocked, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_weak, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bridge, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
