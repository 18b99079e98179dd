/* What runs came to, in numbers. */
#include "metric.h"
#include "plan.h"
#include "run_internal.h"

static struct metric items_total = {.name = "amtkeeper_task_run_items_total",
    .help = "Devices that a task ended on, by outcome; look is reading alone",
    .kind = METRIC_COUNTER,
    .labels = {"task", "outcome"}};

static struct metric run_seconds = {
    .name = "amtkeeper_task_run_duration_seconds",
    .help = "Time from a device's turn to its end",
    .kind = METRIC_HISTOGRAM,
    .labels = {"task"},
    .bounds = metric_seconds,
    .bound_count = METRIC_SECONDS_COUNT};

static struct metric steps_total = {.name = "amtkeeper_steps_total",
    .help = "Changes to devices, by what became of them",
    .kind = METRIC_COUNTER,
    .labels = {"step", "result"}};

void
run_count_end(const struct run *run, int64_t ms)
{
	const char *task = run->play == NULL ? "look" : run->play->name;

	metric_add(
	    metric_cell(&items_total, task, engine_outcome_name(run->outcome)),
	    1);
	metric_observe(
	    metric_cell(&run_seconds, task, NULL), (double)ms / 1000);
}

void
run_count_step(const char *step, const char *result)
{
	metric_add(metric_cell(&steps_total, step, result), 1);
}
