/*
 * A row that a server may answer, for a table of every type of column: it is
 * taken whole, or refused with an error and nothing of it written.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_remote.h"
#include "err.h"
#include "read_internal.h"
#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct table_column columns[] = {{"name", TABLE_STRING, 0, 0},
    {"n", TABLE_INT, 0, 0}, {"at", TABLE_TIME, 0, 0}, {"tls", TABLE_BOOL, 0, 0},
    {"why", TABLE_LIST, 0, 0}};

static void
write_row(struct json_object *row, enum table_format format)
{
	static const struct cli_remote_none none[] = {{"n", 0}, {NULL, 0}};
	static const struct cli_remote_rows rows = {
	    .columns = columns, .count = 5, .known = "at", .none = none};
	struct err err = {.kind = ERR_NONE};
	char *text = NULL;
	size_t len, taken;
	FILE *file = open_memstream(&text, &len);
	struct table *t;
	int rc;

	assert(file != NULL);
	t = table_new(format, columns, 5, file);
	rc = cli_remote_row(t, &rows, row, &err);
	taken = table_rows(t);
	table_end(t);
	(void)fclose(file);
	assert(taken == (rc == 0 ? 1 : 0));
	assert(rc == 0 || err.kind == ERR_PROTOCOL);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	struct json_object *row = api_client_object(data, size, &err);

	if (row == NULL)
		return 0;
	write_row(row, TABLE_TEXT);
	write_row(row, TABLE_JSON);
	write_row(row, TABLE_CSV);
	(void)json_object_put(row);
	return 0;
}
