/*
 * Server-sent events of any server: one byte says how long the pieces are that
 * the others come in.  The events are the same as when all comes at once, each
 * with data that is an object.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "err.h"
#include "events_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
	size_t count, bytes;
};

static int
hear(void *cookie, const char *name, struct json_object *data, struct err *err)
{
	struct heard *h = cookie;

	(void)err;
	assert(json_object_is_type(data, json_type_object));
	assert(strlen(name) < 32);
	h->count++;
	h->bytes += strlen(name) + strlen(json_object_to_json_string(data));
	return json_object_object_length(data) == 7 ? 1 : 0;
}

static int
take(const uint8_t *data, size_t size, size_t piece, struct heard *h)
{
	const struct api_client_follow to = {.event = hear, .cookie = h};
	struct api_client_events e;
	size_t at, n;
	int rc = 0;

	api_client_events_init(&e, &to);
	for (at = 0; rc == 0 && at < size; at += n) {
		n = size - at < piece ? size - at : piece;
		rc = api_client_events_take(&e, data + at, n);
	}
	assert(rc != -1 || e.err.kind == ERR_PROTOCOL);
	assert(e.enough == (rc == 1));
	api_client_events_clear(&e);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole = {.count = 0}, pieces = {.count = 0};
	int rc;

	if (size < 2)
		return 0;
	rc = take(data + 1, size - 1, size, &whole);
	assert(take(data + 1, size - 1, (size_t)data[0] + 1, &pieces) == rc);
	assert(whole.count == pieces.count && whole.bytes == pieces.bytes);
	return 0;
}
