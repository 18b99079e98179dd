/* What handlers read of a request and write as its answer. */
#include <assert.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "ca.h"
#include "clock.h"
#include "device.h"
#include "mem.h"
#include "query.h"
#include "secret.h"
#include "store.h"
#include "str.h"

#define LOCATION_MAX 1024

/* --- reading --- */

static const struct api_given *
given(const struct api_call *c, const char *param)
{
	size_t i;

	for (i = 0; i < c->param_count; i++)
		if (str_eq(c->params[i].field->name, param))
			return &c->params[i];
	return NULL;
}

const char *
api_text(const struct api_call *c, const char *param)
{
	const struct api_given *g = given(c, param);

	return g == NULL ? NULL : g->text;
}

int64_t
api_int(const struct api_call *c, const char *param, int64_t fallback)
{
	const struct api_given *g = given(c, param);

	return g == NULL ? fallback : g->number;
}

int
api_time(struct api_call *c, const char *param, int64_t *ret, struct err *err)
{
	const char *text = api_text(c, param);

	if (text == NULL || clock_parse(text, ret) == 0)
		return 0;
	c->status = 400;
	return err_set(
	    err, ERR_INVALID, "%s: wanted a time in RFC 3339", param);
}

static struct json_object *
member(const struct api_call *c, const char *name)
{
	struct json_object *value = NULL;

	if (c->body != NULL)
		(void)json_object_object_get_ex(c->body, name, &value);
	return value;
}

bool
api_body_has(const struct api_call *c, const char *name)
{
	return member(c, name) != NULL;
}

const char *
api_body_text(const struct api_call *c, const char *name)
{
	struct json_object *value = member(c, name);

	return value == NULL ? NULL : json_object_get_string(value);
}

struct secret *
api_body_secret(struct api_call *c, const char *name)
{
	const char *text = api_body_text(c, name);
	struct secret *s;
	char *own;

	if (text == NULL)
		return NULL;
	s = secret_new(text, strlen(text));
	/* It is the call's own, though json-c shows it to be read only. */
	memcpy(&own, &text, sizeof(own));
	secret_wipe(own, strlen(own));
	return s;
}

int64_t
api_body_int(const struct api_call *c, const char *name, int64_t fallback)
{
	struct json_object *value = member(c, name);

	return value == NULL ? fallback : json_object_get_int64(value);
}

bool
api_body_bool(const struct api_call *c, const char *name, bool fallback)
{
	struct json_object *value = member(c, name);

	return value == NULL ? fallback : json_object_get_boolean(value) != 0;
}

size_t
api_body_count(const struct api_call *c, const char *name)
{
	struct json_object *value = member(c, name);

	return value == NULL ? 0 : json_object_array_length(value);
}

const char *
api_body_at(const struct api_call *c, const char *name, size_t i)
{
	return json_object_get_string(
	    json_object_array_get_idx(member(c, name), i));
}

int
api_number(
    const struct api_call *c, size_t segment, int64_t *ret, struct err *err)
{
	if (str_int(c->match.segments[segment], 1, INT64_MAX, ret) == 0)
		return 0;
	return err_set(err, ERR_NOTFOUND, "wanted a number in the path");
}

/* --- writing --- */

static ssize_t
take(void *cookie, const char *bytes, size_t len)
{
	buf_add(cookie, bytes, len);
	return (ssize_t)len;
}

void
api_call_open(struct api_call *c)
{
	const cookie_io_functions_t functions = {.write = take};

	buf_init(&c->text, API_ANSWER_MAX);
	c->out = fopencookie(&c->text, "w", functions);
	if (c->out == NULL)
		abort(); /* for want of memory only, as in mem.h */
}

void
api_call_close(struct api_call *c)
{
	size_t i;

	api_discard(c);
	(void)fclose(c->out);
	buf_free(&c->text);
	for (i = 0; i < c->param_count; i++)
		free(c->params[i].text);
	(void)json_object_put(c->body);
	api_match_clear(&c->match);
	free(c->location);
	ca_close(c->ca);
}

