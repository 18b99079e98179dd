#include "option_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "err.h"
#include "mem.h"
#include "str.h"
#include "yaml_internal.h"

#define LINE_MAX_TEXT 1200

/* --- members of the struct behind a table --- */

static char **
text_at(void *base, const struct conf_option *o)
{
	void *at = (char *)base + o->offset;

	return at;
}

static int64_t *
int_at(void *base, const struct conf_option *o)
{
	void *at = (char *)base + o->offset;

	return at;
}

static bool *
bool_at(void *base, const struct conf_option *o)
{
	void *at = (char *)base + o->offset;

	return at;
}

static size_t *
count_at(void *base, const struct conf_option *o)
{
	void *at = (char *)base + o->count_offset;

	return at;
}

static void **
items_at(void *base, const struct conf_option *o)
{
	void *at = (char *)base + o->offset;

	return at;
}

/* --- setting one option --- */

static int
set_bool(void *base, const struct conf_option *o, const struct conf_node *n,
    struct err *err)
{
	static const char *const yes[] = {"true", "yes", "on", NULL};
	static const char *const no[] = {"false", "no", "off", NULL};
	size_t i;

	for (i = 0; yes[i] != NULL; i++) {
		if (!str_ieq(n->text, yes[i]) && !str_ieq(n->text, no[i]))
			continue;
		*bool_at(base, o) = str_ieq(n->text, yes[i]);
		return 0;
	}
	return conf_yaml_error(
	    err, &n->mark, "%s: must be true or false", o->key);
}

static int
set_int(void *base, const struct conf_option *o, const struct conf_node *n,
    struct err *err)
{
	char range[CONF_RANGE_TEXT];
	int64_t value;

	conf_option_range(o, range);
	if (o->type == CONF_SPAN) {
		if (clock_parse_span(n->text, &value) != 0)
			return conf_yaml_error(err, &n->mark,
			    "%s: must be a time such as 90s, 15m, 36h or 30d",
			    o->key);
		if (value < o->min || value > o->max)
			return conf_yaml_error(
			    err, &n->mark, "%s: must be %s", o->key, range);
	} else if (str_int(n->text, o->min, o->max, &value) != 0) {
		return conf_yaml_error(
		    err, &n->mark, "%s: must be a number, %s", o->key, range);
	}
	*int_at(base, o) = value;
	return 0;
}

static int
set_word(void *base, const struct conf_option *o, const struct conf_node *n,
    struct err *err)
{
	struct buf list;
	size_t i;

	for (i = 0; o->words[i] != NULL; i++) {
		if (!str_eq(o->words[i], n->text))
			continue;
		mem_replace(text_at(base, o), n->text);
		return 0;
	}
	buf_init(&list, CONF_MAX_TEXT);
	for (i = 0; o->words[i] != NULL; i++)
		buf_printf(&list, "%s\"%s\"", i == 0 ? "" : ", ", o->words[i]);
	conf_yaml_error(
	    err, &n->mark, "%s: must be one of %s", o->key, buf_text(&list));
	buf_free(&list);
	return -1;
}

static int
set_text(void *base, const struct conf_option *o, const struct conf_node *n,
    const char *folder, struct err *err)
{
	const char *complaint = NULL;
	char *path;

	if (n->text[0] == '\0') { /* '' takes an earlier value back */
		mem_replace(text_at(base, o), NULL);
		return 0;
	}
	if (o->type == CONF_PATH && n->text[0] != '/' && folder != NULL) {
		path = mem_printf("%s/%s", folder, n->text);
		free(*text_at(base, o));
		*text_at(base, o) = path;
		return 0;
	}
	if (o->check != NULL)
		complaint = o->check(n->text);
	if (complaint != NULL)
		return conf_yaml_error(
		    err, &n->mark, "%s: %s", o->key, complaint);
	mem_replace(text_at(base, o), n->text);
	return 0;
}

static int
set_scalar(void *base, const struct conf_option *o, const struct conf_node *n,
    const char *folder, struct err *err)
{
	if (n->kind != CONF_SCALAR)
		return conf_yaml_error(
		    err, &n->mark, "%s: must be a single value", o->key);
	if (n->text[0] == '\0' && !n->quoted)
		return conf_yaml_error(
		    err, &n->mark, "%s: has no value", o->key);
	if (strlen(n->text) > CONF_MAX_TEXT)
		return conf_yaml_error(err, &n->mark,
		    "%s: longer than %d characters", o->key, CONF_MAX_TEXT);
	switch (o->type) {
	case CONF_BOOL:
		return set_bool(base, o, n, err);
	case CONF_INT:
	case CONF_SPAN:
		return set_int(base, o, n, err);
	case CONF_WORD:
		return set_word(base, o, n, err);
	case CONF_TEXT:
	case CONF_PATH:
	case CONF_ITEMS:
		break;
	}
	return set_text(base, o, n, folder, err);
}

static void
free_items(void *base, const struct conf_option *o)
{
	char *items = *items_at(base, o);
	size_t i, count = *count_at(base, o);

	for (i = 0; i < count; i++)
		conf_option_free(o->items, items + i * o->items->size);
	free(items);
	*items_at(base, o) = NULL;
	*count_at(base, o) = 0;
}

