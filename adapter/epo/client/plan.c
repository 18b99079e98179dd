/* What should be at the console, and what differs. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "pull_internal.h"
#include "str.h"
#include "sync_internal.h"

/* As the column LastErrorMessage of our own tables begins (store/relation.c):
 * nothing could be said to the device. */
#define FAILED "Failed to enforce policy: "
static const char communication[] =
    "offline name-resolution credentials-rejected credentials-missing "
    "identity-mismatch client-certificate-wanted protocol-error";

/* --- reasons --- */

/* Is the word in the list, parted by this? */
static bool
is_in(const char *list, char part, const char *word, size_t len)
{
	const char *end;

	while (list != NULL && *list != '\0') {
		end = strchr(list, part);
		if (end == NULL)
			end = list + strlen(list);
		if ((size_t)(end - list) == len && memcmp(list, word, len) == 0)
			return true;
		list = *end == '\0' ? end : end + 1;
	}
	return false;
}

bool
epo_has_code(const struct upstream_published *p, const char *codes)
{
	size_t len;

	for (; *codes != '\0'; codes += len) {
		codes += strspn(codes, " ");
		len = strcspn(codes, " ");
		if (len > 0 &&
		    (is_in(p->reasons, ',', codes, len) ||
			is_in(p->error_code, ',', codes, len)))
			return true;
	}
	return false;
}

/* Without what differs from device to device, or from day to day: systems with
 * the same text are one command, and one that stays is none. */
void
epo_shown(const struct upstream_published *p, char out[EPO_SHOWN_MAX])
{
	const char *code = p->error_code, *reasons = p->reasons;
	bool failed =
	    !str_empty(code) && is_in(communication, ' ', code, strlen(code));
	const char *part = "";
	struct buf text;
	size_t len;

	buf_init(&text, EPO_SHOWN_MAX - 1);
	buf_str(&text, failed ? FAILED : "AMT: ");
	if (!str_empty(code)) {
		buf_str(&text, code);
		part = ", ";
	}
	for (; !str_empty(reasons); reasons += len + (reasons[len] == ',')) {
		len = strcspn(reasons, ",");
		if (is_in(code, ',', reasons, len))
			continue;
		buf_printf(&text, "%s%.*s", part, (int)len, reasons);
		part = ", ";
	}
	if (str_empty(code) && str_empty(p->reasons))
		buf_str(&text, "ok");
	if (p->device == 0 ||
	    (p->read_at == 0 && str_empty(code) && str_empty(p->reasons)))
		buf_reset(&text);
	memcpy(out, buf_text(&text), text.len + 1);
	buf_free(&text);
}

/* --- lists --- */

static struct epo_list *
list_of(struct epo_sync *y, enum epo_change change, const char *word)
{
	struct epo_list *l;
	size_t i;

	for (i = 0; i < y->list_count; i++)
		if (y->lists[i].change == change &&
		    str_eq(y->lists[i].word, word))
			return &y->lists[i];
	if (y->list_count == EPO_LISTS_MAX)
		return NULL;
	if (y->lists == NULL)
		y->lists = mem_array(EPO_LISTS_MAX, sizeof(*y->lists));
	l = &y->lists[y->list_count++];
	l->change = change;
	l->word = mem_dup(word);
	l->batch = EPO_BATCH_MAX;
	return l;
}

static void
add(struct epo_sync *y, enum epo_change change, const char *word,
    const struct upstream_published *p)
{
	struct epo_list *l = list_of(y, change, word);

	if (l == NULL)
		return;
	if (l->count == l->room) {
		l->room = (l->room + 8) * 2;
		l->items = mem_grow(l->items, l->room, sizeof(*l->items));
	}
	l->items[l->count++] = (struct epo_item){p->link, p->remote};
}

void
epo_lists_free(struct epo_sync *y)
{
	size_t i;

	for (i = 0; i < y->list_count; i++) {
		free(y->lists[i].word);
		free(y->lists[i].items);
	}
	free(y->lists);
	y->lists = NULL;
	y->list_count = 0;
}

/* --- the difference --- */

static enum upstream_sure
state_of(const struct upstream_published *p, const char *tag)
{
	size_t i;

	for (i = 0; i < p->tag_count; i++)
		if (str_ieq(p->tags[i].name, tag))
			return p->tags[i].state;
	return UPSTREAM_OFF;
}

static void
plan_rule(struct epo_sync *y, const struct epo_rule *rule,
    const struct upstream_published *p)
{
	bool wanted = p->device != 0 && epo_has_code(p, rule->codes);
	enum upstream_sure state = state_of(p, rule->tag);

	if (state == (wanted ? UPSTREAM_ON : UPSTREAM_OFF))
		return;
	if (y->tags_there != NULL && !epo_has_tag(y->tags_there, rule->tag)) {
		epo_remark(y,
		    "the server has no tag %s: make it in its Tag Catalog",
		    rule->tag);
		return;
	}
	add(y, wanted ? EPO_TAG_ON : EPO_TAG_OFF, rule->tag, p);
}

/* One that is no longer configured is taken back. */
static void
plan_old(
    struct epo_sync *y, const char *tag, const struct upstream_published *p)
{
	size_t i;

	for (i = 0; i < y->conf->rule_count; i++)
		if (str_ieq(y->conf->rules[i].tag, tag))
			return;
	add(y, EPO_TAG_OFF, tag, p);
}

static void
plan_text(struct epo_sync *y, const struct upstream_published *p)
{
	char wanted[EPO_SHOWN_MAX];
	const char *there = p->text == NULL ? "" : p->text;

	epo_shown(p, wanted);
	if (p->text_state == UPSTREAM_UNSURE || !str_eq(there, wanted))
		add(y, EPO_TEXT, wanted, p);
}

void
epo_plan(struct epo_sync *y, const struct upstream_published *p)
{
	size_t i;

	if (p->gone)
		return;
	for (i = 0; i < y->conf->rule_count; i++)
		plan_rule(y, &y->conf->rules[i], p);
	for (i = 0; i < p->tag_count; i++)
		plan_old(y, p->tags[i].name, p);
	if (y->conf->field != 0)
		plan_text(y, p);
}
