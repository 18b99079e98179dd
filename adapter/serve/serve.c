#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "buf.h"
#include "ca_watch_internal.h"
#include "clock.h"
#include "clock_guard.h"
#include "conf.h"
#include "console.h"
#include "console_api.h"
#include "console_metrics.h"
#include "console_remote.h"
#include "daemon.h"
#include "device.h"
#include "engine.h"
#include "epo_watch_internal.h"
#include "err.h"
#include "forward.h"
#include "log.h"
#include "loop.h"
#include "plan.h"
#include "revocation_internal.h"
#include "runner.h"
#include "serve.h"
#include "serve_internal.h"
#include "server_watch_internal.h"
#include "store.h"
#include "str.h"

/*
 * Work on what is due and on nothing else.  The store says what that is and
 * when the next is; between two looks the process sleeps.  The queue is kept
 * short, so that a decision is made from a fresh record.
 */
#define QUEUE_FACTOR 2 /* devices taken at once, per slot */
#define LOG_TEXT 512

struct serve {
	struct daemon *d;
	const struct play *play;
	struct loop_timer *timer;
	struct loop_signal *term, *interrupt;
	size_t queue; /* devices taken at once */
	bool more;    /* the last look found a queue full */
	bool draining, aborted, failed, ending;
	struct revocation *revocation;
	struct ca_watch *watch;
	struct console *console;
	struct console_remote *remote;
	struct forward *forward;
	struct epo_watch *upstreams;
	struct server_watch *servers; /* server tasks */
	struct metrics *metrics;
	struct console_api rest;
	bool hushing;	 /* those above were told to stop */
	size_t stopping; /* of them, who have not yet */
	struct clock_guard *clock;
	bool clock_off;	       /* it cannot be trusted: nothing is begun */
	struct runner *runner; /* of tasks; told to stop, has stopped */
	bool runner_quiet;
	struct err err;
};

/* --- what happened, for the log --- */

static void
log_printable(struct buf *out, const char *text)
{
	buf_reset(out);
	if (text != NULL)
		str_printable(out, text, strlen(text), LOG_TEXT / 4);
}

static void
log_report(const struct engine_report *r)
{
	enum log_level level = LOG_NOTE;
	struct buf text;

	if (r->outcome == ENGINE_FAILED || r->outcome == ENGINE_PARKED)
		level = LOG_WARN;
	buf_init(&text, LOG_TEXT);
	log_printable(&text, r->err->kind == ERR_NONE ? "" : r->err->text);
	log_line(level, "device.done",
	    "device=%s play=%s outcome=%s steps=%zu ms=%lld kind=%s "
	    "error=\"%s\"",
	    r->device->name, r->play == NULL ? "-" : r->play->name,
	    engine_outcome_name(r->outcome), r->steps_done, (long long)r->ms,
	    err_kind_name(r->err->kind), buf_text(&text));
	buf_free(&text);
}

static void
stop(void *cookie)
{
	struct serve *s = cookie;

	loop_stop(s->d->loop);
}

static void end_if_quiet(struct serve *s);

static void
part_stopped(void *cookie)
{
	struct serve *s = cookie;

	s->stopping--;
	end_if_quiet(s);
}

/* quiet: it has stopped already, and will not say so. */
static void
await_part(struct serve *s, bool quiet)
{
	if (!quiet)
		s->stopping++;
}

/* None calls back from inside the call. */
static void
stop_parts(struct serve *s)
{
	await_part(s, ca_watch_stop(s->watch, part_stopped, s));
	await_part(s, forward_stop(s->forward, part_stopped, s));
	await_part(s, epo_watch_stop(s->upstreams, part_stopped, s));
	await_part(s, server_watch_stop(s->servers, part_stopped, s));
	await_part(s, false);
	revocation_stop(s->revocation, part_stopped, s);
	if (s->console == NULL)
		return;
	await_part(s, metrics_stop(s->metrics, part_stopped, s));
	await_part(s, api_stop(s->rest.api, part_stopped, s));
	console_remote_stop(s->remote);
	await_part(s, false);
	console_stop(s->console, part_stopped, s);
}

/* Leave the loop once nothing can call us back any more: what the engine
 * deferred runs before what we defer here. Revocation is answered until then.
 */
static void
end_if_quiet(struct serve *s)
{
	if ((!s->draining && !s->failed) || clock_guard_looking(s->clock) ||
	    !s->runner_quiet || s->ending || engine_pending(s->d->engine) != 0)
		return;
	if (!s->hushing) {
		s->hushing = true;
		stop_parts(s);
	}
	if (s->stopping > 0)
		return;
	s->ending = true;
	loop_defer(s->d->loop, stop, s);
}

static void
stop_runs(struct serve *s)
{
	s->runner_quiet = s->runner == NULL || runner_drain(s->runner);
	if (s->servers != NULL)
		server_watch_hold(s->servers);
}

