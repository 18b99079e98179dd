#ifndef HTTP_KEY_H_
#define HTTP_KEY_H_
#include <stdbool.h>
#include <stdint.h>

struct buf;
struct err;
struct secret;

/*
 * What a server behind TLS needs to get itself certified, and what it has to
 * know about its certificate.  Blocking for some milliseconds.
 */
/* A new key on P-256, PKCS#8 in PEM, and a PKCS#10 request (DER, appended) for
 * a DNS name and an IPv4 address (NULL: none). ERR_INVALID. */
struct http_names {
	const char *dns;
	const char *address;
};
int http_key_new(const struct http_names *names, struct secret **ret_key,
    struct buf *csr, struct err *err);

/* Of the first certificate in a chain, PEM. */
#define HTTP_SERIAL 64
struct http_chain {
	int64_t not_before, not_after;
	char serial[HTTP_SERIAL]; /* lower-case hex, whole bytes */
	bool fits;		  /* it is for these names */
};
int http_chain_read(const struct buf *chain, const struct http_names *names,
    struct http_chain *ret, struct err *err);
#endif
