#ifndef CA_INTERNAL_H_
#define CA_INTERNAL_H_
#include <openssl/types.h>
#include <stdatomic.h>

#include "buf.h"
#include "ca.h"
#include "der.h"
#include "err.h"
#include "line_internal.h"
#include "pki_text.h"

struct ca_responder;
struct ca_signer;
struct ca_store;

#define CA_LEAF_MAX CA_SIZE_MAX
#define CA_CHAIN_MAX 8192 /* a certificate above ours may be anybody's */
#define CA_SERIAL_LEN 16
#define CA_CLOCK_BACK 300 /* how far the clock may step back */

/* How OCSP requests name an issuer (RFC 6960, 4.1.1). */
struct ca_issuer_hash {
	int nid;
	size_t len;
	uint8_t name[32]; /* of the Name */
	uint8_t key[32];  /* of the key's BIT STRING, without its first octet */
};
#define CA_ISSUER_HASHES 2 /* SHA-1, which readers still send, and SHA-256 */

/* One of our own two certificates; immutable once opened. */
struct ca_issuer {
	struct buf der;
	struct ca_span subject; /* in der */
	struct ca_span spki;
	uint8_t key_id[20];
	struct ca_span subject_key; /* its identifier as it says itself */
	char name[CA_NAME];	    /* in URLs */
	struct ca_issuer_hash hashes[CA_ISSUER_HASHES];
	int64_t not_before;
	int64_t not_after;
	X509 *x509;
	NAME_CONSTRAINTS *constraints; /* NULL: none */
};

/* URLs that go into certificates, as text. */
struct ca_places {
	char *crl;
	char *ocsp;
	char *issuer;
};

/* One of our issuing CAs under another root: a second certificate of the same
 * name and key, those above it, and that root. */
struct ca_cross {
	struct ca_issuer place[CA_BETWEEN_MAX + 2];
	size_t count; /* of places */
};

struct ca {
	struct ca_store *store; /* holds the lock */
	struct ca_signer *signer;
	struct ca_issuer root;
	struct ca_issuer issuing;
	X509_STORE *trust;		/* the root */
	struct ca_places places;	/* NULLs: not published */
	struct vault *vault;		/* borrowed */
	char *key_file;			/* as in ca_conf */
	struct ca_responder *responder; /* who answers; under the lock */
	int64_t line;
	struct ca_issuer between[CA_BETWEEN_MAX]; /* issuing's issuer first */
	size_t between_count;
	struct ca_cross *cross; /* owned */
	size_t cross_count;
	struct ca *older; /* the line before, on the same store; owned */
	/* Of the newest: */
	atomic_uint holders; /* but for one */
	int64_t root_tried;  /* when its key did not sign; 0 */
	int64_t mark;	     /* ca_store_lines_mark() when it was opened */
};
void ca_places_clear(struct ca_places *p);
/* All but store and older; zeroed then, but for those. */
void ca_line_clear(struct ca *ca);
/* And itself. */
void ca_line_free(struct ca *ca);
/* Those who vouch for a leaf, upwards: issuing CA, those between, root; NULL
 * past it. */
const struct ca_issuer *ca_above(const struct ca *ca, size_t i);
const char *ca_above_name(const struct ca *ca, size_t i);

/* One more chain of a line; it is taken. */
void ca_cross_add(struct ca *ca, struct ca_cross *cross);
void ca_cross_clear(struct ca_cross *cross);

int ca_issuer_copy(
    const struct ca_issuer *from, struct ca_issuer *to, struct err *err);
/* Take der apart into a zeroed *ret. */
int ca_issuer_load(
    struct ca_issuer *ret, const uint8_t *der, size_t len, struct err *err);
void ca_issuer_clear(struct ca_issuer *i);
/* Its serial number, hex; false: it has more bytes than RFC 5280 allows. */
#define CA_ISSUER_SERIAL 41
bool ca_issuer_serial(const struct ca_issuer *i, char ret[CA_ISSUER_SERIAL]);
/* Do its name constraints permit DNS names of some domains only? */
bool ca_issuer_limits_dns(const struct ca_issuer *i);
/* The bytes of the key in a SubjectPublicKeyInfo. */
struct ca_span ca_key_bytes(struct ca_span spki);
/* Subject key identifier: RFC 7093, method 1 (no SHA-1). spki is whole. */
void ca_key_id(struct ca_span spki, uint8_t ret[20]);

/* What a certificate is for. */
enum ca_tbs_use { CA_TBS_DEVICE, CA_TBS_AUTHORITY, CA_TBS_RESPONDER };

/* What a certificate says. */
struct ca_tbs {
	enum ca_tbs_use use;
	uint8_t serial[CA_SERIAL_LEN];
	struct ca_span algorithm; /* of the issuer's signature */
	struct ca_span issuer;	  /* Name */
	struct ca_span subject;	  /* Name */
	struct ca_span spki;
	/* The issuer's key identifier; NULL: self-signed. It is the one that
	 * the issuer's certificate has: others make theirs in other ways. */
	struct ca_span authority_key;
	/* Its own identifier; NULL: made from the key. */
	struct ca_span subject_key;
	int64_t not_before;
	int64_t not_after;
	const struct ca_names *names; /* for a device */
	unsigned usages;	      /* for a device: CA_USAGE_* */
	int path_len;		      /* for a CA */
	/* Where revocation is published: for a device; may be NULL. */
	const struct ca_places *places;
};
/* Append the TBSCertificate of RFC 5280; cannot fail but for out's limit. */
void ca_tbs_write(const struct ca_tbs *t, struct buf *out);
/* The extensions that the request of a CA asks for. */
void ca_tbs_request(int path_len, struct buf *out);
/* A Name of O (may be NULL) and CN. */
void ca_tbs_name(
    struct buf *out, const char *organisation, const char *common_name);
/* An extension around a value; shared with the CRL. */
void ca_tbs_ext(struct buf *out, struct ca_span oid, bool critical,
    const struct buf *value);
/* authorityKeyIdentifier's value: keyIdentifier only. */
void ca_tbs_authority(struct buf *out, struct ca_span key_id);
/* 126 random bits, positive, never a leading zero byte. */
int ca_serial_new(uint8_t ret[CA_SERIAL_LEN], struct err *err);

/* A new CRL into the store and *out (may be NULL). The store is locked. */
struct ca_crl_row;
int ca_crl_renew(struct ca *ca, int64_t now, struct ca_crl_row *ret,
    struct buf *out, struct err *err);

/* Of those of RFC 5280, 5.3.1: hold and its removal are not kept here. */
bool ca_reason_known(int reason);

/* An idempotency key as ca_request has it: ERR_INVALID. */
int ca_key_text_check(const char *key, struct err *err);
#endif
