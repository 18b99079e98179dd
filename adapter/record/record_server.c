/* Server tasks: trees of actions, and what became of each. */
#include "access.h"
#include "action.h"
#include "buf.h"
#include "columns.h"
#include "err.h"
#include "mem.h"
#include "records.h"
#include "server_task.h"

#define WORDS_MAX 8192

/* All actions in words; given. */
static char *
words_of(const char *actions)
{
	struct buf words;
	char *text;

	buf_init(&words, WORDS_MAX);
	action_tree_words(actions, &words);
	text = mem_dup(buf_text(&words));
	buf_free(&words);
	return text;
}

static const struct report_column record_server_kind_columns[] = {INT("id"),
    TEXT("name"), TEXT("description"), TEXT("owner"), BOOL("enabled"),
    BOOL("overlap"), TEXT("schedule"), TIME("next_due"), TIME("last_at"),
    INT("last_run"), TIME("created_at"), TIME("changed_at"), TEXT("does"),
    TEXT("actions")};
KIND(record_server_kind);

void
record_server(struct record *r, const struct server_task *t)
{
	record_begin(r, &record_server_kind);
	record_int(r, t->id);
	record_text(r, t->name);
	record_text(r, t->note);
	record_text(r, t->owner);
	record_int(r, t->enabled);
	record_int(r, t->overlap);
	record_text(r, t->schedule);
	record_int(r, t->enabled ? t->next_due : 0);
	record_int(r, t->last_at);
	record_int(r, t->last_run);
	record_int(r, t->created_at);
	record_int(r, t->changed_at);
	record_given(r, words_of(t->actions));
	record_text(r, t->actions);
}

static const struct report_column record_action_kind_columns[] = {INT("action"),
    INT("under"), TEXT("does"), TEXT("state"), INT("rows"), INT("changed"),
    INT("attempts"), INT("run"), TEXT("message")};
KIND(record_action_kind);

void
record_action(struct record *r, const struct server_action *a)
{
	record_begin(r, &record_action_kind);
	record_int(r, a->at + 1);
	record_int(r, a->parent + 1);
	record_given(r, action_words(a));
	record_text(r, server_state_name(a->state));
	record_int(r, a->rows);
	record_int(r, a->changed);
	record_int(r, a->attempts);
	record_int(r, a->subtask);
	record_text(r, a->message);
}

static const struct report_column record_flow_kind_columns[] = {INT("action"),
    INT("under"), TEXT("does"), INT("rows"), BOOL("runnable"), LIST("rights")};
KIND(record_flow_kind);

void
record_flow(struct record *r, const struct server_action *a, int64_t rows,
    const struct conf *conf)
{
	struct err why;

	record_begin(r, &record_flow_kind);
	record_int(r, a->at + 1);
	record_int(r, a->parent + 1);
	record_given(r, action_words(a));
	record_int(r, rows);
	record_int(r,
	    action_kind_find(a->kind) != ACTION_FOREIGN &&
		action_lacks(a, conf, &why) == 0);
	record_given(r, access_rights_text(action_rights(a)));
}

static const struct report_column record_sort_kind_columns[] = {
    TEXT("name"), TEXT("does"), LIST("rights")};
KIND(record_sort_kind);

void
record_sort(struct record *r, int number)
{
	const enum action_kind kind = (enum action_kind)number;
	struct server_action a = {.kind = mem_dup(action_kind_name(kind))};

	record_begin(r, &record_sort_kind);
	record_text(r, action_kind_name(kind));
	record_text(r, action_kind_help(kind));
	record_given(r, access_rights_text(action_rights(&a)));
	mem_replace(&a.kind, NULL);
}
