/*
 * Lists of other consoles.  Whatever they hold, the CSV that is made of them is
 * one: as many rows as devices were counted, none of them bad, each with a name
 * that DNS can have.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "buf.h"
#include "csv_table.h"
#include "err.h"
#include "foreign_internal.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CSV_ROOM ((size_t)4 << 20)

static void
check_csv(struct buf *csv, const struct foreign_notes *notes)
{
	static const char *const names[] = {"name", "tls"};
	struct csv_table t = {.file = "f", .names = names, .count = 2};
	struct err err;
	size_t rows = 0;

	if (csv->over)
		return;
	assert(csv_table_open(&t, (char *)csv->data, csv->len, &err) == 0);
	while (csv_table_next(&t) == 1) {
		rows++;
		/* A field may be longer than "device import" takes. */
		if (t.row.bad == NULL)
			assert(str_is_fqdn(csv_table_value(&t, 0)));
	}
	assert(rows == notes->devices);
}

static void
read_list(const uint8_t *data, size_t size, bool mesh)
{
	struct foreign_notes notes = {0};
	struct json_object *value;
	struct err err;
	struct buf csv;
	size_t count;

	value = foreign_json(data, size, &err);
	if (value == NULL)
		return;
	buf_init(&csv, CSV_ROOM);
	foreign_begin(&csv);
	if (mesh)
		(void)foreign_mesh(value, &csv, &notes, &err);
	else
		(void)foreign_dmt(value, &csv, &notes, &count, &err);
	check_csv(&csv, &notes);
	json_object_put(value);
	buf_free(&csv);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_list(data, size, false);
	read_list(data, size, true);
	return 0;
}
