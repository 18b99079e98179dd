/* What happened, what is under way, and places that are told of it. */
#include "columns.h"
#include "conf.h"
#include "device.h"
#include "forward_place.h"
#include "journal.h"
#include "mem.h"
#include "records.h"
#include "store.h"
#include "str.h"

static const struct report_column record_event_kind_columns[] = {INT("id"),
    TIME("at"), TEXT("device"), TEXT("kind"), TEXT("actor"), TEXT("detail")};
KIND(record_event_kind);

void
record_event(struct record *r, const struct store_event *e)
{
	record_begin(r, &record_event_kind);
	record_int(r, e->id);
	record_int(r, e->at);
	record_text(r, e->name);
	record_text(r, e->kind);
	record_text(r, e->actor);
	record_text(r, e->detail);
}

/* Its number when it is gone; given. */
static char *
name_of(struct store *s, int64_t id)
{
	struct device *d = NULL;
	char *name;

	if (store_device_get(s, id, &d, NULL) != 0)
		return mem_printf("#%lld", (long long)id);
	name = mem_dup(d->name);
	device_free(d);
	return name;
}

static const struct report_column record_intent_kind_columns[] = {INT("id"),
    TEXT("device"), TEXT("task"), TEXT("step"), INT("attempts"),
    TIME("opened_at"), TIME("ended_at"), TEXT("state"), TEXT("result"),
    TEXT("args")};
KIND(record_intent_kind);

void
record_intent(struct record *r, struct store *s, const struct journal_intent *i)
{
	record_begin(r, &record_intent_kind);
	record_int(r, i->id);
	record_given(r, name_of(s, i->device));
	record_text(r, i->play);
	record_text(r, i->step);
	record_int(r, i->attempts);
	record_int(r, i->opened_at);
	record_int(r, i->ended_at);
	record_text(r, i->end == NULL ? "open" : i->end);
	record_text(r, i->result);
	record_text(r, i->args);
}

static const struct report_column record_place_kind_columns[] = {TEXT("name"),
    TEXT("kind"), TEXT("state"), INT("behind"), TIME("oldest"),
    INT("delivered"), TIME("last"), INT("dead"), INT("attempts"),
    TIME("failing_since"), TIME("next"), TEXT("to"), TEXT("error")};
KIND(record_place_kind);

void
record_place(struct record *r, const struct conf_forward *f,
    const struct forward_status *is)
{
	record_begin(r, &record_place_kind);
	record_text(r, f->name);
	record_text(r, f->kind);
	record_text(r, is->state);
	record_int(r, is->behind);
	record_int(r, is->oldest);
	record_int(r, is->at.delivered);
	record_int(r, is->at.delivered_at);
	record_int(r, is->dead);
	record_int(r, is->at.attempts);
	record_int(r, is->at.failing_since);
	record_int(r, is->at.next_at);
	record_text(r, f->to);
	record_text(r, str_empty(is->at.error) ? NULL : is->at.error);
}

static const struct report_column record_letter_kind_columns[] = {INT("event"),
    TEXT("name"), TIME("at"), INT("attempts"), TIME("again_at"), TEXT("error")};
KIND(record_letter_kind);

void
record_letter(struct record *r, const struct store_dead *dead)
{
	record_begin(r, &record_letter_kind);
	record_int(r, dead->event);
	record_text(r, dead->name);
	record_int(r, dead->at);
	record_int(r, dead->attempts);
	record_int(r, dead->again_at);
	record_text(r, dead->error);
}