static void
fail(struct serve *s, const struct err *err)
{
	if (s->failed)
		return;
	s->err = *err;
	s->failed = true;
	loop_timer_stop(s->timer);
	stop_runs(s);
	engine_drain(s->d->engine);
	end_if_quiet(s);
}

/* --- runs of tasks --- */

static void
runner_failed(void *cookie, const struct err *err)
{
	struct serve *s = cookie;

	fail(s, err);
}

static void
runs_quiet(void *cookie)
{
	struct serve *s = cookie;

	s->runner_quiet = true;
	end_if_quiet(s);
}

static void
begin_runs(struct serve *s)
{
	const struct runner_deps deps = {.loop = s->d->loop,
	    .store = s->d->store,
	    .vault = s->d->vault,
	    .engine = s->d->engine,
	    .conf = s->d->conf,
	    .actor = "serve",
	    .failed = runner_failed,
	    .quiet = runs_quiet,
	    .cookie = s};

	s->runner = runner_new(&deps);
}

/* --- looking for work --- */

static int
take(void *cookie, const struct device *device, struct err *err)
{
	struct serve *s = cookie;

	(void)err;
	engine_submit(s->d->engine, device->id, ENGINE_RUN, s->play);
	return 0;
}

static int
take_due(struct serve *s, int64_t now, struct err *err)
{
	struct store_filter due = {
	    .due_before = now, .unleased = true, .limit = s->queue};
	size_t pending = engine_pending(s->d->engine);

	s->more = false;
	if (!s->d->conf->automatic)
		return 0;
	if (store_device_scan(s->d->store, &due, take, s, err) != 0)
		return -1;
	pending = engine_pending(s->d->engine) - pending;
	s->more = engine_pending(s->d->engine) >= s->queue;
	if (pending > 0)
		log_line(LOG_INFO, "serve.due", "taken=%zu pending=%zu",
		    pending, engine_pending(s->d->engine));
	return 0;
}

/* Sleep until something becomes due, but not past the next poll: other
 * processes write to the store too. What is due already and was not taken is
 * in other hands; the poll comes back to it. */
static int
sleep_until_due(struct serve *s, int64_t now, struct err *err)
{
	int64_t at = 0, seconds = s->d->conf->poll;

	if (s->d->conf->automatic && store_next_due(s->d->store, &at, err) != 0)
		return -1;
	if (at > now && at - now < seconds)
		seconds = at - now;
	loop_timer_set(s->timer, (uint64_t)seconds * 1000);
	return 0;
}

static void
work(struct serve *s)
{
	int64_t now = clock_now();
	struct err err = {.kind = ERR_NONE};

	runner_go(s->runner);
	server_watch_go(s->servers);
	if (take_due(s, now, &err) != 0 || sleep_until_due(s, now, &err) != 0)
		fail(s, &err);
}

/* --- our own clock --- */

static void
clock_judged(void *cookie, const struct err *err)
{
	struct serve *s = cookie;

	if (s->draining || s->failed) {
		end_if_quiet(s);
		return;
	}
	s->clock_off = err->kind != ERR_NONE;
	if (s->clock_off) {
		log_line(LOG_WARN, "serve.clock", "kind=%s error=\"%s\"",
		    err_kind_name(err->kind), err->text);
		serve_notify("STATUS=waiting: the clock cannot be trusted");
		runner_hold(s->runner);
		server_watch_hold(s->servers);
		loop_timer_set(s->timer, (uint64_t)s->d->conf->poll * 1000);
		return;
	}
	engine_trust_clock(s->d->engine);
	log_line(LOG_INFO, "serve.clock", "offset_ms=%lld",
	    (long long)clock_guard_offset_ms(s->clock));
	serve_notify("STATUS=working");
	work(s);
}

static void
tick(void *cookie)
{
	struct serve *s = cookie;

	if (s->draining || s->failed || clock_guard_looking(s->clock))
		return;
	if (clock_guard_good(s->clock))
		work(s);
	else
		clock_guard_look(s->clock);
}

/* --- what the engine tells --- */

static void
on_doubt(void *cookie)
{
	struct serve *s = cookie;

	if (s->draining || s->failed || clock_guard_looking(s->clock))
		return;
	if (clock_guard_good(s->clock))
		engine_trust_clock(s->d->engine);
	else if (!s->clock_off) /* else the next poll looks again */
		clock_guard_look(s->clock);
}

static void
on_report(void *cookie, const struct engine_report *report)
{
	struct serve *s = cookie;

	log_report(report);
	console_remote_report(s->remote, report);
	if (s->more && !s->draining &&
	    engine_pending(s->d->engine) <= s->queue / QUEUE_FACTOR) {
		s->more = false;
		loop_timer_set(s->timer, 0);
	}
}

