#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "access_user.h"
#include "api_internal.h"
#include "batch_internal.h"
#include "clock.h"
#include "http.h"
#include "http_stream.h"
#include "mem.h"
#include "periodic.h"
#include "store.h"
#include "str.h"
#include "streams_internal.h"

#define LOOK_MS 500   /* how often the store is asked */
#define BEAT_MS 15000 /* a comment, so that who is gone is noticed */
#define PROBE_MS 1000 /* at most so often */
#define RETRY_S 2
#define CHECK_MS 1000 /* is who follows still let in? */

/* Who follows, since when, as unix time. */
struct follower {
	struct access_identity who;
	int64_t since;
	uint64_t number;
	bool out;
};

struct stream {
	struct stream *next;
	struct streams *all;
	struct http_stream *http;
	struct follower follower;
	struct place place;
	int64_t until_ms, sent_ms;
	uint64_t served; /* when it had its turn */
	bool due;
};

struct streams {
	const struct api_conf *conf;
	struct periodic *periodic; /* on hold while nobody follows */
	struct stream *list;
	size_t count;
	uint64_t turn, number;
	int64_t probed_ms, checked_ms;
	/* Who is asked after this time. */
	struct follower followers[API_STREAMS_MAX];
	size_t follower_count;
	struct batch batch; /* under way */
};

/* --- on a worker --- */

static void
check_followers(struct streams *all)
{
	int64_t now = clock_now();
	struct follower *f;
	size_t i;

	for (i = 0; i < all->follower_count; i++) {
		f = &all->followers[i];
		f->out =
		    !access_still(all->batch.store, &f->who, f->since, now);
	}
}

static int
read_batch(void *arg, bool *ret_more, struct err *err)
{
	struct streams *all = arg;

	(void)ret_more;
	(void)err; /* it is the batch's, for those who wait for that */
	api_batch_read(&all->batch);
	check_followers(all);
	return 0;
}

/* --- who gets it, on the loop --- */

static void
drop(struct stream *s)
{
	struct streams *all = s->all;
	struct stream **at = &all->list;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (--all->count == 0)
		periodic_hold(all->periodic);
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
	if (all->batch.text.len > 0) {
		/* It has not taken what it got: later, from where it stands. */
		if (http_stream_send(s->http, all->batch.text.data,
			all->batch.text.len) != 0)
			return true;
		s->sent_ms = now;
		s->due = true; /* there may be more */
	} else if (now - s->sent_ms > BEAT_MS) {
		(void)http_stream_send(s->http, ":\n\n", 3);
		s->sent_ms = now;
	}
	s->place = all->batch.to;
	return !all->batch.last;
}

/* Before anything is sent to them. */
static void
drop_followers(struct streams *all)
{
	struct stream *s, *next;
	size_t i;

	for (s = all->list; s != NULL; s = next) {
		next = s->next;
		for (i = 0; i < all->follower_count; i++)
			if (all->followers[i].out &&
			    all->followers[i].number == s->follower.number)
				break;
		if (i < all->follower_count)
			drop(s);
	}
	all->follower_count = 0;
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

/* All of them, once in a while, along with a batch. */
static void
ask_followers(struct streams *all)
{
	int64_t now = clock_mono_ms();
	struct stream *s;

	if (now - all->checked_ms < CHECK_MS)
		return;
	all->checked_ms = now;
	for (s = all->list; s != NULL; s = s->next)
		all->followers[all->follower_count++] = s->follower;
}

/* When nobody is due it is the time at which all are. */
static void
choose(void *arg)
{
	struct streams *all = arg;
	struct stream *s;

	if (first_due(all) == NULL)
		for (s = all->list; s != NULL; s = s->next)
			s->due = true;
	s = first_due(all);
	assert(s != NULL); /* without any it is on hold */
	all->batch.from = s->place;
	ask_followers(all);
}

/* Nobody stays for ever. */
static void
drop_old(struct streams *all)
{
	int64_t now = clock_mono_ms();
	struct stream *s, *next;

	for (s = all->list; s != NULL; s = next) {
		next = s->next;
		if (now > s->until_ms)
			drop(s);
	}
}

static void
read_done(void *arg, struct err *err)
{
	struct streams *all = arg;
	struct stream *s, *next;

	(void)err;
	drop_followers(all);
	for (s = all->list; s != NULL; s = next) {
		next = s->next;
		if (!stands_there(s, &all->batch.from))
			continue;
		/* It comes again, and from where it was. */
		if (all->batch.err.kind != ERR_NONE || !give(all, s))
			drop(s);
	}
	drop_old(all);
	if (first_due(all) != NULL)
		periodic_poke(all->periodic);
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

static size_t
count_of(const struct streams *all, int64_t user)
{
	const struct stream *s;
	size_t n = 0;

	for (s = all->list; s != NULL; s = s->next)
		n += s->follower.who.user == user;
	return n;
}

void
api_streams_begin(struct streams *all, struct http_request *request,
    const struct access_identity *who, int64_t run, int64_t after)
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
	if (periodic_stopping(all->periodic) || all->count == API_STREAMS_MAX ||
	    count_of(all, who->user) >= API_STREAMS_USER) {
		probe(all);
		api_refuse(request, &full);
		return;
	}
	s = mem_alloc(sizeof(*s));
	s->all = all;
	s->follower = (struct follower){
	    .who = *who, .since = clock_now(), .number = ++all->number};
	s->place = (struct place){.run = run, .cursor = after};
	s->until_ms = clock_mono_ms() + API_STREAM_S * INT64_C(1000);
	s->sent_ms = clock_mono_ms();
	s->due = true;
	s->next = all->list;
	all->list = s;
	all->count++;
	s->http = http_stream_begin(request, &head, gone, s);
	(void)http_stream_send(s->http, hello, sizeof(hello) - 1);
	periodic_start(all->periodic, 0);
	periodic_poke(all->periodic);
}

int
api_streams_new(
    const struct api_conf *conf, struct streams **ret, struct err *err)
{
	struct streams *all = mem_alloc(sizeof(*all));
	const struct periodic_job job = {.begin = choose,
	    .run = read_batch,
	    .done = read_done,
	    .arg = all,
	    .every_ms = LOOK_MS};

	all->conf = conf;
	all->periodic = periodic_new(conf->loop, &job);
	buf_init(&all->batch.text, (size_t)2 * HTTP_STREAM_MAX);
	api_call_open(&all->batch.call);
	if (store_open(conf->database, conf->vault, &all->batch.store, err) !=
	    0) {
		api_streams_free(all);
		return -1;
	}
	*ret = all;
	return 0;
}

bool
api_streams_stop(struct streams *all, void (*done)(void *cookie), void *cookie)
{
	while (all->list != NULL)
		drop(all->list);
	return periodic_stop(all->periodic, done, cookie);
}

void
api_streams_free(struct streams *all)
{
	if (all == NULL)
		return;
	while (all->list != NULL)
		drop(all->list);
	periodic_free(all->periodic);
	api_call_close(&all->batch.call);
	buf_free(&all->batch.text);
	store_close(all->batch.store);
	free(all);
}
