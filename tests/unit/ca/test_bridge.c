/*
 * Bridges without a protocol: a fake kind answers what the test says.  What is
 * on record before and after each word, what is accepted, when it asks again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bridge_record_internal.h"
#include "ca_internal.h"
#include "clock.h"
#include "fixture.h"
#include "other_ca.h"
#include "str.h"

static struct fixture fixture;
static struct other_ca *other;
static struct ca_bridge *bridge;
static struct buf csr;
static struct ca_bridge_result got;
static struct err err;

/* --- the fake --- */

static struct fake {
	enum ca_bridge_outcome say;
	struct other_wish wish;
	const char *request_id;
	int64_t retry_after;
	unsigned submits, polls, revokes;
	char polled[64];
} fake;

static void
fake_answer(const struct ca_bridge_ask *ask, struct ca_bridge_answer *ret)
{
	ca_bridge_answer_set(ret, fake.say, "the fake says so");
	ret->retry_after = fake.retry_after;
	if (fake.request_id != NULL)
		(void)snprintf(ret->request_id, sizeof(ret->request_id), "%s",
		    fake.request_id);
	if (fake.say == CA_BRIDGE_ISSUED)
		other_ca_issue(
		    other, &fake.wish, ask->csr, ask->csr_len, &ret->leaf);
}

static void
fake_submit(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	(void)b;
	fake.submits++;
	fake_answer(ask, ret);
}

static void
fake_poll(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	(void)b;
	fake.polls++;
	(void)snprintf(fake.polled, sizeof(fake.polled), "%s", ask->request_id);
	fake_answer(ask, ret);
}

static void
fake_revoke(struct ca_bridge *b, const uint8_t *leaf, size_t len, int reason,
    struct ca_bridge_answer *ret)
{
	(void)b;
	(void)leaf;
	(void)len;
	(void)reason;
	fake.revokes++;
	ca_bridge_answer_set(ret, fake.say, "the fake says so");
}

static struct ca_bridge_kind fake_kind = {
    .name = "fake",
    .submit = fake_submit,
    .poll = fake_poll,
    .revoke = fake_revoke,
};

static struct ca_bridge *
open_bridge(const char *name)
{
	char *anchors = fixture_path(&fixture, "anchors.pem");
	const struct ca_bridge_conf conf = {
	    .name = name,
	    .kind = "fake",
	    .url = "https://ca.example",
	    .anchors = anchors,
	    .timeout = 5,
	    .retry_first = 100,
	    .retry_most = 10000,
	};
	struct ca_bridge *b = NULL;

	if (ca_bridge_open_kind(&conf, &fake_kind, &b, &err) != 0)
		fail_msg("%s", err.text);
	free(anchors);
	return b;
}

static int
setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fixture_open(&fixture);
	other = other_ca_new("Corp CA");
	fixture_write(&fixture, "anchors.pem", other->pem, strlen(other->pem));
	bridge = open_bridge("corp");
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
	other_ca_free(other);
	fixture_close(&fixture);
	return 0;
}

/* --- asking --- */

static int
ask_over(struct ca_bridge *b, const char *key, int64_t old_end)
{
	struct ca_request request = fixture_request(&fixture, &csr, key);

	ca_cert_clear(&got.cert);
	return ca_bridge_issue(fixture.ca, b, &request, old_end, &got, &err);
}

static int
ask(const char *key)
{
	return ask_over(bridge, key, 0);
}

static void
expect(int rc, enum ca_bridge_outcome outcome)
{
	if (rc != 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.outcome, outcome);
}

static void
expect_error(int rc, enum err_kind kind, const char *text)
{
	fixture_failed(rc, &err, kind, text);
}

/* For so many seconds, of which one may have begun to run out. */
static void
expect_held(int64_t seconds)
{
	int64_t left = bridge->held_until - clock_mono_ms() / 1000;

	assert_in_range(left, seconds - 2, seconds);
}

