#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "err.h"
#include "fixture.h"

static struct fixture fixture;

/* A certificate under this key; its serial. */
static void
issue(const char *key, char serial[64])
{
	struct ca_request request;
	struct ca_cert cert;
	struct buf csr;
	struct err err;

	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	request = fixture_request(&fixture, &csr, key);
	if (ca_issue(fixture.ca, &request, &cert, &err) != 0)
		fail_msg("%s", err.text);
	memcpy(serial, cert.serial, 64);
	ca_cert_clear(&cert);
	buf_free(&csr);
}

static X509_CRL *
read_crl(void)
{
	const unsigned char *p;
	X509_CRL *crl;
	struct buf der;
	struct err err;

	buf_init(&der, 1u << 20);
	if (ca_crl(fixture.ca, fixture.now, &der, &err) != 0)
		fail_msg("%s", err.text);
	p = der.data;
	crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	assert_non_null(crl);
	assert_ptr_equal(p, der.data + der.len);
	buf_free(&der);
	return crl;
}

static int64_t
number_of(const X509_CRL *crl)
{
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	int64_t value;

	assert_non_null(n);
	value = ASN1_INTEGER_get(n);
	ASN1_INTEGER_free(n);
	return value;
}

static int
entries(X509_CRL *crl)
{
	int n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));

	return n < 0 ? 0 : n;
}

static int64_t
current_number(void)
{
	X509_CRL *crl = read_crl();
	int64_t n = number_of(crl);

	X509_CRL_free(crl);
	return n;
}

static int
current_entries(void)
{
	X509_CRL *crl = read_crl();
	int n = entries(crl);

	X509_CRL_free(crl);
	return n;
}

/* An independent program reads and verifies it, and finds the certificate. */
static void
test_openssl_verifies(void **state)
{
	char command[512], serial[64], upper[64];
	struct buf out;
	FILE *p;
	size_t i, got;
	char words[8192];

	(void)state;
	issue("k1", serial);
	assert_int_equal(
	    ca_revoke(fixture.ca, serial, 1, fixture.now, NULL), 0);
	buf_init(&out, 1u << 20);
	assert_int_equal(ca_chain_pem(fixture.ca, &out, NULL), 0);
	fixture_write(&fixture, "chain.pem", out.data, out.len);
	buf_reset(&out);
	assert_int_equal(ca_crl(fixture.ca, fixture.now, &out, NULL), 0);
	fixture_write(&fixture, "crl.der", out.data, out.len);
	buf_free(&out);
	(void)snprintf(command, sizeof(command),
	    "exec openssl crl -inform DER -in %s/crl.der -CAfile %s/chain.pem "
	    "-verify -noout -text 2>&1",
	    fixture.dir, fixture.dir);
	p = popen(command, "r");
	assert_non_null(p);
	got = fread(words, 1, sizeof(words) - 1, p);
	words[got] = '\0';
	if (pclose(p) != 0 || strstr(words, "verify OK") == NULL)
		fail_msg("%s", words);
	for (i = 0; serial[i] != '\0'; i++)
		upper[i] =
		    (char)(serial[i] >= 'a' ? serial[i] - 32 : serial[i]);
	upper[i] = '\0';
	assert_non_null(strstr(words, upper));
	assert_non_null(strstr(words, "Key Compromise"));
	assert_non_null(strstr(words, "sha384WithRSAEncryption"));
}

static void
test_fields(void **state)
{
	X509_CRL *crl = read_crl();
	time_t now = (time_t)fixture.now, week = now + 7 * 86400;

	(void)state;
	assert_int_equal(X509_CRL_get_version(crl), 1);
	assert_int_equal(entries(crl), 0);
	assert_int_equal(number_of(crl), 1);
	/* Made by the fixture a little before. */
	assert_true(X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &now) < 0);
	week -= 3600;
	assert_true(X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &week) > 0);
	week += 2 * 3600;
	assert_true(X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &week) < 0);
	X509_CRL_free(crl);
}

/* Nothing new: the same list. A revocation, or half the life: a new one. */
static void
test_renewal(void **state)
{
	char serial[64];

	(void)state;
	issue("k1", serial);
	assert_int_equal(current_number(), 1);
	assert_int_equal(current_number(), 1);
	assert_int_equal(
	    ca_revoke(fixture.ca, serial, 4, fixture.now, NULL), 0);
	assert_int_equal(current_number(), 2);
	assert_int_equal(current_number(), 2);
	/* Revoking twice adds nothing. */
	assert_int_equal(
	    ca_revoke(fixture.ca, serial, 4, fixture.now, NULL), 0);
	assert_int_equal(current_number(), 2);
	fixture_reopen(&fixture);
	assert_int_equal(current_number(), 2);
	fixture.now += 7 * CLOCK_DAY / 2 - 1;
	assert_int_equal(current_number(), 2);
	fixture.now += 1;
	assert_int_equal(current_number(), 3);
	/* Long away: lapsed meanwhile, made anew at once. */
	fixture.now += 100 * CLOCK_DAY;
	assert_int_equal(current_number(), 4);
}

