#include "option_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "err.h"
#include "mem.h"
#include "str.h"
#include "yaml_internal.h"

#define KEY_MAX 64
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

static const void *
get_at(const void *base, const struct conf_option *o)
{
	return (const char *)base + o->offset;
}

/* --- times as a person writes them --- */

static void
span_text(int64_t seconds, char out[CLOCK_TEXT])
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{CLOCK_DAY, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	if (seconds == 0) {
		snprintf(out, CLOCK_TEXT, "0");
		return;
	}
	while (seconds % units[i].seconds != 0)
		i++;
	snprintf(out, CLOCK_TEXT, "%lld%c",
	    (long long)(seconds / units[i].seconds), units[i].letter);
}

static void
range_text(const struct conf_option *o, char *out, size_t size)
{
	char low[CLOCK_TEXT], high[CLOCK_TEXT];

	if (o->type == CONF_SPAN) {
		span_text(o->min, low);
		span_text(o->max, high);
		snprintf(out, size, "%s to %s", low, high);
	} else {
		snprintf(out, size, "%lld to %lld", (long long)o->min,
		    (long long)o->max);
	}
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
	char range[2 * CLOCK_TEXT + 8];
	int64_t value;

	range_text(o, range, sizeof(range));
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

#define WORD_MAX 32

/* Edits that turn a into b (Levenshtein); big for long words. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], i, j, left, corner, best;
	size_t len = strlen(b);

	if (strlen(a) > WORD_MAX || len > WORD_MAX)
		return WORD_MAX;
	for (j = 0; j <= len; j++)
		row[j] = j;
	for (i = 0; a[i] != '\0'; i++) {
		corner = row[0];
		row[0] = i + 1;
		for (j = 0; j < len; j++) {
			left = row[j];
			best = corner + (a[i] == b[j] ? 0 : 1);
			corner = row[j + 1];
			best = corner + 1 < best ? corner + 1 : best;
			row[j + 1] = left + 1 < best ? left + 1 : best;
		}
	}
	return row[len];
}

/* The name in this section, or the name of a section, closest to word. */
static const char *
closest(const struct conf_table *t, const char *section, const char *word,
    char out[KEY_MAX])
{
	size_t i, d, skip, best = 3, len;
	char candidate[KEY_MAX];
	const char *name;

	skip = section == NULL ? 0 : strlen(section) + 1;
	for (i = 0; i < t->count; i++) {
		if (section != NULL &&
		    (strncmp(t->options[i].key, section, skip - 1) != 0 ||
			t->options[i].key[skip - 1] != '.'))
			continue;
		name = t->options[i].key + skip;
		len = strcspn(name, ".");
		assert(len < KEY_MAX);
		memcpy(candidate, name, len);
		candidate[len] = '\0';
		d = distance(word, candidate);
		if (d >= best)
			continue;
		best = d;
		memcpy(out, candidate, len + 1);
	}
	return best < 3 ? out : NULL;
}

static int
unknown(const struct conf_table *t, const char *section,
    const struct conf_node *n, struct err *err)
{
	char near[KEY_MAX];
	char *shown = conf_yaml_shown(n->key);
	const char *guess = closest(t, section, n->key, near);
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
	char key[KEY_MAX];

	if (section == NULL)
		snprintf(key, sizeof(key), "%s", n->key);
	else
		snprintf(key, sizeof(key), "%s.%s", section, n->key);
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
		snprintf(text, sizeof(text), "%s", o->fallback);
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
	const struct conf_node *root, *n, *found = NULL;
	char section[KEY_MAX], text[LINE_MAX_TEXT];
	const char *dot = strchr(key, '.');
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	len = strcspn(key, ".");
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
	if (found != NULL)
		return conf_yaml_error(
		    err, &found->key_mark, "%s: %s", key, text);
	return err_set(err, ERR_INVALID, "%s: %s: %s", file, key, text);
}

/* --- writing --- */

static void
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
		span_text(*number, span);
		buf_str(out, span);
	} else if (o->type == CONF_INT) {
		number = get_at(base, o);
		buf_printf(out, "%lld", (long long)*number);
	} else if (o->type != CONF_ITEMS) {
		text = get_at(base, o);
		buf_str(out, *text == NULL ? "-" : *text);
	}
}

