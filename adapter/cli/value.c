/* Values of options: may they be, and what they say. */
#include <stdlib.h>

#include "buf.h"
#include "cli_internal.h"
#include "clock.h"
#include "mem.h"
#include "str.h"

#define WORDS_MAX 512

static bool
is_word(const struct cli_option *o, const char *text)
{
	size_t i;

	for (i = 0; o->words[i] != NULL; i++)
		if (str_eq(o->words[i], text))
			return true;
	return false;
}

/* "--output must be one of table, json, csv"; given. */
static char *
words_of(const struct cli_option *o)
{
	struct buf text;
	char *words;
	size_t i;

	buf_init(&text, WORDS_MAX);
	buf_printf(&text, "--%s must be one of", o->name);
	for (i = 0; o->words[i] != NULL; i++)
		buf_printf(&text, "%s %s", i == 0 ? "" : ",", o->words[i]);
	words = mem_dup(buf_text(&text));
	buf_free(&text);
	return words;
}

/* "2h" ago, "2026-11-24" or "2026-11-24T10:00:00Z" as unix seconds. */
static int
parse_since(const char *text, int64_t *ret_at)
{
	int64_t span;
	char *day;
	int rc;

	if (clock_parse_span(text, &span) == 0) {
		*ret_at = clock_now() - span;
		return 0;
	}
	if (clock_parse(text, ret_at) == 0)
		return 0;
	day = mem_printf("%sT00:00:00Z", text);
	rc = clock_parse(day, ret_at);
	free(day);
	return rc;
}

int
cli_check_value(
    const struct cli *c, const struct cli_option *o, const char *text)
{
	char *wrong = NULL;
	int64_t value;

	if (o->kind == CLI_COUNT && str_int(text, 1, INT32_MAX, &value) != 0)
		wrong = mem_printf("--%s must be a number from 1", o->name);
	if (o->kind == CLI_SPAN && clock_parse_span(text, &value) != 0)
		wrong = mem_printf(
		    "--%s must be a time such as 90s, 15m or 30d", o->name);
	if (o->kind == CLI_SINCE && parse_since(text, &value) != 0)
		wrong = mem_printf("--%s must be a time such as 2h, 7d, "
				   "2026-11-24 or 2026-11-24T10:00:00Z",
		    o->name);
	if (o->kind == CLI_WORD && !is_word(o, text))
		wrong = words_of(o);
	if (wrong == NULL)
		return CODE_OK;
	(void)cli_complain_usage(c, wrong, text);
	free(wrong);
	return CODE_USAGE;
}

bool
cli_flag(const struct cli *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->value_count; i++)
		if (str_eq(c->values[i].option->name, name))
			return true;
	return false;
}

const char *
cli_text(const struct cli *c, const char *name)
{
	const char *text = NULL;
	size_t i;

	for (i = 0; i < c->value_count; i++)
		if (str_eq(c->values[i].option->name, name))
			text = c->values[i].text;
	return text;
}

int64_t
cli_count(const struct cli *c, const char *name, int64_t fallback)
{
	const char *text = cli_text(c, name);

	if (text != NULL)
		(void)str_int(text, 1, INT32_MAX, &fallback);
	return fallback;
}

int64_t
cli_span(const struct cli *c, const char *name, int64_t fallback)
{
	const char *text = cli_text(c, name);

	if (text != NULL)
		(void)clock_parse_span(text, &fallback);
	return fallback;
}

int64_t
cli_since(const struct cli *c, const char *name, int64_t fallback)
{
	const char *text = cli_text(c, name);

	if (text != NULL)
		(void)parse_since(text, &fallback);
	return fallback;
}

const char *
cli_each(const struct cli *c, const char *name, size_t i)
{
	size_t at;

	for (at = 0; at < c->value_count; at++)
		if (str_eq(c->values[at].option->name, name) && i-- == 0)
			return c->values[at].text;
	return NULL;
}