static int
count_row(void *cookie, const struct ca_bridge_row *row, struct err *e)
{
	char *out = cookie;

	(void)e;
	(void)snprintf(out + strlen(out), 256 - strlen(out), "%s %s %s %lld;",
	    row->bridge, row->state, row->request_id, (long long)row->tries);
	return 0;
}

static void
expect_rows(const char *want)
{
	char rows[256] = "";

	assert_int_equal(ca_bridge_list(fixture.ca, count_row, rows, &err), 0);
	assert_string_equal(rows, want);
}

/* --- tests --- */

static void
test_issued_at_once(void **state)
{
	struct ca_cert cert;
	char serial[64];

	(void)state;
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	assert_string_equal(got.cert.serial, "1267");
	assert_string_equal(got.cert.issuer, "corp");
	assert_string_equal(got.cert.names, "dns:pc1.corp.example");
	assert_string_equal(got.cert.device, "pc1");
	assert_true(got.cert.not_after > fixture.now);
	(void)snprintf(serial, sizeof(serial), "%s", got.cert.serial);
	/* Again: the same one, and the CA is not asked. */
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	assert_string_equal(got.cert.serial, serial);
	assert_int_equal(fake.submits, 1);
	expect_rows("");
	/* It is where the others are. */
	assert_int_equal(ca_find(fixture.ca, NULL, serial, &cert, &err), 0);
	assert_string_equal(cert.key, "k1");
	ca_cert_clear(&cert);
}

static void
test_pending_survives_restarts(void **state)
{
	(void)state;
	fake.say = CA_BRIDGE_PENDING;
	fake.request_id = "17";
	expect(ask("k1"), CA_BRIDGE_PENDING);
	assert_string_equal(got.text, "the fake says so");
	assert_false(got.urgent);
	assert_true(got.retry_at >= fixture.now + 100);
	assert_true(got.retry_at <= fixture.now + 110);
	expect_rows("corp pending 17 1;");
	fixture_reopen(&fixture);
	/* Too early: nobody is asked. */
	expect(ask("k1"), CA_BRIDGE_PENDING);
	assert_int_equal(fake.submits, 1);
	assert_int_equal(fake.polls, 0);
	assert_int_equal(ca_bridge_look(fixture.ca, "k1", &got, &err), 0);
	assert_int_equal(got.outcome, CA_BRIDGE_PENDING);
	/* In time it is asked after, not for; longer each time. */
	fixture.now = got.retry_at;
	fake.request_id = NULL;
	expect(ask("k1"), CA_BRIDGE_PENDING);
	assert_string_equal(fake.polled, "17");
	assert_true(got.retry_at >= fixture.now + 200);
	expect_rows("corp pending 17 2;");
	fixture.now = got.retry_at;
	fake.say = CA_BRIDGE_ISSUED;
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	assert_int_equal(fake.submits, 1);
	assert_int_equal(fake.polls, 2);
	expect_rows("");
}

