/* What the hygiene run keeps of many names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ad_audit.h"
#include "audit_internal.h"
#include "daemon.h"

#define MANY 100000

static void
names(void **state)
{
	struct audit_set s = {.room = 0};
	char name[64];
	int i, again = 0;

	(void)state;
	assert_int_equal(audit_set_meet(&s, "HTTP/pc1:16993"), 0);
	for (i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "HTTP/pc%d.x:16993", i);
		audit_set_add(&s, name);
	}
	/* Not by how a name is written. */
	assert_int_equal(audit_set_meet(&s, "http/PC7.X:16993"), 1);
	assert_int_equal(audit_set_meet(&s, "HTTP/pc7.x:16993"), 2);
	for (i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "HTTP/pc%d.x:16993", i);
		assert_true(audit_set_meet(&s, name) != 0);
	}
	/* Of those that are not in it few share a hash. */
	for (i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "HTTP/pc%d.y:16993", i);
		again += audit_set_meet(&s, name) != 0;
	}
	assert_in_range(again, 0, 50);
	/* What the header promises of memory. */
	assert_true(s.room * sizeof(*s.slots) <= (size_t)MANY * 4 * 3);
	audit_set_clear(&s);
	assert_int_equal(s.room, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
