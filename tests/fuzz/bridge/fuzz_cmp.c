/*
 * What a CMP server may say: the first octet picks the reader.  The last one
 * seals the message with the secret that it should have been sealed with, so
 * that what libcrypto's client and ours do with a verified one is reached.
 * Nothing read may hold a byte that a terminal obeys, and nothing may be sent.
 */
#include <assert.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmp_internal.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define SECRET "a secret of some length"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ca_bridge bridge;
static uint8_t *csr;
static size_t csr_len;

/* --- what is needed once --- */

static void
make_anchor(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	assert(cert != NULL && bio != NULL);
	(void)X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	(void)X509_set_pubkey(cert, key);
	(void)X509_sign(cert, key, EVP_sha256());
	(void)PEM_write_bio_X509(bio, cert);
	len = BIO_get_mem_data(bio, &text);
	bridge.anchors_pem = mem_dup_len(text, (size_t)len);
	BIO_free(bio);
	X509_free(cert);
}

static void
make_csr(EVP_PKEY *key)
{
	X509_REQ *request = X509_REQ_new();
	int len;

	assert(request != NULL);
	(void)X509_REQ_set_pubkey(request, key);
	(void)X509_REQ_sign(request, key, EVP_sha256());
	len = i2d_X509_REQ(request, &csr);
	assert(len > 0);
	csr_len = (size_t)len;
	X509_REQ_free(request);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)argc;
	(void)argv;
	assert(key != NULL);
	make_anchor(key);
	make_csr(key);
	EVP_PKEY_free(key);
	bridge.kind = &ca_bridge_cmp;
	bridge.name = mem_dup("corp");
	bridge.url = mem_dup("http://192.0.2.1/"); /* never asked */
	bridge.user = mem_dup("ra-1");
	bridge.tls_pem = mem_dup(bridge.anchors_pem);
	bridge.password = secret_new(SECRET, strlen(SECRET));
	bridge.timeout = 1;
	return 0;
}

/* --- readers --- */

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text >= 0x20 && *text < 0x7f);
}

static void
read_status(struct ca_span message)
{
	struct ca_bridge_answer answer;
	struct ca_cmp_status said;

	(void)ca_cmp_read_status(message, &said);
	check_text(buf_text(&said.words));
	ca_bridge_answer_init(&answer);
	ca_cmp_judge(said.info, buf_text(&said.words), &answer);
	check_text(buf_text(&answer.text));
	assert(answer.outcome != CA_BRIDGE_ISSUED);
	ca_bridge_answer_clear(&answer);
	ca_cmp_status_clear(&said);
}

static void
look(void *cookie, X509 *cert)
{
	unsigned *count = cookie;

	assert(cert != NULL);
	assert(++*count <= CA_BRIDGE_CERTS_MAX);
}

/* --- the client --- */

static bool
read_id(const OSSL_CMP_MSG *msg, char out[CA_BRIDGE_ID_MAX + 1])
{
	const ASN1_OCTET_STRING *id =
	    OSSL_CMP_HDR_get0_transactionID(OSSL_CMP_MSG_get0_header(msg));
	int len = id == NULL ? 0 : ASN1_STRING_length(id);

	if (len < 1 || len > CA_BRIDGE_ID_MAX / 2)
		return false;
	str_hex(ASN1_STRING_get0_data(id), (size_t)len, out);
	return true;
}

/* Append it to *out as the CA would have sent it. */
static bool
seal(struct ca_span *in, char id[CA_BRIDGE_ID_MAX + 1], struct buf *out)
{
	const unsigned char *p = in->p;
	OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
	OSSL_CMP_MSG *msg = d2i_OSSL_CMP_MSG(NULL, &p, (long)in->len);
	unsigned char *der = NULL;
	int len = -1;

	assert(ctx != NULL);
	(void)OSSL_CMP_CTX_set1_referenceValue(
	    ctx, (const unsigned char *)"ra-1", 4);
	(void)OSSL_CMP_CTX_set1_secretValue(
	    ctx, (const unsigned char *)SECRET, (int)strlen(SECRET));
	if (msg != NULL && read_id(msg, id)) {
		(void)OSSL_CMP_CTX_set1_transactionID(ctx,
		    OSSL_CMP_HDR_get0_transactionID(
			OSSL_CMP_MSG_get0_header(msg)));
		(void)OSSL_CMP_MSG_update_transactionID(ctx, msg);
		len = i2d_OSSL_CMP_MSG(msg, &der);
	}
	if (len > 0) {
		buf_add(out, der, (size_t)len);
		in->len -= (size_t)(p - in->p);
		in->p = p;
	}
	OPENSSL_free(der);
	OSSL_CMP_MSG_free(msg);
	OSSL_CMP_CTX_free(ctx);
	return len > 0;
}

static void
run_client(struct ca_span body)
{
	struct ca_bridge_ask ask = {.csr = csr, .csr_len = csr_len};
	char id[CA_BRIDGE_ID_MAX + 1] = "00", ignored[CA_BRIDGE_ID_MAX + 1];
	struct ca_bridge_answer answer;
	struct ca_cmp_talk t;
	struct buf sealed;
	int after = 0;

	buf_init(&sealed, CA_BRIDGE_PROGRESS_MAX);
	if (seal(&body, id, &sealed))
		while (body.len > 0 && seal(&body, ignored, &sealed))
			;
	ask.request_id = id;
	ask.progress = ca_der_bytes(&sealed);
	ca_bridge_answer_init(&answer);
	assert(ca_cmp_talk_open(&t, &bridge, &answer) == 0);
	if (ca_cmp_talk_enroll(&t, &ask, &after) == 0)
		ca_cmp_talk_failed(&t);
	assert(!t.sent && after >= 0);
	check_text(buf_text(&answer.text));
	ca_cmp_talk_close(&t);
	ca_bridge_answer_clear(&answer);
	buf_free(&sealed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_span body = {data + 1, size - 1};
	unsigned count = 0;

	if (size == 0 || size > CA_BRIDGE_ANSWER_MAX)
		return 0;
	switch (data[0] % 3) {
	case 0:
		read_status(body);
		break;
	case 1:
		(void)ca_cmp_each_cert(body, look, &count);
		break;
	default:
		run_client(body);
		break;
	}
	return 0;
}
