#ifndef EPO_ISSUES_INTERNAL_H_
#define EPO_ISSUES_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync_internal.h"

/* An issue that is wanted, there, or to be closed: a row of the store. */
struct epo_issue {
	int64_t id, link, number, at;
	enum upstream_issue_state state;
	char *reason, *name, *text;
	bool wanted;
};

struct epo_rows {
	const struct epo_sync *y;
	struct epo_issue *list;
	size_t count, room;
};

/* All of them, given. */
int epo_rows_read(
    const struct epo_sync *y, struct epo_rows **ret, struct err *err);
/* What should be is a row from now on, what is over is to be closed, and what
 * was never sent is forgotten; committed. */
int epo_rows_plan(struct epo_sync *y, struct err *err);
#endif
