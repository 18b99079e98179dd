#ifndef HTTP_INTERNAL_H_
#define HTTP_INTERNAL_H_
#include <stdbool.h>

#include "words_internal.h"

struct sim_device;

/*
 * HTTP/1.1 as the firmware speaks it; bytes in, struct out, no I/O.
 */
#define HTTP_MAX_HEAD 49152 /* a Kerberos ticket with many groups fits */
#define HTTP_MAX_BODY 65536
#define HTTP_MAX_FIELDS 64

struct http_request {
	char method[16];
	char path[256];
	char *authorization, *content_type; /* NULL: not sent */
	bool close;
	struct text body;
	size_t size; /* bytes of the whole request */
};

enum http_progress { HTTP_MORE, HTTP_WHOLE, HTTP_BAD };

/* On HTTP_WHOLE ret is the caller's to free; on HTTP_BAD *ret_problem says
 * what was wrong with the bytes. */
enum http_progress http_parse(const char *data, size_t len,
    struct http_request *ret, const char **ret_problem);
void http_request_free(struct http_request *r);

struct http_answer {
	int status;
	const char *type;   /* NULL: no body's type */
	const char *fields; /* further whole lines, or NULL */
	bool chunked, close;
	const char *body;
	size_t len;
};

/* dice decide where chunks end. */
void http_format(const struct sim_device *d, const struct http_answer *a,
    struct dice *dice, struct text *out);
/* The page of a refused login: 690 to 693 bytes, the same for each reason. */
void http_login_page(const struct sim_device *d, struct text *out);
#endif