void
api_row_begin(struct api_call *c, const struct api_row *row)
{
	assert(c->kind == NULL);
	if (row->make != NULL)
		c->made = row->make();
	c->kind = row->make != NULL ? c->made : row->kind;
	c->rows = 0;
	record_begin(&c->row, c->kind);
}

void
api_put_text(struct api_call *c, const char *text)
{
	record_text(&c->row, text);
}

void
api_put_int(struct api_call *c, int64_t number)
{
	record_int(&c->row, number);
}

int
api_row_end(struct api_call *c, struct err *err)
{
	const struct record_kind *kind = c->kind;

	assert(c->row.kind == kind && c->row.filled == kind->count);
	if (c->rows++ > 0)
		(void)fputs(",\n", c->out);
	report_json_row(c->out, kind->columns, c->row.cells, kind->count);
	record_clear(&c->row);
	record_begin(&c->row, kind);
	(void)fflush(c->out);
	if (!c->text.over)
		return 0;
	return err_set(err, ERR_LIMIT,
	    "the answer is larger than %zu bytes: ask for less",
	    API_ANSWER_MAX);
}

void
api_page_begin(struct api_call *c, const struct api_row *row)
{
	api_row_begin(c, row);
	(void)fputs("{\"items\":[", c->out);
}

void
api_page_end(struct api_call *c, const char *next)
{
	struct json_object *text =
	    next == NULL ? NULL : json_object_new_string(next);

	(void)fprintf(c->out, "],\"next\":%s}",
	    text == NULL ? "null" : json_object_to_json_string(text));
	(void)json_object_put(text);
}

size_t
api_limit(const struct api_call *c)
{
	return (size_t)api_int(c, "limit", API_PAGE);
}

/* --- versions of what is answered --- */

void
api_tag(struct api_call *c)
{
	char hex[65];

	(void)fflush(c->out);
	str_sha256_hex(c->text.data, c->text.len, hex);
	hex[32] = '\0';
	(void)snprintf(c->etag, sizeof(c->etag), "\"%s\"", hex);
}

/* One of the list; a weak one ("W/" before it) only where that will do. */
static bool
lists(const char *list, const char *etag, bool weak)
{
	const char *before = weak ? " ,/" : " ,";
	size_t len = strlen(etag);
	const char *at;

	if (str_eq(list, "*"))
		return true;
	for (at = list; (at = strstr(at, etag)) != NULL; at += len)
		if ((at == list || strchr(before, at[-1]) != NULL) &&
		    (at[len] == '\0' || strchr(" ,", at[len]) != NULL))
			return true;
	return false;
}

void
api_discard(struct api_call *c)
{
	(void)fflush(c->out);
	buf_reset(&c->text);
	record_clear(&c->row);
	free(c->made);
	c->made = NULL;
	c->kind = NULL;
	c->etag[0] = '\0';
}

int
api_matches(struct api_call *c, struct err *err)
{
	/* RFC 9110, 13.1.1 and 13.1.2. */
	if (c->if_match != NULL && !lists(c->if_match, c->etag, false))
		(void)err_set(err, ERR_CONFLICT,
		    "it was changed meanwhile: read it again, and use its "
		    "ETag");
	else if (c->if_none_match != NULL &&
	    lists(c->if_none_match, c->etag, true))
		(void)err_set(err, ERR_CONFLICT,
		    "it is there, and If-None-Match forbids to change it");
	else
		return 0;
	c->status = 412;
	return -1;
}

void
api_locate(struct api_call *c, const char *fmt, ...)
{
	char path[512];
	struct buf out;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	buf_init(&out, (size_t)2 * LOCATION_MAX);
	buf_str(&out, API_PATH);
	buf_url(&out, path, "/");
	mem_replace(&c->location, buf_text(&out));
	buf_free(&out);
}

/* --- the audit chain --- */

