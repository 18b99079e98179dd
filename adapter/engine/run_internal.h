#ifndef RUN_INTERNAL_H_
#define RUN_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diagnose.h"
#include "engine.h"
#include "err.h"
#include "idset_internal.h"
#include "pace_internal.h"
#include "plan.h"
#include "step_internal.h"
#include "wish_internal.h"

struct loop_timer;
struct secret;
struct visit;

/* One device in flight: from lease to report. */
struct run {
	struct engine *engine;
	struct run *next, *prev; /* of the engine's list */
	enum engine_mode mode;
	const struct play *play;
	int64_t id;
	int64_t began_ms;
	int64_t lead_ms; /* of the clock that it began by */
	int64_t lease_token;
	int64_t lease_until;
	struct device *device; /* the record, as far as we know it */
	struct visit *visit;
	struct plan plan;
	size_t at;	    /* next step of the plan */
	unsigned rounds;    /* plans made */
	size_t done_before; /* steps done when the last one was made */
	size_t done;	    /* steps seen applied */
	unsigned touched;   /* parts of the device that those changed */
	struct step step;
	bool leased;	    /* the device is ours */
	bool lost;	    /* and went to another worker */
	bool came_back;	    /* it was not reached by the visit before */
	bool stepping;	    /* step is filled */
	bool recorded;	    /* what was read is in the store */
	bool recovering;    /* the step came from the journal */
	unsigned recovered; /* parts of plays that such a step was seen to do */
	bool waiting;	    /* a step waits for another's decision */
	bool no_directory;  /* AD does not answer: planned without it */
	bool by_ticket; /* of the object a ticket told the key's version alone,
			 * when it was read last; the rest is as on record */
	bool no_password; /* none is stored for it */
	bool no_key;	  /* a step of AD's failed: no more of those */
	bool spread; /* other controllers know the password, or were waited for
		      */
	/* AD was seen to take the stored password in this run. */
	bool password_seen;
	/* A step found that AD's password is not the stored one: nothing more
	 * with that, and a new plan. */
	bool password_wrong;
	bool abandoned; /* reported; callbacks that still come do nothing */
	char leaf[65];
	char account[256];
	struct err unreached;	 /* while it is found out what that means */
	struct err soft_failure; /* the first of a soft step, or AD's */
	struct port_pki pki;
	struct loop_timer *timer;
	void (*timer_then)(struct run *run);
	void (*pause_then)(struct step *step);

	/* Whose order it is; the places it has beside the global one. */
	void *cookie;
	struct site *site;
	struct door *door; /* inside, or in line there */
	bool inside;
	struct run *door_next, *door_prev;
	void (*door_then)(struct run *run);

	/* Waiting for the turn's commit. */
	struct run *commit_next;
	void (*commit_then)(struct run *run);

	/* How it ended. */
	enum engine_outcome outcome;
	struct err err;
	unsigned reasons; /* diagnose() of the record then */
	bool over;	  /* finished: only the last commit is missing */
};

/* --- run.c --- */
/* Take the lease and go on; the engine calls it with a free place. */
void run_start(struct run *run);
/* Read the record and take the lease, if the credentials may be tried:
 * ERR_DENIED when they may not, ERR_CONFLICT when another has the device. A
 * visit that its process left is counted. To be committed; with run->leased
 * the lease is among it, also after a failure. */
int run_take(struct run *run, struct err *err);
/* Write what run->outcome and the record say, give the lease back. To be
 * committed. */
int run_write_end(struct run *run, struct err *err);
void run_free(struct run *run);
/* Close what it has open; it may still be reported. */
void run_stop(struct run *run);
/* Milliseconds from now, then(run); one at a time. */
void run_wait(struct run *run, int64_t ms, void (*then)(struct run *run));
/* End with what run->outcome and run->err say. */
void run_finish(
    struct run *run, enum engine_outcome outcome, const struct err *err);
void run_policy(const struct run *run, struct policy *ret_policy);
/* Those of our CA now; NULL: not known. */
const struct port_roots *run_roots(const struct run *run);
/* Into run->reasons; once, at its end. */
void run_diagnose(struct run *run);
/* Write the record, fenced by the lease: ERR_CONFLICT when it is lost. */
int run_save(struct run *run, struct err *err);
/* Event with the run's device and actor; detail is JSON. */
int run_event(
    struct run *run, const char *kind, const char *detail, struct err *err);
