/* The rules of the hygiene run: what was read in, findings out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "audit.h"
#include "clock.h"
#include "err.h"

#define NOW INT64_C(1800000000)
#define DAYS(n) (NOW - (n)*CLOCK_DAY)
#define OU "OU=AMT,DC=x"
#define FQDN "pc1.x.test"
#define HOST "HOST/" FQDN
#define AMT(p) "HTTP/" FQDN ":" p
#define SIX                                                                    \
	AMT("16992")                                                           \
	" " AMT("16993") " " AMT("16994") " " AMT("16995") " " AMT(            \
	    "623") " " AMT("664")

/* What a case changes of a healthy computer; NULL and 0: nothing. */
struct given {
	const char *name; /* of the case */
	int64_t uac, enctypes, kvno, password_at, logon_at, created_at;
	int64_t expires_at;
	const char *dn, *account, *dns_host, *more_hosts, *spns, *description;
	const char *sid;
	bool device, marked, no_password, no_host, no_enctypes;
	const char *wanted; /* codes, by blanks */
	const char *evidence;
	const char *add, *drop;
};

static const struct given cases[] = {
    {.name = "healthy", .wanted = ""},
    /* Passwords of computers: hygiene. */
    {.name = "due on the day the margin begins",
	.password_at = DAYS(32),
	.wanted = "password-due",
	.evidence = "maxPwdAge=42d"},
    {.name = "a second before it", .password_at = DAYS(32) + 1, .wanted = ""},
    {.name = "overdue", .password_at = DAYS(42), .wanted = "password-overdue"},
    {.name = "exempt, whatever its age",
	.uac = 0x11000,
	.password_at = DAYS(42),
	.wanted = "password-never-expires",
	.evidence = "userAccountControl=0x11000"},
    {.name = "must change",
	.no_password = true,
	.wanted = "password-must-change"},
    {.name = "disabled: nothing else counts",
	.uac = 0x1002,
	.password_at = DAYS(400),
	.created_at = DAYS(400),
	.enctypes = 4,
	.wanted = "disabled"},
    {.name = "the KDC's account is off",
	.account = "krbtgt",
	.uac = 0x202,
	.sid = "S-1-5-21-1-2-3-502",
	.wanted = ""},
    {.name = "a read-only controller's too",
	.account = "krbtgt_4711",
	.uac = 0x202,
	.sid = "S-1-5-21-1-2-3-1601",
	.wanted = ""},
    {.name = "Guest is off, whatever it is called",
	.account = "Gast",
	.uac = 0x10222,
	.sid = "S-1-5-21-1-2-3-501",
	.wanted = ""},
    {.name = "a person who is no guest",
	.uac = 0x202,
	.sid = "S-1-5-21-1-2-3-1501",
	.wanted = "disabled"},
    {.name = "a group of everybody's is no account of the domain",
	.uac = 0x202,
	.sid = "S-1-5-32-501",
	.wanted = "disabled"},
    /* Of users: as the KDC has it. */
    {.name = "user, old, and no policy",
	.uac = 0x200,
	.password_at = DAYS(60),
	.wanted = ""},
    {.name = "user expired",
	.uac = 0x200,
	.expires_at = NOW,
	.wanted = "password-expired",
	.evidence = "policy=the domain's"},
    {.name = "user expiring",
	.uac = 0x200,
	.expires_at = NOW + 10 * CLOCK_DAY,
	.wanted = "password-expiring"},
    {.name = "user with time left",
	.uac = 0x200,
	.expires_at = NOW + 10 * CLOCK_DAY + 1,
	.wanted = ""},
    /* Signs of life. */
    {.name = "logon in the slack",
	.created_at = DAYS(500),
	.password_at = DAYS(103),
	.logon_at = DAYS(104),
	.wanted = "password-overdue"},
    {.name = "stale",
	.created_at = DAYS(500),
	.password_at = DAYS(105),
	.logon_at = DAYS(105),
	.wanted = "password-overdue stale",
	.evidence = "lastLogonTimestamp="},
    {.name = "never logged on, but new",
	.created_at = DAYS(89),
	.no_password = true,
	.wanted = "password-must-change"},
    {.name = "a new password is one",
	.created_at = DAYS(500),
	.logon_at = DAYS(200),
	.wanted = ""},
    /* Ours. */
    {.name = "orphan",
	.marked = true,
	.description = "Intel AMT device gone",
	.wanted = "orphan",
	.evidence = "Intel AMT device gone"},
    {.name = "a device's", .device = true, .marked = true, .wanted = ""},
    {.name = "a device's, lower case",
	.device = true,
	.dns_host = "PC1.X.TEST",
	.spns = "http/pc1.x.test:16992 " SIX,
	.wanted = ""},
    {.name = "a device was renamed",
	.device = true,
	.dns_host = "pc9.x.test",
	.spns = "HTTP/pc9.x.test:16993",
	.wanted = "spn-missing spn-foreign dns-host-differs",
	.add = FQDN},
    {.name = "a device lacks one name",
	.device = true,
	.spns = AMT("16992") " " AMT("16993") " " AMT("16994") " " AMT(
	    "16995") " " AMT("623"),
	.wanted = "spn-missing",
	.add = AMT("664")},
    {.name = "a device has one more",
	.device = true,
	.spns = SIX " " HOST,
	.wanted = "spn-foreign",
	.drop = HOST},
    {.name = "a device's key is another",
	.device = true,
	.kvno = 8,
	.wanted = "kvno-differs",
	.evidence = "msDS-KeyVersionNumber=8 device=7"},
    {.name = "a device's in a sub-OU",
	.device = true,
	.dn = "CN=pc1,OU=Old," OU,
	.wanted = "wrong-ou",
	.add = OU},
    {.name = "a comma in the name",
	.device = true,
	.dn = "CN=pc1\\,a\\\\,ou=amt,dc=X",
	.wanted = ""},
    {.name = "a device with RC4",
	.device = true,
	.enctypes = 4,
	.wanted = "encryption-weak",
	.add = "24"},
    {.name = "a device with AES128 alone",
	.device = true,
	.enctypes = 8,
	.wanted = "encryption-differs"},
    /* Names of those that are nobody's. */
    {.name = "no HOST", .spns = "", .wanted = "spn-missing", .add = HOST},
    {.name = "no names at all: not joined yet",
	.no_host = true,
	.spns = "",
	.wanted = ""},
    {.name = "names without a host",
	.no_host = true,
	.wanted = "dns-host-differs",
	.evidence = "dNSHostName=-"},
    {.name = "short, account's and further names are its own",
	.more_hosts = "alias.x.test",
	.spns = HOST " HOST/pc1 http/ALIAS.x.test:8080 MSSQLSvc/pc1:1433/x",
	.wanted = ""},
    {.name = "foreign",
	.spns = HOST " HTTP/pc10.x.test",
	.wanted = "spn-foreign",
	.drop = "HTTP/pc10.x.test"},
    {.name = "no service name at all",
	.spns = HOST " nonsense",
	.wanted = "spn-foreign",
	.drop = "nonsense"},
    {.name = "made by others for AMT",
	.account = "pc1$iME$",
	.spns = AMT("16993"),
	.wanted = "spn-missing"},
    {.name = "name of another account",
	.account = "pc2$",
	.wanted = "dns-host-differs",
	.evidence = "sAMAccountName=pc2$"},
    {.name = "cut by NetBIOS",
	.account = "ABCDEFGHIJKLMNO$",
	.dns_host = "abcdefghijklmnop.x.test",
	.spns = "HOST/abcdefghijklmnop.x.test",
	.wanted = ""},
    {.name = "a service account's names are not judged",
	.uac = 0x200,
	.no_host = true,
	.spns = "HTTP/www.x.test",
	.wanted = ""},
    {.name = "nor are a controller's",
	.uac = 0x82000,
	.spns = "GC/x.test ldap/other",
	.wanted = ""},
    /* Keys and flags. */
    {.name = "RC4 alone", .enctypes = 4, .wanted = "encryption-weak"},
    {.name = "not said", .no_enctypes = true, .wanted = "encryption-unset"},
    {.name = "not said, a user's",
	.uac = 0x200,
	.no_enctypes = true,
	.wanted = ""},
    {.name = "DES flag beside AES",
	.uac = 0x201000,
	.wanted = "encryption-weak",
	.evidence = "USE_DES_KEY_ONLY"},
    {.name = "delegation",
	.uac = 0x81000,
	.wanted = "delegation-unconstrained"},
};

