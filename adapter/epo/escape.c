/* Values as JSON, XML and plain text have them. */
#include <string.h>

#include "buf.h"
#include "escape_internal.h"
#include "utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, for what is no UTF-8 */

/* The colon of an "OK:" within. */
static bool
ends_ok(const char *text, size_t at)
{
	return text[at] == ':' && at >= 2 && text[at - 1] == 'K' &&
	    text[at - 2] == 'O';
}

static bool
is_plain_json(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' &&
	    c != '>' && c != '\'' && c != '/' && c != ':';
}

static void
json_char(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		buf_str(out, "\\\"");
		break;
	case '\\':
		buf_str(out, "\\\\");
		break;
	case '\r':
		buf_str(out, "\\r");
		break;
	case '\n':
		buf_str(out, "\\n");
		break;
	case '\t':
		buf_str(out, "\\t");
		break;
	default:
		buf_printf(out, "\\u%04x", (unsigned)c);
	}
}

/* Bytes beyond ASCII; how many. */
static size_t
other_char(struct buf *out, const char *text, size_t len)
{
	uint32_t point;
	size_t step = utf8_next(text, len, &point);

	if (step == 0) {
		buf_str(out, REPLACEMENT);
		return 1;
	}
	buf_add(out, text, step);
	return step;
}

void
escape_json(struct buf *out, const char *text)
{
	size_t len = strlen(text), at, from;

	buf_char(out, '"');
	for (at = 0; at < len;) {
		for (from = at;
		     at < len && is_plain_json((unsigned char)text[at]);)
			at++;
		buf_add(out, text + from, at - from);
		if (at == len)
			break;
		if ((unsigned char)text[at] >= 0x80) {
			at += other_char(out, text + at, len - at);
			continue;
		}
		if (text[at] == ':' && !ends_ok(text, at))
			buf_char(out, ':');
		else
			json_char(out, (unsigned char)text[at]);
		at++;
	}
	buf_char(out, '"');
}

static bool
is_plain_xml(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '&' && c != '<' && c != '>' &&
	    c != '"' && c != '\'' && c != ':';
}

/* XML 1.0 has no way to write most control characters. */
static void
xml_char(struct buf *out, const char *text, size_t at)
{
	char one[2] = {text[at], '\0'};

	if (text[at] == '\r' || ends_ok(text, at))
		buf_printf(out, "&#%d;", text[at]);
	else if ((unsigned char)text[at] < 0x20 && text[at] != '\n' &&
	    text[at] != '\t')
		buf_str(out, REPLACEMENT);
	else
		buf_xml(out, one);
}

/* U+FFFE and U+FFFF are characters for UTF-8 and not for XML. */
static size_t
other_xml(struct buf *out, const char *text, size_t len)
{
	uint32_t point = 0;
	size_t step = utf8_next(text, len, &point);

	if (step == 0 || point == 0xfffe || point == 0xffff) {
		buf_str(out, REPLACEMENT);
		return step == 0 ? 1 : step;
	}
	buf_add(out, text, step);
	return step;
}

void
escape_xml(struct buf *out, const char *text)
{
	size_t len = strlen(text), at, from;

	for (at = 0; at < len;) {
		for (from = at;
		     at < len && is_plain_xml((unsigned char)text[at]);)
			at++;
		buf_add(out, text + from, at - from);
		if (at == len)
			break;
		if ((unsigned char)text[at] >= 0x80)
			at += other_xml(out, text + at, len - at);
		else
			xml_char(out, text, at++);
	}
}

void
escape_xml_name(struct buf *out, const char *name)
{
	for (; *name != '\0'; name++)
		if (*name == '(')
			buf_char(out, '.');
		else if (*name != ')')
			buf_char(out, *name);
}

void
escape_line(struct buf *out, const char *text)
{
	size_t len = strlen(text), at;
	unsigned char c;

	for (at = 0; at < len;) {
		c = (unsigned char)text[at];
		if (c >= 0x80)
			at += other_char(out, text + at, len - at);
		else if (c < 0x20 || c == 0x7f) {
			buf_printf(out, "\\x%02x", (unsigned)c);
			at++;
		} else {
			buf_char(out, (char)c);
			at++;
		}
	}
}
