#ifndef DIGEST_INTERNAL_H_
#define DIGEST_INTERNAL_H_
#include <stdbool.h>

struct err;
struct wsman_digest_request;

#define DIGEST_HEX 33 /* an MD5 as text */

/* All that goes into a response, RFC 2617, 3.2.2. */
struct digest_input {
	const struct wsman_digest_request *request;
	const char *realm, *nonce, *nc, *cnonce;
	bool auth_int;
};

int wsman_digest_response(
    const struct digest_input *in, char out[DIGEST_HEX], struct err *err);
#endif
