#ifndef CA_OCSP_INTERNAL_H_
#define CA_OCSP_INTERNAL_H_
#include <openssl/ocsp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ca_internal.h"

/* An OCSPRequest that we answer (RFC 6960, 4.1): strict DER, nothing behind it,
 * 1 to CA_OCSP_CERTS_MAX certificates, no critical extension but a nonce, which
 * is 1 to 32 bytes (RFC 8954). A signature of the requester's is not looked at:
 * we answer anyone. NULL if it is none; OpenSSL's error queue is then dirty. */
OCSP_REQUEST *ca_ocsp_parse(const uint8_t *der, size_t len);
bool ca_ocsp_has_nonce(OCSP_REQUEST *request);
/* Is this certificate's issuer that one? */
bool ca_ocsp_names(OCSP_CERTID *id, const struct ca_issuer *issuer);
/* The serial number as our records write it; false: none of ours has that form
 * (positive, 16 octets). */
bool ca_ocsp_serial(OCSP_CERTID *id, char ret[2 * CA_SERIAL_LEN + 1]);

/* For whom and when an answer is given, and when its signer ends. */
struct ca_ocsp_signer {
	const struct ca_issuer *issuer;
	int64_t now, not_after;
};
/* NULL, or why readers would not believe this answer: signature, responder,
 * times. */
const char *ca_ocsp_flaw(
    const struct buf *answer, const struct ca_ocsp_signer *s);

/* --- about what a root signed (ocsp_root.c) --- */

struct ca_crl_row;
struct ca_root_answer;
struct ca_root_by;
struct ca_root_answers {
	const struct ca_root_by *by;
	struct ca_root_answer *list; /* owned */
	size_t count;
};
/* Sign those that go with this list. To be cleared in any case. */
int ca_root_answers_make(
    struct ca_root_answers *all, const struct ca_crl_row *row, struct err *err);
/* Put them on record, in the list's transaction. */
int ca_root_answers_put(void *answers, struct err *err);
void ca_root_answers_clear(struct ca_root_answers *all);
/* Append the answer on record to a request about one of a root's certificates:
 * 1 and io's times set; 0 = there is none, -1. */
int ca_ocsp_of_root(struct ca *ca, OCSP_REQUEST *request, struct ca_ocsp *io,
    struct buf *out, struct err *err);
#endif
