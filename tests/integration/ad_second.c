/*
 * ad_second [rodc|sites]: two controllers that replicate only when they are
 * told (tests/lab/labsecond): what is written stays with one of them, and is
 * asked there; a read-only one is passed over; of two sites ours is preferred.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "ad_conf.h"
#include "ad_lab.h"
#include "conf.h"
#include "daemon.h"
#include "device.h"
#include "directory.h"
#include "err.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "port.h"
#include "ports.h"
#include "secret.h"

#define ACCOUNT "second-iME$"

static struct loop *loop;
static struct conf conf;
static struct ports ports;
static struct err last;

static void
done(void *cookie, const struct err *err)
{
	(void)cookie;
	last = *err;
	loop_stop(loop);
}

static void
wait_kind(enum err_kind kind)
{
	loop_run(loop);
	if (last.kind != kind)
		fail_msg("%s: %s", err_kind_name(last.kind), last.text);
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	ad_conf(&conf);
	loop = loop_new(&err);
	return loop != NULL ? port_directory_new(loop, &conf, &ports, &err)
			    : -1;
}

static int
teardown(void **state)
{
	(void)state;
	port_directory_free(&ports);
	ad_conf_clear(&conf);
	loop_free(loop);
	return 0;
}

static void
lab(const char *word)
{
	char *command =
	    mem_printf("%s/labsecond %s", ad_env("LAB_TOOLS"), word);

	assert_int_equal(system(command), 0);
	free(command);
}

static void
ensure(const char *dc, const struct secret *password)
{
	struct port_directory *p = &ports.directory;
	char *fqdn = mem_printf("second.%s", ad_env("LAB_DOMAIN"));
	char *spn = mem_printf("HTTP/%s:16992", fqdn);
	struct port_object object = {.account = ACCOUNT,
	    .ou = ad_env("LAB_OU"),
	    .fqdn = fqdn,
	    .spns = spn,
	    .enctypes = 24,
	    .mark = "second",
	    .dc = dc,
	    .password_if_new = password};

	p->ensure(p->self, &object, done, NULL);
	wait_kind(ERR_NONE);
	free(spn);
	free(fqdn);
}

static void
check(const char *dc, const struct secret *password, enum err_kind kind)
{
	struct port_kdc *kdc = &ports.kdc;

	kdc->check_password(kdc->self, ACCOUNT, dc, password, done, NULL);
	wait_kind(kind);
}

static void
look(const char *dc, struct device *d, enum err_kind kind)
{
	struct port_directory *p = &ports.directory;
	bool by_ticket;

	p->look(p->self, ACCOUNT, dc, d, &by_ticket, done, NULL);
	wait_kind(kind);
}

/* Which others are behind: none, or this one. */
static void
behind(const struct device *d, const char *dc, const char *wanted)
{
	struct port_directory *p = &ports.directory;
	const struct port_password password = {
	    .account = ACCOUNT, .dc = dc, .at = d->ad_password_at};
	char *list = NULL;

	p->look_others(p->self, &password, &list, done, NULL);
	wait_kind(ERR_NONE);
	if (wanted == NULL)
		assert_null(list);
	else
		assert_string_equal(list, wanted);
	free(list);
}

static char *
pick(const char *wish)
{
	struct port_directory *p = &ports.directory;
	char *dc = NULL;

	p->pick(p->self, wish, &dc, done, NULL);
	wait_kind(ERR_NONE);
	return dc;
}

static void
picks(const char *wish, const char *wanted)
{
	char *dc = pick(wish);

	assert_string_equal(dc, wanted);
	free(dc);
}

/* --- two that can be written to --- */

