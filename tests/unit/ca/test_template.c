#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "clock.h"
#include "err.h"
#include "fixture.h"
#include "template_internal.h"

static struct fixture fixture;

struct row {
	struct ca_template t;
	const char *says; /* NULL: fine */
};

#define YEAR (365 * CLOCK_DAY)

/* A good one: a year, sixty days. */
#define GOOD                                                                   \
	.name = "t", .validity = YEAR, .renew_before = 60 * CLOCK_DAY,         \
	.backdate = 3600, .key = "auto"

static const struct row rows[] = {
    {{GOOD}, NULL},
    {{GOOD, .short_name = true, .address = true, .underscore = true}, NULL},
    {{.name = "t", .validity = 3600, .renew_before = 60, .key = "rsa-2048"},
	NULL},
    {{.name = "t",
	 .validity = 5 * YEAR,
	 .renew_before = 60,
	 .backdate = 86400,
	 .key = "rsa-3072"},
	NULL},
    {{GOOD, .usages = "server,client", .max_size = 1500, .clamp = true}, NULL},
    {{GOOD, .usages = "client,amt-remote-console,amt-local-console"}, NULL},
    {{GOOD, .usages = "amt-client-setup,server"}, NULL},
    {{.validity = YEAR, .renew_before = 60, .key = "auto"}, "no name"},
    {{.name = "", .validity = YEAR, .renew_before = 60, .key = "auto"},
	"no name"},
    {{.name = "t", .validity = 3599, .renew_before = 60, .key = "auto"},
	"validity"},
    {{.name = "t", .validity = 6 * YEAR, .renew_before = 60, .key = "auto"},
	"validity"},
    {{.name = "t", .validity = -1, .renew_before = -2, .key = "auto"},
	"validity"},
    {{.name = "t", .validity = INT64_MAX, .renew_before = 60, .key = "auto"},
	"validity"},
    {{.name = "t", .validity = YEAR, .renew_before = YEAR, .key = "auto"},
	"renew_before"},
    {{.name = "t", .validity = YEAR, .renew_before = 2 * YEAR, .key = "auto"},
	"renew_before"},
    {{.name = "t", .validity = YEAR, .key = "auto"}, "renew_before"},
    {{.name = "t", .validity = YEAR, .renew_before = YEAR - 1, .key = "auto"},
	"renew_before"},
    {{.name = "t", .validity = YEAR, .renew_before = YEAR - 2, .key = "auto"},
	NULL},
    {{.name = "t",
	 .validity = YEAR,
	 .renew_before = 60,
	 .backdate = 86401,
	 .key = "auto"},
	"backdate"},
    {{.name = "t",
	 .validity = YEAR,
	 .renew_before = 60,
	 .backdate = -1,
	 .key = "auto"},
	"backdate"},
    {{.name = "t", .validity = YEAR, .renew_before = 60, .key = "rsa-1024"},
	"rsa-1024"},
    {{.name = "t", .validity = YEAR, .renew_before = 60}, "key \"\""},
    {{GOOD, .usages = ""}, "usage \"\""},
    {{GOOD, .usages = "server,"}, "usage \"\""},
    {{GOOD, .usages = "server, client"}, "usage \" client\""},
    {{GOOD, .usages = "code-signing"}, "\"code-signing\" is none of"},
    {{GOOD, .usages = "server,server"}, "listed twice"},
    {{GOOD, .usages = "amt-remote-console"}, "nothing without client"},
    {{GOOD, .usages = "amt-local-console,server"}, "nothing without client"},
    {{GOOD, .usages = "amt-client-setup,client"}, "nothing without server"},
    {{GOOD, .usages = "client", .short_name = true}, "client: set it to false"},
    {{GOOD, .usages = "client", .address = true}, "address names a server"},
    {{GOOD, .usages = "server,client", .upn = true, .sid = true}, NULL},
    {{GOOD, .upn = true}, "upn names who logs in, but usage client is not"},
    {{GOOD, .usages = "server", .sid = true}, "sid names who logs in"},
    {{GOOD, .max_size = 511}, "max_size 511"},
    {{GOOD, .max_size = 4101}, "max_size 4101"},
    {{GOOD, .max_size = -1}, "max_size -1"},
    {{GOOD, .max_size = 900}, "bytes long, max_size is 900"},
};

