#include "fleet_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "choice.h"
#include "cli.h"
#include "clock.h"
#include "clock_guard.h"
#include "conf.h"
#include "device.h"
#include "loop.h"
#include "mem.h"
#include "our_clock.h"
#include "output.h"
#include "plan.h"
#include "profile.h"
#include "str.h"

#define CLOCK_CHECK_MS 5000 /* was it set? */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define STEPS_TEXT_MAX 2000

/* --- a device is done --- */

static void
count_outcome(struct fleet *f, const struct engine_report *r)
{
	f->progress.done++;
	switch (r->outcome) {
	case ENGINE_OK:
		f->progress.ok++;
		break;
	case ENGINE_CHANGED:
		f->progress.changed++;
		break;
	case ENGINE_WAITING:
		f->waiting++;
		break;
	case ENGINE_PARKED:
		f->parked++;
		/* Stopped by us is no failure of the device. */
		if (r->err->kind != ERR_CANCELLED)
			f->progress.failed++;
		break;
	case ENGINE_FAILED:
		f->failed++;
		f->progress.failed++;
		break;
	case ENGINE_SKIPPED:
		f->skipped++;
		/* In other hands it is served; left to a person it is not. */
		f->barred += r->err->kind == ERR_DENIED;
		break;
	}
	if (r->err->kind != ERR_NONE)
		f->last = *r->err;
	if (r->reasons != 0)
		f->findings++;
	diagnose_count(&f->found, r->reasons);
}

/* Rows are lost: said once. Devices are worked on all the same, and the exit
 * code goes on meaning what became of them. */
static void
note_lost(struct fleet *f, int error)
{
	static const char but[] = "rows are lost, the work is not";
	struct err err = {.kind = ERR_NONE};

	if (error == 0 || f->lost != 0)
		return;
	f->lost = error;
	progress_clear(&f->progress);
	if (error == EPIPE && f->mode != ENGINE_RUN) {
		cli_note(f->c, "nobody reads the output any more: %s", but);
		return;
	}
	(void)err_errno(&err, error, "cannot write the output");
	(void)cli_complain(CODE_FAILED, "%s: %s", err.text, but);
}

static void
on_report(void *cookie, const struct engine_report *r)
{
	struct fleet *f = cookie;

	count_outcome(f, r);
	if (f->recovering && r->outcome == ENGINE_PARKED)
		cli_ids_add(&f->left, r->device->id);
	if (f->c->format != TABLE_TEXT)
		progress_clear(&f->progress);
	f->write(f, r);
	note_lost(f, outflow_error(f->out));
	progress_draw(&f->progress, clock_mono_ms());
	if (f->failures_allowed != 0 && !f->too_many &&
	    f->progress.failed >= f->failures_allowed) {
		f->too_many = true;
		engine_drain(f->c->daemon.engine);
	}
}

static void
stop(void *cookie)
{
	struct fleet *f = cookie;

	f->ending = false;
	loop_stop(f->c->daemon.loop);
}

/* What the engine deferred runs before what is deferred here. */
static void
on_idle(void *cookie)
{
	struct fleet *f = cookie;

	if (f->ending || clock_guard_looking(f->clock))
		return;
	/* Runs that ended because it was set say not whether it is good. */
	if (f->mode == ENGINE_RUN && !clock_guard_good(f->clock) &&
	    !f->clock_asked) {
		f->clock_asked = true;
		clock_guard_look(f->clock);
		return;
	}
	f->ending = true;
	loop_defer(f->c->daemon.loop, stop, f);
}

/* One that was good when the run began may have been set since. A controller
 * that does not answer says nothing about it. */
static void
clock_judged(void *cookie, const struct err *err)
{
	struct fleet *f = cookie;

	if (err->kind == ERR_NONE)
		engine_trust_clock(f->c->daemon.engine);
	if (err->kind == ERR_REFUSED && f->clock_off.kind == ERR_NONE) {
		f->clock_off = *err;
		engine_drain(f->c->daemon.engine);
	}
	if (engine_pending(f->c->daemon.engine) == 0)
		on_idle(f);
}

