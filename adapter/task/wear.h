#ifndef WEAR_H_
#define WEAR_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"
#include "task_run.h"

struct device;
struct err;
struct schedule;
struct schedule_capacity;
struct schedule_deadline;
struct schedule_margin;
struct store;

/* What of a fleet runs out, how long its devices take, and whether a schedule
 * is in time for that (schedule/capacity.h). */

enum wear { WEAR_CERTIFICATE, WEAR_AD_PASSWORD, WEAR_ADMIN_PASSWORD };
#define WEARS 3
/* "certificates", ...; then NULL. */
extern const char *const wear_words[WEARS + 1];
const char *wear_name(enum wear w);
/* -1: none. */
int wear_find(const char *name);
/* Does the policy keep such, and do they end? */
bool wear_kept(const struct policy *p, enum wear kind);

/* Zeroed but for policy, and wanted once it is known; wear_free(). */
struct wear_fleet {
	const struct policy *policy; /* borrowed */
	/* What is renewed, and which of that only when it is due. */
	bool wanted[WEARS], when_needed[WEARS];
	char **names; /* of the devices */
	uint64_t *hashes;
	size_t devices;
	struct schedule_deadline *deadlines;
	enum wear *kinds; /* of those */
	size_t deadline_count;
	size_t unknown; /* devices of which no end is known */
};
/* Sets wanted and when_needed to what a client task renews. ERR_INVALID;
 * ERR_NOTFOUND: nothing that runs out. */
int wear_of_task(struct wear_fleet *w, const struct task *t, struct err *err);
/* Take a device in: a store_device_fn. cookie: struct wear_fleet. */
int wear_take(void *cookie, const struct device *d, struct err *err);
/* Take in those a run of this aim would be for; of TASK_DEVICES these. */
int wear_take_aim(struct wear_fleet *w, struct store *s,
    const struct task_run *aim, const int64_t *ids, size_t count,
    struct err *err);
void wear_free(struct wear_fleet *w);

/* How long 95 of 100 visits took, of `count` the latest ones: those of runs,
 * else changes in the journal. count 0: nothing was measured. */
int wear_measure(
    struct store *s, int64_t *ret_ms, size_t *ret_count, struct err *err);

/* schedule_capacity() of them; margins, one per deadline, are given. */
struct schedule_margin *wear_go_through(const struct wear_fleet *w,
    const struct schedule *s, int64_t busy_ms, int64_t parallel,
    struct schedule_capacity *ret);
/* Of one kind: how many there are, how many were missed, the closest one;
 * false: there are none. */
struct wear_sum {
	int64_t count, late;
	size_t closest; /* in deadlines and margins */
};
bool wear_sum(const struct wear_fleet *w, const struct schedule_margin *margins,
    enum wear kind, struct wear_sum *ret);
#endif
