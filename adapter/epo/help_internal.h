#ifndef EPO_HELP_INTERNAL_H_
#define EPO_HELP_INTERNAL_H_
#include <stddef.h>

struct buf;
struct command;

/* Forms of a command's arguments: a line of help each. */
size_t remote_help_lines(const struct command *command);
/* "name args - help", wrapped at 80 columns with CR LF. */
void remote_help_line(
    const struct command *command, size_t form, struct buf *out);
#endif
