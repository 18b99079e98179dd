#ifndef CA_RESPONDER_INTERNAL_H_
#define CA_RESPONDER_INTERNAL_H_
#include <openssl/types.h>
#include <stdint.h>

struct ca;
struct err;

/*
 * Who signs OCSP answers for an issuer: a key of its own with a certificate of
 * two weeks, so that the issuing key is not used at a stranger's request.  A
 * new one is made when half of that is over.  Processes share it through the
 * database: each looks there once a minute.
 */
struct ca_responder {
	EVP_PKEY *key;
	X509 *x509;
	int64_t not_after;
	int64_t renew_at; /* make another */
	int64_t look_at;  /* look into the records again */
	unsigned answers; /* signed by this process */
};

/* With the store locked: see to it that ca->responder is one that is valid now.
 * A valid one that cannot be renewed is success; the attempt is repeated a
 * minute later. */
int ca_responder_ready(struct ca *ca, int64_t now, struct err *err);
void ca_responder_free(struct ca_responder *r); /* NULL is allowed */
#endif
