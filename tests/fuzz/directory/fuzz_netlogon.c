/* What a controller, or who stands in for one, says of itself. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "directory_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct directory_netlogon n;

	/* A site is part of a name that is looked up. */
	if (directory_parse_netlogon(data, size, &n) == 0 &&
	    (strpbrk(n.site, ". ") != NULL || strpbrk(n.of, ". ") != NULL))
		abort();
	return 0;
}
