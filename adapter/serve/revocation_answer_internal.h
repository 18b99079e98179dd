#ifndef REVOCATION_ANSWER_INTERNAL_H_
#define REVOCATION_ANSWER_INTERNAL_H_
#include <stdbool.h>

#include "ca.h"

struct buf;
struct http_body;
struct http_request;

/* The answers of revocation.c as HTTP: types, and how long others may keep
 * them. Each ends the request. */
/* 404, or 503 with a time to come again. */
void revocation_refuse(struct http_request *request, int status);
void revocation_give_crl(struct http_request *request,
    const struct ca_crl_info *info, struct http_body *crl);
/* A certificate of the CA's own by the name in the path, or 404. */
void revocation_give_cert(struct http_request *request, const struct ca *ca);
/* der is emptied. */
void revocation_give_ocsp(struct http_request *request,
    const struct ca_ocsp *ocsp, bool get, struct buf *der);

/* "NAME.END" behind the route's path -> "NAME"; false for anything that is no
 * CA's name. The request goes on. */
bool revocation_name(const struct http_request *request, const char *end,
    char ret_name[CA_NAME]);
#endif