static void
test_rows(void **state)
{
	struct buf out;
	struct err err;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&out, 4096);
		rc = ca_template_check(
		    fixture.ca, &rows[i].t, fixture.now, &out, &err);
		if (rows[i].says == NULL) {
			assert_int_equal(rc, 0);
			assert_int_equal(out.len, 0);
		} else {
			assert_int_equal(rc, -1);
			assert_int_equal(err.kind, ERR_INVALID);
			if (strstr(buf_text(&out), rows[i].says) == NULL ||
			    strstr(err.text, rows[i].says) == NULL)
				fail_msg("row %zu: %s", i, buf_text(&out));
		}
		buf_free(&out);
	}
}

/* All problems at once, a line each. */
static void
test_all_problems(void **state)
{
	const struct ca_template t = {.name = "",
	    .validity = 1,
	    .renew_before = 1,
	    .backdate = -1,
	    .key = "dsa"};
	struct buf out;
	size_t lines = 0, i;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, fixture.now, &out, NULL), -1);
	for (i = 0; i < out.len; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 5);
	buf_free(&out);
}

static void
test_issuers_end(void **state)
{
	const struct ca_template t = {
	    .name = "t", .validity = YEAR, .renew_before = 60, .key = "auto"};
	struct buf out;
	struct err err;
	int64_t last;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(ca_template_check(fixture.ca, &t,
			     fixture.now + 9 * YEAR + CLOCK_DAY, &out, &err),
	    -1);
	assert_non_null(strstr(err.text, "issuing CA"));
	/* Ending with it is within it; a second later is not. */
	last = fixture.ca->issuing.not_after - (YEAR - 1);
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, last, NULL, &err), 0);
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, last + 1, NULL, &err), -1);
	buf_reset(&out);
	assert_int_equal(ca_template_check(fixture.ca, &t,
			     fixture.now + 20 * YEAR, &out, &err),
	    -1);
	assert_non_null(strstr(buf_text(&out), "root CA"));
	/* Without a CA there is no end to compare with. */
	assert_int_equal(
	    ca_template_check(NULL, &t, fixture.now + 20 * YEAR, NULL, &err),
	    0);
	buf_free(&out);
}

static void
test_key_by_firmware(void **state)
{
	static const struct {
		const char *key;
		int amt;
		unsigned bits;
		bool p384;
		unsigned hash;
	} keys[] = {
	    {"auto", 0, 2048, false, 256},
	    {"auto", 21, 2048, false, 256},
	    {"auto", 22, 3072, true, 384},
	    {"auto", 30, 3072, true, 384},
	    {"rsa-2048", 16, 2048, false, 256},
	    {"rsa-3072", 16, 3072, false, 256},
	    {"rsa-3072", 22, 3072, false, 384},
	    {"ec-p384", 0, 0, true, 384},
	    {"ec-p384", 22, 0, true, 384},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct ca_template t = fixture_template;
		struct ca_key_policy p;

		t.key = keys[i].key;
		p = ca_template_key(&t, keys[i].amt);
		assert_int_equal(p.rsa_bits, keys[i].bits);
		assert_int_equal(p.p384, keys[i].p384);
		assert_int_equal(p.hash_bits, keys[i].hash);
	}
}

