/* Programs in the place of certmonger's helpers: what each outcome becomes, and
 * what a helper is given and may do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "bridge_internal.h"
#include "buf.h"
#include "clock.h"
#include "csr_internal.h"
#include "err.h"
#include "file.h"
#include "fixture.h"
#include "mem.h"
#include "other_ca.h"
#include "pki_text.h"
#include "process.h"

#define FOREVER_S 60

static struct fixture fixture;
static struct other_ca *other;
static struct buf csr;
static struct err err;

static int
setup(void **state)
{
	(void)state;
	fixture_open_bare(&fixture);
	other = other_ca_new("Corp CA");
	fixture_write(&fixture, "anchors.pem", other->pem, strlen(other->pem));
	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buf_free(&csr);
	other_ca_free(other);
	fixture_close(&fixture);
	return 0;
}

/* A program of this text. */
static char *
write_program(const char *text)
{
	char *path = fixture_path(&fixture, "helper"), *whole;

	whole = mem_printf("#!/bin/sh\n%s\n", text);
	fixture_write(&fixture, "helper", whole, strlen(whole));
	free(whole);
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

static int
open_with(const char *command, const char *url, struct ca_bridge **ret)
{
	char *anchors = fixture_path(&fixture, "anchors.pem");
	const struct ca_bridge_conf conf = {.name = "corp",
	    .kind = "helper",
	    .command = command,
	    .url = url,
	    .label = "amt-tls",
	    .anchors = anchors,
	    .timeout = 5,
	    .retry_first = 60,
	    .retry_most = 3600};
	int rc = ca_bridge_open(&conf, ret, &err);

	free(anchors);
	return rc;
}

static struct ca_bridge *
open_bridge(const char *text)
{
	char *path = write_program(text);
	char *command = mem_printf("%s --one  two", path);
	struct ca_bridge *b = NULL;

	if (open_with(command, NULL, &b) != 0)
		fail_msg("%s", err.text);
	free(command);
	free(path);
	return b;
}

/* Submit, or poll with a cookie. */
static void
ask(struct ca_bridge *b, const char *cookie, struct ca_bridge_answer *a)
{
	struct ca_bridge_ask what = {
	    .csr = csr.data, .csr_len = csr.len, .request_id = cookie};
	struct ca_csr parts;

	assert_null(ca_csr_parse(ca_der_bytes(&csr), &parts));
	what.spki = parts.spki;
	ca_bridge_answer_init(a);
	if (cookie != NULL)
		ca_bridge_helper.poll(b, &what, a);
	else
		ca_bridge_helper.submit(b, &what, a);
}

static void
becomes(const char *text, enum ca_bridge_outcome outcome, const char *words)
{
	struct ca_bridge *b = open_bridge(text);
	struct ca_bridge_answer a;

	ask(b, NULL, &a);
	if (a.outcome != outcome || strstr(buf_text(&a.text), words) == NULL)
		fail_msg("%s: %d: %s", text, (int)a.outcome, buf_text(&a.text));
	ca_bridge_answer_clear(&a);
	ca_bridge_close(b);
}

/* --- outcomes --- */

static void
test_codes(void **state)
{
	(void)state;
	becomes("echo not on my list; exit 2", CA_BRIDGE_REJECTED,
	    "refuses: not on my list");
	becomes("exit 3", CA_BRIDGE_UNREACHABLE, "does not answer");
	becomes("echo no host; exit 4", CA_BRIDGE_MISCONFIGURED, ": no host");
	becomes("exit 6", CA_BRIDGE_MISCONFIGURED, "cannot ask");
	becomes("exit 17", CA_BRIDGE_REJECTED, "another key");
	becomes("exit 9", CA_BRIDGE_UNKNOWN, "code 9");
	becomes("kill -9 $$", CA_BRIDGE_UNKNOWN, "signal 9");
	becomes(
	    "printf 'a\\033[31mb'; exit 2", CA_BRIDGE_REJECTED, "a\\x1B[31mb");
}

static void
test_waits(void **state)
{
	static const struct {
		const char *text, *cookie;
		int64_t delay;
	} good[] = {
	    {"echo id-17; exit 1", "id-17", 0},
	    {"echo 900; echo 'id 18'; exit 5", "id 18", 900},
	    {"echo soon; echo id; exit 5", "id", 0},
	};
	static const char *const bad[] = {"exit 1", "echo 900; exit 5",
	    "printf 'a\\nb\\n'; exit 1", "printf 'a\\tb'; exit 1",
	    "printf %0200d 1; exit 1"};
	struct ca_bridge_answer a;
	struct ca_bridge *b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		b = open_bridge(good[i].text);
		ask(b, NULL, &a);
		assert_int_equal(a.outcome, CA_BRIDGE_PENDING);
		assert_string_equal(a.request_id, good[i].cookie);
		assert_int_equal(a.retry_after, good[i].delay);
		ca_bridge_answer_clear(&a);
		ca_bridge_close(b);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		becomes(bad[i], CA_BRIDGE_UNKNOWN, "no cookie");
}

static void
write_leaf(const char *name)
{
	const struct other_wish wish = {0};
	struct buf leaf, pem;

	buf_init(&leaf, 8192);
	buf_init(&pem, 16384);
	other_ca_issue(other, &wish, csr.data, csr.len, &leaf);
	assert_int_equal(
	    ca_pem_write("CERTIFICATE", ca_der_bytes(&leaf), &pem, &err), 0);
	fixture_write(&fixture, name, pem.data, pem.len);
	buf_free(&leaf);
	buf_free(&pem);
}

static void
test_issued(void **state)
{
	char *text = mem_printf(
	    "cd %s; cat anchors.pem leaf.pem anchors.pem", fixture.dir);
	struct ca_bridge *b = open_bridge(text);
	struct ca_bridge_answer a;
	const unsigned char *p;
	X509 *x;

	(void)state;
	write_leaf("leaf.pem");
	ask(b, NULL, &a);
	assert_int_equal(a.outcome, CA_BRIDGE_ISSUED);
	p = a.leaf.data;
	x = d2i_X509(NULL, &p, (long)a.leaf.len);
	assert_non_null(x);
	assert_null(ca_bridge_chain(b, x, 0, clock_now()));
	X509_free(x);
	ca_bridge_answer_clear(&a);
	ca_bridge_close(b);
	free(text);
	text = mem_printf("cat %s/anchors.pem", fixture.dir);
	becomes(text, CA_BRIDGE_UNKNOWN, "no certificate for this key");
	becomes("echo nonsense", CA_BRIDGE_UNKNOWN, "no certificate");
	free(text);
}

/* --- what a helper gets --- */

static void
test_environment(void **state)
{
	char *text = mem_printf(
	    "env | grep -v '^PWD=\\|^SHLVL=\\|^_=' > %s/env; echo \"$@\" > "
	    "%s/args; ls /proc/self/fd > %s/fds; echo c; exit 1",
	    fixture.dir, fixture.dir, fixture.dir);
	struct ca_bridge *b = open_bridge(text);
	struct ca_bridge_answer a;
	char *path;
	struct buf got;

	(void)state;
	buf_init(&got, 65536);
	assert_int_equal(setenv("SECRET_OF_OURS", "x", 1), 0);
	ask(b, "cookie 7", &a);
	path = fixture_path(&fixture, "env");
	assert_int_equal(file_read(path, 65536, &got, NULL), 0);
	free(path);
	assert_null(strstr(buf_text(&got), "SECRET_OF_OURS"));
	assert_non_null(strstr(buf_text(&got), "CERTMONGER_OPERATION=POLL\n"));
	assert_non_null(
	    strstr(buf_text(&got), "CERTMONGER_CA_COOKIE=cookie 7\n"));
	assert_non_null(strstr(buf_text(&got), "CERTMONGER_COOKIE=cookie 7\n"));
	assert_non_null(
	    strstr(buf_text(&got), "CERTMONGER_CA_NICKNAME=corp\n"));
	assert_non_null(
	    strstr(buf_text(&got), "CERTMONGER_CA_PROFILE=amt-tls\n"));
	assert_non_null(strstr(buf_text(&got),
	    "CERTMONGER_CSR=-----BEGIN CERTIFICATE REQUEST-----\n"));
	buf_reset(&got);
	path = fixture_path(&fixture, "args");
	assert_int_equal(file_read(path, 65536, &got, NULL), 0);
	free(path);
	assert_string_equal(buf_text(&got), "--one two\n");
	buf_reset(&got);
	path = fixture_path(&fixture, "fds");
	assert_int_equal(file_read(path, 65536, &got, NULL), 0);
	free(path);
	assert_string_equal(buf_text(&got), "0\n1\n2\n3\n"); /* 3: ls's own */
	assert_int_equal(unsetenv("SECRET_OF_OURS"), 0);
	buf_free(&got);
	ca_bridge_answer_clear(&a);
	ca_bridge_close(b);
	free(text);
}

/* --- what a helper may do --- */

static void
run_text(
    const char *text, int64_t timeout_ms, enum err_kind kind, const char *words)
{
	char *path = write_program(text);
	char *argv[] = {path, NULL}, *env[] = {NULL};
	const struct process p = {
	    .argv = argv, .env = env, .timeout_ms = timeout_ms};
	struct buf out;
	int code = 0;

	buf_init(&out, 100000);
	memset(&err, 0, sizeof(err));
	assert_int_equal(process_run(&p, &out, &code, &err), -1);
	if (err.kind != kind || strstr(err.text, words) == NULL)
		fail_msg("%s: %s", err_kind_name(err.kind), err.text);
	buf_free(&out);
	free(path);
}

static void
test_misbehaviour(void **state)
{
	int64_t start = clock_mono_ms();

	(void)state;
	run_text("exec sleep 60", 300, ERR_UNKNOWN, "was killed");
	run_text("exec cat /dev/zero", FOREVER_S * 1000, ERR_UNKNOWN,
	    "writes more than 100000");
	/* One that closes its output and goes on. */
	run_text("exec >&-; sleep 60", 300, ERR_UNKNOWN, "was killed");
	assert_true(clock_mono_ms() - start < FOREVER_S * 1000);
}

/* It ends, its child holds the output open: what was said counts, and the child
 * is killed. */
static void
test_leftover(void **state)
{
	char *path = write_program(
	    "sleep 60 & echo $! > \"${0%/*}/child\"; echo said; exit 7");
	char *argv[] = {path, NULL}, *env[] = {NULL}, *name;
	const struct process p = {
	    .argv = argv, .env = env, .timeout_ms = FOREVER_S * 1000};
	int64_t start = clock_mono_ms();
	struct buf out, child;
	int code = 0, i;

	(void)state;
	buf_init(&out, 1000);
	buf_init(&child, 100);
	assert_int_equal(process_run(&p, &out, &code, &err), 0);
	assert_true(clock_mono_ms() - start < FOREVER_S * 1000 / 2);
	assert_int_equal(code, 7);
	assert_string_equal(buf_text(&out), "said\n");
	name = fixture_path(&fixture, "child");
	assert_int_equal(file_read(name, 100, &child, NULL), 0);
	free(name);
	child.data[child.len - 1] = '\0';
	name = mem_printf("/proc/%s/exe", buf_text(&child));
	/* Killed at once, gone when its new parent has looked. */
	for (i = 0; i < 1000 && access(name, F_OK) == 0; i++)
		(void)usleep(10000);
	assert_true(i < 1000);
	free(name);
	buf_free(&out);
	buf_free(&child);
	free(path);
}

static void
test_start(void **state)
{
	char none[] = "/nowhere/helper", *argv[] = {none, NULL},
	     *env[] = {NULL};
	const struct process p = {
	    .argv = argv, .env = env, .timeout_ms = FOREVER_S * 1000};
	struct buf out;
	int code;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(process_run(&p, &out, &code, &err), -1);
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	buf_free(&out);
}

/* --- configuration and test --- */

static void
test_open(void **state)
{
	static const struct {
		const char *command, *url, *words;
	} wrong[] = {
	    {NULL, NULL, "command is not set"},
	    {" ", NULL, "none or more"},
	    {"helper", NULL, "absolute"},
	    {"/nowhere/helper x", NULL, "not there"},
	    {"/bin/true", "https://ca.example", "not for a helper"},
	    {"/bin/true 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", NULL, "16"},
	};
	struct ca_bridge *b = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(
		    open_with(wrong[i].command, wrong[i].url, &b), -1);
		if (strstr(err.text, wrong[i].words) == NULL)
			fail_msg("%s", err.text);
	}
}

