#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "mem.h"
#include "report.h"
#include "shown.h"
#include "str.h"

char *
report_cell_text(enum report_type type, const struct report_cell *cell)
{
	char at[CLOCK_TEXT];

	if (cell->nothing)
		return NULL;
	switch (type) {
	case REPORT_INT:
		return mem_printf("%lld", (long long)cell->number);
	case REPORT_BOOL:
		return mem_dup(cell->number != 0 ? "yes" : "no");
	case REPORT_TIME:
		return cell->number == 0
		    ? NULL
		    : mem_dup(clock_text(cell->number, at));
	case REPORT_STRING:
	case REPORT_LIST:
		break;
	}
	return mem_dup(cell->text);
}

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
json_cell(enum report_type type, const struct report_cell *cell)
{
	struct json_object *value;
	char *text;

	if (cell->nothing)
		return NULL;
	switch (type) {
	case REPORT_INT:
		return json_object_new_int64(cell->number);
	case REPORT_BOOL:
		return json_object_new_boolean(cell->number != 0);
	case REPORT_LIST:
		return json_list(cell->text);
	case REPORT_STRING:
	case REPORT_TIME:
		break;
	}
	text = report_cell_text(type, cell);
	value = json_text(text);
	free(text);
	return value;
}

void
report_json_row(FILE *out, const struct report_column *columns,
    const struct report_cell *cells, size_t count)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < count; i++)
		json_object_object_add(object, columns[i].name,
		    json_cell(columns[i].type, &cells[i]));
	/* json-c passes bytes through, and one that is no UTF-8 would make all
	 * of it unreadable. */
	shown_put(out,
	    json_object_to_json_string_ext(object,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    SHOWN_JSON);
	json_object_put(object);
}

/* --- CSV --- */

/* What a spreadsheet would run; some take the wide forms for the same. */
static bool
begins_formula(const char *text)
{
	static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b",
	    "\xef\xbc\x8d", "\xef\xbc\xa0"}; /* = + - @ */
	size_t i;

	if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
		return true;
	for (i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (str_starts(text, wide[i]))
			return true;
	return false;
}

static void
csv_field(const char *text, bool ours, FILE *out)
{
	bool formula = !ours && begins_formula(text);
	struct buf quoted;

	if (!formula && strpbrk(text, "\",\r\n") == NULL && text[0] != ' ') {
		shown_put(out, text, SHOWN_CSV);
		return;
	}
	buf_init(&quoted, 2 * strlen(text) + 3);
	buf_str(&quoted, formula ? "\"'" : "\"");
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
report_csv_head(FILE *out, const struct report_column *columns, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (i > 0)
			(void)fputc(',', out);
		csv_field(columns[i].name, true, out);
	}
	(void)fputs("\r\n", out);
}

void
report_csv_row(FILE *out, const struct report_column *columns,
    const struct report_cell *cells, size_t count)
{
	enum report_type type;
	size_t i;
	char *text;

	for (i = 0; i < count; i++) {
		if (i > 0)
			(void)fputc(',', out);
		type = columns[i].type;
		text = report_cell_text(type, &cells[i]);
		if (text != NULL)
			csv_field(text,
			    type != REPORT_STRING && type != REPORT_LIST, out);
		free(text);
	}
	(void)fputs("\r\n", out);
}
