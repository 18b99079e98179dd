#ifndef OUTPUT_H_
#define OUTPUT_H_
#include <stdbool.h>
#include <stdio.h>

/*
 * Standard output.  A reader that goes away early (head, a pager that is left)
 * is no failure: what it did not read is lost, and the exit code is that of the
 * work.  Any other write that fails is said, and makes a 0 a CODE_FAILED.
 */

/* First of all: descriptors 0 to 2 that the caller closed must not become a
 * database. Writing to them fails, reading from them ends. */
void output_init(void);
/* Has the reader of this descriptor gone away? */
bool output_unread(int fd);
/* Write what stdout still holds. The exit code of a command that came to code,
 * complaint printed. */
int output_end(int code);

/*
 * Rows on their way to a descriptor while devices are worked on: what its
 * reader does not take is kept, so that a pager nobody turns never holds up a
 * device in the middle of a change.
 */
struct outflow;
struct outflow *outflow_new(int fd); /* borrowed */
/* To write into; a whole line leaves if the reader takes it. */
FILE *outflow_file(struct outflow *o);
/* The errno of the write that failed; 0 when none did. Nothing more is kept
 * then. */
int outflow_error(const struct outflow *o);
/* Write the rest, for as long as the reader takes, and free; as above. */
int outflow_end(struct outflow *o);
#endif
