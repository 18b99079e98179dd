#ifndef CLI_SCHEDULE_FLEET_INTERNAL_H_
#define CLI_SCHEDULE_FLEET_INTERNAL_H_
#include "capacity.h"
#include "cli_internal.h"

/* What of the chosen devices runs out, and how long they take. */

enum wear { WEAR_CERTIFICATE, WEAR_AD_PASSWORD, WEAR_ADMIN_PASSWORD };
#define WEARS 3
/* "certificates", as --for has it. */
const char *schedule_wear_name(enum wear w);

struct schedule_wear {
	struct cli *c;
	bool wanted[WEARS];
	bool when_needed;
	char **names; /* of the devices */
	uint64_t *hashes;
	size_t devices;
	struct schedule_deadline *deadlines;
	enum wear *kinds; /* of those */
	size_t deadline_count;
	size_t unknown; /* devices of which no end is known */
};
/* Of the devices that options choose. CODE_OK, or the code with the complaint
 * printed. */
int schedule_wear_take(struct schedule_wear *w);
void schedule_wear_free(struct schedule_wear *w);

/* How long 95 of 100 visits took, of `count` the latest ones: those of runs,
 * else changes in the journal. count 0: nothing was measured. */
int schedule_measure(
    struct cli *c, int64_t *ret_ms, size_t *ret_count, struct err *err);
#endif
