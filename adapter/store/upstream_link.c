/* The systems of a console above us, and which device each is. */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "err.h"
#include "mem.h"
#include "rows.h"
#include "store_internal.h"
#include "str.h"
#include "upstream.h"

#define COLUMNS                                                                \
	"SELECT id, upstream, remote, device, taken, name, tags, problem,"     \
	" pass, seen_at, gone_at FROM upstream_link"

void
upstream_link_clear(struct upstream_link *l)
{
	free(l->name);
	free(l->tags);
	free(l->problem);
	memset(l, 0, sizeof(*l));
}

static void
read_row(struct db_rows *rows, struct upstream_link *ret)
{
	*ret = (struct upstream_link){
	    .id = db_int(rows, 0),
	    .upstream = db_int(rows, 1),
	    .remote = db_int(rows, 2),
	    .device = db_int(rows, 3),
	    .taken = db_int(rows, 4) != 0,
	    .name = mem_dup(db_text(rows, 5)),
	    .tags = mem_dup(db_text(rows, 6)),
	    .problem = mem_dup(db_text(rows, 7)),
	    .pass = db_int(rows, 8),
	    .seen_at = db_int(rows, 9),
	    .gone_at = db_int(rows, 10),
	};
}

/* The one row of a query; ends it. */
static int
one(struct db_rows *rows, struct upstream_link *ret, struct err *err)
{
	if (store_first(rows, err, "no such system") == -1)
		return -1;
	read_row(rows, ret);
	db_done(rows);
	return 0;
}

int
upstream_link_find(struct store *s, int64_t upstream, int64_t remote,
    struct upstream_link *ret, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		COLUMNS " WHERE upstream = ? AND remote = ?", "ii", upstream,
		remote) == -1)
		return -1;
	return one(rows, ret, err);
}

int
upstream_link_of(struct store *s, int64_t upstream, int64_t device,
    struct upstream_link *ret, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		COLUMNS " WHERE device = ? AND upstream = ?", "ii", device,
		upstream) == -1)
		return -1;
	return one(rows, ret, err);
}

int
upstream_device_of_host(struct store *s, const char *host, const char *domain,
    int64_t *ret_device, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_query(s->db, &rows, err,
		"SELECT min(id), count(*) FROM device"
		" WHERE os_host <> '' AND lower(os_host) = lower(?)"
		" AND lower(os_domain) = lower(?)",
		"tt", host, domain) == -1)
		return -1;
	r = db_next(rows, err);
	if (r == 1)
		*ret_device = db_int(rows, 1) > 1 ? -1 : db_int(rows, 0);
	db_done(rows);
	return r == 1 ? 0 : -1;
}

/* 0 is none. */
static struct db_value
device_value(const struct upstream_link *l)
{
	return l->device == 0 ? db_text_value(NULL) : db_int_value(l->device);
}

int
upstream_link_save(struct store *s, struct upstream_link *l, struct err *err)
{
	const struct db_value values[] = {db_int_value(l->upstream),
	    db_int_value(l->remote), device_value(l), db_int_value(l->taken),
	    db_text_value(l->name), db_text_value(l->tags),
	    db_text_value(l->problem), db_int_value(l->pass),
	    db_int_value(l->seen_at), db_int_value(l->gone_at),
	    db_int_value(l->id)};

	if (store_check_text(l->name, "the name", err) == -1 ||
	    store_check_text(l->tags, "the tags", err) == -1 ||
	    store_check_text(l->problem, "the problem", err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	if (l->id != 0)
		return db_run_list(s->db, err,
		    "UPDATE upstream_link SET upstream = ?, remote = ?,"
		    " device = ?, taken = ?, name = ?, tags = ?, problem = ?,"
		    " pass = ?, seen_at = ?, gone_at = ? WHERE id = ?",
		    values, 11);
	if (db_run_list(s->db, err,
		"INSERT INTO upstream_link (upstream, remote, device, taken,"
		" name, tags, problem, pass, seen_at, gone_at)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		values, 10) == -1)
		return -1;
	l->id = db_last_id(s->db);
	return 0;
}

/* fn for each; ends the query. */
static int
each(struct db_rows *rows, upstream_link_fn *fn, void *cookie, struct err *err)
{
	struct upstream_link l;
	int r = 0;

	while (store_next(rows, &r, err)) {
		read_row(rows, &l);
		r = fn(cookie, &l, err);
		upstream_link_clear(&l);
	}
	return r;
}

/* fn, and which was the last. */
struct sweeping {
	upstream_link_fn *fn;
	void *cookie;
	int64_t last, count;
};

static int
sweep_one(void *cookie, const struct upstream_link *l, struct err *err)
{
	struct sweeping *w = cookie;

	w->last = l->remote;
	w->count++;
	return w->fn(w->cookie, l, err);
}

int
upstream_link_sweep(struct store *s, const struct upstream_sweep *sweep,
    upstream_link_fn *fn, void *cookie, bool *ret_more, struct err *err)
{
	struct sweeping w = {.fn = fn, .cookie = cookie};
	struct db_rows *rows;

	if (store_begin(s, err) == -1 ||
	    db_query(s->db, &rows, err,
		COLUMNS " WHERE upstream = ? AND pass < ? AND gone_at = 0"
			" ORDER BY remote LIMIT ?",
		"iii", sweep->upstream, sweep->pass, sweep->limit) == -1)
		return -1;
	if (each(rows, sweep_one, &w, err) == -1)
		return store_break(s);
	if (w.count > 0 &&
	    db_run(s->db, err,
		"UPDATE upstream_link SET gone_at = ?"
		" WHERE upstream = ? AND pass < ? AND gone_at = 0"
		" AND remote <= ?",
		"iiii", sweep->now, sweep->upstream, sweep->pass, w.last) == -1)
		return store_break(s);
	*ret_more = w.count == sweep->limit;
	return 0;
}

int
upstream_link_read(struct store *s, int64_t upstream, int64_t pass,
    int64_t *ret_count, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		"SELECT count(*) FROM upstream_link"
		" WHERE upstream = ? AND pass = ?",
		"ii", upstream, pass) == -1)
		return -1;
	return store_number(rows, ret_count, err);
}

int
upstream_link_scan(struct store *s, int64_t upstream, upstream_link_fn *fn,
    void *cookie, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		COLUMNS " WHERE upstream = ?"
			" AND (gone_at > 0 OR problem IS NOT NULL)"
			" ORDER BY remote",
		"i", upstream) == -1)
		return -1;
	return each(rows, fn, cookie, err);
}