/* The store refused a write: nothing since the last commit is believed. */
void run_store_failed(struct run *run, const struct err *err);
/* A write was refused: ERR_CONFLICT means the lease is lost and ends this run
 * alone; all else is run_store_failed(). */
void run_write_failed(struct run *run, const struct err *err);

/* --- run_contact.c: from the first byte to a fresh record --- */
void run_contact(struct run *run);
/* The stored admin password; without one the run knows it. */
int run_password(
    struct run *run, struct secret **ret_password, struct err *err);
/* Open the visit with it; 0 or -1. */
int run_open_visit(struct run *run, struct err *err);
/* What the record says after an answer to our credentials, or a failure that
 * may be a refusal of them: which is counted. */
void run_contact_succeeded(struct run *run);
void run_note_failure(struct run *run, const struct err *err);
/* The record after a contact that failed, and the end of the run. */
void run_contact_failed(struct run *run, const struct err *err);
/* Did the device refuse our credentials?  AD refuses too, and that is another
 * matter. */
bool run_refused(const struct err *err);
/* A strike if it did; written with the end of the run. */
void run_count_refusal(struct run *run, const struct err *err);
/* The controller that took our last change, while others may not know of it;
 * NULL: any will do. Borrowed. */
const char *run_controller(const struct run *run);
/* The record without an AD object. */
void run_forget_object(struct device *d);
/* Read again what the steps have touched, then end. */
void run_last_look(struct run *run);
/* All was done, or nothing was to do. */
void run_end(struct run *run);
/* What did not end the run makes it a failed one. The first one counts. */
void run_soft_failure(struct run *run, const struct err *err);

/* --- count.c: in numbers --- */
/* Its end, and what became of a step ("done"). */
void run_count_end(const struct run *run, int64_t ms);
void run_count_step(const char *step, const char *result);

/* --- run_plan.c: from one step to the next --- */
/* ERR_CANCELLED when our clock was set since it was trusted. */
int run_check_clock(const struct run *run, struct err *err);
/* The record is fresh: plan and go through the steps. */
void run_plan(struct run *run);
/* The one at run->at, or the end. */
void run_next_step(struct run *run);
/* Forget the step under way, and its place. */
void run_drop_step(struct run *run);

/* --- run_step.c: intend, act, observe, settle --- */
/* An open intent of a dead worker: find out what happened first. */
bool run_recover(struct run *run);

/* --- engine.c --- */
struct engine {
	struct engine_deps deps;
	char *owner;	 /* in leases */
	int64_t lead_ms; /* of our clock before clock_mono_ms(), when trusted */
	struct run *runs;
	struct run *abandoned;
	size_t in_flight;
	struct waiting *queue, *queue_last;
	size_t queued;
	struct run *commits, *commits_last;
	engine_report_fn *report;
	void *report_cookie;
	engine_end_fn *end;
	void *end_cookie;
	void (*idle)(void *);
	void *idle_cookie;
	void (*doubt)(void *);
	void *doubt_cookie;
	bool draining;
	bool broken;
	struct err broken_why;
	struct idset known; /* devices queued or in flight */
	struct loop_timer *pump_timer, *break_timer;
	struct site *sites;
	struct door *doors;
	struct loop_timer *pace_timer;
};

/* The lead of the clock to work by: as it was trusted, or as it is where there
 * is nobody to judge it. */
int64_t engine_lead_ms(const struct engine *e);
/* Was it set since? By how much in any case. */
bool engine_clock_moved(int64_t lead_ms, int64_t *ret_ms);
/* Go on with then(run) once everything written so far is durable. */
void engine_after_commit(struct run *run, void (*then)(struct run *run));
/* Tell whose order it was, in the transaction that ends the run; 0 or -1. */
int engine_end(struct run *run, struct err *err);
/* The run is over and durable: report, free, start the next. */
void engine_done(struct run *run);
/* End without writing anything: the store is broken, or the loop ends. */
void run_abandon(struct run *run);

/* --- owner.c --- */

/* Machine, boot, process and its start, for engine_owner_dead(); given. */
char *engine_owner_self(void);
#endif
