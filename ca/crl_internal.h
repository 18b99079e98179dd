#ifndef CA_CRL_INTERNAL_H_
#define CA_CRL_INTERNAL_H_
#include <stdint.h>

struct buf;
struct ca;
struct ca_crl_row;
struct ca_issuer;
struct ca_signer;
struct err;

/* Who makes a list, and revokedCertificates of it, encoded; NULL: none. */
struct ca_crl_by {
	const struct ca_signer *signer;
	const struct ca_issuer *issuer;
	const struct buf *entries;
};
/* Append the TBSCertList; cannot fail but for out's limit. */
void ca_crl_write(
    const struct ca_crl_by *by, const struct ca_crl_row *row, struct buf *out);
/* A new list of ca's root, by its key, into the store, which is locked. */
int ca_root_crl_make(const struct ca *ca, const struct ca_signer *signer,
    int64_t now, struct err *err);
#endif
