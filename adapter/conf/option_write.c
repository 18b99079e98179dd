#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "option_internal.h"
#include "str.h"

#define LINE_MAX_TEXT ((size_t)1200)

/* --- as now in force --- */

static const void *
get_at(const void *base, const struct conf_option *o)
{
	return (const char *)base + o->offset;
}

/* A time as a person writes it. */
static void
span_text(int64_t seconds, char out[CLOCK_TEXT])
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{CLOCK_DAY, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	if (seconds == 0) {
		(void)snprintf(out, CLOCK_TEXT, "0");
		return;
	}
	while (seconds % units[i].seconds != 0)
		i++;
	(void)snprintf(out, CLOCK_TEXT, "%lld%c",
	    (long long)(seconds / units[i].seconds), units[i].letter);
}

void
conf_option_range(const struct conf_option *o, char out[CONF_RANGE_TEXT])
{
	char low[CLOCK_TEXT], high[CLOCK_TEXT];

	if (o->type == CONF_SPAN) {
		span_text(o->min, low);
		span_text(o->max, high);
		(void)snprintf(out, CONF_RANGE_TEXT, "%s to %s", low, high);
	} else {
		(void)snprintf(out, CONF_RANGE_TEXT, "%lld to %lld",
		    (long long)o->min, (long long)o->max);
	}
}

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
	char range[CONF_RANGE_TEXT];
	size_t i;

	buf_printf(
	    out, "(default %s", o->fallback == NULL ? "none" : o->fallback);
	if (o->type == CONF_INT || o->type == CONF_SPAN) {
		conf_option_range(o, range);
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
			(void)fprintf(out, "%s[%zu].%s = %s\n", o->key, i,
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
		(void)fprintf(out, "%-28s = %-24s # %s %s\n", o->key,
		    buf_text(&value), o->help, buf_text(&note));
	}
	buf_free(&value);
	buf_free(&note);
}

/* --- as a file with comments --- */

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
		(void)fputs(text, out);
		return;
	}
	(void)fputc('\'', out);
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			(void)fputc('\'', out);
		(void)fputc(*text, out);
	}
	(void)fputc('\'', out);
}

static void
example_items(const struct conf_option *o, const char *indent, FILE *out)
{
	const struct conf_option *item;
	size_t i;

	(void)fprintf(out, "%s#%s:\n", indent,
	    strrchr(o->key, '.') == NULL ? o->key : strrchr(o->key, '.') + 1);
	for (i = 0; i < o->items->count; i++) {
		item = &o->items->options[i];
		(void)fprintf(out, "%s#  %s %s: %s  # %s\n", indent,
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
	(void)fprintf(out, "\n%s# %s\n", indent, o->help);
	if (o->type != CONF_ITEMS)
		(void)fprintf(out, "%s# %s\n", indent, buf_text(&note));
	buf_free(&note);
	if (o->type == CONF_ITEMS) {
		example_items(o, indent, out);
		return;
	}
	(void)fprintf(out, "%s%s%s: ", indent, value == NULL ? "#" : "",
	    dot == NULL ? o->key : dot + 1);
	if (value == NULL)
		value = o->fallback == NULL ? "" : o->fallback;
	write_value(value, out);
	(void)fputc('\n', out);
}

void
conf_option_example(const struct conf_table *t,
    const struct conf_setting *settings, size_t count, FILE *out)
{
	const char *value, *dot, *section = "";
	const struct conf_option *o;
	size_t i, j;

	(void)fputs(t->title, out);
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
			(void)fprintf(
			    out, "\n%.*s:\n", (int)(dot - o->key), section);
		}
		example_option(o, value, out);
	}
}
