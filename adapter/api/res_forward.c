/* places that are told of events, and letters that they would not take. */
#include "api_internal.h"
#include "conf.h"
#include "forward_place.h"
#include "records.h"
#include "str.h"

/* --- places --- */

static int
write_place(struct api_call *c, const struct conf_forward *f, struct err *err)
{
	struct forward_status is;

	if (forward_status(c->store, f, &is, err) != 0)
		return -1;
	record_place(&c->row, f, &is);
	return api_row_end(c, err);
}

int
api_places_list(struct api_call *c, struct err *err)
{
	size_t i;

	api_page_begin(c, &api_place_row);
	for (i = 0; i < c->conf->forward_count; i++)
		if (write_place(c, &c->conf->forwards[i], err) != 0)
			return -1;
	api_page_end(c, NULL);
	return 0;
}

/* --- dead letters --- */

struct listing {
	struct api_page page;
	int64_t after;
};

static int
write_letter(void *cookie, const struct store_dead *dead, struct err *err)
{
	struct listing *l = cookie;
	struct api_call *c = l->page.c;

	if (dead->id <= l->after || !api_page_takes_id(&l->page, dead->id))
		return 0;
	record_letter(&c->row, dead);
	return api_row_end(c, err);
}

int
api_letters_list(struct api_call *c, struct err *err)
{
	struct listing l = {.page = api_page_new(c)};

	if (api_cursor_id(c, &l.after, err) != 0)
		return -1;
	api_page_begin(c, &api_letter_row);
	return api_page_close(&l.page,
	    store_dead_scan(
		c->store, api_text(c, "place"), write_letter, &l, err));
}

typedef int order_fn(const struct forward_order *o, const char *place,
    int64_t event, int64_t *ret_count, struct err *err);

/* Of a place that there is, or was: then it may have letters still. */
static int
order(struct api_call *c, order_fn *do_it, struct err *err)
{
	const struct forward_order o = {c->store, c->actor, c->now};
	const char *place = c->match.segments[0];
	bool known = false;
	int64_t count = 0;
	size_t i;

	for (i = 0; i < c->conf->forward_count; i++)
		known = known || str_eq(c->conf->forwards[i].name, place);
	if (do_it(&o, place, api_body_int(c, "event", 0), &count, err) != 0)
		return -1;
	if (!known && count == 0)
		return err_set(err, ERR_NOTFOUND,
		    "no place %.64s; \"forward\" has them", place);
	api_row_begin(c, &api_letters_row);
	api_put_text(c, place);
	api_put_int(c, count);
	return api_row_end(c, err);
}

int
api_letters_again(struct api_call *c, struct err *err)
{
	return order(c, forward_again, err);
}

int
api_letters_drop(struct api_call *c, struct err *err)
{
	return order(c, forward_drop, err);
}
