/* The tree of groups. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "db.h"
#include "err.h"
#include "mem.h"
#include "store.h"
#include "store_internal.h"
#include "str.h"
#include "utf8.h"

#define DEPTH_MAX 32

static int
check_name(const char *name, size_t len, struct err *err)
{
	uint32_t point;
	size_t at, step;

	if (len == 0 || name[0] == ' ' || name[len - 1] == ' ')
		return err_set(err, ERR_INVALID,
		    "group: a name in the path is empty or has blanks around "
		    "it");
	for (at = 0; at < len; at += step) {
		step = utf8_next(name + at, len - at, &point);
		if (step == 0 || !utf8_visible(point))
			return err_set(err, ERR_INVALID,
			    "group: has a character that nobody sees");
	}
	return 0;
}

/* The child of this name; made when it is not there. *path is its parent's and
 * becomes its own, as the tree spells it. */
static int
take_child(struct store *s, const char *name, size_t len, int64_t *id,
    char **path, struct err *err)
{
	char *own = mem_dup_len(name, len);
	char *full = mem_printf("%s\\%s", *path, own);
	struct db_rows *rows = NULL;
	int r;

	r = db_query(s->db, &rows, err,
	    "SELECT id, path FROM branch WHERE lower(path) = lower(?)", "t",
	    full);
	if (r == 0)
		r = db_next(rows, err);
	if (r == 1) {
		*id = db_int(rows, 0);
		mem_replace(path, db_text(rows, 1));
	}
	db_done(rows);
	if (r == 0) {
		r = store_begin(s, err);
		if (r == 0)
			r = db_run(s->db, err,
			    "INSERT INTO branch (parent, name, path)"
			    " VALUES (?, ?, ?)",
			    "itt", *id, own, full);
		if (r == 0) {
			*id = db_last_id(s->db);
			mem_replace(path, full);
		}
	}
	free(full);
	free(own);
	return r == -1 ? -1 : 0;
}

int
store_group_take(
    struct store *s, const char *path, int64_t *ret_id, struct err *err)
{
	int64_t id = STORE_GROUP_ROOT;
	char *own = mem_dup(STORE_GROUP_ROOT_NAME);
	size_t len, depth = 0;
	int r = 0;

	for (; r == 0 && *path != '\0'; path += len + (path[len] != '\0')) {
		len = strcspn(path, "\\/");
		if (depth++ == 0 && len == strlen(own) &&
		    strncasecmp(path, own, len) == 0)
			continue;
		r = check_name(path, len, err);
		if (r == 0 &&
		    (depth > DEPTH_MAX || strlen(own) + len > STORE_NAME_MAX))
			r = err_set(err, ERR_INVALID,
			    "group: the path is too deep or too long");
		if (r == 0)
			r = take_child(s, path, len, &id, &own, err);
	}
	free(own);
	if (r == 0)
		*ret_id = id;
	return r;
}
