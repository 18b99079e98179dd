/* profile.h: defaults, lists, and every complaint with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "profile.h"

static char file[64];

static int
set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(file, "/tmp/amtkeeper-profile-XXXXXX");
	fd = mkstemp(file);
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(file);
}

static void
put(const char *text)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static struct profile *
load(const char *text)
{
	struct profile *p = NULL;
	struct err err = {0};

	put(text);
	if (profile_load(file, &p, &err) != 0)
		fail_msg("%s", err.text);
	return p;
}

static void
gives_defaults(void **state)
{
	struct profile *p = load("");
	const struct profile_template *t;

	(void)state;
	assert_string_equal(p->name, "default");
	assert_int_equal(p->clock_skew, 60);
	assert_int_equal(p->clock_interval, 14 * 86400);
	assert_true(p->names_sync);
	assert_string_equal(p->ddns, "dhcp");
	assert_string_equal(p->ip, "keep");
	assert_true(p->tls);
	assert_false(p->tls_plain);
	assert_false(p->ad);
	assert_int_equal(p->ad_renew_before, 10 * 86400);
	assert_int_equal(p->admin_password_length, 16);
	t = profile_tls_template(p);
	assert_string_equal(t->name, "tls");
	assert_int_equal(t->validity, 365 * 86400);
	assert_int_equal(t->renew_before, 30 * 86400);
	assert_string_equal(t->key, "auto");
	assert_string_equal(t->usages, "server");
	assert_int_equal(t->max_size, 4100);
	assert_string_equal(t->issuer_end, "refuse");
	assert_false(t->underscore);
	profile_free(p);
}

static void
reads_lists(void **state)
{
	struct profile *p =
	    load("tls:\n  template: long\n"
		 "ad:\n  enabled: true\n  ou: OU=AMT,DC=a,DC=b\n  acl:\n"
		 "  - sid: S-1-5-21-1-2-3-512\n"
		 "  - {sid: S-1-5-32-544, realms: '2,3,24', access: 1}\n"
		 "templates:\n"
		 "- name: short\n  validity: 2d\n  renew_before: 1d\n"
		 "- name: long\n  validity: 1y\n  key: rsa-3072\n"
		 "  short_name: false\n  issuer: corp\n"
		 "- name: console\n  usages: 'client,amt-remote-console'\n"
		 "  key: ec-p384\n  max_size: 2000\n  issuer_end: clamp\n"
		 "  underscore: true\n  address: true\n"
		 "  upn: true\n  sid: true\n");

	(void)state;
	assert_int_equal(p->acl_count, 2);
	assert_string_equal(p->acl[0].realms, "3");
	assert_int_equal(p->acl[0].access, 2);
	assert_string_equal(p->acl[1].sid, "S-1-5-32-544");
	assert_string_equal(p->acl[1].realms, "2,3,24");
	assert_int_equal(p->acl[1].access, 1);
	assert_int_equal(p->template_count, 3);
	assert_string_equal(
	    p->templates[2].usages, "client,amt-remote-console");
	assert_string_equal(p->templates[2].key, "ec-p384");
	assert_int_equal(p->templates[2].max_size, 2000);
	assert_string_equal(p->templates[2].issuer_end, "clamp");
	assert_true(p->templates[2].underscore);
	assert_true(p->templates[2].address);
	assert_true(p->templates[2].upn);
	assert_true(p->templates[2].sid);
	assert_false(p->templates[0].sid);
	assert_string_equal(profile_tls_template(p)->name, "long");
	assert_string_equal(profile_tls_template(p)->key, "rsa-3072");
	assert_false(profile_tls_template(p)->short_name);
	assert_string_equal(profile_tls_template(p)->issuer, "corp");
	assert_string_equal(p->templates[0].issuer, "internal");
	profile_free(p);
}

static const struct {
	const char *text;
	const char *complaint;
} wrong[] = {
    {"wifi:\n  a: b\n", ":1:1: wifi: unknown key"},
    {"clock:\n  skew: 6m\n", ":2:9: clock.skew: must be 1s to 5m"},
    {"names:\n  ddns: both\n", "must be one of \"off\", \"dhcp\", \"client\""},
    {"names:\n  ddns_interval: 19\n", "must be a number, 20 to 525600"},
    {"admin:\n  password_length: 33\n", "must be a number, 8 to 32"},
    {"name: ''\n", ":1:1: name: must not be empty"},
    {"ad:\n  enabled: true\n", "ad.ou: must be set when ad is enabled"},
    {"ad:\n  ou: AMT\n", ":2:7: ad.ou: must be a distinguished name"},
    {"ad:\n  account: amt$\n", "must contain %h"},
    {"ad:\n  account: '%h-iME'\n", "must end in $"},
    {"ad:\n  account: '%h*$'\n", "a character no account name may have"},
    {"ad:\n  account: 'a b%h$'\n", "a character no account name may have"},
    {"ad:\n  account: '%h%x$'\n", "has a % that is not %h"},
    {"ad:\n  account: '%h%$'\n", "has a % that is not %h"},
    {"ad:\n  acl: S-1-5\n", "ad.acl: must be a list"},
    {"ad:\n  acl: [x]\n", "ad.acl: an entry must be"},
    {"ad:\n  acl: [{realms: '3'}]\n", "ad.acl: entry 1 has no sid"},
    {"ad:\n  acl: [{sid: S-1-5-18, realms: ''}]\n", "has no realms"},
    {"ad:\n  acl: [{sid: S-1-5-18}, {sid: S-1-5-18}]\n",
	"S-1-5-18 is listed twice"},
    {"ad:\n  acl: [{sid: Administrators}]\n",
	":2:15: sid: must be a SID (S-1-5-21-...)"},
    {"ad:\n  acl: [{sid: S-1-5}]\n", "must be a SID"},
    {"ad:\n  acl: [{sid: S-1-5-}]\n", "must be a SID"},
    {"ad:\n  acl: [{sid: S-1-5-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1}]\n",
	"must be a SID"},
    {"ad:\n  acl: [{sid: S-1-5-18, realms: '3,2'}]\n", "in rising order"},
    {"ad:\n  acl: [{sid: S-1-5-18, realms: '3,'}]\n", "realm numbers"},
    {"ad:\n  acl: [{sid: S-1-5-18, realms: '1'}]\n", "realm numbers"},
    {"ad:\n  acl: [{sid: S-1-5-18, realms: '2222'}]\n", "realm numbers"},
    {"ad:\n  acl: [{sid: S-1-5-18, acces: 1}]\n",
	"acces: unknown key (did you mean \"access\"?)"},
    {"templates: [{validity: 1y}]\n", "templates: entry 1 has no name"},
    {"templates: [{name: tls}, {name: tls}]\n", "two are named tls"},
    {"templates: [{name: tls, validity: 30d}]\n",
	"tls: renew_before must be less than validity"},
    {"templates: [{name: tls, validity: 30d, renew_before: 2591999s}]\n",
	"tls: renew_before must be less than validity"},
    {"templates: [{name: x}]\n",
	"tls.template: there is no template named tls"},
    {"tls:\n  template: x\n",
	":2:3: tls.template: there is no template named x"},
    {"templates: [{name: tls, backdate: 2d}]\n", "must be 0 to 1d"},
    {"templates: [{name: tls, key: rsa-1024}]\n", "must be one of"},
    {"templates: [{name: tls, usages: code-signing}]\n", "must be of server"},
    {"templates: [{name: tls, usages: 'server,'}]\n", "must be of server"},
    {"templates: [{name: tls, usages: 'client'}]\n",
	"the usages of tls must hold server"},
    {"templates: [{name: tls, key: ec-p384}]\n", "makes RSA keys only"},
    {"templates: [{name: tls, max_size: 4101}]\n", "512 to 4100"},
    {"templates: [{name: tls, issuer_end: stretch}]\n", "must be one of"},
    {"templates: [{name: tls, upn: true}]\n", "ad: keeps, which is not"},
    {"ad: {enabled: true, ou: 'OU=A,DC=b'}\n"
     "templates: [{name: tls, sid: true, issuer: corp}]\n",
	"the CA corp has to look the account up"},
};

static void
refuses(void **state)
{
	struct profile *p;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		p = NULL;
		err_clear(&err);
		put(wrong[i].text);
		if (profile_load(file, &p, &err) != -1)
			fail_msg("accepted: %s", wrong[i].text);
		assert_null(p);
		assert_int_equal(err.kind, ERR_INVALID);
		if (strstr(err.text, wrong[i].complaint) == NULL)
			fail_msg("%s\n gave: %s\n not: %s", wrong[i].text,
			    err.text, wrong[i].complaint);
	}
}

static void
refuses_long_lists(void **state)
{
	struct profile *p = NULL;
	struct err err = {0};
	FILE *out = fopen(file, "w");
	int i;

	(void)state;
	assert_non_null(out);
	fputs("templates:\n", out);
	for (i = 0; i < 65; i++)
		fprintf(out, "- name: t%d\n", i);
	fclose(out);
	assert_int_equal(profile_load(file, &p, &err), -1);
	assert_non_null(strstr(err.text, "templates: more than 64 entries"));
}

static void
show(void *cookie, const struct conf_entry *e)
{
	(void)fprintf(cookie, "%s = %s %s\n", e->key,
	    e->value == NULL ? "-" : e->value,
	    e->file == NULL ? "default" : e->file);
}

static void
writes_examples(void **state)
{
	struct profile *p = NULL;
	struct err err = {0};
	char *text = NULL;
	size_t len = 0;
	FILE *out = fopen(file, "w");

	(void)state;
	assert_non_null(out);
	profile_example(out, NULL);
	fclose(out);
	if (profile_load(file, &p, &err) != 0)
		fail_msg("%s", err.text);
	assert_false(p->ad);
	profile_free(p);
	p = NULL;

	out = fopen(file, "w");
	assert_non_null(out);
	profile_example(out, "OU=It's\\, AMT,DC=a");
	fclose(out);
	if (profile_load(file, &p, &err) != 0)
		fail_msg("%s", err.text);
	assert_true(p->ad);
	assert_string_equal(p->ou, "OU=It's\\, AMT,DC=a");
	out = open_memstream(&text, &len);
	assert_non_null(out);
	profile_entries(p, show, out);
	fclose(out);
	assert_non_null(strstr(text, "templates[0].validity = 365d default\n"));
	free(text);
	profile_free(p);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(gives_defaults),
	    TEST(reads_lists),
	    TEST(refuses),
	    TEST(refuses_long_lists),
	    TEST(writes_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