static void
on_idle(void *cookie)
{
	struct serve *s = cookie;
	struct err err = {.kind = ERR_NONE};

	if (engine_broken(s->d->engine, &err)) {
		fail(s, &err);
		return;
	}
	if (s->draining || s->failed) {
		end_if_quiet(s);
		return;
	}
	if (!s->more && !clock_guard_looking(s->clock) &&
	    sleep_until_due(s, clock_now(), &err) != 0)
		fail(s, &err);
}

/* --- the end --- */

static void
on_signal(void *cookie)
{
	struct serve *s = cookie;
	size_t pending = engine_pending(s->d->engine);

	if (s->draining) { /* the store is only written between two signals */
		s->aborted = true;
		loop_stop(s->d->loop);
		return;
	}
	s->draining = true;
	log_line(LOG_NOTE, "serve.drain", "pending=%zu", pending);
	serve_notify("STOPPING=1");
	loop_timer_stop(s->timer);
	stop_runs(s);
	engine_drain(s->d->engine);
	end_if_quiet(s);
}

static const char *
health(void *cookie)
{
	const struct serve *s = cookie;

	if (s->failed)
		return "failed";
	if (s->draining)
		return "draining";
	return s->clock_off ? "clock" : "ok";
}

/* A command left work in the store. */
static void
on_wake(void *cookie)
{
	struct serve *s = cookie;

	if (!s->draining && !s->failed)
		loop_timer_set(s->timer, 0);
}

/* What the console answers. */
static int
plug_in(struct serve *s, struct err *err)
{
	struct console_route route;

	if (s->console == NULL)
		return 0;
	if (metrics_new(s->d, &s->metrics, err) != 0)
		return -1;
	route = metrics_route(s->metrics);
	console_add(s->console, &route, 1);
	if (console_remote_new(s->d, s->console, on_wake, s, &s->remote, err) !=
	    0)
		return -1;
	s->rest = (struct console_api){.d = s->d, .wake = on_wake, .cookie = s};
	return console_api_new(&s->rest, s->console, err);
}

static void
free_console(struct serve *s)
{
	console_free(s->console);
	metrics_free(s->metrics);
	console_remote_free(s->remote);
	api_free(s->rest.api);
}

static int
start(struct serve *s, struct err *err)
{
	size_t open = 0;

	store_patience(s->d->store);
	s->play = play_find("auto");
	s->queue = (size_t)s->d->conf->parallel * QUEUE_FACTOR;
	engine_on_report(s->d->engine, on_report, s);
	engine_on_idle(s->d->engine, on_idle, s);
	engine_on_doubt(s->d->engine, on_doubt, s);
	if (engine_recover(s->d->engine, &open, err) != 0 ||
	    forward_new(s->d->loop, s->d->conf, &s->forward, err) != 0 ||
	    revocation_new(
		s->d->loop, s->d->ca, s->d->conf, &s->revocation, err) != 0)
		return -1;
	if (console_new(s->d, health, s, &s->console, err) != 0 ||
	    plug_in(s, err) != 0 || console_start(s->console, err) != 0)
		return -1;
	s->watch = ca_watch_new(s->d, s->revocation);
	s->upstreams = epo_watch_new(s->d);
	s->servers = server_watch_new(s->d);
	begin_runs(s);
	log_line(LOG_NOTE, "serve.start", "parallel=%lld recovering=%zu",
	    (long long)s->d->conf->parallel, open);
	serve_notify("READY=1\nSTATUS=working");
	loop_timer_set(s->timer, 0);
	return 0;
}

int
serve(struct daemon *d, struct err *err)
{
	struct serve s = {.d = d};
	int rc;

	s.timer = loop_timer_new(d->loop, tick, &s);
	s.clock = clock_guard_new(d, clock_judged, &s);
	s.term = loop_signal_add(d->loop, SIGTERM, on_signal, &s);
	s.interrupt = loop_signal_add(d->loop, SIGINT, on_signal, &s);
	rc = start(&s, err);
	if (rc == 0)
		loop_run(d->loop);
	loop_signal_del(s.interrupt);
	loop_signal_del(s.term);
	loop_timer_del(s.timer);
	if (!clock_guard_looking(s.clock))
		clock_guard_free(s.clock);
	if (rc != 0) {
		free_console(&s);
		revocation_free(s.revocation);
		forward_free(s.forward); /* it had no turn yet */
		return -1;
	}
	if (s.ending) { /* else a second signal came, and requests wait */
		runner_free(s.runner);
		forward_free(s.forward);
		ca_watch_free(s.watch);
		epo_watch_free(s.upstreams);
		server_watch_free(s.servers);
		revocation_free(s.revocation);
		free_console(&s);
	}
	if (s.failed) {
		if (err != NULL)
			*err = s.err;
		return err_context(err, "stopped");
	}
	log_line(
	    LOG_NOTE, "serve.stop", "pending=%zu", engine_pending(d->engine));
	if (s.aborted)
		return err_set(err, ERR_CANCELLED,
		    "stopped by a second signal; what was under way is "
		    "recovered by the next start");
	return 0;
}
