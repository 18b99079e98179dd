#ifndef CA_CRL_INTERNAL_H_
#define CA_CRL_INTERNAL_H_
#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#define CA_ROOT_LIST_MAX 65536 /* bytes of a root's list */

struct buf;
struct ca;
struct ca_crl_row;
struct ca_issuer;
struct ca_signer;
struct ca_store;
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
/* Append one of revokedCertificates; a serial that is no hex, or too long, is
 * out->over. */
void ca_crl_entry(struct buf *out, const char *serial, int64_t at, int reason);

/* A list that somebody brings, PEM or DER; NULL: it is none. */
X509_CRL *ca_root_list_read(const struct buf *file);
/* One of its entries, whose serial number goes to that buffer; false: it has
 * none that a certificate can have, or no time. */
struct ca_root_entry;
bool ca_root_list_entry(
    const X509_REVOKED *from, char serial[41], struct ca_root_entry *ret);

/* A root and its key. */
struct ca_root_by {
	struct ca_store *store; /* locked */
	const struct ca_issuer *root;
	const struct ca_signer *signer;
};
/* A new list of the root into the store, and the answers that go with it. */
int ca_root_crl_make(const struct ca_root_by *by, int64_t now, struct err *err);
/* The same unless the one on record has all revocations. */
int ca_root_crl_refresh(
    const struct ca_root_by *by, int64_t now, struct err *err);
/* Put a list on record with this in the same transaction (NULL: nothing);
 * ERR_CONFLICT when one of its number, or a later one, is there. */
struct ca_root_record {
	const char *root;
	const struct ca_crl_row *row;
	const struct buf *der;
	int (*also)(void *cookie, struct err *err);
	void *cookie;
};
int ca_root_crl_record(
    struct ca_store *store, const struct ca_root_record *r, struct err *err);
#endif
