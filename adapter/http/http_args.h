#ifndef HTTP_ARGS_H_
#define HTTP_ARGS_H_
#include <stddef.h>

struct err;
struct http_request;

/*
 * The arguments of a request in the order they came in: those of the query
 * string, then those of a body that is a form, be it of the type
 * application/x-www-form-urlencoded or multipart/form-data.  Both are read
 * strictly: what is not well formed is refused, not guessed at.
 */
#define HTTP_ARGS_MAX 256
#define HTTP_ARG_NAME_MAX 255
#define HTTP_PART_HEAD_MAX 2048 /* headers of one part */
#define HTTP_BOUNDARY_MAX 70	/* RFC 2046, 5.1.1 */

struct http_arg {
	const char *name;  /* unescaped UTF-8 without NUL; never empty */
	const char *value; /* likewise; any bytes when it is a file */
	size_t len;	   /* a NUL that is not counted follows */
	const char *file;  /* its name as the client has it; NULL: no file */
	const char *type;  /* a part's Content-Type; NULL */
};

/* All of them, borrowed until the request is answered. ERR_INVALID with the
 * place, or ERR_LIMIT; the text may be shown to the client. */
int http_request_args(struct http_request *request,
    const struct http_arg **ret_args, size_t *ret_count, struct err *err);
#endif
