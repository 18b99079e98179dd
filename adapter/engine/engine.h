#ifndef ENGINE_H_
#define ENGINE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct device;
struct engine;
struct err;
struct loop;
struct plan;
struct play;
struct ports;
struct profile;
struct secret;
struct store;

/* Everything is borrowed and must outlive the engine. */
struct engine_deps {
	struct loop *loop;
	struct store *store;
	const struct ports *ports;
	const struct conf *conf;
	const struct profile *profile;
	const char *actor; /* "run", "serve": in events */
};

enum engine_mode {
	ENGINE_LOOK, /* read the device into its record, diagnose */
	ENGINE_PLAN, /* and say what a run would do */
	ENGINE_RUN   /* and do it */
};

enum engine_outcome {
	ENGINE_OK,	/* nothing to do */
	ENGINE_CHANGED, /* steps were made and seen */
	ENGINE_WAITING, /* the same, but for what another CA has to decide */
	ENGINE_FAILED,
	ENGINE_PARKED, /* an intent stays open: waits, or needs a person */
	ENGINE_SKIPPED /* not ours now: leased elsewhere, or credentials spent
			*/
};
const char *engine_outcome_name(enum engine_outcome o);

/* Borrowed for the callback. */
struct engine_report {
	int64_t id;   /* of the device */
	void *cookie; /* of the order; NULL */
	/* The record as it is now; NULL (engine_on_end() alone): it is gone. */
	const struct device *device;
	const struct play *play; /* NULL with ENGINE_LOOK */
	const struct plan *plan; /* what was or would be done; may be NULL */
	enum engine_outcome outcome;
	bool lost;	  /* its lease went to another worker */
	bool came_back;	  /* it was not reached before, and was now */
	unsigned reasons; /* diagnose() after the last look */
	size_t steps_done;
	int64_t ms;	       /* wall time from its start */
	const struct err *err; /* kind ERR_NONE when there is none */
};
typedef void engine_report_fn(void *cookie, const struct engine_report *report);

struct engine *engine_new(const struct engine_deps *deps, struct err *err);
/* Each device's end is reported once. */
void engine_on_report(struct engine *e, engine_report_fn *fn, void *cookie);
/* The end of each device that was ordered with a cookie, or that came back,
 * inside the transaction that holds it: what fn writes is durable if the end
 * is, and not if not.  Its -1 is the store's failure.  Not called for what is
 * dropped. */
typedef int engine_end_fn(
    void *cookie, const struct engine_report *report, struct err *err);
void engine_on_end(struct engine *e, engine_end_fn *fn, void *cookie);
/* Devices with an open intent (of any dead worker) are recovered first: queue
 * them; ret_count says how many. */
int engine_recover(struct engine *e, size_t *ret_count, struct err *err);
/* Queue a device; at most conf->parallel are in flight, and conf->per_site of
 * those in one site. play NULL = look only. A device already queued or in
 * flight is left alone. */
void engine_submit(struct engine *e, int64_t device, enum engine_mode mode,
    const struct play *play);
struct engine_order {
	int64_t device;
	enum engine_mode mode;
	const struct play *play;
	void *cookie; /* for the reports */
};
/* The same; false when it is left alone, or its site has enough in line. */
bool engine_take(struct engine *e, const struct engine_order *order);
size_t engine_pending(const struct engine *e); /* queued and in flight */
size_t engine_in_flight(const struct engine *e);
/* Called whenever pending becomes 0. */
void engine_on_idle(struct engine *e, void (*fn)(void *), void *cookie);
/* Called when our clock was set since it was trusted: no device is begun until
 * engine_trust_clock(), and those in flight end before their next change, as
 * cancelled. Without this nobody judges the clock, or without a KDC. */
void engine_on_doubt(struct engine *e, void (*fn)(void *), void *cookie);
/* It was judged and is good, as it was at engine_new(). */
void engine_trust_clock(struct engine *e);
/* Start nothing new: queued devices are skipped, devices in flight finish the
 * step they are in and are released. */
void engine_drain(struct engine *e);
/* Set when the store failed: everything in flight was dropped, intents stay
 * open and are recovered by the next start. */
bool engine_broken(const struct engine *e, struct err *ret_err);
/* Whatever is queued or in flight is dropped without a report, nothing new is
 * taken, nothing more is written.  What is at a worker may still come back: the
 * engine is freed after that. */
void engine_stop(struct engine *e);
void engine_free(struct engine *e); /* stops it first */

/* What its leases are taken by: this process, and no other one ever. */
const char *engine_owner(const struct engine *e);
/* Is the process that this names known to be gone? */
bool engine_owner_dead(const char *owner);

/*
 * A device for somebody who is no run and will send it its stored credentials:
 * held under a lease like a run's, given back with the answer.  Blocking, but
 * on the store alone, and not while runs are queued or in flight; commits what
 * the caller has written before, or takes it back.  ERR_CONFLICT when another
 * process has the device, or it is open which password it takes; ERR_DENIED
 * when its credentials were refused too often to be tried once more.
 */
struct engine_hold;
int engine_hold(struct engine *e, int64_t device, struct engine_hold **ret_hold,
    struct err *err);
/* Its record; borrowed until the release. */
const struct device *engine_held(const struct engine_hold *h);
/* The stored admin password, given. */
int engine_held_password(
    struct engine_hold *h, struct secret **ret_password, struct err *err);
/* how: as a port call on the device ends (ports.h). Credentials it refused are
 * counted, ERR_NONE takes the count back. Frees h, also on failure. */
int engine_release(
    struct engine_hold *h, const struct err *how, struct err *err);
#endif
