#ifndef API_CLIENT_CLIENT_INTERNAL_H_
#define API_CLIENT_CLIENT_INTERNAL_H_
#include <stddef.h>

struct api_client;
struct api_client_path;
struct err;
struct json_object;

/* Can it be asked for? ERR_INVALID, ERR_LIMIT. */
int api_client_path_check(const struct api_client_path *p, struct err *err);
/* GET of an escaped path, as api_client_ask(); how long the answer was. */
int api_client_get(struct api_client *c, const char *path,
    struct json_object **ret_answer, size_t *ret_bytes, struct err *err);
/* Returns rc; of a failure: whom it is about, in front, unless it is an answer
 * to what was asked. */
int api_client_about(const struct api_client *c, int rc, struct err *err);
#endif
