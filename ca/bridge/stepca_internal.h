#ifndef STEPCA_INTERNAL_H_
#define STEPCA_INTERNAL_H_
#include "bridge_internal.h"

/* The formats of step-ca's HTTP API: bytes in, outcome and words out, no I/O
 * (stepca_codec.c). */

#define CA_STEP_SERIAL_MAX 64 /* decimal, 20 bytes at most */
#define CA_STEP_CURSOR_MAX 128

/* Who asks: a provisioner and how it signs. */
struct ca_step_signer {
	const char *server;	 /* https://HOST:PORT */
	const char *provisioner; /* its name */
	EVP_PKEY *key;
	STACK_OF(X509) *chain; /* X5C: leaf first; NULL: JWK */
};
/* What a one-time token allows. */
struct ca_step_token {
	const char *path;    /* "/1.0/sign" */
	const char *subject; /* the CN, or a serial */
	const char *id;	     /* used once, ever */
	int64_t now;
	const struct ca_bridge_ask *ask; /* its names and CSR; or NULL */
};
/* Append it. ERR_INVALID: our key cannot sign it. */
int ca_step_write_token(const struct ca_step_signer *signer,
    const struct ca_step_token *token, struct buf *out, struct err *err);
/* The body of a signing request with such a token. ERR_LIMIT: too long. */
int ca_step_write_sign(const struct ca_bridge_ask *ask, const char *token,
    struct buf *out, struct err *err);
void ca_step_write_revoke(
    const char *serial, int reason, const char *token, struct buf *out);
/* As step-ca names a certificate; false: it has no serial. */
bool ca_step_serial(
    const uint8_t *leaf, size_t len, char ret[CA_STEP_SERIAL_MAX]);

/* The certificate for the key out of an answer that says 201. NULL, or what is
 * wrong. */
const char *ca_step_read_sign(
    struct ca_span body, struct ca_span spki, struct buf *leaf);
/* What any other status means. */
void ca_step_judge(const struct net_fetched *got, struct ca_bridge_answer *a);
/* NULL, or what is wrong: {"status":"ok"}. */
const char *ca_step_read_ok(struct ca_span body);
/* Does a refusal say that the certificate is revoked already? */
bool ca_step_is_revoked(const struct net_fetched *got);

/* For the test: each root certificate; NULL, or what is wrong. */
const char *ca_step_each_root(
    struct ca_span body, ca_bridge_cert_fn *fn, void *cookie);
/* One page of provisioners: what is known of ours into *out.  1: it is here, 0:
 * not on this page (*ret_cursor: of the next, "" if there is none), -1: it is
 * here and will not work, or it is no such page. */
int ca_step_find_provisioner(struct ca_span body,
    const struct ca_step_signer *signer, char ret_cursor[CA_STEP_CURSOR_MAX],
    struct buf *out, struct err *err);
#endif
