/* A DNS answer from anyone. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name, *next;
	struct buf out;

	buf_init(&out, 65536);
	/* What comes out is a list of host names, or nothing. */
	if (directory_parse_srv(data, size, &out) == 0) {
		for (name = (char *)out.data; name != NULL; name = next) {
			next = strchr(name, ' ');
			if (next != NULL)
				*next++ = '\0';
			if (!str_is_fqdn(name))
				abort();
		}
	}
	buf_free(&out);
	return 0;
}
