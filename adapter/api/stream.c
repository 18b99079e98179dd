#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "clock.h"
#include "http.h"
#include "http_stream.h"
#include "loop.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "streams_internal.h"
#include "task_run.h"
#include "work.h"

#define LOOK_MS 500   /* how often the store is asked */
#define BEAT_MS 15000 /* a comment, so that who is gone is noticed */
#define BATCH_MAX 24576
#define DETAIL_MAX 16384 /* of one event */
#define PROBE_MS 1000	 /* at most so often */
#define RETRY_S 2

/* Where one stands: those at the same place get the same. */
struct place {
	int64_t run; /* 0: events */
	int64_t cursor;
	char seen[65]; /* SHA-256 of the run as last told */
};

struct stream {
	struct stream *next;
	struct streams *all;
	struct http_stream *http;
	struct place place;
	int64_t until_ms, sent_ms;
	uint64_t served; /* when it had its turn */
	bool due;
};

struct streams {
	const struct api_conf *conf;
	struct store *store; /* the worker's */
	struct loop_timer *timer;
	struct stream *list;
	size_t count;
	uint64_t turn;
	int64_t probed_ms;
	bool at_work, stopping;
	void (*done)(void *cookie);
	void *cookie;
	/* The batch under way: */
	struct place from, to;
	struct api_call call; /* its text is what is sent */
	struct buf text;
	struct err err;
	bool last; /* the run is over */
};

/* --- one batch, on a worker --- */

/* The row in c->text as an event. */
static void
add_event(struct streams *all, const char *kind, int64_t id)
{
	struct api_call *c = &all->call;

	(void)fflush(c->out);
	if (id > 0)
		buf_printf(&all->text, "id: %lld\n", (long long)id);
	if (kind != NULL)
		buf_printf(&all->text, "event: %s\n", kind);
	buf_str(&all->text, "data: ");
	buf_add(&all->text, c->text.data, c->text.len);
	buf_str(&all->text, "\n\n");
	api_discard(c);
}

