/* Names and times from configuration, devices and servers. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a filter nothing is left that could end an assertion. */
static void
check_filter(const char *text)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	directory_escape_filter(&out, text);
	if (strpbrk(buf_text(&out), "()*") != NULL)
		abort();
	buf_reset(&out);
	directory_escape_rdn(&out, text);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_dup_len((const char *)data, size);
	int64_t at = 0;

	check_filter(text);
	(void)directory_parse_time(text, &at);
	free(text);
	return 0;
}
