/* Which issues should be: those that hold become rows, what is over is to be
 * closed. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "err.h"
#include "issues_internal.h"
#include "mem.h"
#include "store.h"
#include "str.h"

#define ROWS_MAX 20000

struct wish {
	int64_t link;
	char *reason;
};

struct wishes {
	const struct epo_sync *y;
	struct wish *list;
	size_t count, room;
};

static void
wish(struct wishes *w, int64_t link, const char *code, size_t len)
{
	if (w->count == ROWS_MAX)
		return;
	if (w->count == w->room) {
		w->room = (w->room + 8) * 2;
		w->list = mem_grow(w->list, w->room, sizeof(*w->list));
	}
	w->list[w->count++] = (struct wish){link, mem_dup_len(code, len)};
}

static int
note_wishes(void *cookie, const struct upstream_published *p, struct err *err)
{
	struct wishes *w = cookie;
	const char *codes = w->y->conf->issues;
	char *one;
	size_t len;

	(void)err;
	if (p->device == 0 || p->gone)
		return 0;
	for (; codes != NULL && *codes != '\0'; codes += len) {
		codes += strspn(codes, " ");
		len = strcspn(codes, " ");
		one = mem_dup_len(codes, len);
		if (len > 0 && epo_has_code(p, one))
			wish(w, p->link, codes, len);
		free(one);
	}
	return 0;
}

static bool
still_wanted(const struct epo_sync *y, const struct upstream_issue *i)
{
	struct upstream_published p = {
	    .reasons = i->reasons, .error_code = i->error_code};
	size_t len = strlen(i->reason);
	const char *at = y->conf->issues;

	if (i->device == 0 || i->gone || !epo_has_code(&p, i->reason))
		return false;
	for (; at != NULL && *at != '\0'; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		if (strcspn(at, " ") == len && memcmp(at, i->reason, len) == 0)
			return true;
	}
	return false;
}

static int
note_row(void *cookie, const struct upstream_issue *i, struct err *err)
{
	struct epo_rows *r = cookie;

	(void)err;
	if (r->count == r->room) {
		r->room = (r->room + 8) * 2;
		r->list = mem_grow(r->list, r->room, sizeof(*r->list));
	}
	r->list[r->count++] = (struct epo_issue){.id = i->id,
	    .link = i->link,
	    .number = i->number,
	    .at = i->at,
	    .state = i->state,
	    .reason = mem_dup(i->reason),
	    .name = mem_dup(i->name),
	    .text = str_eq(i->reason, i->error_code) ? mem_dup(i->error_text)
						     : NULL,
	    .wanted = still_wanted(r->y, i)};
	return 0;
}

int
epo_rows_read(const struct epo_sync *y, struct epo_rows **ret, struct err *err)
{
	struct epo_rows *r = mem_alloc(sizeof(*r));

	r->y = y;
	if (upstream_issue_scan(y->store, y->u.id, note_row, r, err) != 0) {
		epo_rows_free(r);
		return -1;
	}
	*ret = r;
	return 0;
}

/* What is over is closed, or forgotten when nothing was sent. */
static int
plan_row(
    struct epo_sync *y, const struct epo_issue *r, int64_t now, struct err *err)
{
	if (r->wanted)
		return 0;
	if (r->state == UPSTREAM_ISSUE_WANTED)
		return upstream_issue_drop(y->store, r->id, err);
	if (r->state != UPSTREAM_ISSUE_OPEN)
		return 0;
	return upstream_issue_set(
	    y->store, r->id, r->number, UPSTREAM_ISSUE_CLOSING, now, err);
}

int
epo_rows_plan(struct epo_sync *y, struct err *err)
{
	struct wishes w = {.y = y};
	int64_t now = clock_now();
	struct epo_rows *r = NULL;
	size_t i;
	int rc = epo_rows_read(y, &r, err);

	if (rc == 0)
		rc = upstream_published_scan(
		    y->store, y->u.id, note_wishes, &w, err);
	for (i = 0; rc == 0 && i < w.count; i++)
		rc = upstream_issue_add(
		    y->store, w.list[i].link, w.list[i].reason, now, err);
	for (i = 0; rc == 0 && r != NULL && i < r->count; i++)
		rc = plan_row(y, &r->list[i], now, err);
	if (rc == 0)
		rc = store_commit(y->store, err);
	for (i = 0; i < w.count; i++)
		free(w.list[i].reason);
	free(w.list);
	epo_rows_free(r);
	return rc;
}

void
epo_rows_free(struct epo_rows *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->count; i++) {
		free(r->list[i].reason);
		free(r->list[i].name);
		free(r->list[i].text);
	}
	free(r->list);
	free(r);
}
