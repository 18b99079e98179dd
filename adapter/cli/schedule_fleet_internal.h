#ifndef CLI_SCHEDULE_FLEET_INTERNAL_H_
#define CLI_SCHEDULE_FLEET_INTERNAL_H_
#include "capacity.h"
#include "cli_internal.h"
#include "runs_internal.h"

/* What of the chosen devices runs out, how long they take, and whether a
 * schedule is in time for that. */

enum wear { WEAR_CERTIFICATE, WEAR_AD_PASSWORD, WEAR_ADMIN_PASSWORD };
#define WEARS 3
/* "certificates", as --for has it. */
const char *schedule_wear_name(enum wear w);

struct schedule_wear {
	struct cli *c;
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
/* All of these: CODE_OK, or the code with the complaint printed. */
/* What --for and --when-needed say, else all that the profile keeps. */
int schedule_wear_options(struct schedule_wear *w);
/* What a client task renews. */
int schedule_wear_task(struct schedule_wear *w, const struct task *t);
/* Of the devices that options choose (aim NULL), or of those. */
int schedule_wear_take(struct schedule_wear *w, const struct aim *aim);
void schedule_wear_free(struct schedule_wear *w);

/* How long 95 of 100 visits took, of `count` the latest ones: those of runs,
 * else changes in the journal. count 0: nothing was measured. */
int schedule_measure(
    struct cli *c, int64_t *ret_ms, size_t *ret_count, struct err *err);

/* Is this rule in time for what the task renews on those devices? Of an
 * assignment that is to be saved; --duration as in "schedule check". */
int cli_schedule_prove(struct cli *c, const char *rule, const struct task *t,
    const struct aim *aim, int64_t parallel);
#endif
