#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "device.h"
#include "err.h"
#include "fixture.h"
#include "loop.h"
#include "mem.h"
#include "port.h"
#include "ports.h"
#include "profile.h"
#include "rollover.h"
#include "str.h"

static struct fixture fixture;
static struct loop *loop;
static struct ports ports;
static struct device *device;
static char template_name[] = "amt-tls", template_key[] = "auto";
static struct profile_template template = {
    .name = template_name,
    .validity = 30 * 86400,
    .renew_before = 86400,
    .key = template_key,
};
static struct port_request request;

static int
setup(void **state)
{
	struct port_ca_parts parts = {.bridge_count = 0};

	(void)state;
	fixture_open(&fixture);
	loop = loop_new(NULL);
	assert_non_null(loop);
	parts.loop = loop;
	parts.ca = fixture.ca;
	assert_int_equal(port_ca_new(&parts, &ports, NULL), 0);
	device = device_new("pc1");
	mem_replace(&device->amt_version, "16.1.25");
	request = (struct port_request){.device = device,
	    .subject = {.fqdn = "PC1.corp.example"},
	    .template = &template};
	template.short_name = false;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	port_ca_free(&ports);
	loop_free(loop);
	device_free(device);
	fixture_close(&fixture);
	return 0;
}

/* One call's answer. */
struct answer {
	unsigned times;
	enum err_kind kind;
	char text[256];
	unsigned *order; /* counts answers, if not NULL */
	unsigned place;
	unsigned stop_at;
};

static void
answered(void *cookie, const struct err *err)
{
	struct answer *a = cookie;

	a->times++;
	a->kind = err->kind;
	(void)snprintf(a->text, sizeof(a->text), "%s",
	    err->kind == ERR_NONE ? "" : err->text);
	if (a->order != NULL)
		a->place = (*a->order)++;
	if (a->order == NULL || *a->order == a->stop_at)
		loop_stop(loop);
}

/* The answer must not have come from inside the call. */
static void
wait_for(struct answer *a, enum err_kind kind)
{
	assert_int_equal(a->times, 0);
	loop_run(loop);
	assert_int_equal(a->times, 1);
	if (a->kind != kind)
		fail_msg("%s: %s", err_kind_name(a->kind), a->text);
}

static void
issue(const struct csr_spec *spec, const char *key, struct port_issued *ret,
    enum err_kind kind)
{
	struct answer a = {0};
	struct buf csr;

	buf_init(&csr, 16384);
	fixture_csr(spec, &csr);
	request.csr = csr.data;
	request.csr_len = csr.len;
	request.key = key;
	ports.ca.issue(ports.ca.self, &request, ret, answered, &a);
	wait_for(&a, kind);
	buf_free(&csr);
}

static void
look(const char *key, struct port_issued *ret, enum err_kind kind)
{
	struct answer a = {0};

	ports.ca.look(ports.ca.self, key, ret, answered, &a);
	wait_for(&a, kind);
}

static bool
look_revoked(const char *serial)
{
	struct answer a = {0};
	bool revoked = false;

	ports.ca.look_revoked(ports.ca.self, serial, &revoked, answered, &a);
	wait_for(&a, ERR_NONE);
	return revoked;
}

static void
test_life_of_a_certificate(void **state)
{
	const struct csr_spec spec = {0};
	struct port_issued one = {0}, two = {0};
	struct answer a = {0};
	struct buf der;
	char hex[65];

	(void)state;
	look("k1", &one, ERR_NOTFOUND);
	assert_null(one.der);
	issue(&spec, "k1", &one, ERR_NONE);
	buf_init(&der, 8192);
	assert_int_equal(str_unbase64(&der, one.der), 0);
	str_sha256_hex(der.data, der.len, hex);
	assert_string_equal(hex, one.sha256);
	assert_int_equal(ca_verify(fixture.ca, der.data, der.len,
			     "pc1.corp.example", clock_now(), NULL),
	    0);
	look("k1", &two, ERR_NONE);
	assert_string_equal(one.der, two.der);
	assert_string_equal(one.serial, two.serial);
	assert_false(look_revoked(one.serial));
	ports.ca.revoke(ports.ca.self, one.serial, answered, &a);
	wait_for(&a, ERR_NONE);
	assert_true(look_revoked(one.serial));
	/* A revoked one is nothing to go on with. */
	port_issued_clear(&two);
	look("k1", &two, ERR_NOTFOUND);
	assert_null(two.der);
	port_issued_clear(&one);
	buf_free(&der);
}

