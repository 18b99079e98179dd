#ifndef ACTION_WORK_INTERNAL_H_
#define ACTION_WORK_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "action.h"
#include "err.h"
#include "server_work.h"
#include "task_run.h"

struct server_work {
	struct server_work_conf conf;
};

/* An event of an execution (work.c); what has become due (due.c), committed. */
int work_tell(const struct server_work_conf *c, const char *kind,
    const struct task_run *run, const char *why, struct err *err);
int work_make_due(
    const struct server_work_conf *c, bool *ret_more, struct err *err);

/* One piece of work on one action of an execution. */
struct action_job {
	const struct server_work_conf *conf;
	struct store *store; /* conf's */
	int64_t now;
	const struct task_run *run; /* the execution */
	struct server_action *actions;
	size_t count;
	struct server_action *a; /* the one to do */
};

enum action_next {
	ACTION_OVER, /* a->state and a->message say how; not written yet */
	ACTION_MORE, /* go on at once; written */
	ACTION_LATER /* at a->not_before, or the next look; written */
};
/* Writes and leaves the commit to the caller, but where it must be sure before
 * something leaves. -1: it failed, what it wrote is rolled back; ERR_STORAGE:
 * nothing is known, and it is asked again. */
typedef int action_fn(
    struct action_job *j, enum action_next *ret, struct err *err);

action_fn do_query, do_tag, do_task, do_profile, do_export, do_mail, do_webhook,
    do_purge;

/* The rows it is given: whose they are (-1: none), how many, all of them
 * (given). */
int64_t job_rows_at(const struct action_job *j);
int64_t job_rows(const struct action_job *j);
int job_devices(const struct action_job *j, int64_t **ret_devices,
    size_t *ret_count, struct err *err);
/* The action's note. */
void job_note(struct action_job *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* It did not work this time: once more later, or (-1, with why) it was the last
 * time. */
#define ACTION_ATTEMPTS 6
#define ACTION_RETRY 10 /* seconds; doubled each time */
int job_retry(struct action_job *j, const struct err *why,
    enum action_next *ret, struct err *err);
/* The webhook that it is for; NULL: the configuration has none of this name. */
const struct conf_forward *action_place(
    const struct server_action *a, const struct conf *conf);
/* Can the report be made, as far as its query goes? */
int action_report_check(struct store *s, const struct server_action *actions,
    int64_t at, struct err *err);
/* Where the report above it was written; given, NULL: there is none. */
char *job_report_path(const struct action_job *j, const char *folder);
#endif
