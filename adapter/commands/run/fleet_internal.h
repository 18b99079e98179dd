#ifndef FLEET_INTERNAL_H_
#define FLEET_INTERNAL_H_
#include "choice.h"
#include "cli.h"
#include "diagnose.h"
#include "engine.h"
#include "ports.h"
#include "progress.h"

#define FLEET_STEP_KINDS 32

/*
 * The chosen devices through the engine: each reports once, and what it reports
 * becomes rows, counts and a line of progress.
 */
struct fleet {
	struct cli *c;
	enum engine_mode mode;
	const struct play *play;
	void (*write)(struct fleet *f, const struct engine_report *r);
	const struct table_column *columns;
	size_t column_count;
	size_t remark; /* column of remarks: rows are grouped by name; or 0 */

	struct cli_ids ids;
	bool recovering;
	struct cli_ids left; /* of which recovering found nothing out */
	struct table *table;
	struct outflow *out;
	int lost; /* errno of writing rows, said; 0 */
	struct progress progress;
	struct diagnose_fleet found;
	struct port_roots roots; /* without the engine, which has its own */
	size_t findings, failed, parked, skipped, waiting;
	size_t barred; /* of those skipped: a person must act first */
	/* Of plans: devices with steps, steps, and those by name. */
	size_t planned, steps;
	struct {
		char *name; /* owned */
		size_t count;
	} kinds[FLEET_STEP_KINDS];
	size_t failures_allowed; /* 0: any */
	bool too_many, interrupted, ending;
	bool clock_asked;	   /* at the end once more */
	struct clock_guard *clock; /* our own, while we set others by it */
	struct loop_timer *clock_timer;
	struct err clock_off; /* it is not to be trusted any more */
	struct err last;      /* of a device */
	struct err broken;
};

/* Open all, do it, write rows and summary; devices are chosen by the arguments
 * from first_arg on. The exit code of the command. */
int fleet_run(struct fleet *f, size_t first_arg);
/* The exit code of what came to code otherwise: 0 is none when rows were lost
 * to anything but a reader that went away. */
int fleet_code(const struct fleet *f, int code);
/* "5" or "2%", into one of the two, the other is 0. CODE_USAGE, said. */
int fleet_failures(const char *text, int64_t *ret_number, int64_t *ret_percent);
/* One step more of a plan. */
void fleet_count_step(struct fleet *f, const char *name);
/* What it came to, in words: it took so long. */
void fleet_summarise(const struct fleet *f, int64_t ms);
/* The exit code of what became of the devices. */
int fleet_result(const struct fleet *f);
/* Of what it owns. */
void fleet_clear(struct fleet *f);
#endif