static void
test_reason_is_left_out_when_unspecified(void **state)
{
	X509_REVOKED *entry;
	X509_CRL *crl;
	char serial[64];

	(void)state;
	issue("k1", serial);
	assert_int_equal(
	    ca_revoke(fixture.ca, serial, 0, fixture.now, NULL), 0);
	crl = read_crl();
	assert_int_equal(entries(crl), 1);
	entry = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 0);
	assert_int_equal(X509_REVOKED_get_ext_count(entry), 0);
	X509_CRL_free(crl);
}

/* RFC 5280, 5: an entry stays until a list was made after its certificate's
 * end. */
static void
test_expired_entries_leave_late(void **state)
{
	char serial[64];

	(void)state;
	issue("k1", serial);
	assert_int_equal(
	    ca_revoke(fixture.ca, serial, 4, fixture.now, NULL), 0);
	assert_int_equal(current_entries(), 1);
	fixture.now += fixture_template.validity - CLOCK_DAY;
	assert_int_equal(current_entries(), 1);
	fixture.now += 5 * CLOCK_DAY; /* the first list after its end */
	assert_int_equal(current_entries(), 1);
	fixture.now += 5 * CLOCK_DAY;
	assert_int_equal(current_entries(), 0);
}

static void
test_clock_that_went_back(void **state)
{
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 1u << 20);
	assert_int_equal(
	    ca_crl(fixture.ca, fixture.now - CLOCK_DAY, &out, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void
test_no_room(void **state)
{
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(ca_crl(fixture.ca, fixture.now, &out, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_free(&out);
}

/* Who has the current one gets nothing but its number. */
static void
test_since(void **state)
{
	struct ca_crl_info info = {.number = 0};
	char serial[64];
	struct buf out;

	(void)state;
	buf_init(&out, 1u << 20);
	assert_int_equal(
	    ca_crl_since(fixture.ca, fixture.now, &info, &out, NULL), 0);
	assert_int_equal(info.number, 1);
	assert_true(info.this_update < fixture.now);
	assert_true(info.next_update > fixture.now + 6 * CLOCK_DAY);
	assert_true(out.len > 0);
	buf_reset(&out);
	assert_int_equal(
	    ca_crl_since(fixture.ca, fixture.now, &info, &out, NULL), 0);
	assert_int_equal(out.len, 0);
	issue("k1", serial);
	assert_int_equal(
	    ca_revoke(fixture.ca, serial, 4, fixture.now, NULL), 0);
	assert_int_equal(
	    ca_crl_since(fixture.ca, fixture.now, &info, &out, NULL), 0);
	assert_int_equal(info.number, 2);
	assert_true(out.len > 0);
	buf_free(&out);
}

static void
make_list(void *arg)
{
	struct buf out;

	(void)arg;
	buf_init(&out, 1u << 20);
	(void)ca_crl(fixture.ca, fixture.now, &out, NULL);
}

static void
die_at(const char *point)
{
	fixture_die_at(&fixture, point, make_list, NULL);
	fixture_reopen(&fixture);
}

/* Killed before or after the commit: numbers only grow, and no two lists that
 * anyone may have seen share one. */
static void
test_number_grows_over_crashes(void **state)
{
	char serial[64];

	(void)state;
	assert_int_equal(current_number(), 1);
	issue("k1", serial);
	assert_int_equal(
	    ca_revoke(fixture.ca, serial, 4, fixture.now, NULL), 0);
	die_at("ca.crl.before-commit");
	die_at("ca.crl.after-commit");
	assert_int_equal(current_number(), 2);
	assert_int_equal(current_entries(), 1);
	fixture.now += 4 * CLOCK_DAY;
	die_at("ca.crl.after-commit");
	assert_int_equal(current_number(), 3);
	assert_int_equal(current_entries(), 1);
}

#define ROW(test) FIXTURE_TEST(test, fixture_setup, &fixture)

/* RFC 5280, 5.3.1: 6 is a hold, which is none of ours, 7 is not used. */
static void
test_reasons(void **state)
{
	static const int numbers[] = {0, 1, 2, 3, 4, 5, 9};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(
		    ca_reason_number(ca_reason_word(numbers[i])), numbers[i]);
	assert_int_equal(ca_reason_number("superseded"), 4);
	assert_int_equal(ca_reason_number("key-compromise"), 1);
	assert_int_equal(ca_reason_number("certificate-hold"), -1);
	assert_null(ca_reason_word(6));
	assert_null(ca_reason_word(-1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reasons),
	    ROW(test_openssl_verifies),
	    ROW(test_fields),
	    ROW(test_renewal),
	    ROW(test_reason_is_left_out_when_unspecified),
	    ROW(test_expired_entries_leave_late),
	    ROW(test_clock_that_went_back),
	    ROW(test_no_room),
	    ROW(test_since),
	    ROW(test_number_grows_over_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
