#ifndef CA_ROOT_INTERNAL_H_
#define CA_ROOT_INTERNAL_H_
#include <openssl/types.h>
#include <stdbool.h>

#include "der.h"

struct ca;
struct ca_conf;
struct ca_csr;
struct ca_issuer;
struct ca_signer;
struct err;

/* Where the key of a root goes; given. That of the first one is in
 * KEY_FILE.root. */
char *ca_root_key_file(const struct ca_conf *conf, struct ca_span spki);
/* A root's key, if it is here. */
int ca_root_open(const struct ca_conf *conf, const struct ca_issuer *root,
    struct ca_signer **ret, struct err *err);
/* The newest of our roots whose key is here, borrowed, and its key; NULL with
 * why the one of the CA that issues is not. */
const struct ca_issuer *ca_root_ours(const struct ca *ca,
    const struct ca_conf *conf, struct ca_signer **ret, struct err *err);
/* A certificate of this CA's name and key under another root, into a zeroed
 * *ret. */
struct ca_crossing {
	const struct ca_issuer *root;
	const struct ca_signer *signer; /* its */
	const char *url;		/* as in ca_conf */
};
int ca_cross_make(const struct ca_crossing *how, const struct ca_issuer *of,
    struct ca_issuer *ret, struct err *err);
/* RSA-3072 or P-384 at least. */
bool ca_root_key_strong(const EVP_PKEY *key);
/* Is this name, however it is written, or key the root's, or the name that of a
 * CA of ours with another key? NULL, or which. */
const char *ca_root_taken(const struct ca *ca, const struct ca_issuer *root,
    const X509_NAME *name, struct ca_span spki);
/* May this root of ours certify who asks so, as an issuing CA? *ret is the
 * request taken apart, its spans in der. ERR_INVALID; ERR_REFUSED for a key or
 * name that is taken. */
int ca_root_request_check(const struct ca *ca, const struct ca_issuer *root,
    struct ca_span der, struct ca_csr *ret, struct err *err);
#endif
