/* Jobs: which there are, and each as a process of its own. */
#include "jobs_internal.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "access.h"
#include "buf.h"
#include "clock.h"
#include "err.h"
#include "mem.h"
#include "process.h"
#include "str.h"
#include "work.h"

#define PROGRAM "/proc/self/exe" /* what runs, though it was replaced since */
#define ARGS (JOBS_WORDS + 8)

struct job {
	struct job *next;
	struct jobs *jobs;
	int64_t id;
	char *kind, *subject, *owner;
	char *argv[ARGS];
	int64_t seconds;
	enum jobs_state state;
	bool ready;
	int64_t created_at, started_at, ended_at, code, rows;
	int stop; /* eventfd */
	/* The worker's until the end. */
	struct buf output, said;
	char *text; /* what it wrote that is no rows */
	struct err err;
	int exit_code;
};

struct jobs {
	struct jobs_conf conf;
	pthread_mutex_t mutex;
	struct job *list; /* the oldest first */
	size_t count, running;
	int64_t last_id;
	bool stopping;
	void (*done)(void *cookie);
	void *cookie;
};

const char *
api_jobs_state_name(enum jobs_state s)
{
	static const char *const names[] = {[JOBS_WAITING] = "waiting",
	    [JOBS_RUNNING] = "running",
	    [JOBS_ENDED] = "ended",
	    [JOBS_FAILED] = "failed"};

	return names[s];
}

static void
lock(struct jobs *j)
{
	(void)pthread_mutex_lock(&j->mutex);
}

static void
unlock(struct jobs *j)
{
	(void)pthread_mutex_unlock(&j->mutex);
}

/* --- which there are; locked --- */

static void
job_free(struct job *job)
{
	size_t i;

	for (i = 0; i < ARGS; i++)
		free(job->argv[i]);
	free(job->kind);
	free(job->subject);
	free(job->owner);
	free(job->text);
	buf_free(&job->output);
	buf_free(&job->said);
	(void)close(job->stop);
	free(job);
}

static void
forget(struct jobs *j, struct job *job)
{
	struct job **at = &j->list;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	j->count--;
	job_free(job);
}

static bool
is_over(const struct job *job)
{
	return job->state == JOBS_ENDED || job->state == JOBS_FAILED;
}

static void
forget_old(struct jobs *j, int64_t now)
{
	struct job *job, *next;

	for (job = j->list; job != NULL; job = next) {
		next = job->next;
		if (is_over(job) && now - job->ended_at > JOBS_KEEP_S)
			forget(j, job);
	}
}

static bool
may_see(const struct job *job, const struct access_identity *who)
{
	return str_ieq(job->owner, who->name) ||
	    access_may(who, ACCESS_USER_ADMIN);
}

static struct job *
find(struct jobs *j, int64_t id, const struct access_identity *who)
{
	struct job *job;

	for (job = j->list; job != NULL; job = job->next)
		if (job->id == id && (who == NULL || may_see(job, who)))
			return job;
	return NULL;
}

/* Room for one more of this owner's? */
static int
make_room(struct jobs *j, const char *owner, struct err *err)
{
	struct job *job, *oldest = NULL;
	size_t own = 0;

	for (job = j->list; job != NULL; job = job->next) {
		if (!is_over(job) && str_ieq(job->owner, owner))
			own++;
		if (oldest == NULL && is_over(job))
			oldest = job;
	}
	if (own >= JOBS_USER || j->stopping)
		return err_set(err, ERR_LIMIT,
		    "%zu jobs of yours have not ended: wait for one, or end it",
		    own);
	if (j->count < JOBS_MAX)
		return 0;
	if (oldest == NULL)
		return err_set(err, ERR_LIMIT,
		    "%d jobs have not ended: try again later", JOBS_MAX);
	forget(j, oldest);
	return 0;
}

/* --- a job --- */

