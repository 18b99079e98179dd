#include "table_internal.h"

#include <assert.h>
#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "mem.h"
#include "str.h"

/* A cell longer than this is cut in a table; JSON and CSV have all of it. */
#define TABLE_MAX_SHOWN 200
#define TABLE_MAX_CELL ((size_t)64 * 1024)
#define GAP 2

struct cell {
	char *text; /* NULL: nothing known */
	int64_t value;
};

struct table {
	enum table_format format;
	const struct table_column *columns;
	size_t count;
	FILE *out;
	bool blocks, colour;
	struct cell *row; /* being filled */
	size_t filled;
	size_t rows;
	char **held; /* shown texts of a table, row by row */
	size_t held_room;
};

struct table *
table_new(enum table_format format, const struct table_column *columns,
    size_t count, FILE *out)
{
	struct table *t = mem_alloc(sizeof(*t));

	t->format = format;
	t->columns = columns;
	t->count = count;
	t->out = out;
	t->row = mem_array(count, sizeof(*t->row));
	return t;
}

void
table_set_blocks(struct table *t)
{
	t->blocks = true;
}

void
table_set_colour(struct table *t)
{
	t->colour = true;
}

size_t
table_rows(const struct table *t)
{
	return t->rows;
}

void
table_text(struct table *t, const char *text)
{
	assert(t->filled < t->count);
	assert(t->columns[t->filled].type == TABLE_STRING ||
	    t->columns[t->filled].type == TABLE_LIST);
	t->row[t->filled++].text = mem_dup(text);
}

void
table_int(struct table *t, int64_t value)
{
	assert(t->filled < t->count);
	assert(t->columns[t->filled].type != TABLE_STRING &&
	    t->columns[t->filled].type != TABLE_LIST);
	t->row[t->filled++].value = value;
}

/* --- cells as text --- */

/* Given; NULL when there is nothing to say. */
static char *
cell_text(const struct table_column *column, const struct cell *cell)
{
	char at[CLOCK_TEXT];

	switch (column->type) {
	case TABLE_INT:
		return mem_printf("%lld", (long long)cell->value);
	case TABLE_BOOL:
		return mem_dup(cell->value != 0 ? "yes" : "no");
	case TABLE_TIME:
		return cell->value == 0 ? NULL
					: mem_dup(clock_text(cell->value, at));
	case TABLE_STRING:
	case TABLE_LIST:
		break;
	}
	return mem_dup(cell->text);
}

/* Peers' texts may hold anything; a terminal must not obey it. */
static char *
cell_shown(const struct table_column *column, const struct cell *cell)
{
	char *text = cell_text(column, cell), *shown;
	struct buf b;

	buf_init(&b, TABLE_MAX_SHOWN * 5);
	if (str_empty(text))
		buf_char(&b, '-');
	else
		str_printable(&b, text, strlen(text), TABLE_MAX_SHOWN);
	shown = mem_dup(buf_text(&b));
	buf_free(&b);
	free(text);
	return shown;
}

/* --- JSON --- */

/* json-c passes bytes through; a text that is not UTF-8 would make the whole
 * output unreadable. */
