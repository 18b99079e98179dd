/* RFC 5424: one event is one message. */
#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "forward_internal.h"
#include "str.h"

/* 32473 is the enterprise number that IANA keeps for examples (RFC 5612): this
 * project has none of its own, and SD-IDs must have one. */
#define SD_ID "amtkeeper@32473"
#define PARAM_MAX 1024
#define BOM "\xef\xbb\xbf"

static void
add_param(struct buf *out, const char *name, const char *value)
{
	if (str_empty(value))
		return;
	buf_printf(out, " %s=\"", name);
	forward_text(out, value, PARAM_MAX, "\\\"]");
	buf_char(out, '"');
}

static void
add_header(struct buf *out, const struct forward_origin *o, unsigned facility,
    const struct forward_event *e)
{
	char at[CLOCK_TEXT];

	buf_printf(out, "<%u>1 %s ", facility * 8 + (unsigned)e->severity,
	    e->event->at == 0 ? "-" : clock_text(e->event->at, at));
	forward_word(out, o->host, 255);
	buf_printf(out, " amtkeeper %ld ", o->pid);
	forward_word(out, e->event->kind, 32);
}

static void
add_data(struct buf *out, const struct forward_event *e)
{
	buf_printf(out, " [" SD_ID " id=\"%" PRId64 "\" class=\"%u\"",
	    e->event->id, e->kind->class);
	add_param(out, "kind", e->event->kind);
	add_param(out, "device", e->event->name);
	add_param(out, "actor", e->event->actor);
	add_param(out, "task", e->play);
	add_param(out, "step", e->step);
	add_param(out, "outcome", e->outcome);
	add_param(out, "error", e->error);
	buf_char(out, ']');
}

static void
add_message(struct buf *out, const struct forward_event *e, size_t max)
{
	size_t room;

	buf_printf(out, " " BOM "%s", e->kind->title);
	if (!str_empty(e->event->name)) {
		buf_str(out, ": ");
		forward_text(out, e->event->name, PARAM_MAX, "");
	}
	buf_char(out, ' ');
	room = max > out->len ? max - out->len : 0;
	forward_text(out, e->event->detail, room, "");
}

/* At most so many bytes, and no part of a character at the end. */
static void
cut(struct buf *b, size_t max)
{
	if (b->len <= max)
		return;
	while (max > 0 && (b->data[max] & 0xc0) == 0x80)
		max--;
	b->len = max;
	b->data[max] = '\0';
}

void
forward_syslog(struct buf *out, const struct forward_origin *o,
    const struct forward_syslog *how, const struct forward_event *e)
{
	struct buf cef;

	add_header(out, o, how->facility, e);
	if (how->cef) {
		buf_init(&cef, FORWARD_BODY_MAX);
		forward_cef(&cef, e);
		buf_str(out, " - ");
		cut(&cef, how->max - out->len);
		buf_add(out, cef.data, cef.len);
		buf_free(&cef);
		return;
	}
	add_data(out, e);
	add_message(out, e, how->max);
	cut(out, how->max);
}
