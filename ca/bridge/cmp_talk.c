/* One exchange with a CMP server by libcrypto's client: its state made again
 * from what the CA said, one message out, one in. */
#include <assert.h>
#include <openssl/bio.h>
#include <openssl/cmp_util.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <strings.h>

#include "cmp_internal.h"
#include "fetch.h"
#include "pem.h"
#include "secret.h"
#include "str.h"

#define CONTENT_TYPE "application/pkixcmp" /* RFC 6712, 3.4 */

/* --- bytes and messages --- */

static OSSL_CMP_MSG *
read_message(struct ca_span der)
{
	const unsigned char *p = der.p;
	OSSL_CMP_MSG *msg = d2i_OSSL_CMP_MSG(NULL, &p, (long)der.len);

	if (msg != NULL && p == der.p + der.len)
		return msg;
	OSSL_CMP_MSG_free(msg);
	return NULL;
}

static bool
write_message(const OSSL_CMP_MSG *msg, struct buf *out)
{
	unsigned char *der = NULL;
	int len = i2d_OSSL_CMP_MSG(msg, &der);

	buf_reset(out);
	if (len > 0)
		buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return len > 0 && !out->over;
}

static const ASN1_OCTET_STRING *
nonce_of(const OSSL_CMP_MSG *msg)
{
	return OSSL_CMP_HDR_get0_recipNonce(OSSL_CMP_MSG_get0_header(msg));
}

/* --- what the client sends, and gets --- */

/* As if it came now: the client believes to have sent the nonce that the CA
 * answered then. */
static OSSL_CMP_MSG *
replay(struct ca_cmp_talk *t)
{
	struct ca_tlv one;
	OSSL_CMP_MSG *msg;

	if (ca_der_take(&t->replay, CA_TAG_SEQ, &one) != 0 ||
	    (msg = read_message(one.whole)) == NULL) {
		t->replay.len = 0;
		return NULL;
	}
	(void)OSSL_CMP_CTX_set1_senderNonce(t->ctx, nonce_of(msg));
	if (t->asked == NULL) {
		buf_add(&t->first, one.whole.p, one.whole.len);
		t->asked = nonce_of(msg) == NULL
		    ? ASN1_OCTET_STRING_new()
		    : ASN1_OCTET_STRING_dup(nonce_of(msg));
	}
	return msg;
}

/* Not by an application's standard type, or an error page that claims to be. */
static bool
is_message(const struct net_fetched *got)
{
	return got->status == 200 ||
	    (got->content_type != NULL &&
		strncasecmp(got->content_type, CONTENT_TYPE,
		    strlen(CONTENT_TYPE)) == 0);
}

static OSSL_CMP_MSG *
take_answer(struct ca_cmp_talk *t, const struct net_fetched *got)
{
	OSSL_CMP_MSG *msg;

	if (!is_message(got)) {
		ca_bridge_judge_status(got, "CMP at this url", t->ret);
		/* HTTP does not decide about requests, and proves nothing. */
		if (t->ret->outcome == CA_BRIDGE_REJECTED ||
		    t->ret->outcome == CA_BRIDGE_PENDING)
			t->ret->outcome = CA_BRIDGE_UNKNOWN;
		return NULL;
	}
	msg = read_message(ca_der_bytes(&got->body));
	if (msg == NULL || !write_message(msg, &t->got)) {
		ca_bridge_answer_set(t->ret, CA_BRIDGE_UNKNOWN,
		    "the CA's answer cannot be read: it is no CMP message");
		OSSL_CMP_MSG_free(msg);
		return NULL;
	}
	/* RFC 9483, 4.4: what ends a wait may answer to the nonce of the
	 * request, not to that of the last question after it. */
	if (t->want == CA_CMP_POLLREQ && nonce_of(msg) != NULL &&
	    t->asked != NULL &&
	    ASN1_OCTET_STRING_cmp(nonce_of(msg), t->asked) == 0)
		(void)OSSL_CMP_CTX_set1_senderNonce(t->ctx, t->asked);
	return msg;
}

static OSSL_CMP_MSG *
exchange(struct ca_cmp_talk *t, const OSSL_CMP_MSG *request)
{
	/* Each exchange has a connection of its own: a server that waits for
	 * more on this one may take its end for the transaction's. */
	static const char *const headers[] = {
	    "Content-Type: " CONTENT_TYPE, "Connection: close", NULL};
	struct net_fetch f = {
	    .method = "POST", .url = t->b->url, .headers = headers};
	struct net_fetched got = {0};
	OSSL_CMP_MSG *msg = NULL;
	struct buf body;

	buf_init(&body, CA_BRIDGE_ANSWER_MAX);
	t->failed = true;
	if (!write_message(request, &body)) {
		ca_bridge_answer_set(
		    t->ret, CA_BRIDGE_MISCONFIGURED, "the request is too long");
	} else {
		f.body = body.data;
		f.body_len = body.len;
		if (ca_bridge_fetch(t->b, &f, "CMP", &got, t->ret) == 0)
			msg = take_answer(t, &got);
	}
	t->failed = msg == NULL;
	net_fetched_clear(&got);
	buf_free(&body);
	return msg;
}

