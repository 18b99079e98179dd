#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "der.h"

struct row {
	uint8_t bytes[24];
	size_t len;
	const char *says; /* NULL: DER */
};

static const struct row rows[] = {
    {{0x05, 0x00}, 2, NULL},
    {{0x30, 0x03, 0x02, 0x01, 0x00}, 5, NULL},
    {{0x30, 0x00}, 2, NULL},
    {{0x01, 0x01, 0xff}, 3, NULL},
    {{0x02, 0x02, 0x00, 0x80}, 4, NULL},
    {{0x03, 0x02, 0x04, 0xf0}, 4, NULL},
    {{0x03, 0x01, 0x00}, 3, NULL},
    {{0x06, 0x03, 0x55, 0x1d, 0x11}, 5, NULL},
    {{0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02}, 8, NULL},
    {{0x82, 0x02, 'a', 'b'}, 4, NULL},
    {{0x05}, 1, "tag or length"},
    {{0x05, 0x80}, 2, "tag or length"},
    {{0x30, 0x80, 0x00, 0x00}, 4, "tag or length"},
    {{0x05, 0x81, 0x00}, 3, "tag or length"},
    {{0x04, 0x82, 0x00, 0x01, 0x00}, 5, "tag or length"},
    {{0x04, 0x84, 0x00, 0x00, 0x00, 0x01, 0x00}, 7, "tag or length"},
    {{0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00}, 7, "tag or length"},
    {{0x04, 0x02, 0x00}, 3, "tag or length"},
    {{0x1f, 0x81, 0x01, 0x00}, 4, "tag or length"},
    {{0x30, 0x02, 0x02, 0x01}, 4, "tag or length"},
    {{0x01, 0x01, 0x01}, 3, "BOOLEAN"},
    {{0x01, 0x00}, 2, "BOOLEAN"},
    {{0x02, 0x00}, 2, "empty INTEGER"},
    {{0x02, 0x02, 0x00, 0x7f}, 4, "longer than needed"},
    {{0x02, 0x02, 0xff, 0x80}, 4, "longer than needed"},
    {{0x0a, 0x02, 0x00, 0x01}, 4, "longer than needed"},
    {{0x03, 0x00}, 2, "unused bits"},
    {{0x03, 0x02, 0x08, 0x00}, 4, "unused bits"},
    {{0x03, 0x01, 0x01}, 3, "unused bits"},
    {{0x03, 0x02, 0x04, 0xf1}, 4, "unused bits"},
    {{0x05, 0x01, 0x00}, 3, "NULL"},
    {{0x06, 0x00}, 2, "IDENTIFIER"},
    {{0x06, 0x02, 0x55, 0x9d}, 4, "IDENTIFIER"},
    {{0x06, 0x03, 0x55, 0x80, 0x01}, 5, "IDENTIFIER"},
    {{0x10, 0x00}, 2, "primitive"},
    {{0x11, 0x00}, 2, "primitive"},
    {{0x24, 0x03, 0x04, 0x01, 'a'}, 5, "constructed"},
    {{0x2c, 0x03, 0x0c, 0x01, 'a'}, 5, "constructed"},
    {{0x31, 0x06, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01}, 8, "ascending"},
};

static void
test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ca_span in = {rows[i].bytes, rows[i].len};
		const char *why = ca_der_check(in);

		if (rows[i].says == NULL && why != NULL)
			fail_msg("row %zu: %s", i, why);
		if (rows[i].says != NULL &&
		    (why == NULL || strstr(why, rows[i].says) == NULL))
			fail_msg("row %zu: %s", i, why != NULL ? why : "DER");
	}
}

static void
test_depth(void **state)
{
	struct buf b;
	unsigned depth, i;

	(void)state;
	for (depth = CA_DER_DEPTH; depth <= CA_DER_DEPTH + 1; depth++) {
		size_t marks[CA_DER_DEPTH + 1];

		buf_init(&b, 1024);
		for (i = 0; i < depth; i++)
			marks[i] = ca_der_open(&b, CA_TAG_SEQ);
		while (i > 0)
			ca_der_close(&b, marks[--i]);
		if (depth <= CA_DER_DEPTH)
			assert_null(ca_der_check(ca_der_bytes(&b)));
		else
			assert_non_null(ca_der_check(ca_der_bytes(&b)));
		buf_free(&b);
	}
}