static void
on_clock(void *cookie)
{
	struct fleet *f = cookie;

	if (!clock_guard_good(f->clock) && !clock_guard_looking(f->clock))
		clock_guard_look(f->clock);
	loop_timer_set(f->clock_timer, CLOCK_CHECK_MS);
}

static void
on_doubt(void *cookie)
{
	struct fleet *f = cookie;

	if (clock_guard_good(f->clock))
		engine_trust_clock(f->c->daemon.engine);
	else if (!clock_guard_looking(f->clock))
		clock_guard_look(f->clock);
}

static void
on_signal(void *cookie)
{
	struct fleet *f = cookie;

	if (f->interrupted) {
		/* Intents stay open; the next start recovers them. Nothing is
		 * being written: that happens between two signals. */
		progress_clear(&f->progress);
		_exit(CODE_INTERRUPTED);
	}
	f->interrupted = true;
	progress_clear(&f->progress);
	cli_note(f->c,
	    "stopping: devices finish the step they are in (again: at once)");
	engine_drain(f->c->daemon.engine);
}

/* --- all of them --- */

void
fleet_count_step(struct fleet *f, const char *name)
{
	size_t i;

	f->steps++;
	for (i = 0; i < FLEET_STEP_KINDS; i++) {
		if (f->kinds[i].name == NULL)
			f->kinds[i].name = mem_dup(name);
		if (str_eq(f->kinds[i].name, name)) {
			f->kinds[i].count++;
			return;
		}
	}
}

void
fleet_clear(struct fleet *f)
{
	size_t i;

	for (i = 0; i < FLEET_STEP_KINDS; i++)
		free(f->kinds[i].name);
	free(f->ids.ids);
	free(f->left.ids);
}

int
fleet_failures(const char *text, int64_t *ret_number, int64_t *ret_percent)
{
	size_t len = strlen(text);
	char *digits;

	*ret_number = *ret_percent = 0;
	if (len < 2 || text[len - 1] != '%') {
		(void)str_int(text, 1, INT32_MAX, ret_number);
	} else {
		digits = mem_dup_len(text, len - 1);
		(void)str_int(digits, 1, 100, ret_percent);
		free(digits);
	}
	if (*ret_number != 0 || *ret_percent != 0)
		return CODE_OK;
	return cli_complain(CODE_USAGE,
	    "--max-failures %s: must be a number from 1 or a percentage such "
	    "as 5%%",
	    text);
}

/* Of those chosen, at least one. */
static int
allow_failures(struct fleet *f, const char *text)
{
	int64_t number, percent;
	int code = fleet_failures(text, &number, &percent);

	if (percent != 0)
		number = (int64_t)f->ids.count * percent / 100;
	f->failures_allowed = number < 1 ? 1 : (size_t)number;
	return code;
}

static int
prepare(struct fleet *f, size_t first_arg)
{
	const char *limit = cli_text(f->c, "max-failures");
	struct err err = {.kind = ERR_NONE};
	int64_t offset_ms;
	int code;

	code = cli_open(f->c, DAEMON_ENGINE, cli_actor());
	if (code == CODE_OK)
		code = cli_select_ids(f->c, first_arg, &f->ids);
	if (code != CODE_OK)
		return code;
	if (limit != NULL && (code = allow_failures(f, limit)) != CODE_OK)
		return code;
	if (f->mode == ENGINE_RUN &&
	    our_clock_check(&f->c->daemon, &offset_ms, &err) != 0) {
		code = cli_fail(&err);
		/* What the configuration names is not there: a keytab. */
		return code == CODE_INPUT ? CODE_CONFIG : code;
	}
	return CODE_OK;
}

/* A task that the profile switches off finds nothing to do, and that looks as
 * if all were well. */
