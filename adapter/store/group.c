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

/* Behind the root's name, which a path may begin with. */
static const char *
below_root(const char *path)
{
	size_t len = strcspn(path, "\\/");

	if (len != strlen(STORE_GROUP_ROOT_NAME) ||
	    strncasecmp(path, STORE_GROUP_ROOT_NAME, len) != 0)
		return path;
	return path + len + (path[len] != '\0' ? 1 : 0);
}

/* Behind a name and its separator. */
static const char *
behind(const char *name, size_t *ret_len)
{
	*ret_len = strcspn(name, "\\/");
	return name + *ret_len + (name[*ret_len] != '\0' ? 1 : 0);
}

int
store_group_check(const char *path, struct err *err)
{
	const char *name = below_root(path), *next;
	size_t len, depth = 0;

	if (strlen(name) + strlen(STORE_GROUP_ROOT_NAME) + 1 > STORE_NAME_MAX)
		return err_set(err, ERR_INVALID, "group: the path is too long");
	for (; *name != '\0'; name = next) {
		next = behind(name, &len);
		if (check_name(name, len, err) == -1)
			return -1;
		if (++depth > DEPTH_MAX)
			return err_set(err, ERR_INVALID,
			    "group: more than %d deep", DEPTH_MAX);
	}
	return 0;
}

int
store_group_take(
    struct store *s, const char *path, int64_t *ret_id, struct err *err)
{
	const char *name = below_root(path), *next;
	int64_t id = STORE_GROUP_ROOT;
	char *own;
	size_t len;
	int r = 0;

	if (store_group_check(path, err) == -1)
		return -1;
	own = mem_dup(STORE_GROUP_ROOT_NAME);
	for (; r == 0 && *name != '\0'; name = next) {
		next = behind(name, &len);
		r = take_child(s, name, len, &id, &own, err);
	}
	free(own);
	if (r == 0)
		*ret_id = id;
	return r;
}

int
store_group_find(
    struct store *s, const char *path, int64_t *ret_id, struct err *err)
{
	const char *name = below_root(path);
	char *full, *at;
	struct db_rows *rows;
	int r;

	if (store_group_check(path, err) == -1)
		return -1;
	full = name[0] == '\0' ? mem_dup(STORE_GROUP_ROOT_NAME)
			       : mem_printf(STORE_GROUP_ROOT_NAME "\\%s", name);
	for (at = full; *at != '\0'; at++)
		if (*at == '/')
			*at = '\\';
	r = db_query(s->db, &rows, err,
	    "SELECT id FROM branch WHERE lower(path) = lower(?)", "t", full);
	free(full);
	if (r == -1)
		return -1;
	r = db_next(rows, err);
	if (r == 1)
		*ret_id = db_int(rows, 0);
	db_done(rows);
	if (r == 0)
		return err_set(err, ERR_NOTFOUND, "no such group");
	return r == 1 ? 0 : -1;
}