int
api_event(struct api_call *c, const struct device *d, const char *kind,
    const char *key, const char *value, struct err *err)
{
	const struct store_event event = {
	    .at = c->now, .kind = kind, .actor = c->actor};

	return store_event_tell(c->store, &event, d, key, value, err);
}

/* --- which devices --- */

static int
find_device(
    struct api_call *c, const char *name, struct device **ret, struct err *err)
{
	int64_t id;

	if (str_int(name, 1, INT64_MAX, &id) == 0)
		return store_device_get(c->store, id, ret, err);
	return store_device_find(c->store, name, ret, err);
}

int
api_device(
    struct api_call *c, size_t segment, struct device **ret, struct err *err)
{
	return find_device(c, c->match.segments[segment], ret, err);
}

static void
add_id(struct api_ids *ids, int64_t id)
{
	if ((ids->count & (ids->count - 1)) == 0) /* 0, 1, 2, 4, ... */
		ids->ids = mem_grow(ids->ids,
		    ids->count == 0 ? 1 : 2 * ids->count, sizeof(*ids->ids));
	ids->ids[ids->count++] = id;
}

int
api_ids_named(struct api_call *c, struct api_ids *ret, struct err *err)
{
	size_t i, n = api_body_count(c, "devices");
	struct device *d = NULL;

	for (i = 0; i < n; i++) {
		if (find_device(c, api_body_at(c, "devices", i), &d, err) != 0)
			return err_context(err, "devices[%zu]", i);
		add_id(ret, d->id);
		device_free(d);
		d = NULL;
	}
	return 0;
}

struct asked {
	char *target, *select, *where, *order, *group;
	struct api_ids all;
};

static int
take_saved(void *cookie, const struct store_saved *saved, struct err *err)
{
	struct asked *a = cookie;

	(void)err;
	a->target = mem_dup(saved->target);
	a->select = mem_dup(saved->select);
	a->where = mem_dup(saved->where);
	a->order = mem_dup(saved->order);
	a->group = mem_dup(saved->group);
	return 0;
}

static int
take_id(void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	struct asked *a = cookie;

	(void)n;
	(void)err;
	add_id(&a->all, cells[0].number);
	return 0;
}

static int
ask_ids(struct api_call *c, struct asked *a, struct err *err)
{
	const struct query_text text = {.target = a->target,
	    .select = a->select,
	    .where = a->where,
	    .order = a->order,
	    .group = a->group,
	    .only = STORE_SYSTEM_ID};
	struct query *q = NULL;
	bool cut = false;
	int r;

	if (query_compile(store_graph(), &text, clock_now_ms(), &q, err) != 0)
		return -1;
	r = store_query(c->store, q, take_id, a, &cut, err);
	query_free(q);
	if (r == 0 && cut)
		return err_set(err, ERR_LIMIT,
		    "more than %d devices: let the query say (top N)",
		    QUERY_ROWS_DEFAULT);
	return r;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Those above `after`, each once. */
static void
keep_some(struct api_ids *all, int64_t after, size_t limit, struct api_ids *ret)
{
	size_t i;

	if (all->count > 0)
		qsort(all->ids, all->count, sizeof(*all->ids), by_number);
	for (i = 0; i < all->count && ret->count < limit; i++) {
		if (all->ids[i] <= after)
			continue;
		after = all->ids[i];
		add_id(ret, after);
	}
}

int
api_ids_by_query(struct api_call *c, const char *word, int64_t after,
    size_t limit, struct api_ids *ret, struct err *err)
{
	const struct store_saved condition = {
	    .target = STORE_SYSTEMS, .where = word};
	struct asked a = {.target = NULL};
	int r = word[0] == '('
	    ? take_saved(&a, &condition, err)
	    : store_saved_find(c->store, word, take_saved, &a, err);

	if (r == 0)
		r = ask_ids(c, &a, err);
	if (r == 0)
		keep_some(&a.all, after, limit, ret);
	free(a.target);
	free(a.select);
	free(a.where);
	free(a.order);
	free(a.group);
	free(a.all.ids);
	return r;
}