static void
note_off(const struct fleet *f)
{
	const struct daemon *d = &f->c->daemon;
	const struct {
		const char *play, *key;
		bool on;
	} keys[] = {{"reissue-certificates", "tls.enabled", d->profile->tls},
	    {"renew-ad-password", "ad.enabled", d->profile->ad},
	    {"renew-ad-password", "directory.enabled", d->conf->directory},
	    {"sync-ad-object", "ad.enabled", d->profile->ad},
	    {"sync-ad-object", "directory.enabled", d->conf->directory},
	    {"renew-admin-password", "admin.enabled", d->profile->admin}};
	size_t i;

	for (i = 0; f->play != NULL && i < COUNT(keys); i++)
		if (!keys[i].on && str_eq(keys[i].play, f->play->name))
			cli_note(f->c, "warning: %s is false: %s does nothing",
			    keys[i].key, f->play->name);
}

/* Let the engine work until it has nothing left. */
static void
drive(struct fleet *f)
{
	struct loop *loop = f->c->daemon.loop;
	struct loop_signal *term, *interrupt;

	if (engine_pending(f->c->daemon.engine) == 0)
		return;
	progress_expect(&f->progress, engine_pending(f->c->daemon.engine));
	term = loop_signal_add(loop, SIGTERM, on_signal, f);
	interrupt = loop_signal_add(loop, SIGINT, on_signal, f);
	if (f->mode == ENGINE_RUN)
		loop_timer_set(f->clock_timer, CLOCK_CHECK_MS);
	loop_run(loop);
	loop_timer_stop(f->clock_timer);
	loop_signal_del(interrupt);
	loop_signal_del(term);
	(void)engine_broken(f->c->daemon.engine, &f->broken);
}

/* What an earlier process left open is settled first: only then is it known
 * what a run has to do. */
static int
recover(struct fleet *f)
{
	struct err err = {.kind = ERR_NONE};
	size_t open = 0;

	if (engine_recover(f->c->daemon.engine, &open, &err) != 0)
		return cli_fail(&err);
	if (open > 0)
		cli_note(f->c,
		    "settling %zu changes an earlier process left open", open);
	f->recovering = true;
	drive(f);
	f->recovering = false;
	return CODE_OK;
}

/* A device whose recovery found nothing out is left at that: it would only be
 * asked the same again, maybe with a second wrong password. */
static bool
left_open(const struct fleet *f, int64_t id)
{
	size_t i;

	for (i = 0; i < f->left.count; i++)
		if (f->left.ids[i] == id)
			return true;
	return false;
}

static int
work(struct fleet *f)
{
	struct engine *engine = f->c->daemon.engine;
	size_t i;
	int code = CODE_OK;

	engine_on_report(engine, on_report, f);
	engine_on_idle(engine, on_idle, f);
	if (f->mode == ENGINE_RUN)
		engine_on_doubt(engine, on_doubt, f);
	progress_start(&f->progress, stderr,
	    isatty(STDERR_FILENO) && !f->c->verbose, f->c->quiet, f->ids.count);
	f->clock_timer = loop_timer_new(f->c->daemon.loop, on_clock, f);
	f->clock = clock_guard_new(&f->c->daemon, clock_judged, f);
	clock_guard_trust(f->clock); /* prepare() */
	f->progress.warm = (size_t)f->c->daemon.conf->parallel;
	if (f->progress.warm > f->ids.count / 2)
		f->progress.warm = f->ids.count / 2;
	if (f->mode == ENGINE_RUN)
		code = recover(f);
	if (code != CODE_OK || f->broken.kind != ERR_NONE)
		return code;
	for (i = 0; i < f->ids.count; i++)
		if (!left_open(f, f->ids.ids[i]))
			engine_submit(engine, f->ids.ids[i], f->mode, f->play);
	/* The first device may take a while: say that work has begun. */
	progress_draw(&f->progress, clock_mono_ms());
	drive(f);
	return CODE_OK;
}

