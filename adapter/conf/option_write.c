#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "option_internal.h"
#include "str.h"

#define LINE_MAX_TEXT ((size_t)1200)

void
conf_option_span(int64_t seconds, char out[CLOCK_TEXT])
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
		conf_option_span(o->min, low);
		conf_option_span(o->max, high);
		(void)snprintf(out, CONF_RANGE_TEXT, "%s to %s", low, high);
	} else {
		(void)snprintf(out, CONF_RANGE_TEXT, "%lld to %lld",
		    (long long)o->min, (long long)o->max);
	}
}

void
conf_option_note(const struct conf_option *o, struct buf *out)
{
	char range[CONF_RANGE_TEXT];
	size_t i;

	buf_printf(
	    out, "default %s", o->fallback == NULL ? "none" : o->fallback);
	if (o->type == CONF_INT || o->type == CONF_SPAN) {
		conf_option_range(o, range);
		buf_printf(out, ", %s", range);
	}
	if (o->type == CONF_WORD) {
		buf_str(out, "; one of");
		for (i = 0; o->words[i] != NULL; i++)
			buf_printf(out, " %s", o->words[i]);
	}
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
	conf_option_note(o, &note);
	(void)fprintf(out, "\n%s# %s\n", indent, o->help);
	if (o->type != CONF_ITEMS)
		(void)fprintf(out, "%s# (%s)\n", indent, buf_text(&note));
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