static const struct given *current;
static char codes[256], evidence[4096], add[1024], drop[1024];

static void
append(char *text, size_t room, const char *more)
{
	size_t len = strlen(text), n = strlen(more);

	assert_true(len + n < room);
	memcpy(text + len, more, n + 1);
}

static int
keep(void *cookie, const struct directory_audit_finding *f, struct err *err)
{
	(void)cookie;
	(void)err;
	append(codes, sizeof(codes), codes[0] != '\0' ? " " : "");
	append(codes, sizeof(codes), directory_audit_kind(f->code)->name);
	append(evidence, sizeof(evidence), f->evidence);
	append(evidence, sizeof(evidence), "\n");
	if (f->add != NULL)
		(void)snprintf(add, sizeof(add), "%s", f->add);
	if (f->drop != NULL)
		(void)snprintf(drop, sizeof(drop), "%s", f->drop);
	assert_int_equal(f->level, directory_audit_kind(f->code)->level);
	assert_true(current->device == (f->device != NULL));
	return 0;
}

static int64_t
either(int64_t given, int64_t usual)
{
	return given != 0 ? given : usual;
}

static const char *
text(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

static void
judge(const struct given *g)
{
	const struct directory_audit_object o = {
	    .dn = text(g->dn, "CN=pc1," OU),
	    .account = text(g->account, "pc1$"),
	    .sid = g->sid,
	    .dns_host = g->no_host ? NULL : text(g->dns_host, FQDN),
	    .more_hosts = g->more_hosts,
	    .spns = text(g->spns, g->device ? SIX : HOST " HOST/pc1"),
	    .description = g->description,
	    .uac = either(g->uac, 0x1000),
	    .enctypes = g->no_enctypes ? 0 : either(g->enctypes, 24),
	    .kvno = either(g->kvno, 7),
	    .password_at = g->no_password ? 0 : either(g->password_at, DAYS(1)),
	    .logon_at = g->logon_at,
	    .created_at = either(g->created_at, DAYS(1)),
	    .expires_at = g->expires_at};
	const struct directory_audit_wish w = {.device = "pc1",
	    .fqdn = FQDN,
	    .spns = SIX,
	    .ou = OU,
	    .enctypes = 24,
	    .kvno = 7};
	const struct directory_audit_policy p = {.now = NOW,
	    .max_age = 42 * CLOCK_DAY,
	    .domain_age = true,
	    .margin = 10 * CLOCK_DAY,
	    .stale = 90 * CLOCK_DAY};
	const struct directory_audit_case c = {.object = &o,
	    .wish = g->device ? &w : NULL,
	    .policy = &p,
	    .marked = g->marked};
	struct err err;

	current = g;
	codes[0] = evidence[0] = add[0] = drop[0] = '\0';
	assert_int_equal(directory_audit_object(&c, keep, NULL, &err), 0);
}

static void
rules(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct given *g = &cases[i];

		judge(g);
		if (strcmp(codes, g->wanted) != 0)
			fail_msg("%s: found '%s'", g->name, codes);
		if (g->evidence != NULL &&
		    strstr(evidence, g->evidence) == NULL)
			fail_msg("%s: evidence %s", g->name, evidence);
		if (g->add != NULL && strcmp(add, g->add) != 0)
			fail_msg("%s: add %s", g->name, add);
		if (g->drop != NULL && strcmp(drop, g->drop) != 0)
			fail_msg("%s: drop %s", g->name, drop);
	}
}

