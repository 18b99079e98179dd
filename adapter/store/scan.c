/*
 * Choosing devices.  A scan first collects the ids in order, then visits one
 * after the other with no statement open: the visitor may write, commit, take
 * leases or remove, and no long read keeps the log from being checkpointed.  A
 * device that was removed meanwhile is left out.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "db.h"
#include "err.h"
#include "mem.h"
#include "rows.h"
#include "store.h"
#include "store_internal.h"

#define SQL_MAX 4096
#define VALUES_MAX 9

enum condition { BY_NAME, BY_REASON, BY_SITE, BY_DUE, BY_UNLEASED, BY_PLACE };
_Static_assert(BY_PLACE + 1 == STORE_CONDITIONS, "a bit for each");

/* Texts in the order of the bits; add_values() follows them. */
static const char *const conditions[STORE_CONDITIONS] = {
    [BY_NAME] = ("(lower(name) GLOB lower(?) OR lower(uuid) GLOB lower(?)"
		 " OR lower(address) GLOB lower(?))"),
    [BY_REASON] = ("reasons <> '' AND"
		   " instr(',' || reasons || ',', ',' || ? || ',') > 0"),
    [BY_SITE] = "site = ? AND site <> ''",
    [BY_DUE] = "next_due > 0 AND next_due <= ?",
    [BY_UNLEASED] =
	("NOT EXISTS (SELECT 1 FROM lease WHERE lease.device = device.id"
	 " AND lease_owner IS NOT NULL AND lease_until > ?)"),
    [BY_PLACE] = "lower(name) > lower(?)",
};

struct values {
	struct db_value v[VALUES_MAX];
	size_t n;
};

static void
add(struct values *v, struct db_value value)
{
	assert(v->n < VALUES_MAX);
	v->v[v->n++] = value;
}

/* The set of conditions, and their parameters. */
static int
add_values(struct values *v, const struct store_filter *f, unsigned *ret_set,
    struct err *err)
{
	unsigned set;

	set = 0;
	if (store_check_text(f->name, "the pattern", err) == -1 ||
	    store_check_text(f->reason, "the reason", err) == -1 ||
	    store_check_text(f->site, "the site", err) == -1 ||
	    store_check_text(f->after, "the name", err) == -1)
		return -1;
	if (f->name != NULL) {
		set |= 1U << BY_NAME;
		add(v, db_text_value(f->name));
		add(v, db_text_value(f->name));
		add(v, db_text_value(f->name));
	}
	if (f->reason != NULL) {
		set |= 1U << BY_REASON;
		add(v, db_text_value(f->reason));
	}
	if (f->site != NULL) {
		set |= 1U << BY_SITE;
		add(v, db_text_value(f->site));
	}
	if (f->due_before != 0) {
		set |= 1U << BY_DUE;
		add(v, db_int_value(f->due_before));
	}
	if (f->unleased) {
		set |= 1U << BY_UNLEASED;
		add(v, db_int_value(clock_now()));
	}
	if (f->after != NULL) {
		set |= 1U << BY_PLACE;
		add(v, db_text_value(f->after));
	}
	*ret_set = set;
	return 0;
}

static char *
make_sql(const char *what, unsigned set, const char *tail)
{
	struct buf sql;
	char *text;
	unsigned i, n;

	n = 0;
	buf_init(&sql, SQL_MAX);
	buf_printf(&sql, "SELECT %s FROM device", what);
	for (i = 0; i < STORE_CONDITIONS; i++)
		if ((set & (1U << i)) != 0)
			buf_printf(&sql, "%s%s", n++ > 0 ? " AND " : " WHERE ",
			    conditions[i]);
	buf_str(&sql, tail);
	assert(!sql.over);
	text = mem_dup(buf_text(&sql));
	buf_free(&sql);
	return text;
}

static const char *
scan_sql(struct store *s, unsigned set)
{
	bool due = (set & (1U << BY_DUE)) != 0;

	if (s->sql_scan[set] == NULL)
		s->sql_scan[set] = make_sql("id", set,
		    due ? " ORDER BY next_due, id LIMIT ?"
			: " ORDER BY lower(name) LIMIT ?");
	return s->sql_scan[set];
}

static const char *
count_sql(struct store *s, unsigned set)
{
	if (s->sql_count[set] == NULL)
		s->sql_count[set] = make_sql("count(*)", set, "");
	return s->sql_count[set];
}

struct ids {
	int64_t *at;
	size_t n, room;
};

static int
collect(struct store *s, const struct store_filter *filter, struct ids *ids,
    struct err *err)
{
	struct values v;
	struct db_rows *rows;
	unsigned set;
	int r;

	v.n = 0;
	if (add_values(&v, filter, &set, err) == -1)
		return -1;
	add(&v,
	    db_int_value(filter->limit > 0 && filter->limit < (size_t)INT64_MAX
		    ? (int64_t)filter->limit
		    : INT64_MAX));
	if (db_query_list(s->db, &rows, err, scan_sql(s, set), v.v, v.n) == -1)
		return -1;
	while ((r = db_next(rows, err)) == 1) {
		if (ids->n == ids->room) {
			ids->room = ids->room > 0 ? 2 * ids->room : 64;
			ids->at =
			    mem_grow(ids->at, ids->room, sizeof(*ids->at));
		}
		ids->at[ids->n++] = db_int(rows, 0);
	}
	db_done(rows);
	return r;
}

static int
visit(struct store *s, int64_t id, store_device_fn *fn, void *cookie,
    struct err *err)
{
	struct device *d;
	struct err why;
	int r;

	if (store_device_get(s, id, &d, &why) == -1) {
		if (why.kind == ERR_NOTFOUND)
			return 0;
		if (err != NULL)
			*err = why;
		return -1;
	}
	r = fn(cookie, d, err);
	device_free(d);
	return r;
}

int
store_device_scan(struct store *s, const struct store_filter *filter,
    store_device_fn *fn, void *cookie, struct err *err)
{
	struct ids ids = {.at = NULL};
	size_t i;
	int r;

	r = collect(s, filter, &ids, err);
	for (i = 0; r == 0 && i < ids.n; i++)
		r = visit(s, ids.at[i], fn, cookie, err);
	free(ids.at);
	return r;
}

int
store_device_count(struct store *s, const struct store_filter *filter,
    int64_t *ret_count, struct err *err)
{
	struct values v;
	struct db_rows *rows;
	unsigned set;

	v.n = 0;
	if (add_values(&v, filter, &set, err) == -1)
		return -1;
	if (db_query_list(s->db, &rows, err, count_sql(s, set), v.v, v.n) == -1)
		return -1;
	return store_number(rows, ret_count, err);
}

int
store_next_due(struct store *s, int64_t *ret_at, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		"SELECT next_due FROM device WHERE next_due > 0"
		" ORDER BY next_due LIMIT 1",
		"") == -1)
		return -1;
	return store_number(rows, ret_at, err);
}
