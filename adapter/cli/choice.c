#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "choice.h"
#include "cli_internal.h"
#include "device.h"
#include "diagnose.h"
#include "mem.h"
#include "store.h"

struct pick {
	cli_device_fn *fn;
	void *cookie;
	bool several; /* patterns, so that a device may come twice */
	struct cli_marks seen;
	const unsigned char *only; /* a bit per id; NULL: any */
	size_t only_size;
	size_t count, limit;
};

const char *
cli_pattern(const struct cli *c, size_t first, size_t i)
{
	size_t given = c->arg_count > first ? c->arg_count - first : 0;

	if (i < given)
		return c->args[first + i];
	return cli_each(c, "device", i - given);
}

bool
cli_selected(const struct cli *c, size_t first)
{
	return cli_pattern(c, first, 0) != NULL || cli_flag(c, "all") ||
	    cli_text(c, "reason") != NULL || cli_text(c, "site") != NULL ||
	    cli_text(c, "query") != NULL;
}

/* Ids are small: the store counts them up from 1. */
bool
cli_marked(struct cli_marks *marks, int64_t id)
{
	size_t at = (size_t)id / 8, size;
	unsigned char bit = (unsigned char)(1u << (id % 8));
	bool seen;

	if (at >= marks->size) {
		size = (at + 1) * 2;
		marks->seen = mem_grow(marks->seen, size, 1);
		memset(marks->seen + marks->size, 0, size - marks->size);
		marks->size = size;
	}
	seen = (marks->seen[at] & bit) != 0;
	marks->seen[at] |= bit;
	return seen;
}

static bool
is_among(const struct pick *p, int64_t id)
{
	size_t at = (size_t)id / 8;

	return p->only == NULL ||
	    (at < p->only_size && (p->only[at] & (1u << (id % 8))) != 0);
}

static int
pick_one(void *cookie, const struct device *device, struct err *err)
{
	struct pick *p = cookie;

	if (!is_among(p, device->id))
		return 0;
	if (p->several && cli_marked(&p->seen, device->id))
		return 0;
	if (p->limit != 0 && p->count == p->limit)
		return 0;
	p->count++;
	return p->fn(p->cookie, device, err);
}

int
cli_check_reason(const struct cli *c)
{
	const char *code = cli_text(c, "reason");
	int i;

	if (code == NULL || reason_find(code) >= 0)
		return CODE_OK;
	(void)cli_complain(CODE_USAGE, "%s is no finding; there are:", code);
	for (i = 0; i < REASON_COUNT; i++)
		(void)fprintf(stderr, "  %s\n", reason_code((enum reason)i));
	return CODE_USAGE;
}

int
cli_complain_none(const struct cli *c, const char *pattern)
{
	if (pattern != NULL && strpbrk(pattern, ".*?[:") == NULL)
		return cli_complain(CODE_NOTHING,
		    "no device matches %s; names are whole, '%s*' is what "
		    "begins so",
		    pattern, pattern);
	if (pattern != NULL)
		return cli_complain(
		    CODE_NOTHING, "no device matches %s", pattern);
	if (cli_text(c, "reason") != NULL || cli_text(c, "site") != NULL)
		return cli_complain(CODE_NOTHING, "no device matches");
	return cli_complain(CODE_NOTHING,
	    "there is no device yet: \"device add\" and \"device import\" "
	    "take them in");
}

/* All devices of one pattern (NULL: any name). */
static int
scan(struct cli *c, const char *pattern, struct pick *p)
{
	struct store_filter filter = {.name = pattern,
	    .reason = cli_text(c, "reason"),
	    .site = cli_text(c, "site"),
	    .limit = p->several ? 0 : p->limit};
	struct err err = {.kind = ERR_NONE};
	int64_t matches = 0;

	if (store_device_count(c->daemon.store, &filter, &matches, &err) != 0)
		return cli_fail(&err);
	if (matches == 0)
		return cli_complain_none(c, pattern);
	return cli_scanned(
	    store_device_scan(c->daemon.store, &filter, pick_one, p, &err),
	    &err);
}

