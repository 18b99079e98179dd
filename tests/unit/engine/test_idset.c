#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "idset_internal.h"

#define MANY 5000

static void
test_against_a_plain_array(void **state)
{
	static bool in[MANY + 1];
	struct idset set = {NULL, 0, 0};
	uint32_t random = 12345;
	size_t count = 0;
	int64_t id;
	int i;

	(void)state;
	assert_false(idset_has(&set, 1));
	idset_del(&set, 1);
	for (i = 0; i < 200000; i++) {
		random = random * 1664525 + 1013904223;
		id = 1 + (int64_t)(random >> 8) % MANY;
		if (random & 1) {
			assert_int_equal(idset_add(&set, id), !in[id]);
			count += !in[id];
			in[id] = true;
		} else {
			idset_del(&set, id);
			count -= in[id];
			in[id] = false;
		}
		assert_int_equal(set.count, count);
	}
	for (id = 1; id <= MANY; id++)
		assert_int_equal(idset_has(&set, id), in[id]);
	idset_free(&set);
	idset_free(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_against_a_plain_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
