#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "ca.h"
#include "err.h"
#include "fixture.h"
#include "names_internal.h"

#define LABEL_63                                                               \
	"a23456789a23456789a23456789a23456789a23456789a23456789a23456789"

static const char *const good[] = {"pc1", "pc1.corp.example", "PC1.Corp",
    "1pc.example", "a-b.example", "xn--bcher-kva.example", "10.0.0.1a",
    "XN--Bcher-KVA.example", "xn--80ak6aa92e.xn--p1ai", "xn--fa-hia",
    "a.b.c.d.e.f.g.h.i.j", "a.23456789.b-1", LABEL_63 ".example"};
static const struct {
	const char *name, *says;
} bad[] = {
    {"", "empty"},
    {".", "ends with a dot"},
    {"a..b", "empty label"},
    {"a.", "ends with a dot"},
    {"pc1.corp.example.", "ends with a dot"},
    {".a", "empty label"},
    {"-a.b", "hyphen"},
    {"a-.b", "hyphen"},
    {"a_b.c", "\"_\""},
    {"*.b.c", "wildcard"},
    {"a b", "character"},
    {"a,DNS:b", "character"},
    {"b\xc3\xbc.example", "write it in its xn-- form"},
    {"pc1.ex\xe4mple", "write it in its xn-- form"},
    {"xn--.example", "hyphen"},
    {"xn--a.example", "xn-- label"},	      /* a control character */
    {"xn--zzzzzz.example", "xn-- label"},     /* no Punycode */
    {"xn--abc-.example", "hyphen"},	      /* ASCII, encoded */
    {"xn--9999999999.example", "xn-- label"}, /* beyond Unicode */
    {"xn--u-ccb.example", "xn-- label"},      /* not in its normal form */
    {"xn--ls8h.example", "xn-- label"},	      /* a pictogram */
    {"xn--a-0hc.example", "xn-- label"},      /* two directions */
    {"pc1.xn--bcher-kv", "xn-- label"},	      /* cut */
    {"a\n", "character"},
    {"10.0.0.1", "address"},
    {"127.1", "address"},
    {"1", "address"},
    {"ab--c.example", "reserved"},
    {"a.b.c.d.e.f.g.h.i.j.k", "too many"},
    {LABEL_63 "a.b", "longer than 63"},
};

static void
test_names(void **state)
{
	char longest[300];
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		why = ca_name_check(good[i], strlen(good[i]), false);
		if (why != NULL)
			fail_msg("%s %s", good[i], why);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = ca_name_check(bad[i].name, strlen(bad[i].name), false);
		if (why == NULL || strstr(why, bad[i].says) == NULL)
			fail_msg(
			    "%s %s", bad[i].name, why != NULL ? why : "passed");
	}
	memset(longest, 'a', sizeof(longest));
	for (i = 60; i < sizeof(longest); i += 61)
		longest[i] = '.';
	assert_null(ca_name_check(longest, 253, false));
	assert_non_null(ca_name_check(longest, 254, false));
	assert_null(ca_name_check("a_b._tcp", 8, true));
	/* A NUL is a character like others, and none of a name's. */
	assert_non_null(ca_name_check("pc1\0.example", 12, true));
}

