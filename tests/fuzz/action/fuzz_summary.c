/*
 * Any URI of a summary is clauses that belong together, or none, and a chart
 * that a report can draw.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "query_summary_internal.h"
#include "report.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *uri = mem_dup_len((const char *)bytes, len);
	enum report_drawing drawing;
	struct query_summary s;

	query_summary_read(uri, &s);
	assert((s.select == NULL) == (s.group == NULL));
	assert(s.order == NULL || s.group != NULL);
	assert(report_drawing_find(s.chart, &drawing, NULL) == 0);
	assert(s.note == NULL || s.note[0] != '\0');
	query_summary_clear(&s);
	free(uri);
	return 0;
}
