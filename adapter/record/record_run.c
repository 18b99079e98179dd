/* Runs, and what became of each device. */
#include "columns.h"
#include "records.h"
#include "task_run.h"

#define BEGINNING INT("id"), TEXT("task"), TEXT("state"), INT("percent")
#define END                                                                    \
	TEXT("source"), TEXT("actor"), TIME("created_at"), TIME("started_at"), \
	    TIME("ended_at"), TEXT("why")

static void
begin(struct record *r, const struct record_kind *kind,
    const struct task_run *run)
{
	record_begin(r, kind);
	record_int(r, run->id);
	record_text(r, run->name);
	record_text(r, task_state_name(run->state));
	record_int(r, task_run_percent(run));
}

static void
end(struct record *r, const struct task_run *run)
{
	record_text(r, task_source_name(run->source));
	record_text(r, run->actor);
	record_int(r, run->created_at);
	record_int(r, run->started_at);
	record_int(r, run->ended_at);
	record_text(r, run->why);
}

static const struct report_column record_run_kind_columns[] = {BEGINNING,
    INT("devices"), INT("ok"), INT("changed"), INT("waiting"), INT("failed"),
    INT("parked"), INT("offline"), INT("busy"), INT("skipped"), END};
KIND(record_run_kind);

void
record_run(struct record *r, const struct task_run *run)
{
	int i;

	begin(r, &record_run_kind, run);
	record_int(r, run->total);
	for (i = 0; i < TASK_OUTCOMES; i++)
		record_int(r, run->count[i]);
	end(r, run);
}

static const struct report_column record_execution_kind_columns[] = {INT("run"),
    TEXT("task"), TEXT("state"), INT("percent"), INT("actions"), INT("done"),
    INT("changed"), INT("failed"), INT("skipped"), END};
KIND(record_execution_kind);

void
record_execution(struct record *r, const struct task_run *run)
{
	begin(r, &record_execution_kind, run);
	record_int(r, run->total);
	record_int(r, run->done);
	record_int(r, run->count[TASK_CHANGED]);
	record_int(r, run->count[TASK_FAILED]);
	record_int(r, run->count[TASK_SKIPPED]);
	end(r, run);
}

static const struct report_column record_item_kind_columns[] = {INT("id"),
    TEXT("device"), TEXT("state"), TEXT("outcome"), TEXT("reason"),
    TEXT("message"), INT("attempts"), INT("steps"), INT("ms"),
    TIME("not_before"), TIME("started_at"), TIME("ended_at")};
KIND(record_item_kind);

void
record_item(struct record *r, const struct task_item *i)
{
	record_begin(r, &record_item_kind);
	record_int(r, i->id);
	record_text(r, i->name);
	record_text(r, task_item_state_name(i->state));
	record_text(r,
	    i->state == TASK_ITEM_DONE ? task_outcome_name(i->outcome) : NULL);
	record_text(r, i->reason);
	record_text(r, i->message);
	record_int(r, i->attempts);
	record_int(r, i->steps);
	record_int(r, i->ms);
	record_int(r, i->not_before);
	record_int(r, i->started_at);
	record_int(r, i->ended_at);
}

static const struct report_column record_message_kind_columns[] = {
    INT("id"), TIME("at"), TEXT("message")};
KIND(record_message_kind);

void
record_message(struct record *r, const struct task_message *m)
{
	record_begin(r, &record_message_kind);
	record_int(r, m->id);
	record_int(r, m->at);
	record_text(r, m->text);
}