static void
test_person_hastens(void **state)
{
	(void)state;
	fake.say = CA_BRIDGE_PENDING;
	expect(ask("k1"), CA_BRIDGE_PENDING);
	assert_int_equal(ca_bridge_hasten(fixture.ca, "pc2", &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(ca_bridge_hasten(fixture.ca, "pc1", &err), 0);
	fake.say = CA_BRIDGE_ISSUED;
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	assert_int_equal(ca_bridge_hasten(fixture.ca, "pc1", &err), -1);
}

static void
test_rejected_is_asked_anew_later(void **state)
{
	(void)state;
	fake.say = CA_BRIDGE_REJECTED;
	expect_error(ask("k1"), ERR_REFUSED, "corp: the fake says so");
	expect_error(ask("k1"), ERR_REFUSED, "asked again after");
	assert_int_equal(fake.submits, 1);
	expect_rows("corp rejected  1;");
	assert_int_equal(ca_bridge_look(fixture.ca, "k1", &got, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	fixture.now += 111;
	fake.say = CA_BRIDGE_ISSUED;
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	assert_int_equal(fake.submits, 2);
	assert_int_equal(fake.polls, 0);
}

static void
test_limited(void **state)
{
	(void)state;
	fake.say = CA_BRIDGE_LIMITED;
	fake.retry_after = 500;
	expect(ask("k1"), CA_BRIDGE_LIMITED);
	assert_true(got.retry_at >= fixture.now + 500);
	assert_int_equal(ca_bridge_look(fixture.ca, "k1", &got, &err), 0);
	assert_int_equal(got.outcome, CA_BRIDGE_LIMITED);
	/* Others keep quiet as well. */
	expect_error(ask("k2"), ERR_UNREACHABLE, "not asked for another");
	assert_int_equal(fake.submits, 1);
}

/* No answer: the request stays on record and is asked for again. */
static void
test_unknown_and_unreachable(void **state)
{
	(void)state;
	fake.say = CA_BRIDGE_UNKNOWN;
	expect_error(ask("k1"), ERR_UNKNOWN, "the fake says so");
	expect_rows("corp asked  1;");
	assert_int_equal(ca_bridge_look(fixture.ca, "k1", &got, &err), -1);
	fake.say = CA_BRIDGE_UNREACHABLE;
	expect_error(ask("k1"), ERR_UNREACHABLE, "the fake says so");
	expect_error(ask("k1"), ERR_UNREACHABLE, "not asked for another ");
	expect_held(5);
	assert_int_equal(fake.submits, 2);
	/* A pending one stays pending through it. */
	bridge->held_until = 0;
	fake.say = CA_BRIDGE_PENDING;
	fake.request_id = "9";
	expect(ask("k1"), CA_BRIDGE_PENDING);
	fixture.now = got.retry_at;
	fake.say = CA_BRIDGE_UNKNOWN;
	expect_error(ask("k1"), ERR_UNKNOWN, "the fake says so");
	expect_rows("corp pending 9 4;");
	fake.say = CA_BRIDGE_ISSUED;
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	assert_int_equal(fake.polls, 2);
}

static void
test_misconfigured(void **state)
{
	(void)state;
	fake.say = CA_BRIDGE_MISCONFIGURED;
	expect_error(ask("k1"), ERR_REFUSED, "the fake says so");
	expect_error(ask("k1"), ERR_UNREACHABLE, "not asked for another ");
	expect_held(60);
	assert_int_equal(fake.submits, 1);
}

static void
test_urgency(void **state)
{
	const int64_t day = CLOCK_DAY;

	(void)state;
	fake.say = CA_BRIDGE_PENDING;
	/* renew_before is 60 days, a third of it 20. */
	expect(
	    ask_over(bridge, "k1", fixture.now + 21 * day), CA_BRIDGE_PENDING);
	assert_false(got.urgent);
	fixture.now += 2 * day;
	expect(
	    ask_over(bridge, "k1", fixture.now + 19 * day), CA_BRIDGE_PENDING);
	assert_true(got.urgent);
	/* The waits shrink with what is left: a quarter of it. */
	fixture.now += 19 * day - 2000;
	expect(ask_over(bridge, "k1", fixture.now + 2000), CA_BRIDGE_PENDING);
	assert_true(got.retry_at <= fixture.now + 550);
}

static void
test_waits(void **state)
{
	struct ca_bridge_wait w = {
	    .first = 100, .most = 1000, .tries = 1, .key = "k"};

	(void)state;
	assert_in_range(ca_bridge_wait(&w), 100, 110);
	w.tries = 3;
	assert_in_range(ca_bridge_wait(&w), 400, 440);
	w.tries = INT64_MAX;
	assert_in_range(ca_bridge_wait(&w), 1000, 1100);
	w.left = 800;
	assert_in_range(ca_bridge_wait(&w), 200, 220);
	w.left = 1;
	assert_in_range(ca_bridge_wait(&w), 60, 66);
	/* The CA's word is a minimum, within reason. */
	w.hint = 5000;
	assert_in_range(ca_bridge_wait(&w), 5000, 5500);
	w.hint = INT64_MAX;
	assert_in_range(ca_bridge_wait(&w), CA_BRIDGE_HINT_MAX,
	    CA_BRIDGE_HINT_MAX / 10 * 11);
	assert_int_equal(ca_bridge_wait(&w), ca_bridge_wait(&w));
}

static void
test_what_is_never_sent(void **state)
{
	const struct csr_spec bad = {.flip = true};
	const struct csr_spec other_key = {.key = fixture_key(1, 2048)};

	(void)state;
	buf_reset(&csr);
	fixture_csr(&bad, &csr);
	expect_error(ask("k1"), ERR_INVALID, "signature.valid");
	expect_error(ask(""), ERR_INVALID, "idempotency key");
	expect_rows("");
	buf_reset(&csr);
	fixture_good_csr(&csr);
	fake.say = CA_BRIDGE_PENDING;
	expect(ask("k1"), CA_BRIDGE_PENDING);
	/* The key with another key pair. */
	buf_reset(&csr);
	fixture_csr(&other_key, &csr);
	expect_error(ask("k1"), ERR_CONFLICT, "another key pair");
	assert_int_equal(fake.submits, 1);
}

/* One name, one key, one device, whichever CA is asked. */
static void
test_owners_over_all_cas(void **state)
{
	struct ca_subject thief = fixture_subject;
	struct ca_request request;
	struct ca_cert cert;

	(void)state;
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	ca_cert_clear(&got.cert);
	thief.device = "pc2";
	request = fixture_request(&fixture, &csr, "k2");
	request.subject = &thief;
	expect_error(ca_issue(fixture.ca, &request, &cert, &err), ERR_REFUSED,
	    "the key was certified for device pc1");
	expect_error(
	    ca_bridge_issue(fixture.ca, bridge, &request, 0, &got, &err),
	    ERR_REFUSED, "the key was certified for device pc1");
	buf_reset(&csr);
	fixture_csr(&(struct csr_spec){.key = fixture_key(1, 2048)}, &csr);
	request.csr = csr.data;
	request.csr_len = csr.len;
	expect_error(ca_issue(fixture.ca, &request, &cert, &err), ERR_REFUSED,
	    "certified for device pc1");
}

static void
test_revocation(void **state)
{
	struct ca_bridge *second;
	struct ca_cert cert;
	const struct ca_bridge_end end = {.reason = 4, .now = fixture.now};
	bool told = false;

	(void)state;
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	fake.say = CA_BRIDGE_UNKNOWN;
	expect_error(
	    ca_bridge_revoke(fixture.ca, bridge, "1267", &end, &told, &err),
	    ERR_UNKNOWN, "the fake says so");
	assert_int_equal(ca_find(fixture.ca, "k1", NULL, &cert, &err), 0);
	assert_int_equal(cert.revoked_at, 0);
	ca_cert_clear(&cert);
	fake.say = CA_BRIDGE_ISSUED;
	assert_int_equal(
	    ca_bridge_revoke(fixture.ca, bridge, "1267", &end, &told, &err), 0);
	assert_true(told);
	assert_int_equal(
	    ca_bridge_revoke(fixture.ca, bridge, "1267", &end, &told, &err), 0);
	assert_int_equal(fake.revokes, 2);
	assert_int_equal(ca_find(fixture.ca, "k1", NULL, &cert, &err), 0);
	assert_int_equal(cert.revoked_at, fixture.now);
	assert_int_equal(cert.reason, 4);
	ca_cert_clear(&cert);
	expect_error(ask("k1"), ERR_CONFLICT, "which was revoked");
	/* Not over another bridge, and not as one of ours. */
	second = open_bridge("second");
	expect_error(
	    ca_bridge_revoke(fixture.ca, second, "1267", &end, &told, &err),
	    ERR_NOTFOUND, "did not come over second");
	ca_bridge_close(second);
	expect_error(ca_revoke(fixture.ca, "1267", 4, fixture.now, &err),
	    ERR_NOTFOUND, "1267");
}

static void
test_protocol_without_revocation(void **state)
{
	const struct ca_bridge_end end = {.reason = 4, .now = fixture.now};
	bool told = true;

	(void)state;
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	fake_kind.revoke = NULL;
	assert_int_equal(
	    ca_bridge_revoke(fixture.ca, bridge, "1267", &end, &told, &err), 0);
	fake_kind.revoke = fake_revoke;
	assert_false(told);
}

/* --- certificates that are not taken --- */

static const struct wrong {
	struct other_wish wish;
	const char *text;
} wrongs[] = {
    {{.san = ""}, "no subjectAltName"},
    {{.san = "DNS:pc2.corp.example"}, "pc2.corp.example"},
    {{.san = "DNS:pc1.corp.example,DNS:pc2.corp.example"},
	"is not a name of the device"},
    {{.san = "DNS:pc1.corp.example,IP:192.0.2.1"}, "names: "},
    {{.cn = "pc2.corp.example"}, "CN \"pc2.corp.example\" is not"},
    {{.cn = "evil\nname"}, "CN \"evil\\x0Aname\" is not"},
    {{.usage = ""}, "lacks what the template is for (server)"},
    {{.usage = "clientAuth"}, "lacks what"},
    {{.key_usage = "critical,keyAgreement"}, "key usage is not for TLS"},
    {{.basic = "critical,CA:TRUE"}, "it is a CA's"},
    {{.extra = "x"}, "critical"},
    {{.begins = 7200}, "after now"},
    {{.begins = -7200, .lives = -3600}, "within renew_before"},
    {{.lives = 59L * 86400}, "within renew_before"},
    {{.lives = 3000L * 86400}, "no sensible one"},
    {{.serial = -1}, "serial"},
    {{.serial_bytes = 21}, "serial"},
    {{.hash = "SHA1"}, "does not chain"},
    {{.padding = 4000}, "the template allows 4100"},
};

static void
test_wrong_certificates(void **state)
{
	char key[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		(void)snprintf(key, sizeof(key), "k%zu", i);
		fake.wish = wrongs[i].wish;
		expect_error(ask(key), ERR_REFUSED, wrongs[i].text);
		expect_error(ask(key), ERR_REFUSED, "asked again after");
	}
	fake.wish = (struct other_wish){.key = fixture_key(1, 2048)};
	expect_error(ask("key"), ERR_REFUSED, "public key is not the one");
	/* It is asked again in time, and may have been put right. */
	fixture.now += 11000;
	memset(&fake.wish, 0, sizeof(fake.wish));
	expect(ask("key"), CA_BRIDGE_ISSUED);
}

static void
test_other_issuer(void **state)
{
	struct other_ca *stranger = other_ca_new("Corp CA");
	struct other_ca *ours = other;

	(void)state;
	other = stranger;
	expect_error(ask("k1"), ERR_REFUSED, "does not chain");
	other = ours;
	other_ca_free(stranger);
}

static void
test_serial_of_our_own(void **state)
{
	struct ca_request request = fixture_request(&fixture, &csr, "k0");
	struct ca_cert cert;

	(void)state;
	assert_int_equal(ca_issue(fixture.ca, &request, &cert, &err), 0);
	ca_cert_clear(&cert);
	expect(ask("k1"), CA_BRIDGE_ISSUED);
	/* The same serial once more, for another request. */
	expect_error(ask("k2"), ERR_REFUSED, "is not taken");
	fake.wish.serial = 4712;
	fixture.now += 11000;
	expect(ask("k2"), CA_BRIDGE_ISSUED);
}

/* --- crashes --- */

static const struct crash {
	const char *point, *rows;
} crashes[] = {
    {"bridge.before-asked", ""},
    {"bridge.asked", "corp asked  1;"},
    {"bridge.answered", "corp asked  1;"},
    {"bridge.recorded", "corp pending 17 1;"},
};

static void
ask_to_death(void *arg)
{
	(void)arg;
	(void)ask("k1");
}

static void
test_crashes(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
		if (i > 0)
			(void)setup(state);
		fake.say = CA_BRIDGE_PENDING;
		fake.request_id = "17";
		fixture_die_at(&fixture, crashes[i].point, ask_to_death, NULL);
		fixture_reopen(&fixture);
		expect_rows(crashes[i].rows);
		/* What was pending is asked after, what was lost is asked for
		 * with the same CSR; either way it ends well. */
		fixture.now += 200;
		fake.say = CA_BRIDGE_ISSUED;
		expect(ask("k1"), CA_BRIDGE_ISSUED);
		assert_int_equal(fake.polls, i == 3 ? 1 : 0);
		expect_rows("");
		if (i + 1 < sizeof(crashes) / sizeof(crashes[0]))
			(void)teardown(state);
	}
}

/* --- configuration --- */

static void
test_bad_configurations(void **state)
{
	char *anchors = fixture_path(&fixture, "anchors.pem");
	char *none = fixture_path(&fixture, "none");
	char *junk = fixture_path(&fixture, "junk");
	const struct ca_bridge_conf good = {.name = "corp",
	    .kind = "est",
	    .url = "https://ca.example:8443/",
	    .anchors = anchors,
	    .user = "u",
	    .password_file = junk};
	struct ca_bridge_conf c;
	struct ca_bridge *b;

	(void)state;
	fixture_write(&fixture, "junk", "junk\n", 5);
	assert_int_equal(chmod(junk, 0600), 0);
	if (ca_bridge_open(&good, &b, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(ca_bridge_name(b), "corp");
	ca_bridge_close(b);
#define BAD(member, value, kind, text)                                         \
	c = good;                                                              \
	c.member = value;                                                      \
	expect_error(ca_bridge_open(&c, &b, &err), kind, text)
	BAD(name, "internal", ERR_INVALID, "name");
	BAD(name, "Corp", ERR_INVALID, "name");
	BAD(kind, "scep", ERR_INVALID, "kind \"scep\"");
	BAD(url, "http://ca.example", ERR_INVALID, "https://");
	BAD(url, "https://ca.example/est", ERR_INVALID, "label");
	BAD(url, "https://u:p@ca.example", ERR_INVALID, "holds a user");
	BAD(label, "a/b", ERR_INVALID, "label");
	BAD(label, "simpleenroll", ERR_INVALID, "label");
	BAD(anchors, none, ERR_NOTFOUND, "none");
	BAD(anchors, junk, ERR_INVALID, "PEM");
	BAD(certificate, anchors, ERR_INVALID, "go together");
	BAD(password_file, NULL, ERR_INVALID, "go together");
	assert_int_equal(chmod(junk, 0644), 0);
	BAD(timeout, 5, ERR_DENIED, "others may read");
#undef BAD
	free(anchors);
	free(none);
	free(junk);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_issued_at_once),
	    ROW(test_pending_survives_restarts),
	    ROW(test_person_hastens),
	    ROW(test_rejected_is_asked_anew_later),
	    ROW(test_limited),
	    ROW(test_unknown_and_unreachable),
	    ROW(test_misconfigured),
	    ROW(test_urgency),
	    ROW(test_waits),
	    ROW(test_what_is_never_sent),
	    ROW(test_owners_over_all_cas),
	    ROW(test_revocation),
	    ROW(test_protocol_without_revocation),
	    ROW(test_wrong_certificates),
	    ROW(test_other_issuer),
	    ROW(test_serial_of_our_own),
	    ROW(test_crashes),
	    ROW(test_bad_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