/* A list replaces an earlier one as a whole. */
static int
set_items(void *base, const struct conf_option *o, const struct conf_node *n,
    const char *folder, struct err *err)
{
	const struct conf_node *item;
	size_t count = 0;
	char *items;

	if (n->kind != CONF_LIST)
		return conf_yaml_error(err, &n->mark,
		    "%s: must be a list (lines beginning with \"- \")", o->key);
	for (item = n->child; item != NULL; item = item->next)
		count++;
	if (count > CONF_MAX_ITEMS)
		return conf_yaml_error(err, &n->mark,
		    "%s: more than %d entries", o->key, CONF_MAX_ITEMS);
	free_items(base, o);
	if (count == 0)
		return 0;
	items = mem_array(count, o->items->size);
	*items_at(base, o) = items;
	for (item = n->child; item != NULL; item = item->next) {
		conf_option_defaults(o->items, items, folder);
		*count_at(base, o) += 1;
		if (item->kind != CONF_MAP)
			return conf_yaml_error(err, &item->mark,
			    "%s: an entry must be \"key: value\" lines",
			    o->key);
		if (conf_option_apply(o->items, items, item, folder, err) != 0)
			return -1;
		items += o->items->size;
	}
	return 0;
}

/* --- finding options --- */

static const struct conf_option *
find_option(const struct conf_table *t, const char *key)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (str_eq(t->options[i].key, key))
			return &t->options[i];
	return NULL;
}

static bool
is_section(const struct conf_table *t, const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < t->count; i++)
		if (strncmp(t->options[i].key, name, len) == 0 &&
		    t->options[i].key[len] == '.')
			return true;
	return false;
}

static int
unknown(const struct conf_table *t, const char *section,
    const struct conf_node *n, struct err *err)
{
	char near[CONF_MAX_KEY];
	char *shown = conf_yaml_shown(n->key);
	const char *guess = conf_option_near(t, section, n->key, near);
	const char *dot = section == NULL ? "" : ".";

	if (section == NULL)
		section = "";
	if (guess != NULL)
		conf_yaml_error(err, &n->key_mark,
		    "%s%s%s: unknown key (did you mean \"%s\"?)", section, dot,
		    shown, guess);
	else
		conf_yaml_error(err, &n->key_mark, "%s%s%s: unknown key",
		    section, dot, shown);
	free(shown);
	return -1;
}

/* --- the tree --- */

static int
apply_one(const struct conf_table *t, void *base, const char *section,
    const struct conf_node *n, const char *folder, struct err *err)
{
	const struct conf_option *o;
	char key[CONF_MAX_KEY];

	if (section == NULL)
		(void)snprintf(key, sizeof(key), "%s", n->key);
	else
		(void)snprintf(key, sizeof(key), "%s.%s", section, n->key);
	o = strchr(n->key, '.') == NULL ? find_option(t, key) : NULL;
	if (o == NULL)
		return unknown(t, section, n, err);
	if (o->type == CONF_ITEMS)
		return set_items(base, o, n, folder, err);
	return set_scalar(base, o, n, folder, err);
}

static int
apply_section(const struct conf_table *t, void *base, const struct conf_node *n,
    const char *folder, struct err *err)
{
	const struct conf_node *child;

	if (n->kind == CONF_SCALAR && n->text[0] == '\0' && !n->quoted)
		return 0; /* "run:" with everything below it a comment */
	if (n->kind != CONF_MAP)
		return conf_yaml_error(err, &n->mark,
		    "%s: must be a section (indented \"key: value\" lines)",
		    n->key);
	for (child = n->child; child != NULL; child = child->next)
		if (apply_one(t, base, n->key, child, folder, err) != 0)
			return -1;
	return 0;
}

int
conf_option_apply(const struct conf_table *t, void *base,
    const struct conf_node *root, const char *folder, struct err *err)
{
	const struct conf_node *n;
	int rc;

	for (n = root->child; n != NULL; n = n->next) {
		if (is_section(t, n->key))
			rc = apply_section(t, base, n, folder, err);
		else
			rc = apply_one(t, base, NULL, n, folder, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

void
conf_option_defaults(const struct conf_table *t, void *base, const char *folder)
{
	struct conf_node n = {.kind = CONF_SCALAR};
	const struct conf_option *o;
	struct err err = {0};
	char text[CONF_MAX_TEXT];
	size_t i;
	int rc;

	for (i = 0; i < t->count; i++) {
		o = &t->options[i];
		if (o->fallback == NULL || o->type == CONF_ITEMS)
			continue;
		(void)snprintf(text, sizeof(text), "%s", o->fallback);
		n.text = text;
		rc = set_scalar(base, o, &n, folder, &err);
		assert(rc == 0); /* a default that breaks its own rule */
		(void)rc;
	}
}

void
conf_option_free(const struct conf_table *t, void *base)
{
	const struct conf_option *o;
	size_t i;

	for (i = 0; i < t->count; i++) {
		o = &t->options[i];
		if (o->type == CONF_ITEMS)
			free_items(base, o);
		else if (o->type == CONF_TEXT || o->type == CONF_PATH ||
		    o->type == CONF_WORD)
			mem_replace(text_at(base, o), NULL);
	}
}

int
conf_option_error(const struct conf_node *roots, const char *key,
    const char *file, struct err *err, const char *fmt, ...)
{
	const struct conf_node *found = conf_option_node(roots, key);
	char text[LINE_MAX_TEXT];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (found != NULL)
		return conf_yaml_error(
		    err, &found->key_mark, "%s: %s", key, text);
	return err_set(err, ERR_INVALID, "%s: %s: %s", file, key, text);
}