static void
test_revoke_unknown(void **state)
{
	struct answer a = {0};

	(void)state;
	ports.ca.revoke(ports.ca.self, "beef", answered, &a);
	wait_for(&a, ERR_NOTFOUND);
}

/* Asked all at once: each answered once, in the order they came. */
static void
test_queue(void **state)
{
	enum { CALLS = 12 };
	static struct port_issued issued[CALLS];
	static struct answer answers[CALLS];
	unsigned order = 0, i;
	struct buf csr;
	char key[16];

	(void)state;
	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	for (i = 0; i < CALLS; i++) {
		answers[i].order = &order;
		answers[i].stop_at = CALLS;
		(void)snprintf(key, sizeof(key), "k%u", i);
		request.csr = csr.data;
		request.csr_len = csr.len;
		request.key = key;
		ports.ca.issue(
		    ports.ca.self, &request, &issued[i], answered, &answers[i]);
	}
	loop_run(loop);
	for (i = 0; i < CALLS; i++) {
		assert_int_equal(answers[i].times, 1);
		assert_int_equal(answers[i].kind, ERR_NONE);
		assert_int_equal(answers[i].place, i);
		if (i > 0)
			assert_string_not_equal(
			    issued[i].serial, issued[i - 1].serial);
	}
	for (i = 0; i < CALLS; i++)
		port_issued_clear(&issued[i]);
	buf_free(&csr);
}

/* The end with calls out: who is at work is waited for, who waits is dropped,
 * and so is who comes later. */
static void
test_stop(void **state)
{
	enum { CALLS = 4 };
	static struct port_issued issued[CALLS];
	static struct answer answers[CALLS];
	char key[16];
	struct buf csr;
	unsigned i;

	(void)state;
	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	request.csr = csr.data;
	request.csr_len = csr.len;
	request.key = key;
	for (i = 0; i < CALLS; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		if (i == CALLS - 1)
			port_ca_stop(&ports);
		ports.ca.issue(
		    ports.ca.self, &request, &issued[i], answered, &answers[i]);
	}
	assert_int_equal(answers[0].times, 1);
	assert_int_equal(answers[0].kind, ERR_NONE);
	for (i = 1; i < CALLS; i++)
		assert_int_equal(answers[i].times, 0);
	port_issued_clear(&issued[0]);
	buf_free(&csr);
}

/* What comes while the CA is busy shares its commits; a bad one among them
 * fails alone, and what is not to be issued keeps its place. */
static void
test_shared_commits(void **state)
{
	enum { CALLS = 10, BAD = 4 };
	static struct port_issued issued[CALLS], none;
	static struct answer answers[CALLS + 1];
	const struct csr_spec flipped = {.flip = true};
	unsigned order = 0, i;
	struct buf csr, bad;
	char key[16];

	(void)state;
	buf_init(&csr, 16384);
	buf_init(&bad, 16384);
	fixture_good_csr(&csr);
	fixture_csr(&flipped, &bad);
	fixture_watch("ca.issue.after-commit");
	for (i = 0; i <= CALLS; i++) {
		answers[i].order = &order;
		answers[i].stop_at = CALLS + 1;
	}
	for (i = 0; i < CALLS; i++) {
		(void)snprintf(key, sizeof(key), "s%u", i);
		request.csr = i == BAD ? bad.data : csr.data;
		request.csr_len = i == BAD ? bad.len : csr.len;
		request.key = key;
		ports.ca.issue(
		    ports.ca.self, &request, &issued[i], answered, &answers[i]);
		if (i == 2)
			ports.ca.look(ports.ca.self, "nobody", &none, answered,
			    &answers[CALLS]);
	}
	loop_run(loop);
	/* The first, which found nobody at work, and the others. */
	assert_int_equal(fixture_watched(), 2);
	for (i = 0; i < CALLS; i++) {
		assert_int_equal(answers[i].times, 1);
		assert_int_equal(
		    answers[i].kind, i == BAD ? ERR_INVALID : ERR_NONE);
		port_issued_clear(&issued[i]);
	}
	assert_int_equal(answers[CALLS].kind, ERR_NOTFOUND);
	buf_free(&csr);
	buf_free(&bad);
}

