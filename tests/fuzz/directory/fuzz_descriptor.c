/* A security descriptor from a controller, or from whoever is one. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
take(void *cookie, const struct directory_ace *ace, struct err *err)
{
	char sid[DIRECTORY_SID_TEXT], words[DIRECTORY_ACE_WORDS];
	enum directory_audit_level level = AUDIT_NOTE;
	const char *said = directory_ace_excess(ace, &level, words);

	(void)cookie;
	(void)err;
	if (strncmp(directory_sid_text(&ace->sid, sid), "S-1-", 4) != 0)
		abort();
	if (said != NULL && strlen(said) >= DIRECTORY_ACE_WORDS)
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)directory_aces(data, size, take, NULL, NULL);
	return 0;
}