/* A failed read leaves where it was. */
static void
test_take_leaves_alone(void **state)
{
	static const uint8_t bytes[] = {0x02, 0x01, 0x05, 0x05, 0x00};
	struct ca_span in = {bytes, sizeof(bytes)};
	struct ca_tlv v;

	(void)state;
	assert_int_equal(ca_der_take(&in, CA_TAG_SEQ, &v), -1);
	assert_ptr_equal(in.p, bytes);
	assert_int_equal(ca_der_only(in, CA_TAG_INTEGER, &v), -1);
	assert_int_equal(ca_der_take(&in, CA_TAG_INTEGER, &v), 0);
	assert_int_equal(v.body.p[0], 5);
	assert_int_equal(v.whole.len, 3);
	assert_int_equal(ca_der_only(in, CA_TAG_NULL, &v), 0);
	assert_int_equal(ca_der_next(&in, &v), 0);
	assert_int_equal(ca_der_next(&in, &v), -1);
}

static void
expect(struct buf *b, const void *bytes, size_t len)
{
	assert_int_equal(b->len, len);
	assert_memory_equal(b->data, bytes, len);
	buf_reset(b);
}

static void
test_write(void **state)
{
	static const uint8_t high[] = {0x80}, low[] = {0x00, 0x00, 0x7f};
	struct buf b;

	(void)state;
	buf_init(&b, 1024);
	ca_der_number(&b, 0);
	expect(&b, "\x02\x01\x00", 3);
	ca_der_number(&b, 0x1234567890);
	expect(&b, "\x02\x05\x12\x34\x56\x78\x90", 7);
	ca_der_uint(&b, high, sizeof(high));
	expect(&b, "\x02\x02\x00\x80", 4);
	ca_der_uint(&b, low, sizeof(low));
	expect(&b, "\x02\x01\x7f", 3);
	ca_der_bits(&b, high, 1, 7);
	expect(&b, "\x03\x02\x07\x80", 4);
	ca_der_time(&b, 0);
	expect(&b,
	    "\x17\x0d"
	    "700101000000Z",
	    15);
	ca_der_time(&b, 2524607999); /* the last second of 2049 */
	expect(&b,
	    "\x17\x0d"
	    "491231235959Z",
	    15);
	ca_der_time(&b, 2524608000);
	expect(&b,
	    "\x18\x0f"
	    "20500101000000Z",
	    17);
	buf_free(&b);
}

static void
test_write_lengths(void **state)
{
	static const size_t lens[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
	static uint8_t body[65536];
	struct ca_tlv v;
	struct buf b;
	size_t i, mark;

	(void)state;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		buf_init(&b, 1u << 20);
		mark = ca_der_open(&b, CA_TAG_SEQ);
		ca_der_tlv(&b, CA_TAG_OCTETS, body, lens[i]);
		ca_der_close(&b, mark);
		assert_null(ca_der_check(ca_der_bytes(&b)));
		assert_int_equal(
		    ca_der_only(ca_der_bytes(&b), CA_TAG_SEQ, &v), 0);
		assert_int_equal(ca_der_only(v.body, CA_TAG_OCTETS, &v), 0);
		assert_int_equal(v.body.len, lens[i]);
		buf_free(&b);
	}
}

/* Past the limit: noticed at the end, nothing written outside. */
static void
test_write_over(void **state)
{
	size_t max, mark;
	struct buf b;

	(void)state;
	for (max = 0; max < 12; max++) {
		buf_init(&b, max);
		mark = ca_der_open(&b, CA_TAG_SEQ);
		ca_der_number(&b, 0x123456789abcdef);
		ca_der_close(&b, mark);
		assert_int_equal(b.over, max < 12);
		assert_true(b.len <= max);
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_take_leaves_alone),
	    cmocka_unit_test(test_write),
	    cmocka_unit_test(test_write_lengths),
	    cmocka_unit_test(test_write_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
