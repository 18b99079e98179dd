/* Server-sent events: the stream of bytes, and what is in it. */
#include "events_internal.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "read_internal.h"
#include "str.h"

#define DATA "data"
#define EVENT "event"
#define USUAL "message" /* what an event without a name is */

void
api_client_events_init(
    struct api_client_events *e, const struct api_client_follow *to)
{
	*e = (struct api_client_events){.to = to};
	buf_init(&e->line, API_CLIENT_EVENT_MAX);
	buf_init(&e->data, API_CLIENT_EVENT_MAX);
}

void
api_client_events_clear(struct api_client_events *e)
{
	buf_free(&e->line);
	buf_free(&e->data);
}

/* An empty line: what was gathered is an event, unless it has no data. */
static int
dispatch(struct api_client_events *e)
{
	struct json_object *data;
	int rc = 0;

	if (e->data.len > 0) {
		data = api_client_object(e->data.data, e->data.len, &e->err);
		rc = data == NULL
		    ? -1
		    : e->to->event(e->to->cookie,
			  e->name[0] == '\0' ? USUAL : e->name, data, &e->err);
		(void)json_object_put(data);
	}
	buf_reset(&e->data);
	e->name[0] = '\0';
	e->enough = rc == 1;
	return rc;
}

static bool
is_field(const char *line, size_t len, const char *field)
{
	return strlen(field) == len && memcmp(line, field, len) == 0;
}

static int
take_line(struct api_client_events *e)
{
	const char *line = buf_text(&e->line), *value;
	size_t len = strcspn(line, ":");

	if (e->line.len == 0)
		return dispatch(e);
	value = line[len] == ':' ? line + len + 1 : line + len;
	if (*value == ' ')
		value++;
	if (is_field(line, len, EVENT)) {
		(void)snprintf(e->name, sizeof(e->name), "%s", value);
	} else if (is_field(line, len, DATA)) {
		if (e->data.len > 0)
			buf_char(&e->data, '\n');
		buf_str(&e->data, value);
	}
	buf_reset(&e->line);
	return 0;
}

static int
take_byte(struct api_client_events *e, char c)
{
	bool after_cr = e->after_cr;

	e->after_cr = c == '\r';
	if (c == '\n' && after_cr)
		return 0;
	if (c == '\n' || c == '\r')
		return take_line(e);
	buf_char(&e->line, c);
	return 0;
}

int
api_client_events_take(
    struct api_client_events *e, const void *bytes, size_t len)
{
	const char *text = bytes;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < len; i++) {
		rc = take_byte(e, text[i]);
		if (rc == 0 && (e->line.over || e->data.over))
			rc = err_set(&e->err, ERR_PROTOCOL,
			    "an event is longer than %zu bytes",
			    API_CLIENT_EVENT_MAX);
	}
	return rc;
}
