/*
 * Whatever a device calls itself and an event tells: one line of UTF-8 within
 * the limit by syslog and CEF, one object of JSON by webhook.  Name, kind,
 * actor, detail, parted by the byte 1.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "buf.h"
#include "forward_internal.h"
#include "mem.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct forward_origin origin = {.host = "h", .pid = 1};

/* As visible characters from beginning to end, but for RFC 5424's mark. */
static void
is_line(const struct buf *b, size_t max)
{
	size_t at, len;
	uint32_t point = 0;

	assert(!b->over && b->len <= max && strlen(buf_text(b)) == b->len);
	for (at = 0; at < b->len; at += len) {
		len = utf8_next(b->data + at, b->len - at, &point);
		assert(len > 0);
		assert(point == 0xfeff || utf8_visible(point));
	}
}

static void
try_syslog(const struct forward_event *e, bool cef, size_t max)
{
	const struct forward_syslog how = {
	    .facility = 13, .cef = cef, .max = max};
	struct buf out;

	buf_init(&out, 4 * FORWARD_EVENT_MAX);
	forward_syslog(&out, &origin, &how, e);
	is_line(&out, max);
	buf_free(&out);
}

static void
try_cloud(const struct forward_event *e)
{
	struct json_object *object;
	struct buf out;

	buf_init(&out, 1 << 24);
	forward_cloud(&out, &origin, e);
	assert(!out.over);
	object = json_tokener_parse(buf_text(&out));
	assert(json_object_is_type(object, json_type_object));
	json_object_put(object);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct store_event event = {.id = 1, .at = 1795500000};
	char *copy = mem_dup_len((const char *)bytes, len), *at = copy;
	const char **const parts[] = {
	    &event.name, &event.kind, &event.actor, &event.detail};
	struct forward_event e;
	size_t i;

	for (i = 0; i < 4; i++) {
		*parts[i] = at;
		at += strcspn(at, "\1");
		if (*at != '\0')
			*at++ = '\0';
	}
	forward_event_read(&event, &e);
	try_syslog(&e, false, FORWARD_EVENT_MAX);
	try_syslog(&e, false, FORWARD_DATAGRAM_MAX);
	try_syslog(&e, true, FORWARD_EVENT_MAX);
	try_syslog(&e, true, FORWARD_DATAGRAM_MAX);
	try_cloud(&e);
	forward_event_clear(&e);
	free(copy);
	return 0;
}
