/* What is under way in devices, what was, and what need not be kept. */
#include <stdlib.h>

#include "api_internal.h"
#include "journal.h"
#include "order.h"
#include "records.h"
#include "store.h"

/* --- the journal --- */

struct listing {
	struct api_page page;
	int64_t after; /* of a scan without limit: not those up to it */
};

static int
write_intent(void *cookie, const struct journal_intent *i, struct err *err)
{
	struct listing *l = cookie;
	struct api_call *c = l->page.c;

	if (i->id <= l->after || !api_page_takes_id(&l->page, i->id))
		return 0;
	record_intent(&c->row, c->store, i);
	return api_row_end(c, err);
}

int
api_journal_open(struct api_call *c, struct err *err)
{
	struct listing l = {.page = api_page_new(c)};
	int64_t device = 0;

	if (api_cursor_id(c, &l.after, err) != 0 ||
	    api_chosen_device(c, &device, err) != 0)
		return -1;
	api_page_begin(c, &api_intent_row);
	return api_page_close(&l.page,
	    journal_scan_open(c->store, device, write_intent, &l, err));
}

int
api_journal_ended(struct api_call *c, struct err *err)
{
	struct listing l = {.page = api_page_new(c)};
	int64_t device = 0, before = 0;

	if (api_cursor_id(c, &before, err) != 0 ||
	    api_chosen_device(c, &device, err) != 0)
		return -1;
	api_page_begin(c, &api_intent_row);
	return api_page_close(&l.page,
	    journal_scan_ended(c->store, device, before, l.page.left + 1,
		write_intent, &l, err));
}

/* --- old runs --- */

int
api_runs_purge(struct api_call *c, struct err *err)
{
	const struct order o = {c->store, c->actor, c->now};
	int64_t age = api_body_int(c, "older_than", 0), count = 0;
	bool more = false;

	if (order_purge(&o, c->now - age, &count, &more, err) != 0)
		return -1;
	api_row_begin(c, &api_purged_row);
	api_put_int(c, count);
	api_put_int(c, more);
	return api_row_end(c, err);
}
