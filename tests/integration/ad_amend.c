/* Single values of an object: both or neither, and only while what was found is
 * still there; read page by page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ad_lab.h"
#include "audit.h"
#include "directory.h"
#include "err.h"
#include "krb.h"
#include "mem.h"
#include "secret.h"

#define ACCOUNT "amend-iME$"
#define MARK "Intel AMT device amend"

static struct krb *k;
static struct directory *d;
static char *dn;

static int
setup(void **state)
{
	const struct directory_wish wish = {.ou = ad_env("LAB_OU"),
	    .account = ACCOUNT,
	    .fqdn = "amend.ad.example.test",
	    .spns = "HTTP/amend.ad.example.test:623",
	    .enctypes = 24,
	    .description = MARK};
	struct secret *password = ad_secret("First-Passw0rd-1");
	struct err err;
	int rc;

	(void)state;
	k = ad_krb("", AD_DEADLINE);
	d = ad_directory(k);
	dn = mem_printf("CN=amend-iME,%s", ad_env("LAB_OU"));
	rc = directory_ensure(d, &wish, password, &err);
	secret_free(password);
	return rc;
}

static int
teardown(void **state)
{
	(void)state;
	free(dn);
	directory_close(d);
	krb_close(k);
	return 0;
}

static bool
is_so(const struct directory_amendment *a)
{
	struct err err;
	bool so = false;

	if (directory_amended(d, a, &so, &err) != 0)
		fail_msg("%s", err.text);
	return so;
}

static void
both_or_neither(void **state)
{
	struct directory_amendment a = {.dn = dn,
	    .attribute = "servicePrincipalName",
	    .drop = "HTTP/amend.ad.example.test:623",
	    .add = "HTTP/amend.ad.example.test:664 "
		   "HTTP/amend.ad.example.test:16993",
	    .mark = MARK};
	struct err err;

	(void)state;
	assert_false(is_so(&a));
	assert_int_equal(directory_amend(d, &a, &err), 0);
	assert_true(is_so(&a));
	/* What was to go is gone, and so nothing comes. */
	a.add = "HTTP/amend.ad.example.test:16992";
	assert_int_equal(directory_amend(d, &a, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_false(is_so(&a));
	/* What is to come is there, and so nothing goes. */
	a.drop = "HTTP/amend.ad.example.test:664";
	a.add = "HTTP/amend.ad.example.test:16993";
	assert_int_equal(directory_amend(d, &a, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	a.drop = NULL;
	a.add = "HTTP/amend.ad.example.test:664";
	assert_true(is_so(&a));
	/* Nothing to do is nothing written. */
	a.add = NULL;
	assert_int_equal(directory_amend(d, &a, &err), 0);
}

static void
one_value(void **state)
{
	struct directory_amendment a = {.dn = dn,
	    .attribute = "msDS-SupportedEncryptionTypes",
	    .drop = "4",
	    .add = "16"};
	struct err err;

	(void)state;
	assert_int_equal(directory_amend(d, &a, &err), -1); /* it is 24 */
	assert_int_equal(err.kind, ERR_CONFLICT);
	a.drop = "24";
	assert_int_equal(directory_amend(d, &a, &err), 0);
	assert_true(is_so(&a));
}

static void
whose(void **state)
{
	struct directory_amendment a = {.dn = dn,
	    .attribute = "description",
	    .add = MARK,
	    .mark = "Intel AMT device another"};
	struct err err;
	bool so = false;

	(void)state;
	assert_int_equal(directory_amended(d, &a, &so, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	a.dn = ad_env("LAB_OU");
	a.mark = NULL;
	assert_int_equal(directory_amend(d, &a, &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	a.dn = "CN=nobody,DC=ad,DC=example,DC=test";
	assert_int_equal(directory_amended(d, &a, &so, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
}

static int
take(void *cookie, const struct directory_audit_object *o, struct err *err)
{
	char **found = cookie;

	(void)err;
	if (o->description != NULL && strcmp(o->description, MARK) == 0)
		mem_replace(found, o->account);
	return 0;
}

static int
stop(void *cookie, const struct directory_audit_object *o, struct err *err)
{
	int *calls = cookie;

	(void)o;
	++*calls;
	return err_set(err, ERR_LIMIT, "enough");
}

static void
scans(void **state)
{
	char *found = NULL, *name = NULL;
	struct err err;
	int calls = 0;

	(void)state;
	assert_int_equal(
	    directory_scan(d, ad_env("LAB_OU"), take, &found, &err), 0);
	assert_string_equal(found, ACCOUNT);
	assert_int_equal(
	    directory_scan(d, ad_env("LAB_BASE"), stop, &calls, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(calls, 1);
	assert_int_equal(directory_scan(d, "OU=None,DC=ad,DC=example,DC=test",
			     take, &found, &err),
	    -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(directory_find(d, "nobody$", take, &found, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	/* As the server writes it. */
	assert_int_equal(
	    directory_dn(d, "ou=amt, dc=AD,dc=example,dc=test", &name, &err),
	    0);
	assert_string_equal(name, ad_env("LAB_OU"));
	free(name);
	free(found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_or_neither),
	    cmocka_unit_test(one_value),
	    cmocka_unit_test(whose),
	    cmocka_unit_test(scans),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
