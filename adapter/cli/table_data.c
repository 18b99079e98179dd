#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "str.h"
#include "table_parts_internal.h"

#define CELL_MAX ((size_t)64 * 1024)

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
	buf_init(&b, CELL_MAX * 4);
	str_printable(&b, text, strlen(text), CELL_MAX);
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
json_cell(const struct table_column *column, const struct table_cell *cell)
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
	text = table_cell_text(column, cell);
	value = json_text(text);
	free(text);
	return value;
}

void
table_json_row(struct table *t)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < t->count; i++)
		json_object_object_add(object, t->columns[i].name,
		    json_cell(&t->columns[i], &t->row[i]));
	if (!t->stream)
		(void)fputs(t->rows == 0 ? "[\n" : ",\n", t->out);
	(void)fputs(
	    json_object_to_json_string_ext(object,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    t->out);
	if (t->stream)
		(void)fputc('\n', t->out);
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

void
table_csv_head(const struct table *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (i > 0)
			(void)fputc(',', t->out);
		write_csv_field(t->columns[i].name, t->out);
	}
	(void)fputs("\r\n", t->out);
}

void
table_csv_row(const struct table *t)
{
	size_t i;
	char *text;

	if (t->rows == 0)
		table_csv_head(t);
	for (i = 0; i < t->count; i++) {
		if (i > 0)
			(void)fputc(',', t->out);
		text = table_cell_text(&t->columns[i], &t->row[i]);
		write_csv_field(text, t->out);
		free(text);
	}
	(void)fputs("\r\n", t->out);
}
