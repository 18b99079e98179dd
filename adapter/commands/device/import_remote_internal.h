#ifndef IMPORT_REMOTE_INTERNAL_H_
#define IMPORT_REMOTE_INTERNAL_H_
#include <stdbool.h>

struct cli;
struct csv_table;
struct intake_line;

/* Lines of an import that are good, on their way to a service elsewhere
 * (cli_remote.h), which says what became of each. */
struct import_far;
struct import_far *import_far_new(struct cli *c);
/* The line that was read, of the row of t. */
void import_far_add(struct import_far *far, const struct csv_table *t,
    const struct intake_line *line);
/* Is there as much as one request takes? */
bool import_far_full(const struct import_far *far);
/* Called for each line that was added, in their order; error: it is bad. */
typedef void import_far_fn(
    void *cookie, const char *outcome, const char *changed, const char *error);
/* All that was added since. CODE_OK, or the code with the complaint printed. */
int import_far_send(struct import_far *far, import_far_fn *fn, void *cookie);
void import_far_free(struct import_far *far); /* NULL is allowed */
#endif
