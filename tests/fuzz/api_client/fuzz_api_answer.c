/*
 * What a server may answer to a client of the API: two bytes of status, then
 * the body.  A page that is taken has rows that are objects and a cursor that
 * can be sent back; all else is refused with an error.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "err.h"
#include "read_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_page(struct json_object *answer)
{
	struct err err = {.kind = ERR_NONE};
	struct json_object *items = NULL;
	const char *next = NULL;
	size_t i, n;

	if (api_client_page(answer, false, &items, &next, &err) != 0) {
		assert(err.kind == ERR_PROTOCOL);
		return;
	}
	n = json_object_array_length(items);
	for (i = 0; i < n; i++)
		assert(json_object_is_type(
		    json_object_array_get_idx(items, i), json_type_object));
	assert(next == NULL ||
	    (n > 0 && *next != '\0' && strlen(next) <= API_CLIENT_CURSOR_MAX));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	struct json_object *answer;
	int status;

	if (size < 2)
		return 0;
	status = 100 + (data[0] << 8 | data[1]) % 500;
	data += 2;
	size -= 2;
	assert(api_client_problem(status, data, size, &err) == -1);
	assert(err.kind != ERR_NONE && err.text[0] != '\0');
	assert(err.kind != ERR_UNREACHABLE && err.kind != ERR_UNTRUSTED &&
	    err.kind != ERR_UNKNOWN);
	err_clear(&err);
	answer = api_client_object(data, size, &err);
	if (answer == NULL) {
		assert(err.kind == ERR_PROTOCOL);
		return 0;
	}
	assert(json_object_is_type(answer, json_type_object));
	if (api_client_meet(answer, &err) != 0)
		assert(err.kind == ERR_PROTOCOL);
	read_page(answer);
	(void)json_object_put(answer);
	return 0;
}