int
upstream_count(struct store *s, int64_t upstream, struct upstream_counts *ret,
    struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_query(s->db, &rows, err,
		"SELECT count(*), count(device), count(nullif(gone_at, 0)),"
		" count(problem), count(CASE WHEN shown_state = 2 OR EXISTS"
		"  (SELECT 1 FROM upstream_tag AS t WHERE t.link = l.id"
		"   AND t.state = 2) THEN 1 END),"
		" (SELECT count(*) FROM upstream_issue AS i"
		"  JOIN upstream_link AS m ON m.id = i.link"
		"  WHERE m.upstream = ?1 AND i.state IN (2, 3))"
		" FROM upstream_link AS l WHERE l.upstream = ?1",
		"i", upstream) == -1)
		return -1;
	r = db_next(rows, err);
	if (r == 1)
		*ret = (struct upstream_counts){
		    .systems = db_int(rows, 0),
		    .devices = db_int(rows, 1),
		    .gone = db_int(rows, 2),
		    .problems = db_int(rows, 3),
		    .unsure = db_int(rows, 4),
		    .issues = db_int(rows, 5),
		};
	db_done(rows);
	return r == 1 ? 0 : -1;
}

/* --- its tags --- */

/* The next name of a list, without the blanks around it; NULL at the end. */
static char *
next_name(const char **at)
{
	const char *from, *to;

	for (;;) {
		if (*at == NULL || **at == '\0')
			return NULL;
		from = *at + strspn(*at, " ");
		to = from + strcspn(from, ",");
		*at = *to == ',' ? to + 1 : to;
		while (to > from && to[-1] == ' ')
			to--;
		if (to > from)
			return mem_dup_len(from, (size_t)(to - from));
	}
}

static bool
is_in(const char *name, const char *list)
{
	bool found = false;
	char *one_name;

	while (!found && (one_name = next_name(&list)) != NULL) {
		found = str_ieq(one_name, name);
		free(one_name);
	}
	return found;
}

static int
give(struct store *s, int64_t device, const char *name, bool *changed,
    struct err *err)
{
	int64_t tag = 0;
	bool one_changed = false;

	if (store_check_name(name, "tag", NULL) == -1)
		return 0;
	if (store_tag_take(s, name, &tag, err) == -1 ||
	    store_tag_apply(s, device, tag, &one_changed, err) == -1)
		return -1;
	*changed |= one_changed;
	return 0;
}

static int
take(struct store *s, int64_t device, const char *name, bool *changed,
    struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"DELETE FROM tag_device WHERE device = ? AND excluded = 0"
		" AND tag IN (SELECT id FROM tag WHERE lower(name) = lower(?))",
		"it", device, name) == -1)
		return -1;
	*changed |= db_changes(s->db) > 0;
	return 0;
}

int
upstream_mirror_tags(struct store *s, int64_t device, const char *before,
    const char *now, bool *ret_changed, struct err *err)
{
	const char *at;
	char *name;
	bool changed = false;
	int rc = 0;

	for (at = now; rc == 0 && (name = next_name(&at)) != NULL; free(name))
		rc = give(s, device, name, &changed, err);
	for (at = before; rc == 0 && (name = next_name(&at)) != NULL;
	     free(name))
		if (!is_in(name, now))
			rc = take(s, device, name, &changed, err);
	if (rc == 0)
		*ret_changed = changed;
	return rc;
}
