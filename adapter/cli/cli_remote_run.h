#ifndef CLI_REMOTE_RUN_H_
#define CLI_REMOTE_RUN_H_
#include <stdbool.h>
#include <stdint.h>

struct cli;
struct err;
struct json_object;
struct progress;
struct task_run;

/* A run of a service elsewhere (cli_remote.h), while a command waits for it. */

/* What a row says of its state, how far it is, and why. *ret is zeroed before,
 * and cleared by task_run_clear(), also on failure. ERR_PROTOCOL. */
int cli_remote_run_read(
    struct json_object *row, struct task_run *ret, struct err *err);

/* How far a run is, drawn (also of one that is here). */
void cli_run_progress(struct progress *p, const struct task_run *run);

/* Called when the server says something new of it; NULL: something else is to
 * be printed. False: no more of it is wanted. */
typedef bool cli_remote_told_fn(void *cookie, const struct task_run *run);
/*
 * Until it is over, or not wanted, by its server-sent events; *ret (as above)
 * is as it was then.
 * A server that has answered once may be away for some minutes, which is said,
 * and one that has no more streams is asked every second.  SIGINT and SIGTERM
 * end the waiting, not the run, which is said: CODE_INTERRUPTED.
 */
int cli_remote_follow(struct cli *c, int64_t run, cli_remote_told_fn *told,
    void *cookie, struct task_run *ret);
#endif
