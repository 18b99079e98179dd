#ifndef CA_BRIDGE_CMP_INTERNAL_H_
#define CA_BRIDGE_CMP_INTERNAL_H_
#include <openssl/cmp.h>
#include <openssl/x509.h>

#include "bridge_internal.h"

/* PKIBody's alternatives (RFC 4210, 5.1.2). */
enum ca_cmp_body {
	CA_CMP_NONE = -1,
	CA_CMP_CP = 3,
	CA_CMP_P10CR = 4,
	CA_CMP_RR = 11,
	CA_CMP_RP = 12,
	CA_CMP_GENM = 21,
	CA_CMP_ERROR = 23,
	CA_CMP_CERTCONF = 24,
	CA_CMP_POLLREQ = 25
};

/* --- formats (cmp_codec.c) --- */

/* PKIStatusInfo, and what else an answer says for people. */
struct ca_cmp_status {
	enum ca_cmp_body body;
	uint32_t info;	  /* PKIFailureInfo, bit n as 1 << n */
	struct buf words; /* printable */
};
/* From a message of the CA, about which nothing need be proven: that of an
 * error, a certificate response or a revocation response. NULL, or what is
 * wrong; clear *ret either way. */
const char *ca_cmp_read_status(
    struct ca_span message, struct ca_cmp_status *ret);
void ca_cmp_status_clear(struct ca_cmp_status *s);
/* Set what a refusal for these reasons amounts to, with their names. */
void ca_cmp_judge(
    uint32_t info, const char *words, struct ca_bridge_answer *ret);
/* Was it revoked already? */
bool ca_cmp_is_revoked(uint32_t info);
/* Each certificate of an id-it-caCerts value (RFC 9480, 2.14). NULL, or what is
 * wrong. */
typedef void ca_cmp_cert_fn(void *cookie, X509 *cert);
const char *ca_cmp_each_cert(
    struct ca_span value, ca_cmp_cert_fn *fn, void *cookie);

/* --- who signs for the CA (cmp_signer.c) --- */

/* All certificates of a PEM text, in order; NULL when there is none. Given. */
STACK_OF(X509) *ca_cmp_read_certs(const char *pem);
/* Of one client; must not move while that lives. */
struct ca_cmp_signer {
	X509 *named;		       /* of the configuration; NULL: none */
	STACK_OF(X509) *anchors;       /* the CA's own chain */
	char why_not[CA_BRIDGE_WORDS]; /* the last that was refused; or "" */
};
/* Say to a client whom it speaks to, and whose signatures it takes. false: a
 * file holds no certificate. To be closed in any case, after the client. */
bool ca_cmp_signer_open(
    struct ca_cmp_signer *s, OSSL_CMP_CTX *ctx, const struct ca_bridge *b);
void ca_cmp_signer_close(struct ca_cmp_signer *s);

/* --- one exchange of a transaction (cmp_talk.c) --- */

/*
 * libcrypto's client sees a transaction as one run of its own.  Ours end with
 * the process, or wait for weeks; so each exchange has a client of its own,
 * which is given what the CA said before as if it came now: it verifies it
 * again, arrives where the last one was, and sends one message of the wanted
 * kind.  Any other it would send is kept back.
 */
struct ca_cmp_talk {
	struct ca_bridge *b;
	struct ca_bridge_answer *ret;
	OSSL_CMP_CTX *ctx;
	struct ca_cmp_signer signer;
	enum ca_cmp_body want;	  /* what may leave; none: nothing */
	struct ca_span replay;	  /* messages not given yet */
	struct buf first;	  /* the first of them */
	ASN1_OCTET_STRING *asked; /* and its recipNonce */
	struct buf got;		  /* the answer, DER */
	enum ca_cmp_body kept;	  /* what was kept back */
	bool sent, failed;	  /* failed: ret says why */
	const char *why_not;	  /* of a certificate; NULL: it is taken */
};
/* -1 with ret set. */
int ca_cmp_talk_open(
    struct ca_cmp_talk *t, struct ca_bridge *b, struct ca_bridge_answer *ret);
void ca_cmp_talk_close(struct ca_cmp_talk *t);
/* Run libcrypto's part for this request: 1, 0, -1 as OSSL_CMP_try_certreq(). */
int ca_cmp_talk_enroll(struct ca_cmp_talk *t, const struct ca_bridge_ask *ask,
    int *ret_check_after);
/* What it failed with, when it did. */
void ca_cmp_talk_failed(struct ca_cmp_talk *t);
/* Are certificate, key, anchors and signer what a talk needs? */
int ca_cmp_talk_check(const struct ca_bridge *b, struct err *err);
#endif