static void
fill_argv(struct job *job, const struct jobs_order *order, const char *conf)
{
	size_t n = 0, i;

	job->argv[n++] = mem_dup(PROGRAM);
	for (i = 0; i < JOBS_WORDS && order->words[i] != NULL; i++)
		job->argv[n++] = mem_dup(order->words[i]);
	job->argv[n++] = mem_dup("--output");
	job->argv[n++] = mem_dup("json");
	job->argv[n++] = mem_dup("--config");
	job->argv[n++] = mem_dup(conf);
	if (order->argument != NULL) {
		job->argv[n++] = mem_dup("--");
		job->argv[n++] = mem_dup(order->argument);
	}
}

static struct job *
job_new(struct jobs *j, const struct jobs_order *order, const char *owner,
    int64_t now)
{
	struct job *job = mem_alloc(sizeof(*job));
	struct job **at = &j->list;

	job->jobs = j;
	job->id = ++j->last_id;
	job->kind = mem_dup(order->kind);
	job->subject = mem_dup(order->subject);
	job->owner = mem_dup(owner);
	job->seconds = order->seconds;
	job->created_at = now;
	job->code = job->rows = -1;
	job->stop = eventfd(0, EFD_CLOEXEC);
	buf_init(&job->output, JOBS_ROWS_MAX);
	buf_init(&job->said, JOBS_SAID_MAX);
	fill_argv(job, order, j->conf.conf_file);
	while (*at != NULL)
		at = &(*at)->next;
	*at = job;
	j->count++;
	return job;
}

int
api_jobs_add(struct jobs *j, const struct jobs_order *order,
    const struct access_identity *who, int64_t now, int64_t *ret_id,
    struct err *err)
{
	int rc;

	lock(j);
	forget_old(j, now);
	rc = make_room(j, who->name, err);
	if (rc == 0)
		*ret_id = job_new(j, order, who->name, now)->id;
	unlock(j);
	return rc;
}

/* --- at work --- */

/* How many rows; -1: it is no array of them. */
static int64_t
count_rows(const struct buf *output)
{
	struct json_object *rows = NULL;
	int64_t n = -1;

	if (output->len == 0 || output->data[0] != '[')
		return -1;
	rows = json_tokener_parse(buf_text(output));
	if (json_object_is_type(rows, json_type_array))
		n = (int64_t)json_object_array_length(rows);
	(void)json_object_put(rows);
	return n;
}

static void
run(void *arg)
{
	struct job *job = arg;
	const struct process p = {.argv = job->argv,
	    .env = environ,
	    .timeout_ms = job->seconds * 1000,
	    .errors = &job->said,
	    .stop = &job->stop,
	    .session = true};

	err_clear(&job->err);
	(void)process_run(&p, &job->output, &job->exit_code, &job->err);
	if (job->err.kind != ERR_NONE)
		return;
	job->rows = count_rows(&job->output);
	if (job->rows < 0 && job->output.len > 0)
		job->text = mem_dup(buf_text(&job->output));
}

static void begin(struct jobs *j);

static void
settle(struct job *job)
{
	job->ended_at = clock_now();
	job->state = job->err.kind == ERR_NONE ? JOBS_ENDED : JOBS_FAILED;
	if (job->err.kind == ERR_NONE) {
		job->code = job->exit_code;
		return;
	}
	/* The program's name is no news. */
	buf_printf(&job->said, "%s: %s\n", job->kind,
	    str_starts(job->err.text, PROGRAM " ")
		? job->err.text + sizeof(PROGRAM)
		: job->err.text);
}

static void
ran(void *arg)
{
	struct job *job = arg;
	struct jobs *j = job->jobs;
	bool last;

	lock(j);
	settle(job);
	j->running--;
	last = j->running == 0;
	unlock(j);
	if (!j->stopping)
		begin(j);
	else if (last)
		j->done(j->cookie);
}

static struct job *
next_ready(struct jobs *j)
{
	struct job *job;

	for (job = j->list; job != NULL; job = job->next)
		if (job->state == JOBS_WAITING && job->ready)
			return job;
	return NULL;
}

static void
begin(struct jobs *j)
{
	struct work_job work = {run, ran, NULL};
	struct job *job;

	lock(j);
	while (j->running < JOBS_PARALLEL && (job = next_ready(j)) != NULL) {
		job->state = JOBS_RUNNING;
		job->started_at = clock_now();
		j->running++;
		work.arg = job;
		work_submit(j->conf.loop, &work);
	}
	unlock(j);
}

