#ifndef TASK_INTERNAL_H_
#define TASK_INTERNAL_H_
#include "db.h"
#include "rows.h"
#include "task.h"

/* What the tables of tasks share: columns of a policy, in the order of the
 * struct, which holds nothing else. */
#define TASK_POLICY_COLUMNS                                                    \
	"canary, wave, wave_percent, max_failures, max_failure_percent,"       \
	" stop_after, parallel, retries, retry_wait"
_Static_assert(
    sizeof(struct task_policy) == TASK_POLICY_FIELDS * sizeof(int64_t),
    "a column for each");

void task_policy_values(
    const struct task_policy *p, struct db_value out[TASK_POLICY_FIELDS]);
void task_policy_read(
    struct db_rows *rows, int column, struct task_policy *ret);

/* By name, "-" in it standing for a blank too, or number: text and int. */
#define TASK_NAMED                                                             \
	" WHERE lower(name) = lower(?1) OR id = ?2"                            \
	" OR lower(replace(name, ' ', '-')) = lower(?1)"                       \
	" ORDER BY lower(name) = lower(?1) DESC LIMIT 1"

/* Are group, tag and query what the target needs? */
int task_target_check(struct store *s, enum task_target target,
    int64_t target_id, const char *query, struct err *err);
/* One number; 0 when there is no row, or NULL. */
int task_number(struct store *s, int64_t *ret, struct err *err, const char *sql,
    const char *types, int64_t a, int64_t b);
/* The first column of rows of a statement that takes a number and a limit. */
int task_ids(struct store *s, const char *sql, int64_t value, int64_t *ids,
    size_t room, size_t *ret_count, struct err *err);
#endif
