/* The pull: page after page, each with how far it came in one transaction. */
#include <json-c/json.h>

#include "clock.h"
#include "err.h"
#include "pull_internal.h"
#include "store.h"
#include "sync_internal.h"
#include "take_internal.h"

/*
 * Both ends of "since the last pull" are read off our own clock, so that the
 * server's may be off; what happens to be stored there with a delay has this
 * long.
 */
#define OVERLAP INT64_C(900)
#define PORTION 500 /* rows per transaction */

static void
begin_pass(struct epo_sync *y, int64_t now)
{
	struct upstream *u = &y->u;

	u->pass++;
	u->pass_began = now;
	u->pass_after = 0;
	u->pass_full = y->query_id != 0 || u->full_at == 0 ||
	    now - u->full_at >= y->conf->full_every || now < u->pulled_at;
}

/* --- rows --- */

static int
take_row(struct epo_sync *y, struct json_object *row, int64_t now,
    int64_t *ret_remote, struct err *err)
{
	struct epo_take t = {.conf = y->conf,
	    .to = {.store = y->store, .actor = y->actor},
	    .upstream = &y->u,
	    .report = &y->report,
	    .now = now};
	struct epo_row r;
	int rc;

	if (epo_row_read(y->conf, row, &r, err) != 0)
		return -1;
	*ret_remote = r.remote;
	/* In order, or rows that "top" cut off would be passed over. */
	if (y->query_id == 0 && r.remote < y->u.pass_after)
		rc = err_set(err, ERR_PROTOCOL,
		    "system %lld comes behind %lld: not in the order, or not "
		    "of the range, that was asked for",
		    (long long)r.remote, (long long)y->u.pass_after);
	else if (y->query_id == 0 && r.remote == y->u.pass_after)
		rc = 0; /* once more: a join has several rows of it */
	else
		rc = epo_take_row(&t, &r, err);
	epo_row_clear(&r);
	return rc;
}

static int
take_rows(struct epo_sync *y, struct json_object *rows, struct err *err)
{
	int64_t now = clock_now(), remote = 0;
	size_t i, count = json_object_array_length(rows);

	for (i = 0; i < count; i++) {
		if (take_row(y, json_object_array_get_idx(rows, i), now,
			&remote, err) != 0)
			return -1;
		if (y->query_id == 0)
			y->u.pass_after = remote;
		if ((i + 1) % PORTION == 0 &&
		    (upstream_save(y->store, &y->u, err) != 0 ||
			store_commit(y->store, err) != 0))
			return -1;
	}
	if (upstream_save(y->store, &y->u, err) != 0)
		return -1;
	return store_commit(y->store, err);
}

/* --- the end of a pass --- */

static int
note_gone(void *cookie, const struct upstream_link *l, struct err *err)
{
	struct epo_sync *y = cookie;
	struct epo_take t = {.conf = y->conf,
	    .to = {.store = y->store, .actor = y->actor},
	    .now = clock_now()};

	y->report.gone++;
	return epo_take_tell(&t, l, "epo.gone", err);
}

/* All are gone at once, when a server was emptied, or our user lost a right. */
static int
check_any(struct epo_sync *y, struct err *err)
{
	struct upstream_counts counts = {0};
	int64_t read = 0;

	if (upstream_count(y->store, y->u.id, &counts, err) != 0 ||
	    upstream_link_read(y->store, y->u.id, y->u.pass, &read, err) != 0)
		return -1;
	if (read > 0 || counts.systems == counts.gone)
		return 0;
	return err_set(err, ERR_REFUSED,
	    "the server shows none of the %lld systems that it had: does our "
	    "user still see them? Nothing is taken as gone",
	    (long long)(counts.systems - counts.gone));
}

/* A portion per transaction, as others write too. */
static int
sweep(struct epo_sync *y, struct err *err)
{
	const struct upstream_sweep portion = {.upstream = y->u.id,
	    .pass = y->u.pass,
	    .now = clock_now(),
	    .limit = PORTION};
	bool more = true;

	while (more)
		if (upstream_link_sweep(
			y->store, &portion, note_gone, y, &more, err) != 0 ||
		    store_commit(y->store, err) != 0)
			return -1;
	return 0;
}

/* One that ends badly is begun anew. */
static int
end_pass(struct epo_sync *y, struct err *err)
{
	struct upstream *u = &y->u;
	int64_t began = u->pass_began;

	u->pass_began = 0;
	if (u->pass_full && (check_any(y, err) != 0 || sweep(y, err) != 0))
		return -1;
	u->pulled_at = began;
	if (u->pass_full)
		u->full_at = began;
	if (upstream_save(y->store, u, err) != 0)
		return -1;
	return store_commit(y->store, err);
}

/* --- one exchange --- */

static void
build(const struct epo_sync *y, int64_t now, struct epo_command *ret)
{
	struct epo_ask ask = {.after = y->u.pass_after,
	    .page = y->conf->page,
	    .condition = y->condition,
	    .old_path = y->old_path};

	if (y->query_id != 0) {
		epo_command_init(ret, "core.executeQuery");
		epo_command_add_int(ret, "queryId", y->query_id);
		return;
	}
	if (!y->u.pass_full)
		ask.newer_ms = (now - y->u.pulled_at + OVERLAP) * 1000;
	epo_ask_command(y->conf, &ask, ret);
}

static int
take_page(struct epo_sync *y, struct json_object *rows, bool *ret_again,
    struct err *err)
{
	int64_t before = y->u.pass_after;
	size_t count;

	if (!json_object_is_type(rows, json_type_array))
		return err_set(
		    err, ERR_PROTOCOL, "core.executeQuery: no list of rows");
	count = json_object_array_length(rows);
	if (take_rows(y, rows, err) != 0)
		return err_context(err, "core.executeQuery");
	if (count > 0 && y->query_id == 0 && y->u.pass_after == before)
		return err_set(err, ERR_PROTOCOL,
		    "core.executeQuery: the same systems again");
	/* A page that is not full may be one that the server cut: only one
	 * without rows is the last. */
	*ret_again = count > 0 && y->query_id == 0;
	return *ret_again ? 0 : end_pass(y, err);
}

int
epo_phase_pull(struct epo_sync *y, bool *ret_again, struct err *err)
{
	struct epo_body body = {.ok = false};
	int64_t now = clock_now(), before = y->u.pass_after;
	struct epo_command c;
	int rc;

	*ret_again = true;
	if (y->u.pass_began == 0)
		begin_pass(y, now);
	y->report.full = y->u.pass_full;
	build(y, now, &c);
	rc = epo_call(y->session, &c, &body, err);
	epo_command_free(&c);
	if (rc != 0 && err->kind == ERR_REFUSED && y->conf->take_groups &&
	    !y->old_path && y->query_id == 0) {
		err_clear(err);
		y->old_path = true; /* perhaps it has no NodeTextPath2 */
		return 0;
	}
	if (rc == 0)
		rc = take_page(y, body.value, ret_again, err);
	if (rc != 0)
		y->u.pass_after = before;
	epo_body_clear(&body);
	return rc;
}
