#ifndef CHOICE_H_
#define CHOICE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli;
struct device;
struct err;

/* Which devices a command is about: cli_selection_options, cli_limit_options
 * and its arguments from the first-th on. */

/* Were devices chosen at all: by those arguments, --device, --reason, --site,
 * --query or --all? */
bool cli_selected(const struct cli *c, size_t first);
typedef int cli_device_fn(
    void *cookie, const struct device *device, struct err *err);
/* fn for each chosen one, once; all when none were chosen. CODE_NOTHING with
 * the complaint printed when a name or pattern, or all of them, match nothing.
 */
int cli_select(struct cli *c, size_t first, cli_device_fn *fn, void *cookie);
/* The i-th name or pattern given; NULL after the last. */
const char *cli_pattern(const struct cli *c, size_t first, size_t i);

/* Ids of the chosen ones, for commands that act only when all is well. */
struct cli_ids {
	int64_t *ids;
	size_t count, room;
};
int cli_select_ids(struct cli *c, size_t first, struct cli_ids *ret_ids);
void cli_ids_add(struct cli_ids *ids, int64_t id);

/* Id of the one device named with --device, 0 when none was; CODE_OK or the
 * code with the complaint printed. */
int cli_chosen_device(struct cli *c, int64_t *ret_id);
#endif
