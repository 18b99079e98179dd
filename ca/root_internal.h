#ifndef CA_ROOT_INTERNAL_H_
#define CA_ROOT_INTERNAL_H_
#include "der.h"

struct ca;
struct ca_conf;
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
#endif
