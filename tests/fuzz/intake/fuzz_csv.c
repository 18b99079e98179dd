/* Any bytes are rows within the limits; lines only grow, fields lie inside. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "err.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *copy = malloc(len + 1);
	size_t line = 0, i;
	struct csv csv;
	struct csv_row row;
	struct err err = {0};

	assert(copy != NULL);
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	if (csv_open(&csv, copy, len, &err) != 0) {
		assert(err.kind == ERR_INVALID);
		free(copy);
		return 0;
	}
	while (csv_next(&csv, &row) == 1) {
		assert(row.line > line || line == 0);
		line = row.line;
		assert(row.count <= CSV_MAX_FIELDS);
		if (row.bad != NULL)
			continue;
		assert(row.count > 0);
		for (i = 0; i < row.count; i++) {
			assert(row.fields[i] >= copy);
			assert(row.fields[i] + strlen(row.fields[i]) <=
			    copy + len);
			assert(strlen(row.fields[i]) <= CSV_MAX_FIELD);
		}
	}
	free(copy);
	return 0;
}
