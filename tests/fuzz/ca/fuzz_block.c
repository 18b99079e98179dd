/* Lists of keys as administrators hand them in: lines or PEM. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
check(void *cookie, const struct ca_blocked *b, struct err *err)
{
	(void)cookie;
	(void)err;
	assert(strlen(b->sha256) == 64);
	assert(strspn(b->sha256, "0123456789abcdef") == 64);
	assert(strlen(b->note) <= CA_BLOCK_NOTE_MAX);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text;
	struct err err;

	buf_init(&text, 65536);
	buf_add(&text, data, size);
	if (!text.over && ca_block_read(&text, check, NULL, &err) != 0)
		assert(err.kind == ERR_INVALID);
	buf_free(&text);
	return 0;
}