static bool
is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned more, first;

	while (*at != '\0') {
		first = *at++;
		if (first < 0x80)
			continue;
		if (first < 0xc2 || first > 0xf4)
			return false;
		more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		/* overlong, surrogate and too large second bytes */
		if ((first == 0xe0 && *at < 0xa0) ||
		    (first == 0xed && *at > 0x9f) ||
		    (first == 0xf0 && *at < 0x90) ||
		    (first == 0xf4 && *at > 0x8f))
			return false;
		for (; more > 0; more--)
			if ((*at++ & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static struct json_object *
json_text(const char *text)
{
	struct json_object *value;
	struct buf b;

	if (text == NULL)
		return NULL;
	if (is_utf8(text))
		return json_object_new_string(text);
	buf_init(&b, TABLE_MAX_CELL * 4);
	str_printable(&b, text, strlen(text), TABLE_MAX_CELL);
	value = json_object_new_string(buf_text(&b));
	buf_free(&b);
	return value;
}

static struct json_object *
json_list(const char *text)
{
	struct json_object *list = json_object_new_array();
	size_t len;
	char *word;

	while (!str_empty(text)) {
		len = strcspn(text, ",");
		word = mem_dup_len(text, len);
		json_object_array_add(list, json_text(word));
		free(word);
		text += len;
		text += *text == ',' ? 1 : 0;
	}
	return list;
}

static struct json_object *
json_cell(const struct table_column *column, const struct cell *cell)
{
	struct json_object *value;
	char *text;

	switch (column->type) {
	case TABLE_INT:
		return json_object_new_int64(cell->value);
	case TABLE_BOOL:
		return json_object_new_boolean(cell->value != 0);
	case TABLE_LIST:
		return json_list(cell->text);
	case TABLE_STRING:
	case TABLE_TIME:
		break;
	}
	text = cell_text(column, cell);
	value = json_text(text);
	free(text);
	return value;
}

static void
write_json(struct table *t)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < t->count; i++)
		json_object_object_add(object, t->columns[i].name,
		    json_cell(&t->columns[i], &t->row[i]));
	(void)fprintf(t->out, "%s%s", t->rows == 0 ? "[\n" : ",\n",
	    json_object_to_json_string_ext(object,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/* --- CSV --- */

static void
write_csv_field(const char *text, FILE *out)
{
	if (text == NULL)
		return;
	if (strpbrk(text, "\",\r\n") == NULL && text[0] != ' ') {
		(void)fputs(text, out);
		return;
	}
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			(void)fputc('"', out);
		(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

static void
write_csv_head(const struct table *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (i > 0)
			(void)fputc(',', t->out);
		write_csv_field(t->columns[i].name, t->out);
	}
	(void)fputs("\r\n", t->out);
}

static void
write_csv(struct table *t)
{
	size_t i;
	char *text;

	if (t->rows == 0)
		write_csv_head(t);
	for (i = 0; i < t->count; i++) {
		if (i > 0)
			(void)fputc(',', t->out);
		text = cell_text(&t->columns[i], &t->row[i]);
		write_csv_field(text, t->out);
		free(text);
	}
	(void)fputs("\r\n", t->out);
}

/* --- table --- */

static void
hold(struct table *t)
{
	size_t i, used = t->rows * t->count;

	if (used + t->count > t->held_room) {
		t->held_room = (t->held_room + t->count) * 2;
		t->held = mem_grow(t->held, t->held_room, sizeof(*t->held));
	}
	for (i = 0; i < t->count; i++)
		t->held[used + i] = cell_shown(&t->columns[i], &t->row[i]);
}

static void
write_upper(const char *name, int width, FILE *out)
{
	int len = (int)strlen(name);

	for (; *name != '\0'; name++)
		(void)fputc(toupper((unsigned char)*name), out);
	for (; len < width; len++)
		(void)fputc(' ', out);
}

static bool
is_number(const struct table *t, size_t column)
{
	return t->columns[column].type == TABLE_INT;
}

static size_t *
widths_of(const struct table *t)
{
	size_t *widths = mem_array(t->count, sizeof(*widths));
	size_t i, len;

	for (i = 0; i < t->count; i++)
		widths[i] = strlen(t->columns[i].name);
	for (i = 0; i < t->rows * t->count; i++) {
		len = strlen(t->held[i]);
		if (len > widths[i % t->count])
			widths[i % t->count] = len;
	}
	return widths;
}

static void
write_table(const struct table *t)
{
	size_t *widths = widths_of(t);
	size_t i, column;
	int width;

	if (t->colour && t->rows > 0)
		(void)fputs("\033[1m", t->out);
	for (i = 0; i < t->count && t->rows > 0; i++)
		write_upper(t->columns[i].name,
		    i + 1 < t->count ? (int)widths[i] + GAP : 0, t->out);
	if (t->colour && t->rows > 0)
		(void)fputs("\033[0m", t->out);
	for (i = 0; i < t->rows * t->count; i++) {
		column = i % t->count;
		width = (int)widths[column];
		if (column == 0)
			(void)fputc('\n', t->out);
		if (is_number(t, column))
			(void)fprintf(t->out, "%*s", width, t->held[i]);
		else if (column + 1 < t->count)
			(void)fprintf(t->out, "%-*s", width, t->held[i]);
		else
			(void)fputs(t->held[i], t->out);
		if (column + 1 < t->count)
			(void)fprintf(t->out, "%*s", GAP, "");
	}
	if (t->rows > 0)
		(void)fputc('\n', t->out);
	free(widths);
}

static void
write_blocks(const struct table *t)
{
	size_t i, column, width = 0;

	for (i = 0; i < t->count; i++)
		if (strlen(t->columns[i].name) > width)
			width = strlen(t->columns[i].name);
	for (i = 0; i < t->rows * t->count; i++) {
		column = i % t->count;
		if (column == 0 && i > 0)
			(void)fputc('\n', t->out);
		(void)fprintf(t->out, "%-*s%s\n", (int)width + GAP,
		    t->columns[column].name, t->held[i]);
	}
}

/* --- rows --- */

void
table_row(struct table *t)
{
	size_t i;

	assert(t->filled == t->count);
	if (t->format == TABLE_JSON)
		write_json(t);
	else if (t->format == TABLE_CSV)
		write_csv(t);
	else
		hold(t);
	for (i = 0; i < t->count; i++) {
		free(t->row[i].text);
		t->row[i].text = NULL;
	}
	t->filled = 0;
	t->rows++;
}

int
table_end(struct table *t)
{
	size_t i;
	int rc;

	assert(t->filled == 0);
	if (t->format == TABLE_JSON)
		(void)fputs(t->rows == 0 ? "[]\n" : "\n]\n", t->out);
	else if (t->format == TABLE_CSV && t->rows == 0)
		write_csv_head(t);
	else if (t->format == TABLE_TEXT && t->blocks)
		write_blocks(t);
	else if (t->format == TABLE_TEXT)
		write_table(t);
	rc = fflush(t->out) == 0 && !ferror(t->out) ? 0 : -1;
	if (t->format == TABLE_TEXT)
		for (i = 0; i < t->rows * t->count; i++)
			free(t->held[i]);
	free(t->held);
	free(t->row);
	free(t);
	return rc;
}
