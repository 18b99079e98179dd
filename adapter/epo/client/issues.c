/*
 * Issues: one per system and reason.
 *
 *   wanted --> opening --> open --> closing --> (no row)
 *      ^          |
 *      +----------+  looked for, and certainly not there
 *
 * An issue's description begins with our mark and the row's number, which is
 * never used again: what carries it was made for this row.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "err.h"
#include "fault.h"
#include "issues_internal.h"
#include "mem.h"
#include "store.h"
#include "str.h"

#define MARK_TEXT 48
#define DESCRIPTION_MAX 900
/* What was sent and not answered may take as long as so many exchanges. */
#define SETTLE_EXCHANGES 10

static void
mark_of(const struct epo_sync *y, int64_t id, char out[MARK_TEXT])
{
	(void)snprintf(
	    out, MARK_TEXT, "[amtkeeper %s-%lld]", y->u.mark, (long long)id);
}

/* --- looking for them --- */

/* The next issue of the list, from *at on, that carries the mark: its number;
 * 0: there is none. */
static int64_t
next_mark(
    struct json_object *list, const char *mark, size_t *at, bool *ret_closed)
{
	bool array = json_object_is_type(list, json_type_array);
	size_t count = array ? json_object_array_length(list) : 1;
	struct json_object *one;
	const char *text;
	int64_t number;

	while (*at < count) {
		one = array ? json_object_array_get_idx(list, *at) : list;
		++*at;
		text = epo_value(one, "description");
		if (text == NULL)
			text = epo_value(one, "desc");
		if (text == NULL || strstr(text, mark) == NULL ||
		    epo_number(one, "id", &number) != 0 || number <= 0)
			continue;
		*ret_closed = str_ieq(epo_value(one, "state"), "CLOSED");
		return number;
	}
	return 0;
}

static int
close_number(struct epo_sync *y, int64_t number, struct err *err)
{
	struct epo_body body = {.ok = false};
	struct epo_command c;
	int rc;

	epo_command_init(&c, "issue.updateIssue");
	epo_command_add_int(&c, "id", number);
	epo_command_add(&c, "state", "CLOSED");
	epo_command_add(&c, "resolution", "FIXED");
	rc = epo_call(y->session, &c, &body, err);
	epo_command_free(&c);
	epo_body_clear(&body);
	return rc;
}

/* Close all that carry the row's mark, but for this number: a server that was
 * slow beyond measure may have made a second one. */
static int
close_marked(
    struct epo_sync *y, const struct epo_issue *r, int64_t but, struct err *err)
{
	char mark[MARK_TEXT];
	int64_t number;
	bool closed;
	size_t at = 0;

	mark_of(y, r->id, mark);
	while ((number = next_mark(y->issue_list, mark, &at, &closed)) != 0)
		if (number != but && !closed &&
		    close_number(y, number, err) != 0)
			return -1;
	return 0;
}

/* One that was sent and not answered: is it there? A server may still be at it:
 * for some time nothing is concluded from its absence. */
static int
settle_opening(
    struct epo_sync *y, const struct epo_issue *r, int64_t now, struct err *err)
{
	char mark[MARK_TEXT];
	int64_t number;
	bool closed;
	size_t at = 0;

	mark_of(y, r->id, mark);
	number = next_mark(y->issue_list, mark, &at, &closed);
	if (number != 0) {
		if (close_marked(y, r, number, err) != 0)
			return -1;
		y->report.opened++;
		return upstream_issue_set(y->store, r->id, number,
		    r->wanted ? UPSTREAM_ISSUE_OPEN : UPSTREAM_ISSUE_CLOSING,
		    now, err);
	}
	if (now - r->at < y->conf->timeout * SETTLE_EXCHANGES)
		return 0;
	return r->wanted ? upstream_issue_set(y->store, r->id, 0,
			       UPSTREAM_ISSUE_WANTED, now, err)
			 : upstream_issue_drop(y->store, r->id, err);
}

/* The list of all is read once in a sync, when one was not answered, or is to
 * be closed: which number that has is taken from there, since the one that came
 * with the answer may have been cut off. */
static int
look(struct epo_sync *y, struct err *err)
{
	struct epo_body body = {.ok = false};
	struct epo_command c;
	int64_t now = clock_now();
	struct epo_rows *r = NULL;
	size_t i, needed = 0;
	int rc = epo_rows_read(y, &r, err);

	for (i = 0; rc == 0 && i < r->count; i++)
		needed += r->list[i].state == UPSTREAM_ISSUE_OPENING ||
		    r->list[i].state == UPSTREAM_ISSUE_CLOSING;
	if (rc == 0 && needed > 0) {
		epo_command_init(&c, "issue.listIssues");
		rc = epo_call(y->session, &c, &body, err);
		epo_command_free(&c);
	}
	y->issue_list = body.value;
	for (i = 0; rc == 0 && needed > 0 && i < r->count; i++)
		if (r->list[i].state == UPSTREAM_ISSUE_OPENING)
			rc = settle_opening(y, &r->list[i], now, err);
	if (rc == 0)
		rc = store_commit(y->store, err);
	epo_rows_free(r);
	return rc;
}

