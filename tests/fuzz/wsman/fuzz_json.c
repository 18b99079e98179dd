#include <assert.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "wsman.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What is understood is JSON. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct json_object *object;
	struct err err = {0};
	struct buf out;

	buf_init(&out, 8 * XML_MAX_BYTES);
	if (wsman_to_json(bytes, len, &out, &err) == 0) {
		object = json_tokener_parse(buf_text(&out));
		assert(object != NULL);
		json_object_put(object);
	} else {
		assert(out.len == 0 && err.kind != ERR_NONE);
	}
	buf_free(&out);
	return 0;
}
