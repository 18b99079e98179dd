#ifndef CMP_CA_H_
#define CMP_CA_H_
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * An imitation of an enterprise's CMP CA for tests, on libcrypto's server side:
 * it issues, waits, refuses as told, and notes what it was asked.  It keeps
 * each transaction apart, as OSSL_CMP_SRV_CTX alone does not.  Messages in,
 * messages out; the HTTP is somebody else's.
 */
struct cmp_ca;

/* The certificate for a CSR, DER to DER. */
typedef void cmp_issue_fn(
    void *cookie, const uint8_t *csr, size_t len, struct buf *out);

struct cmp_ca_conf {
	const char *reference, *secret; /* of the one who may ask; or NULL */
	X509 *trusted;	 /* whose certificates may ask, signed; or NULL */
	X509 *cert;	 /* what its messages are signed with when they are */
	EVP_PKEY *key;	 /* not sealed with the secret; or NULL */
	X509 *authority; /* its certificate, for who asks; NULL: keeps it */
	cmp_issue_fn *issue;
	void *cookie;
};

/* Zero means: all is granted at once. To be changed between messages. */
struct cmp_plan {
	bool wait; /* undecided until this is false */
	int64_t check_after;
	int refuse;	   /* PKIFailureInfo's bit + 1 */
	const char *text;  /* and words */
	int refuse_revoke; /* the same for revocations */
	bool deny_confirm; /* an error for a certConf */
	bool implicit;	   /* implicit confirmation, unasked */
	bool unique_ids;   /* a transaction id is good for one request */
	bool first_nonce;  /* as RFC 9483, 4.4 has it */
	bool flip;	   /* a bit of the answer's protection */
};

struct cmp_ca *cmp_ca_new(const struct cmp_ca_conf *conf);
void cmp_ca_free(struct cmp_ca *ca); /* NULL is allowed */
struct cmp_plan *cmp_ca_plan(struct cmp_ca *ca);
/* "p10cr;", "pollReq;", "certConf;", "certConf-WHY;", "rr SERIAL;", "genm;" for
 * each that passed its protection, in order. */
const char *cmp_ca_asked(const struct cmp_ca *ca);
void cmp_ca_forget(struct cmp_ca *ca); /* what was asked, not the rest */
/* Its memory is lost, as after a restart without a database. */
void cmp_ca_restart(struct cmp_ca *ca);
/* false: it hangs up. */
bool cmp_ca_answer(
    struct cmp_ca *ca, const void *request, size_t len, struct buf *out);
#endif
