/* A request on its worker: checked, done, written down, committed. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "api_internal.h"
#include "clock.h"
#include "jobs_internal.h"
#include "mem.h"
#include "store.h"
#include "str.h"

bool
api_may(const struct api_route *r, const struct access_identity *who)
{
	return r->right == API_ANYBODY || access_may(who, r->right);
}

static bool
reads(const struct api_route *r)
{
	return str_eq(r->method, "GET");
}

/* --- the same request again --- */

static void
hash_request(const struct api_call *c, uint8_t out[32])
{
	struct buf all;
	size_t i;

	buf_init(&all, API_BODY_MAX + 65536);
	buf_printf(&all, "%s\n", c->route->id);
	for (i = 0; i < API_SEGMENTS && c->match.segments[i] != NULL; i++)
		buf_printf(&all, "%s\n", c->match.segments[i]);
	buf_add(&all, c->bytes, c->len);
	str_sha256(all.data, all.len, out);
	buf_free(&all);
}

/* 1: it was answered before, which is the answer. */
static int
find_answer(struct api_call *c, struct store_answer *a, struct err *err)
{
	a->user = c->who.user;
	a->key = c->key;
	hash_request(c, a->request);
	if (store_answer_find(c->store, a, c->now, err) == 0) {
		buf_add(&c->text, a->body.data, a->body.len);
		mem_replace(&c->location, a->location);
		(void)snprintf(c->etag, sizeof(c->etag), "%s",
		    a->etag == NULL ? "" : a->etag);
		c->status = (int)a->status;
		c->kept = true;
		return 1;
	}
	if (err->kind == ERR_NOTFOUND) {
		err_clear(err);
		return 0;
	}
	if (err->kind == ERR_CONFLICT)
		c->status = 422;
	return -1;
}

static int
keep_answer(struct api_call *c, struct store_answer *a, struct err *err)
{
	a->status = c->status;
	a->location = mem_dup(c->location);
	a->etag = mem_dup(c->etag[0] == '\0' ? NULL : c->etag);
	buf_init(&a->body, STORE_ANSWER_MAX);
	buf_add(&a->body, c->text.data, c->text.len);
	return store_answer_put(c->store, a, c->now, err);
}

/* --- If-Match, If-None-Match --- */

/* The route that reads what this one changes. */
static const struct api_route *
reader_of(const struct api_route *route)
{
	const struct api_route *r;
	size_t i;

	for (i = 0; (r = api_route_at(i)) != NULL; i++)
		if (reads(r) && str_eq(r->path, route->path))
			return r;
	return NULL;
}

/* As it is now, and stays until the commit. */
static int
check_match(struct api_call *c, struct err *err)
{
	const struct api_route *r = reader_of(c->route);
	int rc;

	if ((c->if_match == NULL && c->if_none_match == NULL) ||
	    (c->route->flags & API_MATCHED) == 0 || r == NULL)
		return 0;
	if (store_lock(c->store, err) != 0)
		return -1;
	rc = r->run(c, err);
	if (rc == 0) {
		api_tag(c);
		rc = api_matches(c, err);
	} else if (err->kind == ERR_NOTFOUND &&
	    str_eq(c->route->method, "PUT")) {
		if (c->if_match != NULL) {
			c->status = 412;
		} else {
			err_clear(err);
			rc = 0;
		}
	}
	api_discard(c);
	return rc;
}

/* --- doing --- */

static int
record(struct api_call *c, const char *outcome, struct err *err)
{
	struct json_object *detail = json_object_new_object();
	struct store_event event = {
	    .at = c->now, .kind = "api.request", .actor = c->actor};
	int r;

	(void)json_object_object_add(
	    detail, "operation", json_object_new_string(c->route->id));
	(void)json_object_object_add(
	    detail, "outcome", json_object_new_string(outcome));
	event.detail =
	    json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN);
	r = store_event_add(c->store, &event, err);
	(void)json_object_put(detail);
	return r;
}

static int
commit(struct api_call *c, struct store_answer *a, struct err *err)
{
	if (!store_dirty(c->store) && (c->route->flags & API_TOLD) == 0)
		return 0;
	if (record(c, "ok", err) != 0 ||
	    (a->key != NULL && keep_answer(c, a, err) != 0))
		return -1;
	store_deadline(c->store, 0);
	return store_commit(c->store, err);
}

const char *
api_takes(const struct api_route *r)
{
	if ((r->flags & API_TAKES_CSV) != 0)
		return "text/csv";
	return (r->flags & API_TAKES_XML) != 0 ? "application/xml" : NULL;
}

const char *
api_file_type(enum api_answer answer)
{
	switch (answer) {
	case API_XML:
		return "application/xml";
	case API_PEM:
		return "application/x-pem-file";
	case API_CRL:
		return "application/pkix-crl";
	case API_NOTHING:
	case API_ROW:
	case API_PAGE_OF:
	case API_REPORT:
	case API_ROWS:
	case API_DOCUMENT:
	case API_EVENTS:
		break;
	}
	return NULL;
}

static int
end_text(struct api_call *c, struct err *err)
{
	if (c->type == NULL)
		c->type = api_file_type(c->route->answer);
	(void)fflush(c->out);
	if (c->text.over)
		return err_set(err, ERR_LIMIT,
		    "the answer is larger than %zu bytes: ask for less",
		    API_ANSWER_MAX);
	if ((c->route->flags & API_TAGGED) != 0)
		api_tag(c);
	if (c->text.len > 0 && c->type == NULL)
		buf_char(&c->text, '\n');
	if (c->status == 0)
		c->status = c->route->status;
	return 0;
}

static int
perform(struct api_call *c, struct store_answer *a, struct err *err)
{
	int r = 0;

	if (!api_may(c->route, &c->who))
		return err_set(err, ERR_DENIED,
		    "your permission sets lack the right \"%s\"",
		    access_right_name(c->route->right));
	if (c->route->form != NULL &&
	    api_body_read(c, c->bytes, c->len, err) != 0)
		return -1;
	if (c->key != NULL)
		r = find_answer(c, a, err);
	if (r != 0)
		return r == 1 ? 0 : -1;
	if (check_match(c, err) != 0 || c->route->run(c, err) != 0 ||
	    end_text(c, err) != 0)
		return -1;
	err_clear(err);
	return commit(c, a, err);
}

/* What was refused is written down as well, when it would have changed
 * something. */
static void
fail(struct api_call *c, const struct err *err)
{
	struct err why = {.kind = ERR_NONE};

	store_rollback(c->store);
	store_deadline(c->store, 0);
	c->status = api_status_of(c, err);
	api_discard(c);
	c->type = "application/problem+json";
	c->wake = false;
	if (c->job != 0)
		api_jobs_undo(c->jobs, c->job);
	c->job = 0;
	mem_replace(&c->location, NULL);
	api_problem(c->status, err->kind, err->text, &c->text);
	if (reads(c->route))
		return;
	if (record(c, err_kind_name(err->kind), &why) != 0 ||
	    store_commit(c->store, &why) != 0)
		store_rollback(c->store);
}

void
api_perform(struct api_call *c)
{
	struct store_answer a = {.key = NULL};
	struct err err = {.kind = ERR_NONE};

	c->now = clock_now();
	store_deadline(c->store, clock_mono_ms() + API_WORK_MS);
	if (perform(c, &a, &err) != 0)
		fail(c, &err);
	else if (c->kept)
		store_rollback(c->store);
	store_deadline(c->store, 0);
	store_answer_clear(&a);
	c->store = NULL;
}
