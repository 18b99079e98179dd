#ifndef VERDICTS_H_
#define VERDICTS_H_
#include <stddef.h>

#include "buf.h"

/*
 * Somebody else's test vectors (Debian's python3-cryptography-vectors) and what
 * we say of each: a text file beside the test, a line each,
 *
 *	NAME | VERDICT | WHY
 *
 * WHY may be left out; lines that begin with "#" are for the reader.
 */
struct verdict {
	const char *name, *says, *why; /* "" when left out */
};
/* The file's; fails the test when it cannot be read. Kept for the process. */
size_t verdicts_read(const char *file, const struct verdict **ret);
/* The one of this name; NULL. */
const struct verdict *verdicts_find(
    const struct verdict *list, size_t count, const char *name);

/* Names in a folder of the vectors that end so, sorted; kept. The test fails
 * when there are none. */
size_t vectors_list(
    const char *folder, const char *end, const char *const **ret);
/* Append the file. */
void vectors_read(const char *folder, const char *name, struct buf *out);
#endif
