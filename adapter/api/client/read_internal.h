#ifndef API_CLIENT_READ_INTERNAL_H_
#define API_CLIENT_READ_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

#include "api_client.h"

/* What comes back, without any I/O: a peer's bytes in, an object out. */
#define API_CLIENT_DEPTH_MAX 16 /* of JSON */

/* One object and nothing behind it, to be put; NULL with ERR_PROTOCOL. */
struct json_object *api_client_object(
    const uint8_t *bytes, size_t len, struct err *err);
/* Is it what GET version answers, of our version of the API? ERR_PROTOCOL. */
int api_client_meet(struct json_object *answer, struct err *err);
/* {"items": [object, ...], "next": text or null} into *ret_items (borrowed from
 * the page) and *ret_next (likewise, NULL at the end). ERR_PROTOCOL: it is
 * none, or has no rows and does not end, unless pages are sparse. */
int api_client_page(struct json_object *page, bool sparse,
    struct json_object **ret_items, const char **ret_next, struct err *err);
/* What a failure says: problem+json, or anything else. Returns -1. */
int api_client_problem(
    int status, const uint8_t *bytes, size_t len, struct err *err);

/* A list's cursors, of which none may come twice (Brent's algorithm: a round of
 * whatever length is met, with one of them kept). */
struct api_client_cursors {
	char *kept; /* owned */
	size_t since, until;
};
/* ERR_PROTOCOL: it was there before. */
int api_client_cursor(
    struct api_client_cursors *c, const char *cursor, struct err *err);
void api_client_cursors_clear(struct api_client_cursors *c);
#endif
