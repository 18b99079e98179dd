#include <inttypes.h>
#include <stdio.h>

#include "runner_internal.h"

/*
 * Canary and waves, from what is in the store alone:
 *
 *   begin_to 0        the canaries are out: so many devices with a verdict are
 *                     waited for; one that was not reached is none, and another
 *                     one takes its place
 *   begin_to > begun  the wave is on its way
 *   begin_to = begun  it is out; the next one follows when nothing is running
 */
#define WAVES_TOLD 100 /* a run of more waves is not told one by one */

static int64_t
share(int64_t number, int64_t percent, int64_t total)
{
	if (percent == 0)
		return number;
	return total * percent / 100 > 1 ? total * percent / 100 : 1;
}

static int64_t
verdicts(const struct task_run *row)
{
	return row->count[TASK_OK] + row->count[TASK_CHANGED] +
	    row->count[TASK_PENDING] + task_run_failures(row);
}

static bool
with_canaries(const struct task_run *row, size_t running, struct pacing *ret)
{
	int64_t wanted = row->policy.canary, failed = task_run_failures(row);

	if (wanted == 0 || row->begin_to != 0)
		return false;
	if (failed > 0) {
		ret->stop = true;
		(void)snprintf(ret->why, sizeof(ret->why),
		    "canary: %" PRId64 " of the first %" PRId64
		    " devices failed",
		    failed, wanted);
		return true;
	}
	if (verdicts(row) >= wanted) {
		(void)snprintf(ret->news, sizeof(ret->news),
		    "canary: %" PRId64 " devices went well", verdicts(row));
		return false;
	}
	ret->fresh = wanted - verdicts(row) - (int64_t)running;
	if (ret->fresh < 0)
		ret->fresh = 0;
	return true;
}

static bool
too_many(const struct task_run *row, struct pacing *ret)
{
	int64_t failed = task_run_failures(row);
	int64_t most = share(row->policy.max_failures,
	    row->policy.max_failure_percent, row->total);

	if (most == 0 || failed < most)
		return false;
	ret->stop = true;
	if (row->policy.max_failure_percent != 0)
		(void)snprintf(ret->why, sizeof(ret->why),
		    "%" PRId64 " of %" PRId64 " devices failed, the limit is "
		    "%" PRId64 "%%",
		    failed, row->total, row->policy.max_failure_percent);
	else
		(void)snprintf(ret->why, sizeof(ret->why),
		    "%" PRId64 " devices failed, the limit is %" PRId64, failed,
		    most);
	return true;
}

void
runner_pacing(const struct task_run *row, size_t running, struct pacing *ret)
{
	int64_t wave =
	    share(row->policy.wave, row->policy.wave_percent, row->total);

	*ret = (struct pacing){.begin_to = row->begin_to};
	if (with_canaries(row, running, ret) || too_many(row, ret))
		return;
	if (wave == 0) {
		ret->begin_to = row->total;
	} else if (row->begin_to == 0 ||
	    (row->begun >= row->begin_to && running == 0)) {
		ret->begin_to = row->begun + wave;
		if (ret->begin_to > row->total)
			ret->begin_to = row->total;
		if (ret->news[0] == '\0' && row->begun < row->total &&
		    row->total / wave <= WAVES_TOLD)
			(void)snprintf(ret->news, sizeof(ret->news),
			    "wave: up to device %" PRId64 " of %" PRId64,
			    ret->begin_to, row->total);
	}
	ret->fresh = ret->begin_to - row->begun;
	if (ret->fresh < 0)
		ret->fresh = 0;
}
