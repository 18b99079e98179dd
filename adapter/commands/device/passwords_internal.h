#ifndef PASSWORDS_INTERNAL_H_
#define PASSWORDS_INTERNAL_H_
#include <stddef.h>

/*
 * device import --passwords: admin passwords in a CSV file of their own with
 * the columns name and password, private to its owner, so that the other facts
 * of a fleet may be in a file everyone reads.  One wrong line and the whole
 * file is refused: a password that goes to the wrong device locks it.
 */
struct passwords;

/* NULL with the complaints printed, each as file:line and never with a value:
 * others may read the file, a bad line, a name twice, a password firmware
 * cannot have. */
struct passwords *passwords_load(const char *file);
/* The one for this name (in any case), as a C string borrowed until freed; NULL
 * when there is none. It counts as asked for from then on. */
const char *passwords_find(struct passwords *p, const char *name);
/* Complain of every line that was not asked for; how many. */
size_t passwords_unasked(const struct passwords *p);
/* Wipe and free; NULL is allowed. */
void passwords_free(struct passwords *p);
#endif
