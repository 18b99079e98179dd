#include <string.h>

#include "forward_internal.h"
#include "utf8.h"

#define ESCAPE 4 /* bytes of \xNN */

void
forward_text(struct buf *out, const char *text, size_t max, const char *escaped)
{
	size_t left = text == NULL ? 0 : strlen(text), len, used = 0, more;
	uint32_t point;
	bool marked;

	for (; left > 0; text += len, left -= len, used += more) {
		len = utf8_next(text, left, &point);
		marked = len == 1 && strchr(escaped, *text) != NULL;
		if (len > 0 && !utf8_visible(point))
			len = 0;
		more = len == 0 ? ESCAPE : len + (marked ? 1 : 0);
		if (used + more > max)
			return;
		if (len == 0) {
			/* The backslash may itself be escaped. */
			buf_printf(out, "%sx%02x",
			    strchr(escaped, '\\') != NULL ? "\\\\" : "\\",
			    (unsigned)(uint8_t)*text);
			more += strchr(escaped, '\\') != NULL ? 1 : 0;
			len = 1;
			continue;
		}
		if (marked)
			buf_char(out, '\\');
		buf_add(out, text, len);
	}
}

void
forward_word(struct buf *out, const char *text, size_t max)
{
	size_t used = 0;

	for (; text != NULL && *text != '\0' && used < max; text++) {
		if (*text <= ' ' || *text > '~')
			continue;
		buf_char(out, *text);
		used++;
	}
	if (used == 0)
		buf_char(out, '-');
}
