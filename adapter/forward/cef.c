/* ArcSight's Common Event Format, version 0. */
#include <inttypes.h>
#include <string.h>

#include "forward_internal.h"
#include "str.h"

/* Bytes that fields of the format hold. */
#define HOST_MAX 255
#define USER_MAX 1023
#define WORD_MAX 63
#define CUSTOM_MAX 4000

/* 0 to 10, as its users read it: 7 to 8 high, 9 and 10 very high. */
static unsigned
severity_of(int severity)
{
	static const unsigned char scale[] = {10, 10, 9, 8, 6, 4, 2, 1};

	return scale[severity];
}

static void
add_header_field(struct buf *out, const char *text)
{
	forward_text(out, text, CUSTOM_MAX, "\\|");
	buf_char(out, '|');
}

static void
add_field(struct buf *out, const char *key, const char *text, size_t max)
{
	if (str_empty(text))
		return;
	buf_printf(out, " %s=", key);
	forward_text(out, text, max, "\\=");
}

static void
add_custom(struct buf *out, int n, const char *label, const char *text)
{
	if (str_empty(text))
		return;
	buf_printf(out, " cs%dLabel=%s cs%d=", n, label, n);
	forward_text(out, text, CUSTOM_MAX, "\\=");
}

void
forward_cef(struct buf *out, const struct forward_event *e)
{
	buf_str(out, "CEF:0|amtkeeper|amtkeeper|" AMTKEEPER_VERSION "|");
	buf_printf(out, "%u|", e->kind->class);
	add_header_field(out, e->kind->title);
	buf_printf(out, "%u|rt=%" PRId64 "000 externalId=%" PRId64,
	    severity_of(e->severity), e->event->at, e->event->id);
	add_field(out, "cat", e->event->kind, WORD_MAX);
	add_field(out, "dhost", e->event->name, HOST_MAX);
	add_field(out, "suser", e->event->actor, USER_MAX);
	add_field(out, "outcome", e->outcome, WORD_MAX);
	add_field(out, "act", e->step, WORD_MAX);
	add_field(out, "reason", e->error, USER_MAX);
	add_custom(out, 1, "task", e->play);
	add_custom(out, 2, "detail", e->event->detail);
}
