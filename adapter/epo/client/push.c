/* Tags and texts: the same for many systems in one command. */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "fault.h"
#include "mem.h"
#include "store.h"
#include "sync_internal.h"

#define ID_BYTES 21 /* of a system's number and its comma */

static int
plan_one(void *cookie, const struct upstream_published *p, struct err *err)
{
	(void)err;
	epo_plan(cookie, p);
	return 0;
}

/* --- one command --- */

static void
build(const struct epo_sync *y, const struct epo_list *l, size_t count,
    struct epo_command *ret)
{
	struct buf ids;
	char field[40];
	size_t i;

	buf_init(&ids, (size_t)EPO_BATCH_MAX * ID_BYTES);
	for (i = 0; i < count; i++)
		buf_printf(&ids, "%s%lld", i > 0 ? "," : "",
		    (long long)l->items[l->done + i].remote);
	epo_command_init(ret,
	    l->change == EPO_TEXT	  ? "system.setUserProperties"
		: l->change == EPO_TAG_ON ? "system.applyTag"
					  : "system.clearTag");
	epo_command_add(ret, "ids", buf_text(&ids));
	if (l->change == EPO_TEXT) {
		(void)snprintf(field, sizeof(field), "customField%lld",
		    (long long)y->conf->field);
		epo_command_add(ret, field, l->word);
	} else {
		epo_command_add(ret, "tagName", l->word);
	}
	buf_free(&ids);
}

/* So many that the command fits into a URL. */
static size_t
choose(const struct epo_list *l)
{
	size_t count = 0, bytes = 3 * strlen(l->word) + 64;
	size_t left = l->count - l->done;
	struct epo_command room;

	epo_command_init(&room, "");
	while (count < l->batch && count < left &&
	    epo_command_has_room(&room, bytes + (count + 1) * ID_BYTES))
		count++;
	epo_command_free(&room);
	return count > 0 ? count : 1;
}

/* --- its journal --- */

static int
write_one(struct epo_sync *y, const struct epo_list *l, int64_t link, bool sure,
    struct err *err)
{
	enum upstream_sure state = UPSTREAM_UNSURE;

	if (l->change == EPO_TEXT)
		return upstream_text_set(y->store, link,
		    sure && *l->word == '\0' ? NULL : l->word,
		    sure ? UPSTREAM_OFF : UPSTREAM_UNSURE, err);
	if (sure)
		state = l->change == EPO_TAG_ON ? UPSTREAM_ON : UPSTREAM_OFF;
	return upstream_tag_set(y->store, link, l->word, state, err);
}

static int
write_all(struct epo_sync *y, const struct epo_list *l, size_t count, bool sure,
    struct err *err)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (write_one(y, l, l->items[l->done + i].link, sure, err) != 0)
			return -1;
	return store_commit(y->store, err);
}

static void
count_done(struct epo_sync *y, const struct epo_list *l, size_t count)
{
	if (l->change == EPO_TEXT)
		y->report.texts += count;
	else if (l->change == EPO_TAG_ON)
		y->report.tagged += count;
	else
		y->report.untagged += count;
}

/* Refused as a whole, perhaps for the sake of one: half of them, and one alone
 * is passed over.  A command that is not there, or refused again and again, is
 * for the next sync. */
static void
settle_refusal(
    struct epo_sync *y, struct epo_list *l, size_t count, const struct err *why)
{
	if (why->kind == ERR_REFUSED && count > 1) {
		l->batch = count / 2;
		return;
	}
	epo_remark(y, "%s", why->text);
	l->done++;
	if (why->kind == ERR_NOTFOUND || ++l->refusals == EPO_REFUSALS_MAX)
		l->done = l->count;
}

static int
send(struct epo_sync *y, struct epo_list *l, struct err *err)
{
	struct epo_body body = {.ok = false};
	size_t count = choose(l);
	struct epo_command c;
	int rc;

	if (write_all(y, l, count, false, err) != 0)
		return -1;
	fault_point("epo.push.before");
	build(y, l, count, &c);
	rc = epo_call(y->session, &c, &body, err);
	epo_command_free(&c);
	epo_body_clear(&body);
	fault_point("epo.push.after");
	if (rc == 0) {
		if (write_all(y, l, count, true, err) != 0)
			return -1;
		count_done(y, l, count);
		l->done += count;
		return 0;
	}
	if (err->kind != ERR_REFUSED && err->kind != ERR_NOTFOUND)
		return -1;
	settle_refusal(y, l, count, err);
	err_clear(err);
	return 0;
}

int
epo_phase_push(struct epo_sync *y, bool *ret_again, struct err *err)
{
	struct epo_list *l;

	*ret_again = true;
	if (!y->planned) {
		y->planned = true;
		return upstream_published_scan(
		    y->store, y->u.id, plan_one, y, err);
	}
	while (y->list_at < y->list_count) {
		l = &y->lists[y->list_at];
		if (l->done < l->count)
			return send(y, l, err);
		y->list_at++;
	}
	*ret_again = false;
	return 0;
}