static void
written_to_one(void **state)
{
	const char *dc1 = ad_env("LAB_DC"), *dc2 = ad_env("LAB_DC2");
	struct secret *first = ad_secret("First-Passw0rd-1");
	struct secret *second = ad_secret("Second-Passw0rd-2");
	struct port_directory *p = &ports.directory;
	struct port_password where = {.account = ACCOUNT, .dc = dc2};
	struct device *d = device_new("second");

	(void)state;
	picks(dc2, dc2);
	ensure(dc2, first);
	look(dc2, d, ERR_NONE);
	look(dc1, d, ERR_NOTFOUND);
	check(dc2, first, ERR_NONE);
	check(dc1, first, ERR_NOTFOUND);
	behind(d, dc2, dc1);
	lab("--push");
	check(dc1, first, ERR_NONE);
	behind(d, dc2, NULL);
	sleep(1); /* a date of whole seconds */
	where.dn = d->ad_dn;
	p->password_set(p->self, &where, second, done, NULL);
	wait_kind(ERR_NONE);
	check(dc2, second, ERR_NONE);
	check(dc1, second, ERR_DENIED);
	look(dc1, d, ERR_NONE);
	assert_int_equal(d->ad_kvno, 1);
	look(dc2, d, ERR_NONE);
	assert_int_equal(d->ad_kvno, 2);
	behind(d, dc2, dc1);
	look(dc1, d, ERR_NONE);
	behind(d, dc1, dc2);
	device_free(d);
	secret_free(first);
	secret_free(second);
}

/* The one that knows is gone: nobody answers in its place, but others go on
 * with their work. */
static void
the_one_is_gone(void **state)
{
	const char *dc1 = ad_env("LAB_DC"), *dc2 = ad_env("LAB_DC2");
	struct device *d = device_new("second");
	pid_t pid = (pid_t)atoi(ad_env("LAB_DC2_PID"));

	(void)state;
	assert_true(pid > 1 && kill(pid, SIGKILL) == 0);
	look(dc2, d, ERR_UNREACHABLE);
	look(dc2, d, ERR_UNREACHABLE);
	look(NULL, d, ERR_NONE);
	assert_int_equal(d->ad_kvno, 1);
	picks(dc2, dc1);
	picks(NULL, dc1);
	device_free(d);
}

/* --- a read-only one, which the DNS prefers --- */

static void
read_only_is_passed_over(void **state)
{
	struct device *d = device_new("second");
	char *list = NULL;
	struct err err;

	(void)state;
	/* else the test shows nothing */
	assert_int_equal(
	    directory_locate(conf.domain, NULL, AD_DEADLINE, &list, &err), 0);
	assert_true(strncmp(list, "dc2.", 4) == 0);
	picks(NULL, ad_env("LAB_DC"));
	picks(ad_env("LAB_DC2"), ad_env("LAB_DC"));
	look(ad_env("LAB_DC2"), d, ERR_UNREACHABLE);
	assert_non_null(strstr(last.text, "read-only"));
	free(list);
	device_free(d);
}

static void
read_only_alone_is_refused(void **state)
{
	struct port_directory *p;
	struct ports mine;
	struct err err;
	char *dc = NULL;

	(void)state;
	conf.dc = mem_dup(ad_env("LAB_DC2"));
	memset(&mine, 0, sizeof(mine));
	assert_int_equal(port_directory_new(loop, &conf, &mine, &err), 0);
	p = &mine.directory;
	p->pick(p->self, NULL, &dc, done, NULL);
	wait_kind(ERR_REFUSED);
	assert_non_null(strstr(last.text, "read-only"));
	assert_null(dc);
	port_directory_free(&mine);
}

/* --- two sites, and we are of the second one's ------------------------------
 */

static FILE *lines; /* what the log says */

static int
listen_to_log(void **state)
{
	char *file = ad_path("log");

	assert_non_null(freopen(file, "w", stderr));
	setvbuf(stderr, NULL, _IOLBF, 0);
	lines = fopen(file, "r");
	assert_non_null(lines);
	free(file);
	unsetenv("JOURNAL_STREAM");
	log_set_level(LOG_INFO);
	return setup(state);
}

/* The next line; without one the test ends. */
static void
logged(const char *words, const char *more)
{
	char line[1024] = "";

	clearerr(lines);
	if (fgets(line, sizeof(line), lines) == NULL ||
	    strstr(line, words) == NULL || strstr(line, more) == NULL)
		fail_msg("'%s' and '%s', not: %s", words, more, line);
}