/* "(default 64, 1 to 4000)", as much of it as the row knows. */
static void
note_text(const struct conf_option *o, struct buf *out)
{
	char range[2 * CLOCK_TEXT + 8];
	size_t i;

	buf_printf(
	    out, "(default %s", o->fallback == NULL ? "none" : o->fallback);
	if (o->type == CONF_INT || o->type == CONF_SPAN) {
		range_text(o, range, sizeof(range));
		buf_printf(out, ", %s", range);
	}
	if (o->type == CONF_WORD) {
		buf_str(out, "; one of");
		for (i = 0; o->words[i] != NULL; i++)
			buf_printf(out, " %s", o->words[i]);
	}
	buf_char(out, ')');
}

static void
show_items(const struct conf_option *o, const void *base, FILE *out)
{
	const void *const *items = get_at(base, o);
	const void *at = (const char *)base + o->count_offset;
	const size_t *count = at;
	size_t i, j;
	struct buf line;

	buf_init(&line, LINE_MAX_TEXT * 2);
	for (i = 0; i < *count; i++) {
		for (j = 0; j < o->items->count; j++) {
			buf_reset(&line);
			value_text((const char *)*items + i * o->items->size,
			    &o->items->options[j], &line);
			fprintf(out, "%s[%zu].%s = %s\n", o->key, i,
			    o->items->options[j].key, buf_text(&line));
		}
	}
	buf_free(&line);
}

void
conf_option_show(const struct conf_table *t, const void *base, FILE *out)
{
	const struct conf_option *o;
	struct buf value, note;
	size_t i;

	buf_init(&value, LINE_MAX_TEXT * 2);
	buf_init(&note, LINE_MAX_TEXT);
	for (i = 0; i < t->count; i++) {
		o = &t->options[i];
		if (o->type == CONF_ITEMS) {
			show_items(o, base, out);
			continue;
		}
		buf_reset(&value);
		buf_reset(&note);
		value_text(base, o, &value);
		note_text(o, &note);
		fprintf(out, "%-28s = %-24s # %s %s\n", o->key,
		    buf_text(&value), o->help, buf_text(&note));
	}
	buf_free(&value);
	buf_free(&note);
}

static bool
is_plain(const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789/._@$=%+-";

	return text[0] != '\0' && strspn(text, safe) == strlen(text) &&
	    strchr("@%-=", text[0]) == NULL;
}

static void
write_value(const char *text, FILE *out)
{
	if (is_plain(text)) {
		fputs(text, out);
		return;
	}
	fputc('\'', out);
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

static void
example_items(const struct conf_option *o, const char *indent, FILE *out)
{
	const struct conf_option *item;
	size_t i;

	fprintf(out, "%s#%s:\n", indent,
	    strrchr(o->key, '.') == NULL ? o->key : strrchr(o->key, '.') + 1);
	for (i = 0; i < o->items->count; i++) {
		item = &o->items->options[i];
		fprintf(out, "%s#  %s %s: %s  # %s\n", indent,
		    i == 0 ? "-" : " ", item->key,
		    item->fallback == NULL ? "..." : item->fallback,
		    item->help);
	}
}

static void
example_option(const struct conf_option *o, const char *value, FILE *out)
{
	const char *dot = strchr(o->key, '.');
	const char *indent = dot == NULL ? "" : "  ";
	struct buf note;

	buf_init(&note, LINE_MAX_TEXT);
	note_text(o, &note);
	fprintf(out, "\n%s# %s\n", indent, o->help);
	if (o->type != CONF_ITEMS)
		fprintf(out, "%s# %s\n", indent, buf_text(&note));
	buf_free(&note);
	if (o->type == CONF_ITEMS) {
		example_items(o, indent, out);
		return;
	}
	fprintf(out, "%s%s%s: ", indent, value == NULL ? "#" : "",
	    dot == NULL ? o->key : dot + 1);
	if (value == NULL)
		value = o->fallback == NULL ? "" : o->fallback;
	write_value(value, out);
	fputc('\n', out);
}

void
conf_option_example(const struct conf_table *t,
    const struct conf_setting *settings, size_t count, FILE *out)
{
	const char *value, *dot, *section = "";
	const struct conf_option *o;
	size_t i, j;

	fputs(t->title, out);
	for (i = 0; i < t->count; i++) {
		o = &t->options[i];
		value = NULL;
		for (j = 0; j < count; j++)
			if (str_eq(settings[j].key, o->key))
				value = settings[j].value;
		dot = strchr(o->key, '.');
		if (dot != NULL &&
		    (strncmp(section, o->key, (size_t)(dot - o->key) + 1) !=
			0)) {
			section = o->key;
			fprintf(out, "\n%.*s:\n", (int)(dot - o->key), section);
		}
		example_option(o, value, out);
	}
}