/* Cut to the issuer's end, down to where it would be due at once. */
static void
test_clamp(void **state)
{
	struct ca_template t = {GOOD, .clamp = true};
	int64_t end = fixture.ca->issuing.not_after;
	struct ca_period p;
	struct err err;

	(void)state;
	p = ca_template_period(fixture.ca, &t, end - 61 * CLOCK_DAY);
	assert_int_equal(p.not_after, end);
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, end - 61 * CLOCK_DAY, NULL, &err),
	    0);
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, end - 60 * CLOCK_DAY, NULL, &err),
	    -1);
	assert_non_null(strstr(err.text, "issuing CA lives 60d more"));
	p = ca_template_period(fixture.ca, &t, fixture.now);
	assert_int_equal(p.not_after, fixture.now + YEAR - 1);
	assert_int_equal(p.not_before, fixture.now - 3600);
	/* Nobody vouches for a time before the issuer's own. */
	t.backdate = 2 * CLOCK_DAY;
	p = ca_template_period(fixture.ca, &t, fixture.now);
	assert_int_equal(p.not_before, fixture.ca->issuing.not_before);
}

/* A short name lies in none of the domains an issuer was limited to. */
static void
test_constraints(void **state)
{
	struct ca_template t = {GOOD, .short_name = true};
	NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();
	GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
	ASN1_IA5STRING *name = ASN1_IA5STRING_new();
	struct err err;

	(void)state;
	assert_int_equal(ASN1_STRING_set(name, "corp.example", -1), 1);
	GENERAL_NAME_set0_value(tree->base, GEN_DNS, name);
	nc->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
	assert_true(sk_GENERAL_SUBTREE_push(nc->permittedSubtrees, tree) == 1);
	fixture.ca->issuing.constraints = nc;
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, fixture.now, NULL, &err), -1);
	assert_non_null(strstr(err.text, "short_name"));
	t.short_name = false;
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, fixture.now, NULL, &err), 0);
	NAME_CONSTRAINTS_free(nc);
	fixture.ca->issuing.constraints = NULL;
}

/* The issuing CA may vouch for servers alone. */
static void
test_issuers_usages(void **state)
{
	struct ca_template t = {GOOD, .usages = "server,client"};
	X509 *own = fixture.ca->issuing.x509, *limited = X509_dup(own);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_ext_key_usage, "serverAuth,OCSPSigning");
	struct err err;

	(void)state;
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, fixture.now, NULL, &err), 0);
	assert_int_equal(X509_add_ext(limited, ext, -1), 1);
	X509_EXTENSION_free(ext);
	fixture.ca->issuing.x509 = limited;
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, fixture.now, NULL, &err), -1);
	assert_non_null(
	    strstr(err.text, "usage client: the issuing CA may not vouch"));
	t.usages = "server";
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, fixture.now, NULL, &err), 0);
	fixture.ca->issuing.x509 = own;
	X509_free(limited);
}

static void
test_facts(void **state)
{
	struct ca_template t = {GOOD};
	struct ca_template_facts f;

	(void)state;
	ca_template_facts(fixture.ca, &t, fixture.now, &f);
	assert_string_equal(
	    f.key, "RSA-2048 to AMT 21, RSA-3072 or P-384 from AMT 22 on");
	assert_string_equal(
	    f.usage, "digitalSignature, with RSA also keyEncipherment");
	assert_int_equal(f.ends, fixture.now + YEAR - 1);
	assert_in_range(f.largest, 1000, 2000);
	t.key = "ec-p384";
	t.validity = INT64_MAX;
	ca_template_facts(NULL, &t, fixture.now, &f);
	assert_string_equal(f.key, "P-384");
	assert_string_equal(f.usage, "digitalSignature");
	assert_int_equal(f.ends, 0);
	assert_int_equal(f.largest, 0);
}

#define ROW(test) FIXTURE_TEST(test, fixture_setup, &fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_rows),
	    ROW(test_all_problems),
	    ROW(test_issuers_end),
	    ROW(test_key_by_firmware),
	    ROW(test_clamp),
	    ROW(test_constraints),
	    ROW(test_issuers_usages),
	    ROW(test_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
