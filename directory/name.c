#include <string.h>
#include <time.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "str.h"

#define TIME_DIGITS 14 /* YYYYMMDDHHMMSS */

void
directory_escape_filter(struct buf *out, const char *text)
{
	const char *p;

	for (p = text; *p != '\0'; p++) {
		if (strchr("*()\\", *p) != NULL)
			buf_printf(out, "\\%02x", (unsigned)(unsigned char)*p);
		else
			buf_char(out, *p);
	}
}

void
directory_escape_rdn(struct buf *out, const char *text)
{
	size_t i, len = strlen(text);

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool edge = (i == 0 && (c == '#' || c == ' ')) ||
		    (i == len - 1 && c == ' ');

		if (c < ' ' || c == 127)
			buf_printf(out, "\\%02X", (unsigned)c);
		else if (edge || strchr(",+\"\\<>;=", c) != NULL)
			buf_printf(out, "\\%c", c);
		else
			buf_char(out, (char)c);
	}
}

const char *
directory_parent(const char *dn)
{
	for (; *dn != '\0' && *dn != ','; dn++)
		if (dn[0] == '\\' && dn[1] != '\0')
			dn++;
	return *dn == ',' ? dn + 1 : dn;
}

/* The next count digits as a number. */
static int
take_digits(const char **text, int count)
{
	int value = 0;

	for (; count > 0; count--)
		value = value * 10 + (*(*text)++ - '0');
	return value;
}

int
directory_parse_time(const char *text, int64_t *ret)
{
	struct tm tm;

	if (strspn(text, "0123456789") != TIME_DIGITS)
		return -1;
	memset(&tm, 0, sizeof(tm));
	tm.tm_year = take_digits(&text, 4) - 1900;
	tm.tm_mon = take_digits(&text, 2) - 1;
	tm.tm_mday = take_digits(&text, 2);
	tm.tm_hour = take_digits(&text, 2);
	tm.tm_min = take_digits(&text, 2);
	tm.tm_sec = take_digits(&text, 2);
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (!str_eq(text, "Z"))
		return -1;
	*ret = timegm(&tm);
	return 0;
}
