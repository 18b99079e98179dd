#ifndef RUNS_INTERNAL_H_
#define RUNS_INTERNAL_H_
#include "choice.h"
#include "cli.h"
#include "order.h"

/* What commands about tasks and runs share. */

/* Whom it is for, of --group, --tag and the choice of devices behind the
 * first arguments. */
struct aim {
	enum task_target target;
	int64_t target_id;
	const char *query;  /* borrowed */
	struct cli_ids ids; /* TASK_DEVICES */
};
/* Which of the five it is. CODE_OK, or the code with the complaint printed. */
int runs_target(struct cli *c, size_t first, enum task_target *ret);
/* CODE_OK, or the code with the complaint printed; free ids either way. */
int runs_aim(struct cli *c, size_t first, struct aim *ret);
/* --canary, --wave and so on. Likewise. */
int runs_policy(const struct cli *c, struct task_policy *ret);
struct order runs_order(struct cli *c);

/* Rows of items; those with --outcome alone. */
int runs_write_items(struct cli *c, int64_t run);
/* Until it is over: the command's code. The second with the items. */
int runs_follow(struct cli *c, int64_t run);
int runs_wait(struct cli *c, int64_t run);
#endif