static void
test_want(void **state)
{
	struct ca_subject s = fixture_subject;
	struct ca_template t = fixture_template;
	struct ca_names n;
	struct buf text;
	struct err err;

	(void)state;
	buf_init(&text, 1024);
	t.short_name = true;
	s.fqdn = "PC1.Corp.Example";
	assert_int_equal(ca_names_want(&t, &s, &n, &err), 0);
	assert_string_equal(n.dns[0], "pc1.corp.example");
	ca_names_text(&n, &text);
	assert_string_equal(buf_text(&text), "dns:pc1 dns:pc1.corp.example");
	ca_names_clear(&n);
	/* A device without domain has one name, not the same one twice. */
	s.fqdn = "pc1";
	assert_int_equal(ca_names_want(&t, &s, &n, &err), 0);
	assert_int_equal(n.count, 1);
	ca_names_clear(&n);
	s.fqdn = NULL;
	assert_int_equal(ca_names_want(&t, &s, &n, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	s.fqdn = "pc1.corp.example";
	s.short_name = "pc\033";
	assert_int_equal(ca_names_want(&t, &s, &n, &err), -1);
	assert_null(strchr(err.text, '\033'));
	s.short_name = NULL;
	t.address = true;
	s.address = "192.0.2.7";
	buf_reset(&text);
	assert_int_equal(ca_names_want(&t, &s, &n, &err), 0);
	ca_names_text(&n, &text);
	assert_string_equal(
	    buf_text(&text), "dns:pc1.corp.example ip:192.0.2.7");
	ca_names_clear(&n);
	s.address = "192.0.2";
	assert_int_equal(ca_names_want(&t, &s, &n, &err), -1);
	assert_non_null(strstr(err.text, "no IPv4"));
	s.address = NULL;
	s.fqdn = "a23456789.a23456789.a23456789.a23456789.a23456789."
		 "a23456789.a2345";
	assert_int_equal(ca_names_want(&t, &s, &n, &err), -1);
	assert_non_null(strstr(err.text, "64"));
	buf_free(&text);
}

static void
test_account(void **state)
{
	static const char *const no_upn[] = {"", "pc1", "@example", "pc1@",
	    "pc1@a@b", "pc 1@example", "pc1\n@example", "pc1\xff@example"};
	static const char *const no_sid[] = {"", "S-1", "S-1-5", "S-1-5-",
	    "S-1-5-21-", "S-1-5-21x", "S-2-5-21", "S-1-5--21", "s-1-5-21",
	    "S-1-5-21-1 ", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"};
	char longest[CA_UPN_MAX + 2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(no_upn) / sizeof(no_upn[0]); i++)
		if (ca_upn_check(no_upn[i]) == NULL)
			fail_msg("%s", no_upn[i]);
	for (i = 0; i < sizeof(no_sid) / sizeof(no_sid[0]); i++)
		if (ca_sid_check(no_sid[i]) == NULL)
			fail_msg("%s", no_sid[i]);
	memset(longest, 'a', sizeof(longest));
	longest[1] = '@';
	longest[CA_UPN_MAX + 1] = '\0';
	assert_string_equal(ca_upn_check(longest), "is too long");
	longest[CA_UPN_MAX] = '\0';
	assert_null(ca_upn_check(longest));
	assert_null(ca_upn_check("b\xc3\xbc-iME$@ad.example.test"));
	assert_null(
	    ca_sid_check("S-1-5-21-3623811015-3361044348-30300820-1013"));
}

/* The account is named if the template wants it and the directory has it. */
static void
test_want_account(void **state)
{
	struct ca_subject s = fixture_subject;
	struct ca_template t = fixture_template;
	struct ca_names n;
	struct buf text;
	struct err err;

	(void)state;
	buf_init(&text, 1024);
	s.upn = "pc1-iME$@ad.example.test";
	s.sid = "S-1-5-21-1-2-3-1104";
	assert_int_equal(ca_names_want(&t, &s, &n, &err), 0);
	assert_null(n.upn);
	assert_null(n.sid);
	ca_names_clear(&n);
	t.upn = t.sid = true;
	assert_int_equal(ca_names_want(&t, &s, &n, &err), 0);
	ca_names_text(&n, &text);
	assert_string_equal(buf_text(&text),
	    "dns:pc1.corp.example sid:S-1-5-21-1-2-3-1104 "
	    "upn:pc1-iME$@ad.example.test");
	ca_names_clear(&n);
	s.sid = NULL;
	s.upn = "";
	assert_int_equal(ca_names_want(&t, &s, &n, &err), 0);
	assert_null(n.upn);
	ca_names_clear(&n);
	s.sid = "S-1-5-21\n";
	assert_int_equal(ca_names_want(&t, &s, &n, &err), -1);
	assert_non_null(strstr(err.text, "SID \"S-1-5-21\\x0A\" is no"));
	buf_free(&text);
}

static void
test_round_trip(void **state)
{
	struct ca_subject s = fixture_subject;
	struct ca_template t = fixture_template;
	struct ca_names out, in;
	struct buf der;
	struct err err;

	(void)state;
	buf_init(&der, 1024);
	t.short_name = true;
	t.address = true;
	s.address = "192.0.2.7";
	assert_int_equal(ca_names_want(&t, &s, &out, &err), 0);
	ca_names_write(&out, &der);
	assert_int_equal(
	    ca_names_read(ca_der_bytes(&der), false, &in, &err), 0);
	assert_int_equal(ca_names_same(&in, &out, &err), 0);
	assert_int_equal(ca_names_same(&out, &in, &err), 0);
	ca_names_clear(&out);
	ca_names_clear(&in);
	buf_free(&der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_want),
	    cmocka_unit_test(test_account),
	    cmocka_unit_test(test_want_account),
	    cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
