/* Client tasks, and what they can do. */
#include "buf.h"
#include "catalog.h"
#include "columns.h"
#include "mem.h"
#include "plan.h"
#include "records.h"
#include "task.h"

#define WORDS_MAX 512
#define ALIASES_MAX 4096

/* Settings in words; given. */
static char *
words_of(const struct task *t)
{
	struct catalog_settings s;
	struct buf words;
	char *text;

	buf_init(&words, WORDS_MAX);
	if (catalog_parse(t->type, t->settings, &s, NULL) == 0)
		catalog_words(&s, &words);
	else
		buf_str(&words, t->settings);
	text = mem_dup(buf_text(&words));
	buf_free(&words);
	return text;
}

static const struct report_column record_task_kind_columns[] = {INT("id"),
    TEXT("name"), TEXT("type"), TEXT("does"), TEXT("description"),
    TEXT("settings"), TIME("created_at"), TIME("changed_at")};
KIND(record_task_kind);

void
record_task(struct record *r, const struct task *t)
{
	record_begin(r, &record_task_kind);
	record_int(r, t->id);
	record_text(r, t->name);
	record_text(r, t->type);
	record_given(r, words_of(t));
	record_text(r, t->note);
	record_text(r, t->settings);
	record_int(r, t->created_at);
	record_int(r, t->changed_at);
}

static const struct report_column record_type_kind_columns[] = {
    TEXT("name"), BOOL("box"), TEXT("summary"), LIST("aliases")};
KIND(record_type_kind);

void
record_type(struct record *r, const struct play *play)
{
	const char *const *alias;
	struct buf list;

	buf_init(&list, ALIASES_MAX);
	for (alias = play->aliases; *alias != NULL; alias++)
		buf_printf(&list, "%s%s", list.len == 0 ? "" : ",", *alias);
	record_begin(r, &record_type_kind);
	record_text(r, play->name);
	record_int(r, play_part_find(play->name) != 0);
	record_text(r, play->summary);
	record_given(r, mem_dup(buf_text(&list)));
	buf_free(&list);
}
