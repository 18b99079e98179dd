#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "forward_internal.h"
#include "str.h"

#define FAILED_SEVERITY 4 /* warning */

static const char *
member(struct json_object *object, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

void
forward_event_read(const struct store_event *event, struct forward_event *ret)
{
	struct json_object *detail;

	memset(ret, 0, sizeof(*ret));
	ret->event = event;
	ret->kind = forward_kind(event->kind);
	ret->severity = ret->kind->severity;
	detail =
	    event->detail == NULL ? NULL : json_tokener_parse(event->detail);
	if (!json_object_is_type(detail, json_type_object)) {
		(void)json_object_put(detail);
		return;
	}
	ret->detail = detail;
	ret->outcome = member(detail, "outcome");
	ret->step = member(detail, "step");
	ret->play = member(detail, "play");
	ret->error = member(detail, "error");
	if (ret->severity > FAILED_SEVERITY &&
	    (str_eq(ret->outcome, "failed") || str_eq(ret->outcome, "parked")))
		ret->severity = FAILED_SEVERITY;
}

void
forward_event_clear(struct forward_event *e)
{
	(void)json_object_put(e->detail);
	memset(e, 0, sizeof(*e));
}

void
forward_origin(struct forward_origin *ret)
{
	if (gethostname(ret->host, sizeof(ret->host)) != 0)
		ret->host[0] = '\0';
	ret->host[sizeof(ret->host) - 1] = '\0';
	ret->pid = (long)getpid();
}
