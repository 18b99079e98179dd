/*
 * Whatever stands in a cell: no byte of it opens or closes anything in HTML,
 * and CSV gives each row its number of fields.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "report_internal.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
try_html(const char *text)
{
	struct buf out;
	size_t at, len;
	uint32_t point;

	buf_init(&out, 1 << 24);
	html_text(&out, text, REPORT_CELL_MAX);
	assert(!out.over && strpbrk(buf_text(&out), "<>\"'\n\r") == NULL);
	for (at = 0; at < out.len; at += len) {
		len = utf8_next(out.data + at, out.len - at, &point);
		assert(len > 0 && utf8_visible(point));
	}
	buf_free(&out);
}

/* Fields of one record (RFC 4180). */
static size_t
fields(const char *csv)
{
	size_t count = 1;
	bool quoted = false;

	for (; *csv != '\0'; csv++) {
		if (*csv == '"')
			quoted = !quoted;
		count += *csv == ',' && !quoted ? 1 : 0;
		assert(quoted || *csv != '\n' || csv[1] == '\0');
	}
	assert(!quoted);
	return count;
}

static void
try_csv(const char *text)
{
	static const struct report_column columns[] = {
	    {"a", REPORT_STRING, REPORT_NO_CHART},
	    {"b", REPORT_LIST, REPORT_NO_CHART},
	    {"c", REPORT_INT, REPORT_NO_CHART}};
	const struct report_cell cells[] = {
	    {.text = text}, {.text = text}, {.number = -1}};
	char *csv = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&csv, &len);

	assert(out != NULL);
	report_csv_row(out, columns, cells, 3);
	(void)fclose(out);
	assert(fields(csv) == 3);
	assert(strchr("=+-@\t", csv[0]) == NULL || csv[0] == '\0');
	free(csv);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = mem_dup_len((const char *)bytes, len);

	try_html(text);
	try_csv(text);
	free(text);
	return 0;
}
