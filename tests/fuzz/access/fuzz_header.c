/*
 * Any text as an Authorization or Cookie header shows nothing, nonsense, a name
 * with a password, or a key.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access_internal.h"
#include "mem.h"
#include "secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check(enum access_shown shown, struct access_shown_as *as)
{
	assert((as->secret != NULL) ==
	    (shown == ACCESS_SHOWN_PASSWORD || shown == ACCESS_SHOWN_KEY));
	assert((as->name[0] != '\0') == (shown == ACCESS_SHOWN_PASSWORD));
	assert(strlen(as->name) < sizeof(as->name));
	secret_free(as->secret);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = mem_dup_len((const char *)bytes, len);
	struct access_shown_as as;

	check(access_read_authorization(text, &as), &as);
	check(access_read_cookie(text, &as), &as);
	free(text);
	return 0;
}