static int
take_event(void *cookie, const struct store_event *e, struct err *err)
{
	struct streams *all = cookie;
	struct store_event short_one = *e;

	if (all->text.len > BATCH_MAX)
		return err_set(err, ERR_CANCELLED, "enough");
	if (e->detail != NULL && strlen(e->detail) > DETAIL_MAX)
		short_one.detail = NULL;
	api_row_begin(&all->call, &api_event_row);
	if (api_event_write(&all->call, &short_one, err) != 0)
		return -1;
	add_event(all, NULL, e->id);
	all->to.cursor = e->id;
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
find_end(struct streams *all, struct err *err)
{
	int64_t after = 0, last = 0;

	if (store_event_last(all->store, 0, 1, &after, err) != 0 ||
	    store_event_scan(all->store, 0, after, 0, take_last, &last, err) !=
		0)
		return -1;
	all->to.cursor = last;
	return 0;
}

static int
read_events(struct streams *all, struct err *err)
{
	int r;

	if (all->from.cursor < 0)
		return find_end(all, err);
	r = store_event_scan(all->store, 0, all->from.cursor, API_PAGE_MAX,
	    take_event, all, err);
	if (r != 0 && err->kind == ERR_CANCELLED) {
		err_clear(err);
		r = 0;
	}
	return r;
}

static int
take_message(void *cookie, const struct task_message *m, struct err *err)
{
	struct streams *all = cookie;
	struct api_call *c = &all->call;

	if (all->text.len > BATCH_MAX)
		return err_set(err, ERR_CANCELLED, "enough");
	api_row_begin(c, &api_message_row);
	api_put_int(c, m->id);
	api_put_int(c, m->at);
	api_put_text(c, m->text);
	if (api_row_end(c, err) != 0)
		return -1;
	add_event(all, "message", m->id);
	all->to.cursor = m->id;
	return 0;
}

/* The run when it is another than before, then its messages, then its end. */
static int
read_run(struct streams *all, struct err *err)
{
	struct task_run r = {.id = 0};
	bool over;

	if (task_run_get(all->store, all->from.run, &r, err) != 0)
		return -1;
	over = r.state == TASK_ENDED || r.state == TASK_ABORTED;
	task_run_clear(&r);
	if (api_run_row(&all->call, all->from.run, err) != 0)
		return -1;
	(void)fflush(all->call.out);
	str_sha256_hex(all->call.text.data, all->call.text.len, all->to.seen);
	if (str_eq(all->to.seen, all->from.seen))
		api_discard(&all->call);
	else
		add_event(all, "run", 0);
	if (task_message_scan(all->store, all->from.run, all->from.cursor,
		take_message, all, err) != 0) {
		if (err->kind != ERR_CANCELLED)
			return -1;
		err_clear(err);
		return 0; /* there are more */
	}
	all->last = over;
	if (over)
		buf_str(&all->text, "event: end\ndata: {}\n\n");
	return 0;
}

static void
read_batch(void *arg)
{
	struct streams *all = arg;
	int r;

	err_clear(&all->err);
	all->last = false;
	all->to = all->from;
	buf_reset(&all->text);
	all->call.store = all->store;
	store_deadline(all->store, clock_mono_ms() + API_WORK_MS);
	r = all->from.run == 0 ? read_events(all, &all->err)
			       : read_run(all, &all->err);
	store_deadline(all->store, 0);
	api_discard(&all->call);
	if (r == 0)
		err_clear(&all->err);
}

/* --- who gets it, on the loop --- */

static void go_on(struct streams *all);

static void
drop(struct stream *s)
{
	struct streams *all = s->all;
	struct stream **at = &all->list;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	all->count--;
	http_stream_end(s->http);
	free(s);
}

static void
gone(void *cookie)
{
	drop(cookie);
}

static bool
stands_there(const struct stream *s, const struct place *p)
{
	return s->due && s->place.run == p->run &&
	    s->place.cursor == p->cursor && str_eq(s->place.seen, p->seen);
}

/* False: it is over with this one. */
static bool
give(struct streams *all, struct stream *s)
{
	int64_t now = clock_mono_ms();

	s->served = ++all->turn;
	s->due = false;
	if (all->text.len > 0) {
		/* It has not taken what it got: later, from where it stands. */
		if (http_stream_send(s->http, all->text.data, all->text.len) !=
		    0)
			return true;
		s->sent_ms = now;
		s->due = true; /* there may be more */
	} else if (now - s->sent_ms > BEAT_MS) {
		(void)http_stream_send(s->http, ":\n\n", 3);
		s->sent_ms = now;
	}
	s->place = all->to;
	return !all->last;
}

static void
batch_read(void *arg)
{
	struct streams *all = arg;
	struct stream *s, *next;

	all->at_work = false;
	if (all->stopping) {
		all->done(all->cookie);
		return;
	}
	for (s = all->list; s != NULL; s = next) {
		next = s->next;
		if (!stands_there(s, &all->from))
			continue;
		/* It comes again, and from where it was. */
		if (all->err.kind != ERR_NONE || !give(all, s))
			drop(s);
	}
	go_on(all);
}

/* The one that waits longest. */
static struct stream *
first_due(struct streams *all)
{
	struct stream *s, *found = NULL;

	for (s = all->list; s != NULL; s = s->next)
		if (s->due && (found == NULL || s->served < found->served))
			found = s;
	return found;
}

static void
go_on(struct streams *all)
{
	const struct work_job job = {read_batch, batch_read, all};
	struct stream *s;

	if (all->at_work || all->stopping)
		return;
	s = first_due(all);
	if (s == NULL) {
		if (all->list != NULL)
			loop_timer_set(all->timer, LOOK_MS);
		return;
	}
	all->from = s->place;
	all->at_work = true;
	work_submit(all->conf->loop, &job);
}

/* A token may have been withdrawn meanwhile: nobody stays for ever. */
static void
tick(void *cookie)
{
	struct streams *all = cookie;
	int64_t now = clock_mono_ms();
	struct stream *s, *next;

	for (s = all->list; s != NULL; s = next) {
		next = s->next;
		s->due = true;
		if (now > s->until_ms)
			drop(s);
	}
	go_on(all);
}

/* --- begin and end --- */

/* Who is gone is noticed when something is sent: there is no room for such. */
static void
probe(struct streams *all)
{
	int64_t now = clock_mono_ms();
	struct stream *s;

	if (now - all->probed_ms < PROBE_MS)
		return;
	all->probed_ms = now;
	for (s = all->list; s != NULL; s = s->next)
		(void)http_stream_send(s->http, ":\n\n", 3);
}

void
api_streams_begin(struct streams *all, struct http_request *request,
    int64_t run, int64_t after)
{
	static const struct http_answer head = {
	    .status = 200, .type = "text/event-stream", .cache = "no-store"};
	static const struct api_refusal full = {
	    .status = 503, .retry_after = RETRY_S};
	static const char hello[] = "retry: 2000\n\n";
	struct stream *s;

	if (str_eq(http_request_method(request), "HEAD")) {
		http_answer(request, &head);
		return;
	}
	if (all->stopping || all->count == API_STREAMS_MAX) {
		probe(all);
		api_refuse(request, &full);
		return;
	}
	s = mem_alloc(sizeof(*s));
	s->all = all;
	s->place = (struct place){.run = run, .cursor = after};
	s->until_ms = clock_mono_ms() + API_STREAM_S * INT64_C(1000);
	s->sent_ms = clock_mono_ms();
	s->due = true;
	s->next = all->list;
	all->list = s;
	all->count++;
	s->http = http_stream_begin(request, &head, gone, s);
	(void)http_stream_send(s->http, hello, sizeof(hello) - 1);
	go_on(all);
}

int
api_streams_new(
    const struct api_conf *conf, struct streams **ret, struct err *err)
{
	struct streams *all = mem_alloc(sizeof(*all));

	all->conf = conf;
	all->timer = loop_timer_new(conf->loop, tick, all);
	buf_init(&all->text, (size_t)2 * HTTP_STREAM_MAX);
	api_call_open(&all->call);
	if (store_open(conf->database, conf->vault, &all->store, err) != 0) {
		api_streams_free(all);
		return -1;
	}
	*ret = all;
	return 0;
}

bool
api_streams_stop(struct streams *all, void (*done)(void *cookie), void *cookie)
{
	all->stopping = true;
	all->done = done;
	all->cookie = cookie;
	loop_timer_stop(all->timer);
	while (all->list != NULL)
		drop(all->list);
	return !all->at_work;
}

void
api_streams_free(struct streams *all)
{
	if (all == NULL)
		return;
	assert(!all->at_work);
	while (all->list != NULL)
		drop(all->list);
	loop_timer_del(all->timer);
	api_call_close(&all->call);
	buf_free(&all->text);
	store_close(all->store);
	free(all);
}
