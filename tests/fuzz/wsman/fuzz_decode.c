#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "wsman.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Decode, look at everything, copy each item as a Put would, parse that. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct wsman_reply *reply = NULL;
	const struct xml_node *n;
	struct err err = {0};
	struct buf out;

	if (wsman_decode(bytes, len, 0, &reply, &err) != 0) {
		assert(err.kind != ERR_NONE);
		return 0;
	}
	buf_init(&out, 8 * XML_MAX_BYTES);
	wsman_return_value(reply, &err);
	for (n = wsman_items(reply); n != NULL; n = n->next) {
		wsman_ref_selector(n, NULL);
		wsman_copy(&out, n, NULL, NULL);
	}
	buf_free(&out);
	wsman_reply_free(reply);
	return 0;
}