static int
refuse(void *cookie, const struct directory_audit_finding *f, struct err *err)
{
	int *calls = cookie;

	(void)f;
	++*calls;
	return err_set(err, ERR_LIMIT, "enough");
}

/* The first refusal ends it. */
static void
stops(void **state)
{
	const struct directory_audit_object o = {
	    .dn = "CN=a", .account = "a$", .spns = "", .uac = 0x91000};
	const struct directory_audit_policy p = {.now = NOW};
	const struct directory_audit_case c = {.object = &o, .policy = &p};
	struct err err;
	int calls = 0;

	(void)state;
	assert_int_equal(directory_audit_object(&c, refuse, &calls, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(calls, 1);
}

static void
places(void **state)
{
	(void)state;
	assert_true(directory_audit_below("CN=a,OU=B,DC=x", "ou=b,dc=X"));
	assert_true(directory_audit_below("OU=B,DC=x", "OU=B,DC=x"));
	assert_true(directory_audit_below("CN=a,OU=C,OU=B,DC=x", "OU=B,DC=x"));
	assert_false(directory_audit_below("CN=a,OU=AB,DC=x", "B,DC=x"));
	assert_false(directory_audit_below("CN=a\\,OU=B,DC=x", "OU=B,DC=x"));
	assert_false(directory_audit_below("DC=x", "OU=B,DC=x"));
	assert_false(directory_audit_in_ou("CN=a,OU=C,OU=B", "OU=B"));
	assert_false(directory_audit_in_ou("OU=B", "OU=B"));
	assert_false(directory_audit_in_ou("CN=a\\", "OU=B"));
}

/* Codes are words of scripts: each once, with something to say. */
static void
kinds(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < AUDIT_COUNT; i++) {
		const struct directory_audit_kind *k =
		    directory_audit_kind((enum directory_audit_code)i);

		assert_non_null(k->name);
		assert_true(strlen(k->help) > 10);
		for (j = 0; j < i; j++)
			assert_string_not_equal(k->name,
			    directory_audit_kind((enum directory_audit_code)j)
				->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules),
	    cmocka_unit_test(stops),
	    cmocka_unit_test(places),
	    cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
