#ifndef PKI_TEXT_H_
#define PKI_TEXT_H_
#include <openssl/types.h>
#include <stddef.h>

#include "der.h"
#include "err.h"

struct buf;

/* Forms for people and files. */

/* Append a PEM block (RFC 7468). ERR_LIMIT: no room in out. */
int ca_pem_write(
    const char *label, struct ca_span der, struct buf *out, struct err *err);
/* RFC 2253, printable; cut to fit. */
void ca_name_text(const X509_NAME *name, char *out, size_t room);
/* err_native() with OpenSSL's newest error, whose queue is emptied. */
int ca_openssl_err(struct err *err, enum err_kind kind, const char *what);
#endif
