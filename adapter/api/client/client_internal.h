#ifndef API_CLIENT_CLIENT_INTERNAL_H_
#define API_CLIENT_CLIENT_INTERNAL_H_
#include <stddef.h>

struct api_client;
struct err;
struct json_object;

/* GET of an escaped path, as api_client_ask(); how long the answer was. */
int api_client_get(struct api_client *c, const char *path,
    struct json_object **ret_answer, size_t *ret_bytes, struct err *err);
/* Returns rc; of a failure: whom it is about, in front. */
int api_client_about(const struct api_client *c, int rc, struct err *err);
#endif
