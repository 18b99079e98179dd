#ifndef HTTP_ARGS_INTERNAL_H_
#define HTTP_ARGS_INTERNAL_H_
#include <stdint.h>

#include "http_args.h"

/* Decoders without I/O, over bytes that strangers send. */
struct http_arg_list {
	struct http_arg *args; /* the texts are the list's */
	size_t count;
};
struct http_arg_list *http_arg_list_new(void);
void http_arg_list_free(struct http_arg_list *list); /* NULL is allowed */
/* Append a copy, if it may be one. */
int http_arg_add(struct http_arg_list *list, const struct http_arg *arg,
    size_t name_len, struct err *err);

/* "a=b&c=%20d" (WHATWG URL, application/x-www-form-urlencoded). what names it
 * in errors: "query string", "form". */
int http_args_urlencoded(struct http_arg_list *list, const char *text,
    size_t len, const char *what, struct err *err);
/* multipart/form-data (RFC 7578) with this Content-Type. */
int http_args_multipart(struct http_arg_list *list, const char *type,
    const uint8_t *body, size_t len, struct err *err);
/* A body by its Content-Type (may be NULL); other types have none. */
int http_args_body(struct http_arg_list *list, const char *type,
    const uint8_t *body, size_t len, struct err *err);
#endif
