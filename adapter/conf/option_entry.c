#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "option_internal.h"
#include "yaml_internal.h"

#define VALUE_MAX 2400
#define NOTE_MAX 400
#define KEY_TEXT (2 * CONF_MAX_KEY)

/*
 * Every option as now in force, one after another, and where it was set.
 */
const struct conf_node *
conf_option_node(const struct conf_node *roots, const char *key)
{
	const struct conf_node *root, *n, *found = NULL;
	const char *dot = strchr(key, '.');
	char section[CONF_MAX_KEY];
	size_t len = strcspn(key, ".");

	assert(len < sizeof(section));
	memcpy(section, key, len);
	section[len] = '\0';
	for (root = roots; root != NULL; root = root->next) {
		n = conf_yaml_child(root, section);
		if (n != NULL && dot != NULL)
			n = conf_yaml_child(n, dot + 1);
		if (n != NULL)
			found = n;
	}
	return found;
}

static const void *
get_at(const void *base, const struct conf_option *o)
{
	return (const char *)base + o->offset;
}

/* False when it is not set. */
static bool
value_text(const void *base, const struct conf_option *o, struct buf *out)
{
	char span[CLOCK_TEXT];
	const char *const *text;
	const int64_t *number;
	const bool *flag;

	if (o->type == CONF_BOOL) {
		flag = get_at(base, o);
		buf_str(out, *flag ? "true" : "false");
	} else if (o->type == CONF_SPAN) {
		number = get_at(base, o);
		conf_option_span(*number, span);
		buf_str(out, span);
	} else if (o->type == CONF_INT) {
		number = get_at(base, o);
		buf_printf(out, "%lld", (long long)*number);
	} else if (o->type == CONF_ITEMS) {
		return false;
	} else {
		text = get_at(base, o);
		if (*text == NULL)
			return false;
		buf_str(out, *text);
	}
	return true;
}

struct entries {
	conf_entry_fn *fn;
	void *cookie;
};

/* node: where it was set, or NULL. */
static void
tell(const struct entries *e, const char *key, const struct conf_option *o,
    const void *base, const struct conf_node *node)
{
	struct conf_entry entry = {
	    .key = key, .help = o->help, .path = o->type == CONF_PATH};
	struct buf value, note;

	buf_init(&value, VALUE_MAX);
	buf_init(&note, NOTE_MAX);
	if (o->type == CONF_ITEMS)
		buf_str(&note, "a list");
	else
		conf_option_note(o, &note);
	if (value_text(base, o, &value))
		entry.value = buf_text(&value);
	entry.note = buf_text(&note);
	if (node != NULL) {
		entry.file = node->key_mark.file;
		entry.line = node->key_mark.line;
	}
	e->fn(e->cookie, &entry);
	buf_free(&value);
	buf_free(&note);
}

static void
tell_items(const struct entries *e, const struct conf_option *o,
    const void *base, const struct conf_node *list)
{
	const void *const *items = get_at(base, o);
	const void *at = (const char *)base + o->count_offset;
	const struct conf_node *item = list == NULL ? NULL : list->child;
	const struct conf_option *sub;
	const size_t *count = at;
	char key[KEY_TEXT];
	size_t i, j;

	for (i = 0; i < *count; i++) {
		at = (const char *)*items + i * o->items->size;
		for (j = 0; j < o->items->count; j++) {
			sub = &o->items->options[j];
			(void)snprintf(key, sizeof(key), "%s[%zu].%s", o->key,
			    i, sub->key);
			tell(e, key, sub, at,
			    item == NULL ? NULL
					 : conf_yaml_child(item, sub->key));
		}
		item = item == NULL ? NULL : item->next;
	}
	if (*count == 0)
		tell(e, o->key, o, base, list);
}

void
conf_option_entries(const struct conf_table *t, const void *base,
    const struct conf_node *roots, conf_entry_fn *fn, void *cookie)
{
	const struct entries e = {.fn = fn, .cookie = cookie};
	const struct conf_option *o;
	size_t i;

	for (i = 0; i < t->count; i++) {
		o = &t->options[i];
		if (o->type == CONF_ITEMS)
			tell_items(
			    &e, o, base, conf_option_node(roots, o->key));
		else
			tell(&e, o->key, o, base,
			    conf_option_node(roots, o->key));
	}
}