static void
test_test(void **state)
{
	char *text = mem_printf("case $CERTMONGER_OPERATION in "
				"IDENTIFY) echo Corp helper 1.0;; "
				"FETCH-ROOTS) echo Corp; cat %s/anchors.pem;; "
				"*) exit 6;; esac",
	    fixture.dir);
	struct ca_bridge *b = open_bridge(text);
	struct other_ca *stranger = other_ca_new("Stranger");
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	if (ca_bridge_test(b, &out, &err) != 0)
		fail_msg("%s", err.text);
	assert_non_null(strstr(buf_text(&out), "helper: Corp helper 1.0\n"));
	assert_non_null(strstr(buf_text(&out), "chains to anchors"));
	/* Another CA than the one we trust. */
	fixture_write(
	    &fixture, "anchors.pem", stranger->pem, strlen(stranger->pem));
	assert_int_equal(ca_bridge_test(b, &out, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	ca_bridge_close(b);
	free(text);
	fixture_write(&fixture, "anchors.pem", other->pem, strlen(other->pem));
	b = open_bridge("exit 6");
	buf_reset(&out);
	assert_int_equal(ca_bridge_test(b, &out, &err), 0);
	assert_non_null(strstr(buf_text(&out), "does not say who it is"));
	ca_bridge_close(b);
	other_ca_free(stranger);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_codes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_issued, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_misbehaviour, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_leftover, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_start, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_open, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_test, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
