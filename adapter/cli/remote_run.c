/* Waiting for a run of a service elsewhere. */
#include "cli_remote_run.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api_client.h"
#include "caught_internal.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "mem.h"
#include "progress.h"
#include "str.h"
#include "task_run.h"

#define WHAT "runs"
#define AWAY_MS 300000 /* that long a server may be away while we wait */

int
cli_remote_run_read(
    struct json_object *row, struct task_run *ret, struct err *err)
{
	const char *state = NULL;
	int i;

	if (cli_remote_text(row, "state", &state, err) != 0 ||
	    cli_remote_int(row, "id", &ret->id, err) != 0 ||
	    cli_remote_int(row, "devices", &ret->total, err) != 0)
		return -1;
	for (i = 0; i < TASK_OUTCOMES; i++) {
		if (cli_remote_int(row, task_outcome_name((enum task_outcome)i),
			&ret->count[i], err) != 0)
			return -1;
		ret->done += ret->count[i];
	}
	for (i = 0; i < TASK_STATES; i++)
		if (str_eq(state, task_state_name((enum task_state)i)))
			ret->state = (enum task_state)i;
	ret->expanded = ret->total > 0;
	ret->why = mem_dup(api_client_text(api_client_member(row, "why")));
	return 0;
}

void
cli_run_progress(struct progress *p, const struct task_run *run)
{
	if (p->total == 0 && run->expanded)
		p->total = (size_t)run->total;
	if (p->done == (size_t)run->done)
		return;
	p->done = (size_t)run->done;
	p->ok = (size_t)run->count[TASK_OK];
	p->changed = (size_t)run->count[TASK_CHANGED];
	p->failed = (size_t)task_run_failures(run);
	progress_draw(p, clock_mono_ms());
}

/* --- following --- */

struct following {
	struct cli *c;
	int64_t run;
	cli_remote_told_fn *told;
	void *cookie;
	struct task_run now;
	int64_t seen_ms; /* when it was told last; 0: not yet */
	bool away;	 /* and that was said */
	bool enough;	 /* not wanted */
};

static int
take_run(struct following *f, struct json_object *row, struct err *err)
{
	struct task_run now = {.id = 0};

	if (cli_remote_run_read(row, &now, err) != 0) {
		task_run_clear(&now);
		return -1;
	}
	task_run_clear(&f->now);
	f->now = now;
	f->seen_ms = clock_mono_ms();
	f->away = false;
	f->enough = !f->told(f->cookie, &f->now);
	return 0;
}

static bool
over(const struct following *f)
{
	return f->enough || f->now.state == TASK_ABORTED ||
	    f->now.state == TASK_ENDED;
}

static int
on_event(
    void *cookie, const char *name, struct json_object *data, struct err *err)
{
	struct following *f = cookie;

	f->seen_ms = clock_mono_ms();
	if (str_eq(name, "run") && take_run(f, data, err) != 0)
		return -1;
	return f->enough || str_eq(name, "end") ? 1 : 0;
}

static bool
wanted(void *cookie)
{
	(void)cookie;
	return cli_caught == 0;
}

/* Whatever came of it, the run itself is asked next. */
static void
listen_to(struct following *f)
{
	struct err err = {.kind = ERR_NONE};
	struct api_client_path path;
	const struct api_client_follow follow = {
	    .path = &path, .event = on_event, .wanted = wanted, .cookie = f};

	api_client_path_init(&path, WHAT);
	api_client_path_add_id(&path, f->run);
	api_client_path_add(&path, "stream");
	(void)api_client_follow(f->c->remote, &follow, &err);
	api_client_path_free(&path);
}

/* CODE_OK also when it is away, for now. */
static int
look(struct following *f)
{
	struct err err = {.kind = ERR_NONE};
	struct json_object *row = NULL;
	int rc = cli_remote_look(f->c, WHAT, f->run, &row, &err);

	if (rc == 0)
		rc = take_run(f, row, &err);
	(void)json_object_put(row);
	if (rc == 0)
		return CODE_OK;
	(void)f->told(f->cookie, NULL);
	if (f->seen_ms == 0 || !err_is_transient(&err) ||
	    clock_mono_ms() - f->seen_ms >= AWAY_MS)
		return cli_fail(&err);
	if (!f->away)
		cli_note(f->c, "%s: asked again for some minutes", err.text);
	f->away = true;
	return CODE_OK;
}

static int
follow(struct following *f)
{
	const struct timespec pause = {.tv_sec = 1};
	int code = look(f);

	while (code == CODE_OK && !over(f) && cli_caught == 0) {
		listen_to(f);
		if (over(f) || cli_caught != 0)
			break;
		(void)nanosleep(&pause, NULL);
		code = look(f);
	}
	return code;
}

int
cli_remote_follow(struct cli *c, int64_t run, cli_remote_told_fn *told,
    void *cookie, struct task_run *ret)
{
	struct following f = {
	    .c = c, .run = run, .told = told, .cookie = cookie};
	struct caught_old old;
	int code = cli_remote_open(c);

	if (code != CODE_OK)
		return code;
	cli_catch(&old);
	code = follow(&f);
	cli_release(&old);
	(void)told(cookie, NULL);
	if (code == CODE_OK && !over(&f))
		code = cli_complain(CODE_INTERRUPTED,
		    "run %lld goes on there; \"runs wait %lld\" waits for it, "
		    "\"runs abort %lld\" ends it",
		    (long long)run, (long long)run, (long long)run);
	*ret = f.now;
	return code;
}
