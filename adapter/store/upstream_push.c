/* What is published at a console above us. */
#include "upstream_push.h"

#include <string.h>

#include "db.h"
#include "err.h"
#include "mem.h"
#include "rows.h"
#include "store_internal.h"

/* --- tags and texts --- */

/* "NAME<US>STATE<RS>NAME...": read in place. */
static size_t
read_tags(char *list, struct upstream_tag tags[UPSTREAM_TAGS_MAX])
{
	size_t count = 0;
	char *state, *next;

	for (; list != NULL && *list != '\0' && count < UPSTREAM_TAGS_MAX;
	     list = next) {
		next = strchr(list, '\x1e');
		if (next != NULL)
			*next++ = '\0';
		state = strchr(list, '\x1f');
		if (state == NULL)
			continue;
		*state++ = '\0';
		tags[count].name = list;
		tags[count++].state = (enum upstream_sure)(*state - '0');
	}
	return count;
}

static int
tell(struct db_rows *rows, upstream_published_fn *fn, void *cookie,
    struct err *err)
{
	char *list = mem_dup(db_text(rows, 8));
	struct upstream_published p = {
	    .link = db_int(rows, 0),
	    .remote = db_int(rows, 1),
	    .gone = db_int(rows, 2) > 0,
	    .device = db_int(rows, 3),
	    .name = db_text(rows, 4),
	    .reasons = db_text(rows, 5),
	    .error_code = db_text(rows, 6),
	    .error_text = db_text(rows, 7),
	    .text = db_text(rows, 9),
	    .text_state = store_enum(rows, 10),
	    .read_at = db_int(rows, 11),
	};
	int rc;

	p.tag_count = read_tags(list, p.tags);
	rc = fn(cookie, &p, err);
	mem_replace(&list, NULL);
	return rc;
}

int
upstream_published_scan(struct store *s, int64_t upstream,
    upstream_published_fn *fn, void *cookie, struct err *err)
{
	struct db_rows *rows;
	int r = 0;

	if (db_query(s->db, &rows, err,
		"SELECT l.id, l.remote, l.gone_at, coalesce(l.device, 0),"
		" d.name, d.reasons, d.error_code, d.error_text,"
		" (SELECT group_concat(tag || char(31) || state, char(30))"
		"  FROM upstream_tag AS t WHERE t.link = l.id),"
		" l.shown, l.shown_state, coalesce(d.read_at, 0)"
		" FROM upstream_link AS l LEFT JOIN device AS d"
		" ON d.id = l.device"
		" WHERE l.upstream = ? AND (l.device IS NOT NULL"
		"  OR l.shown IS NOT NULL OR l.shown_state > 0 OR EXISTS"
		"  (SELECT 1 FROM upstream_tag AS t WHERE t.link = l.id))"
		" ORDER BY l.id",
		"i", upstream) == -1)
		return -1;
	while (store_next(rows, &r, err))
		r = tell(rows, fn, cookie, err);
	return r;
}

int
upstream_tag_set(struct store *s, int64_t link, const char *tag,
    enum upstream_sure state, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	if (state == UPSTREAM_OFF)
		return db_run(s->db, err,
		    "DELETE FROM upstream_tag WHERE link = ? AND tag = ?", "it",
		    link, tag);
	return db_run(s->db, err,
	    "INSERT INTO upstream_tag (link, tag, state) VALUES (?, ?, ?)"
	    " ON CONFLICT (link, tag) DO UPDATE SET state = excluded.state",
	    "iti", link, tag, (int64_t)state);
}

int
upstream_text_set(struct store *s, int64_t link, const char *text,
    enum upstream_sure state, struct err *err)
{
	if (store_check_text(text, "the text", err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "UPDATE upstream_link SET shown = ?, shown_state = ? WHERE id = ?",
	    "tii", text, (int64_t)state, link);
}

/* --- issues --- */

int
upstream_issue_scan(struct store *s, int64_t upstream, upstream_issue_fn *fn,
    void *cookie, struct err *err)
{
	struct upstream_issue issue;
	struct db_rows *rows;
	int r = 0;

	if (db_query(s->db, &rows, err,
		"SELECT i.id, i.link, i.reason, i.number, i.state, i.at,"
		" l.remote, coalesce(l.device, 0), l.gone_at,"
		" coalesce(d.name, l.name), d.reasons, d.error_code,"
		" d.error_text FROM upstream_issue AS i"
		" JOIN upstream_link AS l ON l.id = i.link"
		" LEFT JOIN device AS d ON d.id = l.device"
		" WHERE l.upstream = ? ORDER BY i.id",
		"i", upstream) == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		issue = (struct upstream_issue){
		    .id = db_int(rows, 0),
		    .link = db_int(rows, 1),
		    .reason = db_text(rows, 2),
		    .number = db_int(rows, 3),
		    .state = store_enum(rows, 4),
		    .at = db_int(rows, 5),
		    .remote = db_int(rows, 6),
		    .device = db_int(rows, 7),
		    .gone = db_int(rows, 8) > 0,
		    .name = db_text(rows, 9),
		    .reasons = db_text(rows, 10),
		    .error_code = db_text(rows, 11),
		    .error_text = db_text(rows, 12),
		};
		r = fn(cookie, &issue, err);
	}
	return r;
}

int
upstream_issue_add(struct store *s, int64_t link, const char *reason,
    int64_t now, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "INSERT INTO upstream_issue (link, reason, state, at)"
	    " VALUES (?, ?, ?, ?) ON CONFLICT (link, reason) DO NOTHING",
	    "itii", link, reason, (int64_t)UPSTREAM_ISSUE_WANTED, now);
}

int
upstream_issue_set(struct store *s, int64_t id, int64_t number,
    enum upstream_issue_state state, int64_t now, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "UPDATE upstream_issue SET number = ?, state = ?, at = ?"
	    " WHERE id = ?",
	    "iiii", number, (int64_t)state, now, id);
}

int
upstream_issue_drop(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(
	    s->db, err, "DELETE FROM upstream_issue WHERE id = ?", "i", id);
}
