/* What a controller says of itself, as three of Samba's said it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "str.h"

#define ANSWER_MAX 1024
#define WRITABLE                                                               \
	"FwAAAL0RAABDE36Ix1mwSZgL8ETA+mpAAmFkB2V4YW1wbGUEdGVzdADAGANkYzHAGAZB" \
	"RFRFU1QAA0RDMQAAF0RlZmF1bHQtRmlyc3QtU2l0ZS1OYW1lAMA/BQAAAP////8="
#define READ_ONLY                                                              \
	"FwAAALwIAABDE36Ix1mwSZgL8ETA+mpAAmFkB2V4YW1wbGUEdGVzdADAGANkYzLAGAZB" \
	"RFRFU1QAA0RDMgAAF0RlZmF1bHQtRmlyc3QtU2l0ZS1OYW1lAMA/BQAAAP////8="

static void
decode(const char *text, struct buf *out)
{
	buf_init(out, ANSWER_MAX);
	assert_int_equal(str_unbase64(out, text), 0);
}

static void
two_kinds(void **state)
{
	struct directory_netlogon n;
	struct buf bytes;

	(void)state;
	decode(WRITABLE, &bytes);
	assert_int_equal(
	    directory_parse_netlogon(bytes.data, bytes.len, &n), 0);
	assert_true(n.writable);
	assert_true(n.near);
	assert_true(n.catalog);
	assert_string_equal(n.site, "Default-First-Site-Name");
	assert_string_equal(n.of, "Default-First-Site-Name");
	/* the bit for "in your site" is off: one of another site */
	bytes.data[4] &= (uint8_t)~0x80;
	assert_int_equal(
	    directory_parse_netlogon(bytes.data, bytes.len, &n), 0);
	assert_false(n.near);
	buf_free(&bytes);
	decode(READ_ONLY, &bytes);
	assert_int_equal(
	    directory_parse_netlogon(bytes.data, bytes.len, &n), 0);
	assert_false(n.writable);
	buf_free(&bytes);
}

/* A label that could be more than one in a name is no site. */
static void
strange_site(void **state)
{
	struct directory_netlogon n;
	struct buf bytes;
	uint8_t *at;

	(void)state;
	decode(WRITABLE, &bytes);
	at = memmem(bytes.data, bytes.len, "Default", 7);
	assert_non_null(at);
	at[2] = '.';
	assert_int_equal(
	    directory_parse_netlogon(bytes.data, bytes.len, &n), 0);
	assert_string_equal(n.site, "");
	assert_string_equal(n.of, "");
	buf_free(&bytes);
}

static void
nonsense(void **state)
{
	struct directory_netlogon n = {.site = "untouched"};
	struct buf bytes;
	size_t len;

	(void)state;
	decode(WRITABLE, &bytes);
	/* all names end before the last twelve bytes */
	for (len = 0; len < bytes.len - 8; len++)
		assert_int_equal(
		    directory_parse_netlogon(bytes.data, len, &n), -1);
	bytes.data[0] = 19; /* the form without a site */
	assert_int_equal(
	    directory_parse_netlogon(bytes.data, bytes.len, &n), -1);
	assert_string_equal(n.site, "untouched");
	buf_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_kinds),
	    cmocka_unit_test(strange_site),
	    cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