/* --- opening and closing one --- */

static void
describe(const struct epo_sync *y, const struct epo_issue *r,
    struct epo_command *ret)
{
	const char *help =
	    y->conf->help == NULL ? NULL : y->conf->help(r->reason);
	struct buf text, shown;
	char mark[MARK_TEXT];

	buf_init(&text, DESCRIPTION_MAX);
	buf_init(&shown, DESCRIPTION_MAX / 2);
	mark_of(y, r->id, mark);
	epo_command_init(ret, "issue.createIssue");
	buf_printf(&text, "AMT %s: %s", r->reason, r->name);
	epo_command_add(ret, "name", buf_text(&text));
	buf_reset(&text);
	/* First, where no server cuts it off. */
	buf_printf(&text, "%s %s: %s.", mark, r->name, r->reason);
	if (help != NULL)
		buf_printf(&text, " %s", help);
	if (r->text != NULL) {
		str_printable(&shown, r->text, strlen(r->text), 200);
		buf_printf(&text, " Last error: %s.", buf_text(&shown));
	}
	epo_command_add(ret, "desc", buf_text(&text));
	epo_command_add(ret, "state", "NEW");
	epo_command_add(ret, "priority", "MEDIUM");
	epo_command_add(ret, "severity", "MEDIUM");
	buf_free(&shown);
	buf_free(&text);
}

/* The number alone, or an object with it. */
static int64_t
number_of(struct json_object *value)
{
	int64_t number = 0;

	if (epo_number_of(value, &number) != 0)
		(void)epo_number(value, "id", &number);
	return number > 0 ? number : 0;
}

/* Refused: what is wanted waits for the next sync, and is remarked. */
static int
settle_refused(struct epo_sync *y, const struct epo_issue *r,
    enum upstream_issue_state state, struct err *err)
{
	struct err why = *err;

	if (why.kind != ERR_REFUSED && why.kind != ERR_NOTFOUND)
		return -1;
	err_clear(err);
	epo_remark(y, "%s", why.text);
	if (why.kind == ERR_NOTFOUND)
		y->issue_changes = EPO_ISSUES_MAX;
	if (upstream_issue_set(
		y->store, r->id, r->number, state, clock_now(), err) != 0)
		return -1;
	return store_commit(y->store, err);
}

static int
open_one(struct epo_sync *y, const struct epo_issue *r, struct err *err)
{
	struct epo_body body = {.ok = false};
	struct epo_command c;
	int64_t number;
	int rc;

	y->issue_changes++;
	if (upstream_issue_set(y->store, r->id, 0, UPSTREAM_ISSUE_OPENING,
		clock_now(), err) != 0 ||
	    store_commit(y->store, err) != 0)
		return -1;
	fault_point("epo.issue.before");
	describe(y, r, &c);
	rc = epo_call(y->session, &c, &body, err);
	epo_command_free(&c);
	fault_point("epo.issue.after");
	if (rc != 0)
		return settle_refused(y, r, UPSTREAM_ISSUE_WANTED, err);
	number = number_of(body.value);
	epo_body_clear(&body);
	if (number == 0) /* it is there, and the next look finds it */
		return 0;
	y->report.opened++;
	if (upstream_issue_set(y->store, r->id, number, UPSTREAM_ISSUE_OPEN,
		clock_now(), err) != 0)
		return -1;
	return store_commit(y->store, err);
}

static int
close_one(struct epo_sync *y, const struct epo_issue *r, struct err *err)
{
	y->issue_changes++;
	if (close_marked(y, r, 0, err) != 0)
		return settle_refused(y, r, UPSTREAM_ISSUE_CLOSING, err);
	y->report.closed++;
	if (upstream_issue_drop(y->store, r->id, err) != 0)
		return -1;
	return store_commit(y->store, err);
}

/* --- the phase --- */

void
epo_issue_list_free(struct epo_sync *y)
{
	(void)json_object_put(y->issue_list);
	y->issue_list = NULL;
}

static int
begin(struct epo_sync *y, struct err *err)
{
	if (epo_rows_plan(y, err) != 0)
		return -1;
	if (look(y, err) != 0) {
		if (err->kind != ERR_NOTFOUND && err->kind != ERR_REFUSED)
			return -1;
		epo_remark(y, "%s", err->text);
		err_clear(err);
	}
	return epo_rows_read(y, &y->rows, err);
}

int
epo_phase_issues(struct epo_sync *y, bool *ret_again, struct err *err)
{
	const struct epo_issue *r;

	*ret_again = true;
	if (y->rows == NULL)
		return begin(y, err);
	while (
	    y->row_at < y->rows->count && y->issue_changes < EPO_ISSUES_MAX) {
		r = &y->rows->list[y->row_at++];
		if (r->state == UPSTREAM_ISSUE_WANTED)
			return open_one(y, r, err);
		if (r->state == UPSTREAM_ISSUE_CLOSING && y->issue_list != NULL)
			return close_one(y, r, err);
	}
	*ret_again = false;
	return 0;
}
