/* Occurrences become executions. */
#include <stdlib.h>

#include "access.h"
#include "clock.h"
#include "log.h"
#include "mem.h"
#include "schedule.h"
#include "server_order.h"
#include "store.h"
#include "task_run.h"
#include "work_internal.h"

#define DUE_MAX 50
#define STARTS_MAX 100

/* What cannot be run is no reason to stop, and says so each time. */
static int
run_or_leave_out(const struct server_work_conf *c, const struct server_task *t,
    int64_t at, int64_t now, int64_t *ret_run, struct err *err)
{
	const struct server_order o = {c->store, c->actor, now, ACCESS_ALL};
	struct err why = {.kind = ERR_NONE};
	char text[CLOCK_TEXT], *said;
	int64_t going = 0;
	int rc;

	if (server_order_run(&o, t, TASK_BY_SCHEDULE, at, ret_run, &why) == 0)
		return 0;
	if (why.kind == ERR_STORAGE) {
		*err = why;
		return -1;
	}
	log_line(LOG_WARN, "server_task.left_out", "task=%lld due=%lld",
	    (long long)t->id, (long long)at);
	if (server_run_unfinished(c->store, t->id, &going, err) != 0)
		return -1;
	if (why.kind != ERR_CONFLICT || going == 0)
		return work_tell(c, "server_task.left_out",
		    &(struct task_run){.name = t->name}, why.text, err);
	said = mem_printf("the occurrence of %s was left out: this run was "
			  "still going",
	    clock_text(at, text));
	rc = task_message_add(c->store, going, now, said, err);
	free(said);
	return rc;
}

static int
occurs(const struct server_work_conf *c, const struct server_task *t,
    int64_t now, struct err *err)
{
	struct schedule_due due = {.run_at = t->next_due};
	struct schedule *s = NULL;
	struct err why = {.kind = ERR_NONE};
	int64_t run = 0;

	if (t->schedule == NULL || schedule_parse(t->schedule, &s, &why) != 0) {
		log_line(LOG_ERROR, "server_task.schedule", "task=%lld",
		    (long long)t->id);
		return server_task_ran(c->store, t->id, 0, 0, 0, err);
	}
	schedule_due(s, t->next_due, now, &due);
	schedule_free(s);
	if (due.run_at == 0)
		log_line(LOG_NOTE, "server_task.missed", "task=%lld due=%lld",
		    (long long)t->id, (long long)t->next_due);
	else if (run_or_leave_out(c, t, due.run_at, now, &run, err) != 0)
		return -1;
	return server_task_ran(c->store, t->id, run, now, due.next, err);
}

int
work_make_due(const struct server_work_conf *c, bool *ret_more, struct err *err)
{
	struct server_task t = {.id = 0};
	int64_t ids[DUE_MAX], now = clock_now();
	size_t count = 0, i;
	int rc;

	if (server_task_due(c->store, now, ids, DUE_MAX, &count, err) != 0)
		return -1;
	*ret_more = *ret_more || count > 0;
	for (i = 0; i < count; i++) {
		if (server_task_get(c->store, ids[i], &t, err) != 0)
			return -1;
		rc = occurs(c, &t, now, err);
		server_task_clear(&t);
		if (rc != 0 || store_commit(c->store, err) != 0)
			return -1;
	}
	return 0;
}

static int
start_one(
    const struct server_work_conf *c, int64_t id, int64_t now, struct err *err)
{
	struct server_task t = {.id = 0};
	struct schedule *s = NULL;
	int64_t at = 0;

	if (server_task_get(c->store, id, &t, err) != 0)
		return -1;
	if (t.schedule != NULL && schedule_parse(t.schedule, &s, NULL) == 0)
		at = schedule_triggered(s, t.last_at, now);
	schedule_free(s);
	server_task_clear(&t);
	return at == 0 ? 0 : server_task_ran(c->store, id, 0, now, at, err);
}

int
server_work_start(struct server_work *w, struct err *err)
{
	const struct server_work_conf *c = &w->conf;
	int64_t ids[STARTS_MAX], now = clock_now();
	size_t count = 0, i;
	int rc;

	rc = server_task_triggered(
	    c->store, SCHEDULE_START, ids, STARTS_MAX, &count, err);
	for (i = 0; rc == 0 && i < count; i++)
		rc = start_one(c, ids[i], now, err);
	if (rc == 0 && count > 0)
		rc = store_commit(c->store, err);
	if (rc != 0)
		store_rollback(c->store);
	return rc;
}
