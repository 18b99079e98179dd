/* What streams are sent, as it is in the store. */
#include "batch_internal.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "records.h"
#include "store.h"
#include "str.h"
#include "task_run.h"

#define BATCH_MAX 24576
#define DETAIL_MAX 16384 /* of one event */

/* The row in c->text as an event. */
static void
add_event(struct batch *b, const char *kind, int64_t id)
{
	struct api_call *c = &b->call;

	(void)fflush(c->out);
	if (id > 0)
		buf_printf(&b->text, "id: %lld\n", (long long)id);
	if (kind != NULL)
		buf_printf(&b->text, "event: %s\n", kind);
	buf_str(&b->text, "data: ");
	buf_add(&b->text, c->text.data, c->text.len);
	buf_str(&b->text, "\n\n");
	api_discard(c);
}

static int
take_event(void *cookie, const struct store_event *e, struct err *err)
{
	struct batch *b = cookie;
	struct store_event short_one = *e;

	if (b->text.len > BATCH_MAX)
		return err_set(err, ERR_CANCELLED, "enough");
	if (e->detail != NULL && strlen(e->detail) > DETAIL_MAX)
		short_one.detail = NULL;
	api_row_begin(&b->call, &api_event_row);
	if (api_event_write(&b->call, &short_one, err) != 0)
		return -1;
	add_event(b, NULL, e->id);
	b->to.cursor = e->id;
	return 0;
}

static int
take_last(void *cookie, const struct store_event *e, struct err *err)
{
	(void)err;
	*(int64_t *)cookie = e->id;
	return 0;
}

/* From now on: behind the last one there is. */
static int
find_end(struct batch *b, struct err *err)
{
	int64_t after = 0, last = 0;

	if (store_event_last(b->store, 0, 1, &after, err) != 0 ||
	    store_event_scan(b->store, 0, after, 0, take_last, &last, err) != 0)
		return -1;
	b->to.cursor = last;
	return 0;
}

static int
read_events(struct batch *b, struct err *err)
{
	int r;

	if (b->from.cursor < 0)
		return find_end(b, err);
	r = store_event_scan(
	    b->store, 0, b->from.cursor, API_PAGE_MAX, take_event, b, err);
	if (r != 0 && err->kind == ERR_CANCELLED) {
		err_clear(err);
		r = 0;
	}
	return r;
}

static int
take_message(void *cookie, const struct task_message *m, struct err *err)
{
	struct batch *b = cookie;
	struct api_call *c = &b->call;

	if (b->text.len > BATCH_MAX)
		return err_set(err, ERR_CANCELLED, "enough");
	api_row_begin(c, &api_message_row);
	record_message(&c->row, m);
	if (api_row_end(c, err) != 0)
		return -1;
	add_event(b, "message", m->id);
	b->to.cursor = m->id;
	return 0;
}

/* The run when it is another than before, then its messages, then its end. */
static int
read_run(struct batch *b, struct err *err)
{
	struct task_run r = {.id = 0};
	bool over;

	if (task_run_get(b->store, b->from.run, &r, err) != 0)
		return -1;
	over = r.state == TASK_ENDED || r.state == TASK_ABORTED;
	task_run_clear(&r);
	if (api_run_row(&b->call, b->from.run, err) != 0)
		return -1;
	(void)fflush(b->call.out);
	str_sha256_hex(b->call.text.data, b->call.text.len, b->to.seen);
	if (str_eq(b->to.seen, b->from.seen))
		api_discard(&b->call);
	else
		add_event(b, "run", 0);
	if (task_message_scan(b->store, b->from.run, b->from.cursor,
		take_message, b, err) != 0) {
		if (err->kind != ERR_CANCELLED)
			return -1;
		err_clear(err);
		return 0; /* there are more */
	}
	b->last = over;
	if (over)
		buf_str(&b->text, "event: end\ndata: {}\n\n");
	return 0;
}

void
api_batch_read(struct batch *b)
{
	int r;

	err_clear(&b->err);
	b->last = false;
	b->to = b->from;
	buf_reset(&b->text);
	b->call.store = b->store;
	store_deadline(b->store, clock_mono_ms() + API_WORK_MS);
	r = b->from.run == 0 ? read_events(b, &b->err) : read_run(b, &b->err);
	store_deadline(b->store, 0);
	api_discard(&b->call);
	if (r == 0)
		err_clear(&b->err);
}