static void
nothing_logged(void)
{
	char line[1024] = "";

	clearerr(lines);
	if (fgets(line, sizeof(line), lines) != NULL)
		fail_msg("more is said: %s", line);
	clearerr(lines);
}

/* The DNS names the other site's alone until it knows who asks. */
static void
ends_at_its_own(void **state)
{
	char *list = NULL, *of;
	struct err err;

	(void)state;
	assert_int_equal(
	    directory_locate(conf.domain, NULL, AD_DEADLINE, &list, &err), 0);
	assert_string_equal(list, ad_env("LAB_DC"));
	picks(NULL, ad_env("LAB_DC2"));
	of = mem_printf(
	    "controller=%s of=Default-First-Site-Name ", ad_env("LAB_DC"));
	logged("site=Branch ", of);
	free(of);
	of = mem_printf(
	    "controller=%s what=\"it is of our site", ad_env("LAB_DC2"));
	logged("site=Branch ", of);
	picks(NULL, ad_env("LAB_DC2"));
	picks(ad_env("LAB_DC"), ad_env("LAB_DC")); /* whoever means that one */
	nothing_logged();
	free(of);
	free(list);
}

/* Of the administrator's word and what the directory says, the first. */
static void
another_is_configured(void **state)
{
	struct port_directory *p;
	struct ports mine;
	struct err err;
	char *dc = NULL;

	(void)state;
	conf.site = mem_dup("Default-First-Site-Name");
	memset(&mine, 0, sizeof(mine));
	assert_int_equal(port_directory_new(loop, &conf, &mine, &err), 0);
	p = &mine.directory;
	p->pick(p->self, NULL, &dc, done, NULL);
	wait_kind(ERR_NONE);
	assert_string_equal(dc, ad_env("LAB_DC"));
	logged("configured=Default-First-Site-Name by_address=Branch",
	    "correct one of them");
	port_directory_free(&mine);
	nothing_logged();
	free(conf.site);
	conf.site = NULL;
	free(dc);
}

/* Nobody of our site is there: the other one serves, whoever used ours and
 * whoever begins. */
static void
its_own_is_gone(void **state)
{
	pid_t pid = (pid_t)atoi(ad_env("LAB_DC2_PID"));
	struct ports mine, old = ports;
	struct err err;

	(void)state;
	assert_true(pid > 1 && kill(pid, SIGKILL) == 0);
	picks(NULL, ad_env("LAB_DC"));
	logged("no controller of our site answers", ad_env("LAB_DC"));
	picks(NULL, ad_env("LAB_DC"));
	nothing_logged(); /* it is said once */
	memset(&mine, 0, sizeof(mine));
	assert_int_equal(port_directory_new(loop, &conf, &mine, &err), 0);
	ports = mine;
	picks(NULL, ad_env("LAB_DC"));
	logged("looking for one of ours", ad_env("LAB_DC"));
	logged("no controller of our site answers", ad_env("LAB_DC"));
	ports = old;
	port_directory_free(&mine);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest both[] = {
	    cmocka_unit_test(written_to_one),
	    cmocka_unit_test(the_one_is_gone),
	};
	const struct CMUnitTest rodc[] = {
	    cmocka_unit_test(read_only_is_passed_over),
	    cmocka_unit_test(read_only_alone_is_refused),
	};

	const struct CMUnitTest sites[] = {
	    cmocka_unit_test(ends_at_its_own),
	    cmocka_unit_test(another_is_configured),
	    cmocka_unit_test(its_own_is_gone),
	};

	if (argc > 1 && strcmp(argv[1], "sites") == 0)
		return cmocka_run_group_tests(sites, listen_to_log, teardown);
	if (argc > 1 && strcmp(argv[1], "rodc") == 0)
		return cmocka_run_group_tests(rodc, setup, teardown);
	return cmocka_run_group_tests(both, setup, teardown);
}
