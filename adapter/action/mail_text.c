/* A message with its attachment, as RFC 5322 and MIME have it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "mail_text_internal.h"
#include "mem.h"
#include "str.h"

#define LINE_BYTES 57 /* 76 characters of base64 */

/* RFC 2047: in words that are short enough, each whole characters of UTF-8. */
static void
add_header_text(struct buf *out, const char *text)
{
	size_t len = strlen(text), n;

	while (len > 0) {
		n = len < 42 ? len : 42;
		while (
		    n < len && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
		if (n == 0)
			n = len < 42 ? len : 42;
		buf_str(out, "=?UTF-8?B?");
		str_base64(out, (const uint8_t *)text, n);
		buf_str(out, n < len ? "?=\r\n " : "?=");
		text += n;
		len -= n;
	}
	buf_str(out, "\r\n");
}

static void
add_base64(struct buf *out, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	size_t n;

	while (len > 0) {
		n = len < LINE_BYTES ? len : LINE_BYTES;
		str_base64(out, at, n);
		buf_str(out, "\r\n");
		at += n;
		len -= n;
	}
}

static void
add_date(struct buf *out, int64_t at)
{
	static const char *const days[] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t when = (time_t)at;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL)
		return;
	buf_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], 1900 + tm.tm_year,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static const char *
type_of(const char *name)
{
	const char *end = strrchr(name, '.');

	if (str_eq(end, ".html"))
		return "text/html; charset=UTF-8";
	return str_eq(end, ".json") ? "application/json"
				    : "text/csv; charset=UTF-8";
}

static void
add_part(struct buf *out, const char *type, const char *name, const void *bytes,
    size_t len)
{
	buf_printf(out, "--" MAIL_BOUNDARY "\r\nContent-Type: %s\r\n", type);
	if (name != NULL)
		buf_printf(out,
		    "Content-Disposition: attachment; filename=\"%s\"\r\n",
		    name);
	buf_str(out, "Content-Transfer-Encoding: base64\r\n\r\n");
	add_base64(out, bytes, len);
}

void
mail_text_write(struct buf *out, const struct mail_text *m)
{
	size_t i;

	buf_printf(out, "From: <%s>\r\nTo: ", m->from);
	for (i = 0; m->to[i] != NULL; i++)
		buf_printf(out, "%s<%s>", i == 0 ? "" : ",\r\n ", m->to[i]);
	buf_str(out, "\r\nSubject: ");
	add_header_text(out, m->subject);
	add_date(out, m->at);
	buf_printf(out,
	    "Message-ID: <%s>\r\nMIME-Version: 1.0\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "Content-Type: multipart/mixed; boundary=\"" MAIL_BOUNDARY
	    "\"\r\n\r\n",
	    m->id);
	add_part(
	    out, "text/plain; charset=UTF-8", NULL, m->text, strlen(m->text));
	if (m->file != NULL)
		add_part(out, type_of(m->file_name), m->file_name,
		    m->file->data, m->file->len);
	buf_str(out, "--" MAIL_BOUNDARY "--\r\n");
}

int
mail_addresses(const char *list, char **ret, size_t room, struct err *err)
{
	size_t count = 0, len;

	while (*list != '\0') {
		list += strspn(list, " ,\n\t");
		len = strcspn(list, " ,\n\t");
		if (len == 0)
			break;
		if (count + 1 == room)
			return err_set(err, ERR_LIMIT,
			    "to: more than %zu addresses", room - 1);
		ret[count++] = mem_dup_len(list, len);
		list += len;
		if (strchr(ret[count - 1], '@') == NULL ||
		    strpbrk(ret[count - 1], "<>\"\r;\\") != NULL)
			return err_set(err, ERR_INVALID,
			    "to: wanted plain addresses, with commas between");
	}
	return count > 0 ? 0 : err_set(err, ERR_INVALID, "to: no address");
}
