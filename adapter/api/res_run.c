/* runs: how they go, what became of devices, and how they go on. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "mem.h"
#include "order.h"
#include "records.h"
#include "server_task.h"
#include "str.h"
#include "task_run.h"

static int
write_run(struct api_call *c, const struct task_run *r, struct err *err)
{
	record_run(&c->row, r);
	return api_row_end(c, err);
}

int
api_run_row(struct api_call *c, int64_t id, struct err *err)
{
	struct task_run r = {.id = 0};
	int rc;

	if (task_run_get(c->store, id, &r, err) != 0)
		return -1;
	api_row_begin(c, &api_run_answer);
	rc = write_run(c, &r, err);
	task_run_clear(&r);
	return rc;
}

int
api_run_made(struct api_call *c, int64_t id, struct err *err)
{
	c->wake = true;
	api_locate(c, "runs/%lld", (long long)id);
	return api_run_row(c, id, err);
}

int
api_runs_get(struct api_call *c, struct err *err)
{
	int64_t id = 0;

	if (api_number(c, 0, &id, err) != 0)
		return -1;
	return api_run_row(c, id, err);
}

/* --- pages --- */

static int
list_run(void *cookie, const struct task_run *r, struct err *err)
{
	struct api_page *p = cookie;

	return api_page_takes_id(p, r->id) ? write_run(p->c, r, err) : 0;
}

static int
list_runs(struct api_call *c, struct task_run_filter *f, struct err *err)
{
	struct api_page p = api_page_new(c);

	f->limit = p.left + 1;
	if (api_cursor_id(c, &f->before, err) != 0)
		return -1;
	api_page_begin(c, &api_run_answer);
	return api_page_close(
	    &p, task_run_scan(c->store, f, list_run, &p, err));
}

int
api_runs_list(struct api_call *c, struct err *err)
{
	const char *state = api_text(c, "state");
	struct task_run_filter f = {
	    .name = api_text(c, "task"), .type = api_text(c, "type")};
	int s;

	if (api_time(c, "since", &f.since, err) != 0)
		return -1;
	for (s = 0; state != NULL && s < TASK_STATES; s++)
		if (str_eq(task_state_name((enum task_state)s), state))
			f.states = 1u << s;
	return list_runs(c, &f, err);
}

int
api_servers_runs(struct api_call *c, struct err *err)
{
	struct server_task t = {.id = 0};
	struct task_run_filter f = {.type = SERVER_RUN};
	int r;

	if (server_task_named(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	f.name = t.name;
	r = list_runs(c, &f, err);
	server_task_clear(&t);
	return r;
}

/* ERR_NOTFOUND when there is no such run. */
static int
find_run(struct api_call *c, int64_t *ret, struct err *err)
{
	struct task_run r = {.id = 0};

	if (api_number(c, 0, ret, err) != 0 ||
	    task_run_get(c->store, *ret, &r, err) != 0)
		return -1;
	task_run_clear(&r);
	return 0;
}

static int
list_item(void *cookie, const struct task_item *i, struct err *err)
{
	struct api_page *p = cookie;

	if (!api_page_takes_id(p, i->id))
		return 0;
	record_item(&p->c->row, i);
	return api_row_end(p->c, err);
}

int
api_runs_items(struct api_call *c, struct err *err)
{
	struct api_page p = api_page_new(c);
	const char *outcome = api_text(c, "outcome");
	struct task_item_filter f = {
	    .state = -1, .outcome = -1, .limit = p.left + 1};
	int i;

	for (i = 0; outcome != NULL && i < TASK_OUTCOMES; i++)
		if (str_eq(outcome, task_outcome_name((enum task_outcome)i)))
			f.outcome = i;
	if (api_cursor_id(c, &f.after, err) != 0 ||
	    find_run(c, &f.run, err) != 0)
		return -1;
	api_page_begin(c, &api_item_row);
	return api_page_close(
	    &p, task_item_scan(c->store, &f, list_item, &p, err));
}

/* A scan without a limit of its own: beyond the page its rows are passed over.
 */
static int
list_message(void *cookie, const struct task_message *m, struct err *err)
{
	struct api_page *p = cookie;

	if (!api_page_takes_id(p, m->id))
		return 0;
	record_message(&p->c->row, m);
	return api_row_end(p->c, err);
}

int
api_runs_messages(struct api_call *c, struct err *err)
{
	struct api_page p = api_page_new(c);
	int64_t run = 0, after = 0;

	if (api_cursor_id(c, &after, err) != 0 || find_run(c, &run, err) != 0)
		return -1;
	api_page_begin(c, &api_message_row);
	return api_page_close(
	    &p, task_message_scan(c->store, run, after, list_message, &p, err));
}

/* --- how it goes on --- */

static int
set_state(struct api_call *c, enum task_state to, struct err *err)
{
	const struct order o = {c->store, c->actor, c->now};
	int64_t run = 0;

	if (find_run(c, &run, err) != 0 ||
	    order_run_state(&o, run, to, api_body_text(c, "why"), err) != 0)
		return -1;
	c->wake = true;
	return api_run_row(c, run, err);
}

int
api_runs_pause(struct api_call *c, struct err *err)
{
	return set_state(c, TASK_PAUSED, err);
}

int
api_runs_resume(struct api_call *c, struct err *err)
{
	return set_state(c, TASK_QUEUED, err);
}

int
api_runs_abort(struct api_call *c, struct err *err)
{
	return set_state(c, TASK_ABORTED, err);
}
