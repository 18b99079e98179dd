/* jobs: what takes its time, begun, looked at, ended. */
#include <stdlib.h>

#include "api_internal.h"
#include "jobs_internal.h"
#include "str.h"

#define LONG_S 3600 /* all of the store, or of a directory */
#define SHORT_S 180 /* an answer of another machine */

/* --- looking --- */

static int
write_job(void *cookie, const struct jobs_view *v, struct err *err)
{
	struct api_call *c = cookie;

	api_put_int(c, v->id);
	api_put_text(c, v->kind);
	api_put_text(c, v->subject);
	api_put_text(c, v->owner);
	api_put_text(c, api_jobs_state_name(v->state));
	api_put_int(c, v->created_at);
	api_put_int(c, v->started_at);
	api_put_int(c, v->ended_at);
	api_put_int(c, v->code);
	api_put_int(c, v->rows);
	api_put_text(c, v->said);
	api_put_text(c, v->text);
	return api_row_end(c, err);
}

static int
answer_job(struct api_call *c, int64_t id, struct err *err)
{
	api_row_begin(c, &api_job_row);
	return api_jobs_see(c->jobs, id, &c->who, c->now, write_job, c, err);
}

int
api_jobs_list(struct api_call *c, struct err *err)
{
	api_page_begin(c, &api_job_row);
	if (api_jobs_scan(c->jobs, &c->who, c->now, write_job, c, err) != 0)
		return -1;
	api_page_end(c, NULL);
	return 0;
}

int
api_jobs_get(struct api_call *c, struct err *err)
{
	int64_t id = 0;

	return api_number(c, 0, &id, err) != 0 ? -1 : answer_job(c, id, err);
}

static int
write_rows(void *cookie, const struct jobs_view *v, struct err *err)
{
	struct api_call *c = cookie;

	if (v->state == JOBS_WAITING || v->state == JOBS_RUNNING)
		return err_set(err, ERR_REFUSED, "it has not ended yet");
	(void)fprintf(c->out, "{\"rows\":%s,\"cut\":false}",
	    v->json == NULL ? "[]" : v->json);
	return 0;
}

int
api_jobs_rows(struct api_call *c, struct err *err)
{
	int64_t id = 0;

	return api_number(c, 0, &id, err) != 0
	    ? -1
	    : api_jobs_see(c->jobs, id, &c->who, c->now, write_rows, c, err);
}

int
api_jobs_remove(struct api_call *c, struct err *err)
{
	int64_t id = 0;

	return api_number(c, 0, &id, err) != 0
	    ? -1
	    : api_jobs_drop(c->jobs, id, &c->who, err);
}

/* --- beginning --- */

static int
add_job(struct api_call *c, const struct jobs_order *order, struct err *err)
{
	if (api_jobs_add(c->jobs, order, &c->who, c->now, &c->job, err) != 0) {
		c->status = 503;
		return -1;
	}
	api_locate(c, "jobs/%lld", (long long)c->job);
	return answer_job(c, c->job, err);
}

int
api_events_verify(struct api_call *c, struct err *err)
{
	const struct jobs_order order = {.kind = "verify-events",
	    .words = {"events", "--verify"},
	    .seconds = LONG_S};

	return add_job(c, &order, err);
}

int
api_directory_audit(struct api_call *c, struct err *err)
{
	const char *ou = api_body_text(c, "ou");
	int64_t stale = api_body_int(c, "stale", 0);
	struct jobs_order order = {.kind = "directory-audit",
	    .subject = ou,
	    .words = {"directory", "audit"},
	    .seconds = LONG_S};
	char span[24];
	size_t n = 2;

	(void)snprintf(span, sizeof(span), "%llds", (long long)stale);
	if (ou != NULL) {
		order.words[n++] = "--ou";
		order.words[n++] = ou;
	}
	if (stale != 0) {
		order.words[n++] = "--stale";
		order.words[n] = span;
	}
	return add_job(c, &order, err);
}

int
api_krb_status(struct api_call *c, struct err *err)
{
	const struct jobs_order order = {.kind = "krb-status",
	    .words = {"krb", "status"},
	    .seconds = SHORT_S};

	return add_job(c, &order, err);
}

/* "ca bridge test NAME" and the like. */
static int
test(struct api_call *c, struct jobs_order *order, const char *subject,
    struct err *err)
{
	order->subject = order->argument = subject;
	order->seconds = SHORT_S;
	return add_job(c, order, err);
}

int
api_bridges_test(struct api_call *c, struct err *err)
{
	struct jobs_order order = {
	    .kind = "test-bridge", .words = {"ca", "bridge", "test"}};

	return test(c, &order, c->match.segments[0], err);
}

int
api_upstreams_test(struct api_call *c, struct err *err)
{
	struct jobs_order order = {
	    .kind = "test-epo-server", .words = {"epo", "test"}};

	return test(c, &order, c->match.segments[0], err);
}

int
api_places_test(struct api_call *c, struct err *err)
{
	struct jobs_order order = {
	    .kind = "test-forward", .words = {"forward", "test"}};

	return test(c, &order, c->match.segments[0], err);
}

int
api_mail_test(struct api_call *c, struct err *err)
{
	struct jobs_order order = {
	    .kind = "test-mail", .words = {"mail", "test"}};

	return test(c, &order, api_body_text(c, "to"), err);
}
