/*
 * ad_second [rodc]: two controllers that replicate only when they are told
 * (tests/lab/labsecond): what is written stays with one of them, and is asked
 * there; a read-only one is passed over.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

	p->look(p->self, ACCOUNT, dc, d, done, NULL);
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

	if (argc > 1 && strcmp(argv[1], "rodc") == 0)
		return cmocka_run_group_tests(rodc, setup, teardown);
	return cmocka_run_group_tests(both, setup, teardown);
}