/* What the device is called is the engine's to say, not the CSR's. */
static void
test_other_name_is_refused(void **state)
{
	const struct csr_spec spec = {0};
	struct port_issued issued = {0};

	(void)state;
	request.subject.fqdn = "pc2.corp.example";
	issue(&spec, "k1", &issued, ERR_REFUSED);
	assert_null(issued.der);
	assert_null(issued.serial);
}

static void
test_short_name_and_firmware(void **state)
{
	static const char *const both[] = {"pc1.corp.example", "pc1", NULL};
	const struct csr_spec spec = {.dns = both};
	struct port_issued issued = {0};

	(void)state;
	template.short_name = true;
	request.subject.short_name = "pc1";
	issue(&spec, "k1", &issued, ERR_NONE);
	port_issued_clear(&issued);
	/* The same request from newer firmware: the key is too small. */
	mem_replace(&device->amt_version, "22.0.0");
	issue(&spec, "k2", &issued, ERR_INVALID);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* A rollover under way of calls: what began with one CA ends with it, what
 * comes then is the next one's. */
static void
test_another_ca(void **state)
{
	const struct csr_spec first = {.key = fixture_key(0, 2048)};
	const struct csr_spec second = {.key = fixture_key(1, 2048)};
	const struct port_roots *roots = ports.ca.roots(ports.ca.self);
	struct port_issued one = {0}, two = {0};
	struct ca_roll roll = {.organisation = NULL};
	struct ca *next = NULL, *before = fixture.ca;
	struct answer a = {0};
	struct ca_cert cert;
	int64_t mark = 0;
	struct buf csr;
	struct err err;

	(void)state;
	assert_int_equal(roots->count, 1);
	buf_init(&csr, 16384);
	fixture_csr(&first, &csr);
	request.csr = csr.data;
	request.csr_len = csr.len;
	request.key = "k1";
	assert_int_equal(ca_mark(before, &mark, &err), 0);
	assert_int_equal(mark, ca_opened_mark(before));
	ports.ca.issue(ports.ca.self, &request, &one, answered, &a);
	assert_int_equal(ca_rollover(before, &fixture.conf, &roll, &err), 0);
	assert_int_equal(ca_mark(before, &mark, &err), 0);
	assert_int_not_equal(mark, ca_opened_mark(before));
	assert_int_equal(ca_open(&fixture.conf, &next, &err), 0);
	assert_int_equal(mark, ca_opened_mark(next));
	port_ca_use(&ports, next);
	/* Ours of it; the call that is under way has one of its own. */
	ca_close(before);
	fixture.ca = next;
	wait_for(&a, ERR_NONE);
	issue(&second, "k2", &two, ERR_NONE);
	assert_int_equal(ports.ca.roots(ports.ca.self)->count, 2);
	assert_int_equal(ca_find(next, "k1", NULL, &cert, &err), 0);
	assert_ptr_equal(ca_line_of(next, &cert), ca_older(next));
	ca_cert_clear(&cert);
	assert_int_equal(ca_find(next, "k2", NULL, &cert, &err), 0);
	assert_ptr_equal(ca_line_of(next, &cert), next);
	ca_cert_clear(&cert);
	port_issued_clear(&one);
	port_issued_clear(&two);
	buf_free(&csr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_life_of_a_certificate),
	    ROW(test_revoke_unknown),
	    ROW(test_queue),
	    ROW(test_stop),
	    ROW(test_shared_commits),
	    ROW(test_other_name_is_refused),
	    ROW(test_short_name_and_firmware),
	    cmocka_unit_test_setup_teardown(test_another_ca, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
