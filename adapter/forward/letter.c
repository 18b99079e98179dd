/* Dead letters that a person wants sent again, before what is new. */
#include "clock.h"
#include "fault.h"
#include "forward_internal.h"
#include "log.h"

#include "conf.h"

struct letter {
	struct forward_sink *sink;
	bool found;
};

static int
post(void *cookie, const struct store_event *event, struct err *err)
{
	struct letter *l = cookie;

	l->found = true;
	return forward_webhook_post(l->sink, event, NULL, err);
}

/* Refused for what it is: aside once more. Any other answer is about the place,
 * and the letter waits for it as events do. */
static int
refused(struct forward_sink *s, struct store_dead *dead, const struct err *why,
    struct err *err)
{
	dead->at = clock_now();
	dead->attempts++;
	dead->error = why->text;
	if (store_dead_refused(s->store, dead, err) != 0 ||
	    store_commit(s->store, err) != 0)
		return -1;
	forward_sink_count(s, "dead", 1);
	log_line(LOG_WARN, "forward.dead", "name=%s event=%lld error=\"%s\"",
	    s->conf->name, (long long)dead->event, why->text);
	return 0;
}

static int
send(struct forward_sink *s, struct store_dead *dead, struct err *err)
{
	struct letter l = {.sink = s};
	struct err why = {.kind = ERR_NONE};

	if (store_event_scan(s->store, 0, dead->event - 1, 1, post, &l, &why) !=
	    0) {
		if (forward_about_event(&why))
			return refused(s, dead, &why, err);
		*err = why;
		return -1;
	}
	fault_point("forward.letter");
	if (store_dead_remove(s->store, dead->id, err) != 0)
		return -1;
	return forward_sink_arrived(s, s->state.cursor, l.found ? 1 : 0, err);
}

int
forward_letters_turn(struct forward_sink *s, int64_t deadline, struct err *err)
{
	struct store_dead dead;

	do {
		if (store_dead_next(s->store, s->conf->name, &dead, err) != 0)
			return -1;
		if (dead.id == 0)
			return 0;
		if (send(s, &dead, err) != 0) {
			store_rollback(s->store);
			return -1;
		}
	} while (clock_mono_ms() < deadline);
	s->more = true;
	return 0;
}
