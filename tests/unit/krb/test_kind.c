/* What KDC errors mean, and what opening refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "krb.h"
#include "krb_internal.h"
#include "secret.h"

static char keytab[] = "/tmp/amtkeeper-keytab.XXXXXX";

static int
setup(void **state)
{
	int fd = mkstemp(keytab);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	return chmod(keytab, 0600);
}

static int
teardown(void **state)
{
	(void)state;
	return unlink(keytab);
}

static struct krb_conf
conf_of_nowhere(void)
{
	return (struct krb_conf){.realm = "ad.example.test",
	    .kdc = "127.0.0.1", /* no KDC listens here */
	    .principal = "svc-amt@AD.EXAMPLE.TEST",
	    .keytab = keytab,
	    .deadline_ms = 1000};
}

static void
kinds(void **state)
{
	static const struct {
		krb5_error_code code;
		enum err_kind kind;
	} cases[] = {
	    {KRB5KDC_ERR_PREAUTH_FAILED, ERR_DENIED},
	    {KRB5KRB_AP_ERR_BAD_INTEGRITY, ERR_DENIED},
	    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, ERR_NOTFOUND},
	    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, ERR_NOTFOUND},
	    {KRB5KDC_ERR_CLIENT_REVOKED, ERR_REFUSED},
	    {KRB5KDC_ERR_KEY_EXP, ERR_REFUSED},
	    {KRB5_KDC_UNREACH, ERR_UNREACHABLE},
	    {KRB5_KT_NOTFOUND, ERR_INVALID},
	    {KRB5KRB_ERR_GENERIC, ERR_PROTOCOL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(krb_kind(cases[i].code), cases[i].kind);
}

static void
open_needs_a_safe_keytab(void **state)
{
	struct krb_conf conf = conf_of_nowhere();
	struct krb *k = NULL;
	struct err err;

	(void)state;
	conf.keytab = "/nonexistent/keytab";
	assert_int_equal(krb_open(&conf, &k, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	conf.keytab = keytab;
	assert_int_equal(chmod(keytab, 0644), 0);
	assert_int_equal(krb_open(&conf, &k, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(chmod(keytab, 0600), 0);
	assert_null(k);
}

static void
open_needs_a_kdc(void **state)
{
	struct krb_conf conf = conf_of_nowhere();
	struct krb *k = NULL;
	struct err err;

	(void)state;
	conf.realm = "NO.SUCH.REALM.TEST";
	conf.kdc = NULL;
	assert_int_equal(krb_open(&conf, &k, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "NO.SUCH.REALM.TEST"));
}

static void
names_are_taken_literally(void **state)
{
	struct krb_conf conf = conf_of_nowhere();
	const krb5_data *part;
	krb5_principal who;
	struct krb *k;
	struct err err;

	(void)state;
	assert_int_equal(krb_open(&conf, &k, &err), 0);
	assert_int_equal(krb_account(k, "a/b@C", &who, &err), 0);
	assert_int_equal(krb5_princ_size(k->ctx, who), 1);
	assert_int_equal(krb5_princ_name(k->ctx, who)->length, 5);
	krb5_free_principal(k->ctx, who);
	assert_int_equal(krb_service_name(k, "HTTP/h.x:16993", &who, &err), 0);
	assert_int_equal(krb5_princ_size(k->ctx, who), 2);
	part = krb5_princ_component(k->ctx, who, 1);
	assert_true(part != NULL && strcmp(part->data, "h.x:16993") == 0);
	krb5_free_principal(k->ctx, who);
	assert_int_equal(krb_service_name(k, "HTTP", &who, &err), -1);
	assert_int_equal(krb_service_name(k, "/host", &who, &err), -1);
	assert_int_equal(krb_service_name(k, "HTTP/", &who, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	krb_close(k);
}

static void
nobody_listens(void **state)
{
	struct krb_conf conf = conf_of_nowhere();
	int64_t offset = 7, error = 7;
	struct secret *password;
	struct krb_proof *proof = NULL;
	struct krb *k;
	struct err err;
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	password = secret_new("x", 1);
	assert_int_equal(krb_open(&conf, &k, &err), 0);
	assert_int_equal(krb_time(k, 3, &offset, &error, &err), -1);
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_int_equal(offset, 7);
	assert_int_equal(krb_password_check(k, "pc$", password, &err), -1);
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_int_equal(krb_salt(k, "pc$", &out, &offset, &err), -1);
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_int_equal(krb_login(k, &err), -1);
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_int_equal(krb_token(k, "HTTP/pc:16993", &out, &proof, &err), -1);
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_null(proof);
	assert_int_equal(krb_decoy(k, "HTTP/pc:16993", &out, &err), -1);
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_int_equal(out.len, 0);
	krb_close(k);
	secret_free(password);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(open_needs_a_safe_keytab),
	    cmocka_unit_test(open_needs_a_kdc),
	    cmocka_unit_test(names_are_taken_literally),
	    cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
