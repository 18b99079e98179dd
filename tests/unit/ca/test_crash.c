/*
 * The process is killed at each point of an issuance.  What must hold then:
 * no certificate without a record, at most one valid certificate per key, and
 * the same call succeeds in the next process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "err.h"
#include "fixture.h"

static struct fixture fixture;
static struct buf csr;

static int
setup(void **state)
{
	(void)state;
	fixture_open(&fixture);
	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buf_free(&csr);
	fixture_close(&fixture);
	return 0;
}

static int
issue(struct ca *ca, const char *key, struct ca_cert *ret, struct err *err)
{
	struct ca_request request = fixture_request(&fixture, &csr, key);

	return ca_issue(ca, &request, ret, err);
}

static void
issue_to_death(void *arg)
{
	struct ca_cert cert;

	(void)arg;
	(void)issue(fixture.ca, "k1", &cert, NULL);
}

static void
die_at(const char *point)
{
	fixture_die_at(&fixture, point, issue_to_death, NULL);
}

#define INTENTS "SELECT COUNT(*) FROM ca_intent"
#define PENDING "SELECT COUNT(*) FROM ca_pending"
#define CERTS "SELECT COUNT(*) FROM ca_certificate"
#define REVOKED "SELECT COUNT(*) FROM ca_revocation"

struct after {
	const char *point;
	/* right after the crash */
	int64_t intents, pending, certs;
	/* after the next start */
	int64_t revoked;
	/* after the same call again */
	int64_t intents_then;
};

static const struct after cases[] = {
    {"ca.issue.before-intent", 0, 0, 0, 0, 1},
    {"ca.issue.after-intent", 1, 1, 0, 1, 2},
    {"ca.issue.after-sign", 1, 1, 0, 1, 2},
    {"ca.issue.after-commit", 1, 0, 1, 0, 1},
};

static void
crash_at(const struct after *c)
{
	struct ca_cert cert, again;
	struct err err;

	die_at(c->point);
	assert_int_equal(fixture_number(&fixture, INTENTS), c->intents);
	assert_int_equal(fixture_number(&fixture, PENDING), c->pending);
	assert_int_equal(fixture_number(&fixture, CERTS), c->certs);
	fixture_reopen(&fixture);
	assert_int_equal(fixture_number(&fixture, PENDING), 0);
	assert_int_equal(fixture_number(&fixture, REVOKED), c->revoked);
	if (issue(fixture.ca, "k1", &cert, &err) != 0)
		fail_msg("after %s: %s", c->point, err.text);
	assert_int_equal(fixture_number(&fixture, INTENTS), c->intents_then);
	assert_int_equal(fixture_number(&fixture, CERTS), 1);
	assert_int_equal(cert.revoked_at, 0);
	assert_int_equal(ca_verify(fixture.ca, cert.der, cert.der_len, NULL,
			     fixture.now, &err),
	    0);
	assert_int_equal(issue(fixture.ca, "k1", &again, &err), 0);
	assert_string_equal(cert.serial, again.serial);
	ca_cert_clear(&cert);
	ca_cert_clear(&again);
}

static void
test_before_intent(void **state)
{
	(void)state;
	crash_at(&cases[0]);
}

static void
test_after_intent(void **state)
{
	(void)state;
	crash_at(&cases[1]);
}

static void
test_after_sign(void **state)
{
	(void)state;
	crash_at(&cases[2]);
}

static void
test_after_commit(void **state)
{
	(void)state;
	crash_at(&cases[3]);
}

/* --- several at once --- */

#define GOOD 3 /* and one that is refused, in their midst */
#define BAD 1

static void
batch(struct ca_issuance list[GOOD + 1])
{
	static const char *const keys[GOOD + 1] = {"k0", "bad", "k1", "k2"};
	static struct buf refused;
	const struct csr_spec flipped = {.flip = true};
	size_t i;

	buf_init(&refused, 16384);
	fixture_csr(&flipped, &refused);
	for (i = 0; i <= GOOD; i++)
		list[i].request = fixture_request(
		    &fixture, i == BAD ? &refused : &csr, keys[i]);
	ca_issue_many(fixture.ca, list, GOOD + 1);
	buf_free(&refused);
}

static void
batch_to_death(void *arg)
{
	struct ca_issuance list[GOOD + 1];

	(void)arg;
	batch(list);
}

