/* Lists, page by page. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "api_client.h"
#include "client_internal.h"
#include "err.h"
#include "mem.h"
#include "read_internal.h"

struct listing {
	const struct api_client_list *list;
	struct api_client_cursors cursors;
	char *cursor; /* the next page's; NULL: the first, or the end */
	size_t rows, pages;
	int64_t bytes;
};

static int
give_rows(struct listing *l, struct json_object *items, api_client_row_fn *row,
    void *cookie, struct err *err)
{
	size_t i, n = json_object_array_length(items);
	size_t limit = l->list->limit;

	for (i = 0; i < n && (limit == 0 || l->rows < limit); i++, l->rows++)
		if (row(cookie, json_object_array_get_idx(items, i), err) != 0)
			return -1;
	return 0;
}

/* One more page, of as many rows as are wanted. */
static int
ask_page(struct api_client *c, const struct listing *l,
    struct json_object **ret_page, size_t *ret_bytes, struct err *err)
{
	size_t left =
	    l->list->limit == 0 ? API_CLIENT_PAGE : l->list->limit - l->rows;
	struct api_client_path path;
	char limit[24];
	int rc;

	if (api_client_path_check(l->list->path, err) != 0)
		return -1;
	path = *l->list->path;
	buf_init(&path.text, API_CLIENT_PATH_MAX);
	buf_add(&path.text, l->list->path->text.data, l->list->path->text.len);
	(void)snprintf(limit, sizeof(limit), "%zu",
	    left < API_CLIENT_PAGE ? left : (size_t)API_CLIENT_PAGE);
	api_client_path_param(&path, "limit", l->list->paged ? limit : NULL);
	api_client_path_param(&path, "cursor", l->cursor);
	rc = api_client_path_check(&path, err);
	if (rc == 0)
		rc = api_client_get(
		    c, buf_text(&path.text), ret_page, ret_bytes, err);
	api_client_path_free(&path);
	return rc;
}

/* l->cursor is moved on. */
static int
list_page(struct api_client *c, struct listing *l, api_client_row_fn *row,
    void *cookie, struct err *err)
{
	struct json_object *page = NULL, *items = NULL;
	const char *next = NULL;
	size_t bytes = 0;
	int rc;

	if (ask_page(c, l, &page, &bytes, err) != 0)
		return -1;
	l->bytes += (int64_t)bytes;
	l->pages++;
	rc = api_client_page(page, l->list->sparse, &items, &next, err);
	if (rc == 0 && next != NULL)
		rc = api_client_cursor(&l->cursors, next, err);
	if (api_client_about(c, rc, err) == 0)
		rc = give_rows(l, items, row, cookie, err);
	mem_replace(&l->cursor, rc == 0 ? next : NULL);
	(void)json_object_put(page);
	return rc;
}

static int
check_bounds(const struct listing *l, struct err *err)
{
	if (l->pages < API_CLIENT_PAGES_MAX && l->bytes < API_CLIENT_LIST_MAX)
		return 0;
	return err_set(err, ERR_LIMIT,
	    "the list is longer than %d pages or %d GiB: ask for less",
	    API_CLIENT_PAGES_MAX, (int)(API_CLIENT_LIST_MAX >> 30));
}

int
api_client_list(struct api_client *c, const struct api_client_list *list,
    api_client_row_fn *row, void *cookie, struct err *err)
{
	struct listing l = {.list = list, .cursor = mem_dup(list->after)};
	int rc;

	do {
		rc = check_bounds(&l, err);
		if (rc == 0)
			rc = list_page(c, &l, row, cookie, err);
	} while (rc == 0 && l.cursor != NULL &&
	    (list->limit == 0 || l.rows < list->limit));
	api_client_cursors_clear(&l.cursors);
	free(l.cursor);
	return rc;
}
