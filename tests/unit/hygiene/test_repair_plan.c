/* Which findings a machine may put right, and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ad_repair.h"
#include "daemon.h"

static const struct {
	const char *code, *device, *add, *drop, *mark;
	bool delete;
	const char *words; /* NULL: a person must */
} cases[] = {
    {"spn-missing", "pc1", "a b", NULL, NULL, false, "task sync-ad-object"},
    {"wrong-ou", "pc1", "OU=A", NULL, NULL, false, "task sync-ad-object"},
    {"wrong-ou", NULL, "OU=A", NULL, NULL, false, NULL},
    {"spn-missing", NULL, "a b", NULL, NULL, false,
	"servicePrincipalName + a b"},
    {"spn-foreign", NULL, NULL, "c", NULL, false, "servicePrincipalName - c"},
    {"encryption-weak", NULL, "24", "4", NULL, false,
	"msDS-SupportedEncryptionTypes - 4 + 24"},
    {"encryption-weak", NULL, NULL, NULL, NULL, false, NULL},
    {"dns-host-differs", NULL, NULL, NULL, NULL, false, NULL},
    /* Of a device's object as well: no step does it. */
    {"password-never-expires", "pc1", "512", "66048", NULL, false,
	"userAccountControl - 66048 + 512"},
    {"orphan", NULL, "4098", "4096", "our mark", false, "disable"},
    {"orphan", NULL, "4098", "4096", "our mark", true, "delete"},
    {"orphan", NULL, NULL, NULL, "our mark", true, "delete"},
    {"orphan", NULL, NULL, NULL, "our mark", false, NULL}, /* disabled */
    {"orphan", NULL, "4098", "4096", NULL, true, NULL},	   /* not ours */
    {"spn-duplicate", NULL, NULL, "c", NULL, true, NULL},
    {"delegation-unconstrained", NULL, NULL, NULL, NULL, false, NULL},
    {"rights-master", NULL, NULL, NULL, NULL, false, NULL},
    {"rights-broad", NULL, NULL, NULL, NULL, false, NULL},
};

static void
ways(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ad_audit_finding f = {.code = cases[i].code,
		    .object = "CN=a",
		    .account = "a$",
		    .device = cases[i].device,
		    .evidence = "e",
		    .add = cases[i].add,
		    .drop = cases[i].drop,
		    .mark = cases[i].mark};
		struct repair r;
		char *words;

		if (!repair_make(&f, cases[i].delete, &r)) {
			if (cases[i].words != NULL)
				fail_msg("case %zu: nothing", i);
			continue;
		}
		words = repair_words(&r);
		if (cases[i].words == NULL)
			fail_msg("case %zu: %s", i, words);
		assert_string_equal(words, cases[i].words);
		free(words);
		repair_clear(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