void
api_jobs_go(struct jobs *j, int64_t id)
{
	struct job *job;

	lock(j);
	job = find(j, id, NULL);
	if (job != NULL)
		job->ready = true;
	unlock(j);
	if (!j->stopping)
		begin(j);
}

/* --- looking --- */

static int
show(const struct job *job, jobs_fn *fn, void *cookie, struct err *err)
{
	bool over = is_over(job); /* else those are the worker's */
	const struct jobs_view view = {.id = job->id,
	    .kind = job->kind,
	    .subject = job->subject,
	    .owner = job->owner,
	    .state = job->state,
	    .created_at = job->created_at,
	    .started_at = job->started_at,
	    .ended_at = job->ended_at,
	    .code = job->code,
	    .rows = over ? job->rows : -1,
	    .said = over && job->said.len > 0 ? buf_text(&job->said) : NULL,
	    .text = over ? job->text : NULL,
	    .json = over && job->rows >= 0 ? buf_text(&job->output) : NULL};

	return fn(cookie, &view, err);
}

static int
missing(int64_t id, struct err *err)
{
	return err_set(err, ERR_NOTFOUND,
	    "there is no job %lld (any more), or it is not yours",
	    (long long)id);
}

int
api_jobs_see(struct jobs *j, int64_t id, const struct access_identity *who,
    int64_t now, jobs_fn *fn, void *cookie, struct err *err)
{
	struct job *job;
	int rc;

	lock(j);
	forget_old(j, now);
	job = find(j, id, who);
	rc = job == NULL ? missing(id, err) : show(job, fn, cookie, err);
	unlock(j);
	return rc;
}

int
api_jobs_scan(struct jobs *j, const struct access_identity *who, int64_t now,
    jobs_fn *fn, void *cookie, struct err *err)
{
	struct job *job;
	int rc = 0;

	lock(j);
	forget_old(j, now);
	for (job = j->list; rc == 0 && job != NULL; job = job->next)
		if (may_see(job, who))
			rc = show(job, fn, cookie, err);
	unlock(j);
	return rc;
}

/* --- ending --- */

static void
kill_it(const struct job *job)
{
	(void)eventfd_write(job->stop, 1);
}

int
api_jobs_drop(struct jobs *j, int64_t id, const struct access_identity *who,
    struct err *err)
{
	struct job *job;
	int rc = 0;

	lock(j);
	job = find(j, id, who);
	if (job == NULL)
		rc = missing(id, err);
	else if (job->state == JOBS_RUNNING)
		kill_it(job);
	else
		forget(j, job);
	unlock(j);
	return rc;
}

void
api_jobs_undo(struct jobs *j, int64_t id)
{
	struct job *job;

	lock(j);
	job = find(j, id, NULL);
	if (job != NULL && job->state == JOBS_WAITING)
		forget(j, job);
	unlock(j);
}

int
api_jobs_new(const struct jobs_conf *conf, struct jobs **ret, struct err *err)
{
	struct jobs *j = mem_alloc(sizeof(*j));

	j->conf = *conf;
	if (pthread_mutex_init(&j->mutex, NULL) != 0) {
		free(j);
		return err_set(err, ERR_LIMIT, "no mutex can be made");
	}
	*ret = j;
	return 0;
}

bool
api_jobs_stop(struct jobs *j, void (*done)(void *cookie), void *cookie)
{
	struct job *job;
	bool quiet;

	lock(j);
	j->stopping = true;
	j->done = done;
	j->cookie = cookie;
	for (job = j->list; job != NULL; job = job->next)
		if (job->state == JOBS_RUNNING)
			kill_it(job);
	quiet = j->running == 0;
	unlock(j);
	return quiet;
}

void
api_jobs_free(struct jobs *j)
{
	if (j == NULL)
		return;
	while (j->list != NULL)
		forget(j, j->list);
	(void)pthread_mutex_destroy(&j->mutex);
	free(j);
}
