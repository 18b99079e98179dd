/* Reading the rows of a query. */
#include "rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "db.h"
#include "store_internal.h"
#include "str.h"

#define USER_TEXT 512 /* of who goes by something, escaped */

int
store_first(struct db_rows *rows, struct err *err, const char *missing, ...)
{
	char text[sizeof(err->text)];
	va_list args;
	int r = db_next(rows, err);

	if (r == 1)
		return 0;
	db_done(rows);
	if (r == -1)
		return -1;
	va_start(args, missing);
	(void)vsnprintf(text, sizeof(text), missing, args);
	va_end(args);
	return err_set(err, ERR_NOTFOUND, "%s", text);
}

bool
store_next(struct db_rows *rows, int *r, struct err *err)
{
	if (*r != -1)
		*r = db_next(rows, err);
	if (*r == 1)
		return true;
	db_done(rows);
	return false;
}

int
store_number(struct db_rows *rows, int64_t *ret, struct err *err)
{
	int r = db_next(rows, err);

	if (r != -1)
		*ret = r == 1 ? db_int(rows, 0) : 0;
	db_done(rows);
	return r == -1 ? -1 : 0;
}

int
store_ids(
    struct db_rows *rows, int64_t *ids, size_t *ret_count, struct err *err)
{
	size_t count = 0;
	int r = 0;

	while (store_next(rows, &r, err))
		ids[count++] = db_int(rows, 0);
	if (r == -1)
		return -1;
	*ret_count = count;
	return 0;
}

int
store_unused(struct db_rows *rows, struct err *err)
{
	struct buf who;
	int r = db_next(rows, err);

	if (r == 1) {
		buf_init(&who, USER_TEXT);
		str_printable(&who, db_text(rows, 0), strlen(db_text(rows, 0)),
		    USER_TEXT / 4);
		(void)err_set(err, ERR_CONFLICT,
		    "%s goes by it: change or remove that first",
		    buf_text(&who));
		buf_free(&who);
		r = -1;
	}
	db_done(rows);
	return r;
}

unsigned
store_enum(struct db_rows *rows, int column)
{
	return (unsigned)(uint64_t)db_int(rows, column);
}

int
store_changed(struct store *s, const char *missing, struct err *err)
{
	return db_changes(s->db) > 0
	    ? 0
	    : err_set(err, ERR_NOTFOUND, "%s", missing);
}
