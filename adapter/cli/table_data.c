#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "shown_internal.h"
#include "str.h"
#include "table_parts_internal.h"

/* --- JSON --- */

static struct json_object *
json_text(const char *text)
{
	return text == NULL ? NULL : json_object_new_string(text);
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

	if (cell->nothing)
		return NULL;
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
	/* json-c passes bytes through, and one that is no UTF-8 would make all
	 * of it unreadable. */
	shown_put(t->out,
	    json_object_to_json_string_ext(object,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    SHOWN_JSON);
	if (t->stream)
		(void)fputc('\n', t->out);
	json_object_put(object);
}

/* --- CSV --- */

static void
write_csv_field(const char *text, FILE *out)
{
	struct buf quoted;

	if (text == NULL)
		return;
	if (strpbrk(text, "\",\r\n") == NULL && text[0] != ' ') {
		shown_put(out, text, SHOWN_CSV);
		return;
	}
	buf_init(&quoted, 2 * strlen(text) + 2);
	buf_char(&quoted, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_char(&quoted, '"');
		buf_char(&quoted, *text);
	}
	buf_char(&quoted, '"');
	shown_put(out, buf_text(&quoted), SHOWN_CSV);
	buf_free(&quoted);
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
