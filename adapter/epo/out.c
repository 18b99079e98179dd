/* The four outputs. */
#include "out_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "escape_internal.h"

#define FRAME_OK "OK:\r\n"
#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
#define ISO_TEXT 40

static bool
is_text(const struct out *o)
{
	return o->form == REMOTE_TERSE || o->form == REMOTE_VERBOSE;
}

void
out_begin(struct out *o, struct buf *buf, enum remote_output form)
{
	*o = (struct out){.buf = buf, .form = form};
	buf_str(buf, FRAME_OK);
	if (form == REMOTE_XML)
		buf_str(buf, XML_HEAD "<result>");
}

void
out_end(struct out *o)
{
	if (o->form == REMOTE_XML)
		buf_str(o->buf, "</result>");
	if (!is_text(o))
		buf_str(o->buf, "\r\n");
}

void
out_failure(struct buf *buf, enum remote_code code, const char *text)
{
	buf_reset(buf);
	buf_printf(buf, "Error %d :\r\n", (int)code);
	escape_line(buf, text);
	buf_str(buf, "\r\n");
}

/* --- values --- */

static void
value_text(struct out *o, const char *text)
{
	if (text == NULL && o->form == REMOTE_JSON)
		buf_str(o->buf, "null");
	else if (o->form == REMOTE_JSON)
		escape_json(o->buf, text);
	else if (o->form == REMOTE_XML)
		escape_xml(o->buf, text != NULL ? text : "");
	else
		escape_line(o->buf, text != NULL ? text : "");
}

void
out_scalar(struct out *o, const char *text)
{
	if (is_text(o))
		buf_str(o->buf, text); /* may be lines */
	else
		value_text(o, text);
	if (is_text(o))
		buf_str(o->buf, "\r\n");
}

static void
scalar_raw(struct out *o, const char *word)
{
	buf_str(o->buf, word);
	if (is_text(o))
		buf_str(o->buf, "\r\n");
}

void
out_scalar_int(struct out *o, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	scalar_raw(o, text);
}

void
out_scalar_bool(struct out *o, bool value)
{
	scalar_raw(o, value ? "true" : "false");
}

/* --- lists --- */

void
out_list(struct out *o, bool wrapped)
{
	o->listed = true;
	o->wrapped = wrapped;
	o->entries = 0;
	if (o->form == REMOTE_JSON)
		buf_char(o->buf, '[');
	else if (o->form == REMOTE_XML)
		buf_str(o->buf, "<list>");
}

void
out_list_end(struct out *o)
{
	o->listed = false;
	if (o->form == REMOTE_JSON)
		buf_char(o->buf, ']');
	else if (o->form == REMOTE_XML)
		buf_str(o->buf, "</list>");
}

void
out_item(struct out *o, const char *text)
{
	if (o->form == REMOTE_JSON && o->entries > 0)
		buf_char(o->buf, ',');
	o->entries++;
	if (o->form == REMOTE_XML)
		buf_str(o->buf, "<element>");
	if (is_text(o))
		buf_str(o->buf, text);
	else
		value_text(o, text);
	if (o->form == REMOTE_XML)
		buf_str(o->buf, "</element>");
	else if (is_text(o))
		buf_str(o->buf, "\r\n");
}

/* --- rows --- */

void
out_row(struct out *o, const char *name)
{
	o->row = name;
	o->fields = 0;
	if (o->form == REMOTE_JSON)
		buf_str(o->buf, o->entries > 0 ? ",{" : "{");
	else if (o->form == REMOTE_XML)
		buf_printf(o->buf, "%s<%s>",
		    o->listed && o->wrapped ? "<element>" : "", name);
	else if (o->entries > 0)
		buf_str(o->buf, "\r\n");
	o->entries++;
}

void
out_row_end(struct out *o)
{
	if (o->form == REMOTE_JSON)
		buf_char(o->buf, '}');
	else if (o->form == REMOTE_XML)
		buf_printf(o->buf, "</%s>%s", o->row,
		    o->listed && o->wrapped ? "</element>" : "");
}

const char *
out_bare(const char *name)
{
	const char *dot = strchr(name, '(') == NULL ? strrchr(name, '.') : NULL;

	return dot != NULL ? dot + 1 : name;
}

/* Before a value; false when the output leaves it out. */
static bool
field_begin(struct out *o, const char *name, bool known)
{
	switch (o->form) {
	case REMOTE_JSON:
		if (o->fields > 0)
			buf_char(o->buf, ',');
		escape_json(o->buf, name);
		buf_char(o->buf, ':');
		break;
	case REMOTE_XML:
		buf_char(o->buf, '<');
		escape_xml_name(o->buf, name);
		buf_char(o->buf, '>');
		break;
	case REMOTE_TERSE:
		if (!known)
			return false;
		buf_printf(o->buf, "%s: ", o->whole ? name : out_bare(name));
		break;
	case REMOTE_VERBOSE:
		buf_printf(o->buf, "%s: ", name);
		break;
	}
	o->fields++;
	return true;
}

static void
field_end(struct out *o, const char *name)
{
	if (is_text(o))
		buf_str(o->buf, "\r\n");
	if (o->form != REMOTE_XML)
		return;
	buf_str(o->buf, "</");
	escape_xml_name(o->buf, name);
	buf_char(o->buf, '>');
}

void
out_text(struct out *o, const char *name, const char *text)
{
	if (!field_begin(o, name, text != NULL))
		return;
	value_text(o, text);
	field_end(o, name);
}

void
out_block(struct out *o, const char *name, const char *text)
{
	if (!field_begin(o, name, true))
		return;
	if (is_text(o))
		buf_printf(o->buf, "\r\n%s", text);
	else
		value_text(o, text);
	field_end(o, name);
}

void
out_int(struct out *o, const char *name, int64_t number)
{
	(void)field_begin(o, name, true);
	buf_printf(o->buf, "%" PRId64, number);
	field_end(o, name);
}

void
out_bool(struct out *o, const char *name, bool value)
{
	(void)field_begin(o, name, true);
	buf_str(o->buf, value ? "true" : "false");
	field_end(o, name);
}

/* strftime() has the offset without its colon. */
static bool
iso_text(int64_t at, char out[ISO_TEXT])
{
	time_t when = (time_t)at;
	struct tm tm;
	size_t len;

	if (localtime_r(&when, &tm) == NULL)
		return false;
	len = strftime(out, ISO_TEXT - 1, "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (len < 2)
		return false;
	memmove(out + len - 1, out + len - 2, 3);
	out[len - 2] = ':';
	return true;
}

void
out_time(struct out *o, const char *name, int64_t at)
{
	char text[ISO_TEXT];

	out_text(o, name, at != 0 && iso_text(at, text) ? text : NULL);
}