/* How many of each kind of step, as they were first met. */
static void
note_steps(const struct fleet *f)
{
	struct buf text;
	size_t i;

	buf_init(&text, STEPS_TEXT_MAX);
	for (i = 0; i < FLEET_STEP_KINDS && f->kinds[i].name != NULL; i++)
		buf_printf(&text, "%s%s %zu", i == 0 ? "" : ", ",
		    f->kinds[i].name, f->kinds[i].count);
	if (text.len > 0)
		cli_note(f->c, "steps: %s", buf_text(&text));
	buf_free(&text);
}

static void
note_outcomes(const struct fleet *f, const char *took)
{
	const struct progress *p = &f->progress;
	char waiting[32] = "";

	if (f->waiting > 0) /* only with another CA */
		(void)snprintf(
		    waiting, sizeof(waiting), "%zu waiting, ", f->waiting);
	if (f->mode == ENGINE_PLAN)
		cli_note(f->c,
		    "%zu devices: %zu to change in %zu steps, %zu as they "
		    "should be, %zu failed, %zu skipped; %s",
		    p->done, f->planned, f->steps,
		    p->done - f->planned - f->failed - f->parked - f->skipped,
		    f->failed + f->parked, f->skipped, took);
	else
		cli_note(f->c,
		    "%zu devices: %zu ok, %zu changed, %s%zu failed, %zu "
		    "parked, %zu skipped, %zu with findings; %s",
		    p->done, p->ok, p->changed, waiting, f->failed, f->parked,
		    f->skipped, f->findings, took);
}

void
fleet_summarise(const struct fleet *f, int64_t ms)
{
	const char *hint = diagnose_fleet_hint(&f->found);
	char took[CLOCK_TEXT];

	(void)clock_span(ms / 1000, took);
	note_steps(f);
	note_outcomes(f, took);
	if (hint != NULL)
		cli_note(f->c, "%s", hint);
	if (f->clock_off.kind != ERR_NONE)
		cli_note(f->c, "stopped: %s", f->clock_off.text);
	if (f->too_many)
		cli_note(
		    f->c, "stopped after %zu failures", f->progress.failed);
}

int
fleet_result(const struct fleet *f)
{
	if (f->broken.kind != ERR_NONE)
		return cli_complain(CODE_STORE, "%s", f->broken.text);
	if (f->interrupted)
		return CODE_INTERRUPTED;
	if (f->too_many || f->clock_off.kind != ERR_NONE)
		return CODE_REFUSED;
	if (f->progress.failed + f->barred == 0)
		return CODE_OK;
	/* One device was meant: its own reason says more. */
	if (f->progress.done == 1 && f->last.kind != ERR_NONE)
		return cli_exit_of(&f->last);
	return CODE_PARTIAL;
}

int
fleet_code(const struct fleet *f, int code)
{
	bool failed = f->lost != 0 && f->lost != EPIPE;

	return failed && code == CODE_OK ? CODE_FAILED : code;
}

int
fleet_run(struct fleet *f, size_t first_arg)
{
	int code = prepare(f, first_arg);
	int64_t ms;

	if (code != CODE_OK)
		goto out;
	note_off(f);
	f->out = outflow_new(STDOUT_FILENO);
	f->table = cli_table_on(
	    f->c, f->columns, f->column_count, outflow_file(f->out));
	table_set_sorted(f->table, 0);
	if (f->remark != 0)
		table_set_groups(f->table, 0, f->remark);
	code = work(f);
	progress_clear(&f->progress);
	ms = clock_mono_ms() - f->progress.started_ms;
	table_end(f->table); /* its reader may take any time */
	note_lost(f, outflow_end(f->out));
	fleet_summarise(f, ms);
	if (code == CODE_OK)
		code = fleet_code(f, fleet_result(f));
	loop_timer_del(f->clock_timer);
	clock_guard_free(f->clock);
out:
	fleet_clear(f);
	return code;
}
