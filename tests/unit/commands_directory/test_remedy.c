/* The commands that repair findings, safe to paste. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ad_audit.h"
#include "commands_directory.h"
#include "remedy_internal.h"

static void
expect(const struct ad_audit_finding *f, const char *wanted)
{
	char *text = cmd_directory_remedy(f);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void
quoting(void **state)
{
	struct ad_audit_finding f = {.code = "kvno-differs",
	    .object = "CN=it's,OU=A B",
	    .account = "it's$",
	    .device = "it's;rm.x"};

	(void)state;
	expect(&f, "amtkeeper run renew-ad-password 'it'\\''s;rm.x'");
	f.code = "stale";
	expect(&f, "Disable-ADAccount -Identity 'CN=it''s,OU=A B'");
	f.code = "spn-duplicate";
	f.device = NULL;
	f.drop = "HTTP/a HTTP/b'$(x)";
	expect(&f,
	    "Set-ADObject -Remove @{servicePrincipalName='HTTP/a',"
	    "'HTTP/b''$(x)'} -Identity 'CN=it''s,OU=A B'");
	f.code = "rights-master";
	f.account = "Domain Admins";
	expect(&f,
	    "Remove-ADGroupMember -Identity 'Domain Admins' -Members "
	    "'CN=it''s,OU=A B'");
	f.code = "orphan";
	expect(&f,
	    "amtkeeper directory repair orphan --delete --dn "
	    "'CN=it'\\''s,OU=A B'");
	f.add = "4098";
	expect(
	    &f, "amtkeeper directory repair orphan --dn 'CN=it'\\''s,OU=A B'");
}

/* Each kind has one, whether or not the object is a device's, and the help of
 * the command names it. */
static void
every_kind(void **state)
{
	struct ad_audit_finding f = {
	    .object = "CN=a", .account = "a$", .add = "x", .drop = "y"};
	const struct cli_command *row;
	struct ad_audit_kind kind;
	const char *help = NULL;
	char *device, *other;
	size_t i;

	(void)state;
	for (row = commands_directory; row->name != NULL; row++)
		if (strcmp(row->name, "directory audit") == 0)
			help = row->text;
	assert_non_null(help);
	for (i = 0; ad_audit_kind(i, &kind); i++) {
		f.code = kind.code;
		f.device = "pc1";
		device = cmd_directory_remedy(&f);
		f.device = NULL;
		other = cmd_directory_remedy(&f);
		if (device == NULL && other == NULL)
			fail_msg("%s has no repair", kind.code);
		if (strstr(help, kind.code) == NULL)
			fail_msg("%s is not in the help", kind.code);
		free(device);
		free(other);
	}
	assert_true(i > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quoting),
	    cmocka_unit_test(every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