/* Every pattern in turn; without one all devices. */
static int
scan_patterns(struct cli *c, size_t first, struct pick *p)
{
	const char *pattern;
	int code = CODE_OK;
	size_t i;

	p->several = cli_pattern(c, first, 1) != NULL;
	if (cli_pattern(c, first, 0) == NULL)
		return scan(c, NULL, p);
	for (i = 0; (pattern = cli_pattern(c, first, i)) != NULL; i++) {
		code = scan(c, pattern, p);
		if (code != CODE_OK)
			break;
	}
	free(p->seen.seen);
	return code;
}

/* The rows of the query alone, in its order. */
static int
visit_ids(struct cli *c, const struct cli_ids *ids, struct pick *p)
{
	struct err err = {.kind = ERR_NONE};
	struct device *d = NULL;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < ids->count; i++) {
		err_clear(&err);
		if (store_device_get(c->daemon.store, ids->ids[i], &d, &err) !=
		    0) {
			/* Removed meanwhile. */
			rc = err.kind == ERR_NOTFOUND ? 0 : -1;
			continue;
		}
		rc = pick_one(p, d, &err);
		device_free(d);
	}
	return cli_scanned(rc, &err);
}

static int
scan_among(
    struct cli *c, size_t first, const struct cli_ids *ids, struct pick *p)
{
	struct cli_marks marks = {.seen = NULL};
	size_t i;
	int code;

	for (i = 0; i < ids->count; i++)
		(void)cli_marked(&marks, ids->ids[i]);
	p->only = marks.seen;
	p->only_size = marks.size;
	code = scan_patterns(c, first, p);
	free(marks.seen);
	return code;
}

static int
select_query(struct cli *c, size_t first, const char *query, struct pick *p)
{
	struct cli_ids ids = {.ids = NULL};
	int code = ask_ids(c, query, &ids);
	bool alone = cli_pattern(c, first, 0) == NULL &&
	    cli_text(c, "reason") == NULL && cli_text(c, "site") == NULL;

	if (code == CODE_OK && ids.count > 0)
		code = alone ? visit_ids(c, &ids, p)
			     : scan_among(c, first, &ids, p);
	if (code == CODE_OK && p->count == 0)
		code = cli_complain(CODE_NOTHING, "no device matches");
	free(ids.ids);
	return code;
}

int
cli_select(struct cli *c, size_t first, cli_device_fn *fn, void *cookie)
{
	struct pick p = {.fn = fn,
	    .cookie = cookie,
	    .limit = (size_t)cli_count(c, "limit", 0)};
	const char *query = cli_text(c, "query");
	int code = cli_check_reason(c);

	if (code != CODE_OK)
		return code;
	return query != NULL ? select_query(c, first, query, &p)
			     : scan_patterns(c, first, &p);
}

void
cli_ids_add(struct cli_ids *ids, int64_t id)
{
	if (ids->count == ids->room) {
		ids->room = (ids->room + 8) * 2;
		ids->ids = mem_grow(ids->ids, ids->room, sizeof(*ids->ids));
	}
	ids->ids[ids->count++] = id;
}

static int
keep_id(void *cookie, const struct device *device, struct err *err)
{
	(void)err;
	cli_ids_add(cookie, device->id);
	return 0;
}

int
cli_select_ids(struct cli *c, size_t first, struct cli_ids *ret_ids)
{
	return cli_select(c, first, keep_id, ret_ids);
}

int
cli_chosen_device(struct cli *c, int64_t *ret_id)
{
	const char *name = cli_text(c, "device");
	struct device *device = NULL;
	struct err err = {.kind = ERR_NONE};

	*ret_id = 0;
	if (name == NULL)
		return CODE_OK;
	if (store_device_find(c->daemon.store, name, &device, &err) != 0)
		return cli_fail(&err);
	*ret_id = device->id;
	device_free(device);
	return CODE_OK;
}