static const struct after batch_cases[] = {
    {"ca.issue.before-intent", 0, 0, 0, 0, GOOD},
    {"ca.issue.intent:1", 0, 0, 0, 0, GOOD},
    {"ca.issue.intent:3", 0, 0, 0, 0, GOOD},
    {"ca.issue.after-intent", GOOD, GOOD, 0, GOOD, 2 * GOOD},
    {"ca.issue.after-sign:1", GOOD, GOOD, 0, GOOD, 2 * GOOD},
    {"ca.issue.after-sign:2", GOOD, GOOD, 0, GOOD, 2 * GOOD},
    {"ca.issue.after-sign:3", GOOD, GOOD, 0, GOOD, 2 * GOOD},
    {"ca.issue.certificate:1", GOOD, GOOD, 0, GOOD, 2 * GOOD},
    {"ca.issue.certificate:3", GOOD, GOOD, 0, GOOD, 2 * GOOD},
    {"ca.issue.after-commit", GOOD, 0, GOOD, 0, GOOD},
};

/* Twice, and each good one has got the same certificate both times. */
static void
batch_again(const char *point)
{
	struct ca_issuance one[GOOD + 1], two[GOOD + 1];
	size_t i;

	batch(one);
	batch(two);
	for (i = 0; i <= GOOD; i++) {
		if (i == BAD) {
			assert_int_equal(one[i].err.kind, ERR_INVALID);
			assert_int_equal(two[i].err.kind, ERR_INVALID);
			continue;
		}
		if (one[i].err.kind != ERR_NONE)
			fail_msg("after %s: %s", point, one[i].err.text);
		assert_int_equal(two[i].err.kind, ERR_NONE);
		assert_int_equal(one[i].cert.revoked_at, 0);
		assert_int_equal(
		    ca_verify(fixture.ca, one[i].cert.der, one[i].cert.der_len,
			NULL, fixture.now, NULL),
		    0);
		assert_string_equal(one[i].cert.serial, two[i].cert.serial);
		ca_cert_clear(&one[i].cert);
		ca_cert_clear(&two[i].cert);
	}
}

static void
test_batch(void **state)
{
	const struct after *c;
	size_t i;

	for (i = 0; i < sizeof(batch_cases) / sizeof(batch_cases[0]); i++) {
		c = &batch_cases[i];
		fixture_die_at(&fixture, c->point, batch_to_death, NULL);
		assert_int_equal(fixture_number(&fixture, INTENTS), c->intents);
		assert_int_equal(fixture_number(&fixture, PENDING), c->pending);
		assert_int_equal(fixture_number(&fixture, CERTS), c->certs);
		fixture_reopen(&fixture);
		assert_int_equal(fixture_number(&fixture, PENDING), 0);
		assert_int_equal(fixture_number(&fixture, REVOKED), c->revoked);
		batch_again(c->point);
		assert_int_equal(
		    fixture_number(&fixture, INTENTS), c->intents_then);
		assert_int_equal(fixture_number(&fixture, CERTS), GOOD);
		assert_int_equal(fixture_number(&fixture, REVOKED), c->revoked);
		(void)teardown(state);
		(void)setup(state);
	}
}

/* The lost serial is on the list that readers get. */
static void
test_lost_serial_is_on_the_crl(void **state)
{
	struct buf before, after;

	(void)state;
	buf_init(&before, 1u << 20);
	buf_init(&after, 1u << 20);
	assert_int_equal(ca_crl(fixture.ca, fixture.now, &before, NULL), 0);
	die_at("ca.issue.after-sign");
	fixture_reopen(&fixture);
	assert_int_equal(ca_crl(fixture.ca, fixture.now, &after, NULL), 0);
	/* SEQUENCE of serial and time: 2 + 18 + 15, and the list around it. */
	assert_int_equal(after.len, before.len + 37);
	buf_free(&before);
	buf_free(&after);
}

/* Somebody else opens the CA while an intent of ours is open: it waits for us
 * and does not take the intent for lost. */
static void
test_opening_does_not_hurt_the_living(void **state)
{
	struct ca_cert cert;
	struct err err;
	pid_t pids[4];
	size_t i;
	int status;

	(void)state;
	ca_close(fixture.ca);
	fixture.ca = NULL;
	for (i = 0; i < 4; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			struct ca *ca = NULL;
			char key[8];
			int n;

			for (n = 0; n < 10; n++) {
				(void)snprintf(
				    key, sizeof(key), "%zu-%d", i, n);
				if (ca_open(&fixture.conf, &ca, &err) != 0 ||
				    issue(ca, key, &cert, &err) != 0)
					_exit(1);
				ca_close(ca);
			}
			_exit(0);
		}
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_int_equal(fixture_number(&fixture, CERTS), 40);
	assert_int_equal(fixture_number(&fixture, REVOKED), 0);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_before_intent),
	    ROW(test_after_intent),
	    ROW(test_after_sign),
	    ROW(test_after_commit),
	    ROW(test_batch),
	    ROW(test_lost_serial_is_on_the_crl),
	    ROW(test_opening_does_not_hurt_the_living),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
