#include "task_census.h"

#include <string.h>

#include "db.h"
#include "err.h"
#include "server_task.h"
#include "store_table.h"

int
task_census_take(struct store *s, struct task_census *ret, struct err *err)
{
	struct task_census c;
	struct db_rows *rows;
	int r = 0;

	memset(&c, 0, sizeof(c));
	if (db_query(store_db(s), &rows, err,
		/* Actions of server tasks are no devices. */
		"SELECT state, sum(type <> '" SERVER_ACTION "'),"
		" sum(CASE WHEN type IN ('" SERVER_RUN "', '" SERVER_ACTION
		"') THEN 0 ELSE max(total - done, 0) END)"
		" FROM run WHERE state IN (0, 1, 2) GROUP BY state",
		"") == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		c.runs[store_enum(rows, 0)] = db_int(rows, 1);
		c.items_waiting += db_int(rows, 2);
	}
	if (r == 0)
		*ret = c;
	return r;
}
