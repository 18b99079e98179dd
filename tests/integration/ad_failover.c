/* The controller that the DNS prefers does not answer: the next one is used,
 * by all desks.  (labdns --controller has announced it.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ad_lab.h"
#include "conf.h"
#include "desk.h"
#include "directory.h"
#include "err.h"
#include "mem.h"

static int
look(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct directory_object o;

	(void)krb;
	++*(int *)cookie;
	if (directory_read(directory, "operator", &o, err) != 0)
		return -1;
	directory_object_clear(&o);
	return 0;
}

static int
refuse(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	(void)krb;
	(void)directory;
	++*(int *)cookie;
	return err_set(err, ERR_UNKNOWN, "the answer was lost");
}

static void
next_controller(void **state)
{
	struct conf conf = {.domain = mem_dup(ad_env("LAB_DOMAIN")),
	    .realm = mem_dup(ad_env("LAB_REALM")),
	    .principal = mem_dup(ad_env("LAB_PRINCIPAL")),
	    .keytab = mem_dup(ad_env("LAB_KEYTAB")),
	    .transport = mem_dup("gssapi"),
	    .directory_timeout = AD_DEADLINE / 1000};
	struct office *office = office_new(&conf);
	struct desk *one = desk_new(office), *two = desk_new(office);
	char *list = NULL;
	struct err err;
	int calls = 0;
	struct desk_job job = {
	    .need = DESK_DIRECTORY, .fn = look, .cookie = &calls};

	(void)state;
	/* else the test shows nothing */
	assert_int_equal(
	    directory_locate(conf.domain, NULL, AD_DEADLINE, &list, &err), 0);
	assert_true(strncmp(list, "dc0.", 4) == 0);
	if (desk_work(one, &job, &err) != 0 || desk_work(two, &job, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(calls, 2);
	/* what may have happened is not done again */
	job.fn = refuse;
	assert_int_equal(desk_work(one, &job, &err), -1);
	assert_int_equal(err.kind, ERR_UNKNOWN);
	assert_int_equal(calls, 3);
	desk_free(one);
	desk_free(two);
	office_free(office);
	free(list);
	free(conf.domain);
	free(conf.realm);
	free(conf.principal);
	free(conf.keytab);
	free(conf.transport);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(next_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