static OSSL_CMP_MSG *
transfer(OSSL_CMP_CTX *ctx, const OSSL_CMP_MSG *request)
{
	struct ca_cmp_talk *t = OSSL_CMP_CTX_get_transfer_cb_arg(ctx);
	int body = OSSL_CMP_MSG_get_bodytype(request);

	if (t->replay.len > 0)
		return replay(t);
	if (t->sent || body != (int)t->want) {
		t->kept = (enum ca_cmp_body)body;
		return NULL;
	}
	t->sent = true;
	return exchange(t, request);
}

/* Ours to say, not libcrypto's: it has looked at nothing but the key. */
static int
confirmed(OSSL_CMP_CTX *ctx, X509 *cert, int fail_info, const char **text)
{
	const struct ca_cmp_talk *t = OSSL_CMP_CTX_get_certConf_cb_arg(ctx);

	(void)cert;
	(void)fail_info;
	if (t->why_not == NULL)
		return 0;
	*text = t->why_not;
	return OSSL_CMP_CTX_FAILINFO_incorrectData;
}

/* --- the client --- */

static EVP_PKEY *
read_key(const struct secret *pem)
{
	size_t len;
	const uint8_t *bytes = secret_bytes(pem, &len);
	BIO *bio = BIO_new_mem_buf(bytes, (int)len);
	EVP_PKEY *key;

	assert(bio != NULL);
	key = PEM_read_bio_PrivateKey(bio, NULL, pem_no_password, NULL);
	BIO_free(bio);
	return key;
}

static bool
set_secret(OSSL_CMP_CTX *ctx, const struct ca_bridge *b)
{
	size_t len;
	const uint8_t *secret = secret_bytes(b->password, &len);

	return OSSL_CMP_CTX_set1_referenceValue(ctx,
		   (const unsigned char *)b->user, (int)strlen(b->user)) == 1 &&
	    OSSL_CMP_CTX_set1_secretValue(ctx, secret, (int)len) == 1 &&
	    OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_OWF_ALGNID, NID_sha256) ==
	    1 &&
	    OSSL_CMP_CTX_set_option(
		ctx, OSSL_CMP_OPT_MAC_ALGNID, NID_hmacWithSHA256) == 1;
}

static bool
set_signature(OSSL_CMP_CTX *ctx, const struct ca_bridge *b)
{
	STACK_OF(X509) *chain = ca_cmp_read_certs(b->cert_pem);
	EVP_PKEY *key = read_key(b->key_pem);
	bool good = chain != NULL && key != NULL &&
	    X509_check_private_key(sk_X509_value(chain, 0), key) == 1 &&
	    OSSL_CMP_CTX_set1_cert(ctx, sk_X509_value(chain, 0)) == 1 &&
	    OSSL_CMP_CTX_set1_pkey(ctx, key) == 1 &&
	    OSSL_CMP_CTX_set1_untrusted(ctx, chain) == 1;

	EVP_PKEY_free(key);
	sk_X509_pop_free(chain, X509_free);
	return good;
}

static bool
set_all(
    OSSL_CMP_CTX *ctx, struct ca_cmp_signer *signer, const struct ca_bridge *b)
{
	/* Silent: it would print what is foreign to standard error. */
	return OSSL_CMP_CTX_set_log_verbosity(ctx, OSSL_CMP_LOG_EMERG) == 1 &&
	    OSSL_CMP_CTX_set_option(
		ctx, OSSL_CMP_OPT_DIGEST_ALGNID, NID_sha256) == 1 &&
	    (b->cert_pem != NULL ? set_signature(ctx, b)
				 : set_secret(ctx, b)) &&
	    ca_cmp_signer_open(signer, ctx, b);
}

int
ca_cmp_talk_check(const struct ca_bridge *b, struct err *err)
{
	OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
	struct ca_cmp_signer signer = {.named = NULL};
	bool good = ctx != NULL && set_all(ctx, &signer, b);

	OSSL_CMP_CTX_free(ctx);
	ca_cmp_signer_close(&signer);
	ERR_clear_error();
	if (good)
		return 0;
	return err_set(err, ERR_INVALID, "%s",
	    b->cert_pem != NULL
		? "certificate, key or signer is no PEM, or encrypted, or the "
		  "key is not the certificate's"
		: "signer is no certificate in PEM form");
}

