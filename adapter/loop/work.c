#include "work.h"

#include <assert.h>
#include <stdlib.h>
#include <uv.h>

#include "loop.h"
#include "mem.h"

struct queued {
	uv_work_t work;
	struct work_job job;
};

static void
run(uv_work_t *work)
{
	struct queued *q = work->data;

	q->job.run(q->job.arg);
}

static void
done(uv_work_t *work, int status)
{
	struct queued *q = work->data;

	(void)status; /* never cancelled: nothing here calls uv_cancel() */
	q->job.done(q->job.arg);
	free(q);
}

void
work_submit(struct loop *loop, const struct work_job *job)
{
	struct queued *q = mem_alloc(sizeof(*q));
	int rc;

	q->job = *job;
	q->work.data = q;
	rc = uv_queue_work(loop_native(loop), &q->work, run, done);
	assert(rc == 0);
	(void)rc;
}
