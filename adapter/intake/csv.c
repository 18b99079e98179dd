#include "csv.h"

#include <string.h>

#include "err.h"

int
csv_open(struct csv *csv, char *bytes, size_t len, struct err *err)
{
	if (len > CSV_MAX_BYTES)
		return err_set(
		    err, ERR_LIMIT, "longer than %zu bytes", CSV_MAX_BYTES);
	if (memchr(bytes, '\0', len) != NULL)
		return err_set(err, ERR_INVALID,
		    "has a NUL byte: no CSV in UTF-8 (saved as UTF-16?)");
	csv->at = bytes;
	csv->end = bytes + len;
	csv->line = 1;
	if (len >= BOM_LEN && memcmp(bytes, BOM, BOM_LEN) == 0)
		csv->at += BOM_LEN;
	return 0;
}

/* Past the end of the line at csv->at; false at the end of the bytes. */
static bool
end_line(struct csv *csv)
{
	if (csv->at < csv->end && *csv->at == '\r')
		csv->at++;
	if (csv->at < csv->end && *csv->at == '\n') {
		csv->at++;
		csv->line++;
	}
	return csv->at < csv->end;
}

static void
skip_blank_lines(struct csv *csv)
{
	while (csv->at < csv->end && strchr("\r\n", *csv->at) != NULL)
		(void)end_line(csv);
}

static void
skip_line(struct csv *csv)
{
	while (csv->at < csv->end && *csv->at != '\n')
		csv->at++;
	(void)end_line(csv);
}

/* A quoted field, from its first quote to behind its last; its text is moved
 * together as doubled quotes shrink. */
static const char *
quoted(struct csv *csv, char **ret_field)
{
	char *from = csv->at + 1, *to = from;

	*ret_field = from;
	for (;; from++) {
		if (from >= csv->end) {
			csv->at = csv->end;
			return "a quote that is never closed";
		}
		if (*from == '\n')
			csv->line++;
		if (*from == '"') {
			if (from + 1 >= csv->end || from[1] != '"')
				break;
			from++;
		}
		*to++ = *from;
	}
	csv->at = from + 1;
	*to = '\0';
	if (to - *ret_field > CSV_MAX_FIELD)
		return "a field that is too long";
	if (csv->at < csv->end && strchr(",\r\n", *csv->at) == NULL)
		return "text behind a closing quote";
	return NULL;
}

static const char *
plain(struct csv *csv, char **ret_field)
{
	*ret_field = csv->at;
	csv->at += strcspn(csv->at, ",\r\n\"");
	if (*csv->at == '"')
		return "a quote inside a field that does not begin with one";
	if (csv->at - *ret_field > CSV_MAX_FIELD)
		return "a field that is too long";
	return NULL;
}

/* The field at csv->at; its terminator is put over the separator, which is
 * returned in *ret_separator (0: the end). */
static const char *
field(struct csv *csv, char **ret_field, char *ret_separator)
{
	const char *bad;

	if (*csv->at == '"')
		bad = quoted(csv, ret_field);
	else
		bad = plain(csv, ret_field);
	if (bad != NULL)
		return bad;
	*ret_separator = *csv->at;
	if (*csv->at == '\r' && csv->at[1] != '\n' && csv->at + 1 < csv->end)
		return "a carriage return inside a line";
	return NULL;
}

int
csv_next(struct csv *csv, struct csv_row *row)
{
	char separator = ',', *end;

	skip_blank_lines(csv);
	if (csv->at >= csv->end)
		return 0;
	row->line = csv->line;
	row->count = 0;
	row->bad = NULL;
	while (separator == ',') {
		if (row->count == CSV_MAX_FIELDS)
			row->bad = "too many fields";
		else
			row->bad =
			    field(csv, &row->fields[row->count], &separator);
		if (row->bad != NULL) {
			skip_line(csv);
			return 1;
		}
		row->count++;
		end = csv->at;
		if (separator == ',')
			csv->at++;
		else
			(void)end_line(csv);
		if (end < csv->end)
			*end = '\0';
	}
	return 1;
}
