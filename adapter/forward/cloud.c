/* CloudEvents 1.0 as JSON. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "clock.h"
#include "forward_internal.h"
#include "str.h"

#define TEXT_MAX 65536

/* JSON must be UTF-8, whatever a device calls itself. */
static void
add(struct json_object *object, const char *name, const char *text)
{
	struct buf shown;

	if (text == NULL)
		return;
	buf_init(&shown, 5 * TEXT_MAX);
	forward_text(&shown, text, TEXT_MAX, "");
	(void)json_object_object_add(
	    object, name, json_object_new_string(buf_text(&shown)));
	buf_free(&shown);
}

static struct json_object *
data_of(const struct forward_event *e)
{
	struct json_object *data = json_object_new_object();

	add(data, "device", e->event->name);
	add(data, "actor", e->event->actor);
	add(data, "kind", e->event->kind);
	add(data, "title", e->kind->title);
	if (e->detail != NULL)
		(void)json_object_object_add(
		    data, "detail", json_object_get(e->detail));
	return data;
}

void
forward_cloud(struct buf *out, const struct forward_origin *o,
    const struct forward_event *e)
{
	struct json_object *object = json_object_new_object();
	char text[512], at[CLOCK_TEXT];

	add(object, "specversion", "1.0");
	(void)snprintf(text, sizeof(text), "%" PRId64, e->event->id);
	add(object, "id", e->id == NULL ? text : e->id);
	(void)snprintf(text, sizeof(text), "//%s/amtkeeper", o->host);
	add(object, "source", text);
	(void)snprintf(text, sizeof(text), "amtkeeper.%.200s", e->event->kind);
	add(object, "type", text);
	add(object, "subject",
	    str_empty(e->event->name) ? NULL : e->event->name);
	add(object, "time",
	    e->event->at == 0 ? NULL : clock_text(e->event->at, at));
	add(object, "datacontenttype", "application/json");
	/* Extensions: lower case letters and digits. */
	add(object, "severity", forward_severity_name(e->severity));
	(void)json_object_object_add(
	    object, "eventclass", json_object_new_int((int)e->kind->class));
	(void)json_object_object_add(object, "data", data_of(e));
	buf_str(out,
	    json_object_to_json_string_ext(object,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	(void)json_object_put(object);
}
