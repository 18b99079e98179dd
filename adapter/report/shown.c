#include "shown.h"

#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "buf.h"
#include "str.h"
#include "utf8.h"

#define ESCAPE_MAX 12 /* of a character, in any form */

/* --- locales --- */

/* The process stays in the "C" locale: names, numbers and words of protocols
 * must not depend on a user's. */
bool
shown_utf8(void)
{
	locale_t theirs = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (theirs == (locale_t)0)
		return false;
	utf8 = str_ieq(nl_langinfo_l(CODESET, theirs), "UTF-8");
	freelocale(theirs);
	return utf8;
}

/* Columns of a character, -1 for one that no terminal may know. */
static int
columns_of(uint32_t point)
{
	static locale_t unicode;
	locale_t before;
	int columns;

	if (point < 0x80)
		return 1;
	if (unicode == (locale_t)0)
		unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (unicode == (locale_t)0)
		return -1;
	before = uselocale(unicode);
	columns = wcwidth((wchar_t)point);
	(void)uselocale(before);
	return columns;
}

/* --- escapes --- */

static void
add_bytes(struct buf *out, const char *text, size_t len, const char *form)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf_printf(out, "%s%02X", form, (unsigned)(uint8_t)text[i]);
}

static void
add_json(struct buf *out, uint32_t point)
{
	if (point > 0xffff) {
		point -= 0x10000;
		buf_printf(out, "\\u%04x", 0xd800 + (unsigned)(point >> 10));
		point = 0xdc00 + (point & 0x3ff);
	}
	buf_printf(out, "\\u%04x", (unsigned)point);
}

/* len bytes are a character, or none: 0, and one byte is escaped. */
static void
add_escape(struct buf *out, const char *text, size_t len, uint32_t point,
    enum shown form)
{
	if (len == 0)
		add_bytes(out, text, 1, form == SHOWN_JSON ? "\\\\x" : "\\x");
	else if (form == SHOWN_JSON)
		add_json(out, point);
	else if (form == SHOWN_XML)
		buf_printf(out, "&#x%x;", (unsigned)point);
	else
		add_bytes(out, text, len, "\\x");
}

static bool
stays(uint32_t point, enum shown form, bool utf8)
{
	if (point == '\n' || point == '\t')
		return form != SHOWN_CELL;
	if (point >= 0x80 && !utf8)
		return false;
	if (!utf8_visible(point))
		return false;
	/* A program knows what a terminal may not. */
	return (form != SHOWN_CELL && form != SHOWN_LINES) ||
	    columns_of(point) >= 0;
}

/* Bytes at the beginning that need no look. */
static size_t
plain(const char *text, size_t len)
{
	size_t at;

	for (at = 0; at < len && text[at] >= ' ' && text[at] <= '~'; at++)
		;
	return at;
}

void
shown_add(
    struct buf *out, const char *text, size_t max, enum shown form, bool utf8)
{
	size_t left = strlen(text), start = out->len, room, len;
	uint32_t point = 0;

	while (left > 0) {
		room = max - (out->len - start < max ? out->len - start : max);
		if (room == 0) {
			buf_str(out, "...");
			return;
		}
		len = plain(text, left < room ? left : room);
		if (len == 0)
			len = utf8_next(text, left, &point);
		else
			point = ' ';
		if (len > 0 && stays(point, form, utf8))
			buf_add(out, text, len);
		else
			add_escape(out, text, len, point, form);
		len = len == 0 ? 1 : len;
		text += len;
		left -= len;
	}
}

void
shown_put(FILE *out, const char *text, enum shown form)
{
	bool always = form != SHOWN_CELL && form != SHOWN_LINES;
	struct buf b;

	buf_init(&b, strlen(text) * ESCAPE_MAX + 1);
	shown_add(&b, text, SIZE_MAX, form, always || shown_utf8());
	(void)fputs(buf_text(&b), out);
	buf_free(&b);
}

/* --- columns --- */

size_t
shown_fit(const char *cell, size_t width, size_t *ret_columns)
{
	size_t left = strlen(cell), at = 0, columns = 0, len;
	uint32_t point = 0;
	int more;

	for (; left > 0; left -= len, at += len) {
		len = utf8_next(cell + at, left, &point);
		more = len == 0 ? 1 : columns_of(point);
		len = len == 0 ? 1 : len;
		if (more > 0 && (size_t)more > width - columns)
			break;
		columns += more > 0 ? (size_t)more : 0;
	}
	*ret_columns = columns;
	return at;
}

size_t
shown_width(const char *cell)
{
	size_t columns;

	(void)shown_fit(cell, SIZE_MAX, &columns);
	return columns;
}
