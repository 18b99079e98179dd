#ifndef PKI_INTERNAL_H_
#define PKI_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

#include "amt.h"

struct buf;
struct err;
struct wsman_reply;
struct xml_node;

/* SubjectPublicKeyInfo (given) of an AMT_PublicPrivateKeyPair; -1 when it has
 * no RSA key (yet). */
int pki_spki(const struct xml_node *instance, uint8_t **ret, size_t *ret_len);
/* --- spki.c --- */
/* Where in a certificate its SubjectPublicKeyInfo is; NULL when der is none. */
const uint8_t *pki_spki_in_cert(
    const uint8_t *der, size_t len, size_t *ret_len);
/* SubjectPublicKeyInfo (given) of a PKCS#1 RSAPublicKey; -1 when der is none.
 */
int pki_spki_of_rsa(
    const uint8_t *der, size_t len, uint8_t **ret, size_t *ret_len);

/* Certificate in the enumerated AMT_TLSCredentialContext; "" if there is none.
 */
int pki_tls_handle(
    const struct wsman_reply *reply, char out[AMT_HANDLE], struct err *err);

/* DER of a PKCS#10 request with the wished names and a signature of zeros. */
int csr_build(const struct amt_csr *csr, struct buf *out, struct err *err);
/* Is der what firmware made of the request null: signed by its key with its
 * algorithm, subject, names and key unchanged? */
int csr_check(const struct buf *null, const struct buf *der, struct err *err);
#endif
