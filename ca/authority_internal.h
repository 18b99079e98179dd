#ifndef CA_AUTHORITY_INTERNAL_H_
#define CA_AUTHORITY_INTERNAL_H_
#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "der.h"

struct buf;
struct ca_issuer;
struct ca_signer;
struct err;

#define CA_ISSUING_LIFE (INT64_C(3650) * 86400)
#define CA_ROOT_LIFE (INT64_C(7300) * 86400)

/* A certificate of a CA. */
struct ca_authority {
	const struct ca_signer *signer; /* its issuer's */
	const struct ca_issuer *issuer; /* NULL: self-signed */
	/* Another one of this CA (a cross-certificate): name, key and end are
	 * its own; NULL: as follows. */
	const struct ca_issuer *of;
	struct ca_span subject; /* Name */
	struct ca_span spki;
	int path_len;
	int64_t not_after; /* cut to the issuer's */
	/* As in ca_conf: where its issuer, and the list of that, are found;
	 * NULL: left out. */
	const char *url;
};
/* Signed; read back into a zeroed *ret. */
int ca_authority_make(
    const struct ca_authority *a, struct ca_issuer *ret, struct err *err);
int ca_authority_check_organisation(const char *name, struct err *err);
/* Append a Name like no other: "O=..., CN=AMT Issuing CA 0123abcd". */
int ca_authority_name(
    struct buf *out, const char *organisation, bool root, struct err *err);
/* O of a Name; given, NULL when there is none. */
char *ca_organisation(const X509_NAME *name);
/* A request for an issuing CA, signed by its key. */
int ca_request_make(const struct ca_signer *s, const char *organisation,
    struct buf *out, struct err *err);
#endif