int
ca_cmp_talk_open(
    struct ca_cmp_talk *t, struct ca_bridge *b, struct ca_bridge_answer *ret)
{
	*t = (struct ca_cmp_talk){
	    .b = b, .ret = ret, .want = CA_CMP_NONE, .kept = CA_CMP_NONE};
	buf_init(&t->first, CA_BRIDGE_ANSWER_MAX);
	buf_init(&t->got, CA_BRIDGE_ANSWER_MAX);
	ERR_clear_error();
	t->ctx = OSSL_CMP_CTX_new(NULL, NULL);
	if (t->ctx != NULL && set_all(t->ctx, &t->signer, b) &&
	    OSSL_CMP_CTX_set_transfer_cb(t->ctx, transfer) == 1 &&
	    OSSL_CMP_CTX_set_transfer_cb_arg(t->ctx, t) == 1 &&
	    OSSL_CMP_CTX_set_certConf_cb(t->ctx, confirmed) == 1 &&
	    OSSL_CMP_CTX_set_certConf_cb_arg(t->ctx, t) == 1)
		return 0;
	ca_bridge_answer_set(ret, CA_BRIDGE_MISCONFIGURED,
	    "CMP cannot be begun with this configuration");
	return -1;
}

void
ca_cmp_talk_close(struct ca_cmp_talk *t)
{
	OSSL_CMP_CTX_free(t->ctx);
	ca_cmp_signer_close(&t->signer);
	ASN1_OCTET_STRING_free(t->asked);
	buf_free(&t->first);
	buf_free(&t->got);
	ERR_clear_error();
}

/* --- a certificate --- */

static bool
set_transaction(OSSL_CMP_CTX *ctx, const char *id)
{
	uint8_t bytes[CA_BRIDGE_ID_MAX / 2];
	size_t len = strlen(id) / 2;
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	bool good = value != NULL && len > 0 && len <= sizeof(bytes) &&
	    str_unhex(id, bytes, len) == 0 &&
	    ASN1_OCTET_STRING_set(value, bytes, (int)len) == 1 &&
	    OSSL_CMP_CTX_set1_transactionID(ctx, value) == 1;

	ASN1_OCTET_STRING_free(value);
	return good;
}

static bool
set_request(OSSL_CMP_CTX *ctx, const struct ca_bridge_ask *ask)
{
	const unsigned char *p = ask->csr;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, (long)ask->csr_len);
	EVP_PKEY *key = csr == NULL ? NULL : X509_REQ_get_pubkey(csr);
	bool good = key != NULL && OSSL_CMP_CTX_set1_p10CSR(ctx, csr) == 1 &&
	    OSSL_CMP_CTX_set0_newPkey(ctx, 0, key) == 1;

	if (!good)
		EVP_PKEY_free(key);
	X509_REQ_free(csr);
	return good;
}

int
ca_cmp_talk_enroll(struct ca_cmp_talk *t, const struct ca_bridge_ask *ask,
    int *ret_check_after)
{
	int rc;

	t->replay = ask->progress;
	if (!set_request(t->ctx, ask) ||
	    !set_transaction(t->ctx, ask->request_id)) {
		ca_bridge_answer_set(t->ret, CA_BRIDGE_REJECTED,
		    "the request cannot be put into a CMP message");
		t->failed = true;
		return 0;
	}
	/* It comes back where a replayed message says "later". */
	do
		rc = OSSL_CMP_try_certreq(
		    t->ctx, OSSL_CMP_P10CR, NULL, ret_check_after);
	while (rc == -1 && !t->sent && t->want != CA_CMP_NONE);
	return rc;
}

/* --- failures --- */

/* What we or libcrypto have against an answer. */
static const char *
objection(const struct ca_cmp_talk *t)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

	if (t->signer.why_not[0] != '\0')
		return t->signer.why_not;
	return reason != NULL ? reason : "it is not from the signer";
}

/* Sent, answered, and the answer is not one that libcrypto takes. */
static void
judge_stranger(struct ca_cmp_talk *t, const struct ca_cmp_status *said)
{
	/* An error that nobody can prove is most likely from a CA that takes
	 * us for strangers as well. */
	if (said->body == CA_CMP_ERROR)
		ca_bridge_answer_set(t->ret, CA_BRIDGE_MISCONFIGURED,
		    "the CA answers with an error, and that cannot be verified "
		    "(%s): compare the secret, or signer and tls_ca; it says "
		    "\"%.120s\"",
		    objection(t), buf_text(&said->words));
	else
		ca_bridge_answer_set(t->ret, CA_BRIDGE_UNKNOWN,
		    "the CA's answer cannot be verified (%s): compare the "
		    "secret, or signer and tls_ca",
		    objection(t));
}

void
ca_cmp_talk_failed(struct ca_cmp_talk *t)
{
	struct ca_cmp_status said;

	if (t->failed)
		return;
	if (!t->sent) {
		ca_bridge_answer_set(t->ret, CA_BRIDGE_REJECTED,
		    "the CA's earlier messages do not verify any more (%s)",
		    objection(t));
		return;
	}
	(void)ca_cmp_read_status(ca_der_bytes(&t->got), &said);
	/* libcrypto learns the status of verified messages only. */
	if (OSSL_CMP_CTX_get_status(t->ctx) != OSSL_CMP_PKISTATUS_rejection)
		judge_stranger(t, &said);
	else
		ca_cmp_judge(said.info, buf_text(&said.words), t->ret);
	ca_cmp_status_clear(&said);
}
