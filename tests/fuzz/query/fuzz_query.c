/*
 * Any bytes in any clause are a statement with as many parameters as marks, or
 * an error with a text.  The first byte says which clause.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "query.h"
#include "store.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static size_t
marks(const char *sql)
{
	size_t n;

	for (n = 0; *sql != '\0'; sql++)
		n += *sql == '?' ? 1 : 0;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct query_text text = {.target = "EPOLeafNode"};
	struct err err = {.kind = ERR_NONE};
	struct query *q = NULL;
	size_t n;
	char *copy;

	if (len == 0)
		return 0;
	copy = mem_dup_len((const char *)bytes + 1, len - 1);
	switch (bytes[0]) {
	case 's':
		text.select = copy;
		break;
	case 'o':
		text.order = copy;
		break;
	case 'g':
		text.group = copy;
		break;
	case 'j':
		text.join = copy;
		break;
	default:
		text.where = copy;
	}
	if (query_compile(store_graph(), &text, 1700000000000, &q, &err) == 0) {
		(void)query_values(q, &n);
		assert(marks(query_sql(q)) == n);
		query_free(q);
	} else {
		assert(q == NULL && err.text[0] != '\0');
		assert(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
	}
	free(copy);
	return 0;
}
