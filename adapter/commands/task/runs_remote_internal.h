#ifndef RUNS_REMOTE_INTERNAL_H_
#define RUNS_REMOTE_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli;
struct cli_remote_rows;
struct json_object;
struct table_column;
struct task_policy;
struct task_run;

/* Runs of a service elsewhere (cli_remote.h); codes as there. */

int runs_remote_list(struct cli *c, const struct cli_remote_rows *rows);
/* Its "items" or "messages". */
int runs_remote_below(struct cli *c, int64_t run, const char *what,
    const struct cli_remote_rows *rows);
/* "pause", "resume" or "abort", with --why. */
int runs_remote_control(struct cli *c, int64_t run, const char *verb);
/* Whom it is for, and at what pace, for a body. */
int runs_remote_body(
    struct cli *c, const struct task_policy *policy, struct json_object *body);
/* "task run": of --assignment, or of a task for those that were chosen behind
 * the first argument. *ret_name: of the task, given. */
int runs_remote_order(struct cli *c, const struct task_policy *policy,
    char **ret_name, int64_t *ret_run);

/* --- assignments --- */

/* Whom one is for, in words; "(gone)" for what is no more (assign.c). */
#define ASSIGN_TARGET 256
void assign_target(const char *kind, const char *name, char out[ASSIGN_TARGET]);
/* How it goes about them, as options; nothing that is usual (assign.c). */
#define ASSIGN_RULES 512
struct buf;
void assign_rules(const struct task_policy *p, struct buf *out);
int assign_remote_list(
    struct cli *c, const struct table_column *columns, size_t count);
int assign_remote(struct cli *c, const struct task_policy *policy);
int assign_remote_enable(struct cli *c, bool enabled);
#endif
