#include "signer_internal.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "buf.h"
#include "ca_internal.h"
#include "err.h"
#include "mem.h"

#define SIGNATURE_MAX 1024
#define SPKI_MAX 2048

struct ca_signer {
	const struct ca_signer_ops *ops;
	void *self;
	EVP_PKEY *pub;
	struct buf spki;
	struct buf algorithm;
};

/* RFC 4055, 5: parameters NULL for RSA; RFC 5758, 3.2: none for ECDSA. */
static void
write_algorithm(struct buf *out, bool rsa)
{
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	ca_der_span(out, rsa ? ca_oids.sha384_rsa : ca_oids.ecdsa_sha384);
	if (rsa)
		ca_der_tlv(out, CA_TAG_NULL, NULL, 0);
	ca_der_close(out, mark);
}

struct ca_signer *
ca_signer_new(
    const struct ca_signer_ops *ops, void *self, EVP_PKEY *pub, struct err *err)
{
	struct ca_signer *s = mem_alloc(sizeof(*s));
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(pub, &der);

	s->ops = ops;
	s->self = self;
	s->pub = pub;
	buf_init(&s->spki, SPKI_MAX);
	buf_init(&s->algorithm, 32);
	if (len <= 0) {
		ca_openssl_err(err, ERR_INVALID, "encode a CA's public key");
		ca_signer_free(s);
		return NULL;
	}
	buf_add(&s->spki, der, (size_t)len);
	OPENSSL_free(der);
	write_algorithm(&s->algorithm, EVP_PKEY_is_a(pub, "RSA"));
	return s;
}

void *
ca_signer_self(const struct ca_signer *s)
{
	return s->self;
}

void
ca_signer_free(struct ca_signer *s)
{
	if (s == NULL)
		return;
	s->ops->free(s->self);
	EVP_PKEY_free(s->pub);
	buf_free(&s->spki);
	buf_free(&s->algorithm);
	free(s);
}

struct ca_span
ca_signer_algorithm(const struct ca_signer *s)
{
	return ca_der_bytes(&s->algorithm);
}

struct ca_span
ca_signer_spki(const struct ca_signer *s)
{
	return ca_der_bytes(&s->spki);
}

size_t
ca_signer_size(const struct ca_signer *s, size_t tbs_len)
{
	const size_t header = 4; /* tag and length up to 65535 */
	int signature = EVP_PKEY_get_size(s->pub);

	assert(signature > 0);
	return header + tbs_len + s->algorithm.len + header + 1 +
	    (size_t)signature;
}

static int
verify(const struct ca_signer *s, struct ca_span tbs,
    const struct buf *signature, struct err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = 0;

	assert(ctx != NULL);
	if (EVP_DigestVerifyInit_ex(
		ctx, NULL, "SHA384", NULL, NULL, s->pub, NULL) != 1 ||
	    EVP_DigestVerify(
		ctx, signature->data, signature->len, tbs.p, tbs.len) != 1)
		rc = ca_openssl_err(
		    err, ERR_STORAGE, "the CA's own signature does not verify");
	EVP_MD_CTX_free(ctx);
	return rc;
}

int
ca_signer_sign(const struct ca_signer *s, struct ca_span tbs, struct buf *out,
    struct err *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct buf signature;
	size_t len, mark;
	int rc = -1;

	buf_init(&signature, SIGNATURE_MAX);
	if (EVP_Q_digest(NULL, "SHA384", NULL, tbs.p, tbs.len, digest, &len) !=
	    1) {
		ca_openssl_err(err, ERR_BUG, "SHA-384");
		goto out;
	}
	if (s->ops->sign(s->self, digest, len, &signature, err) != 0 ||
	    verify(s, tbs, &signature, err) != 0)
		goto out;
	mark = ca_der_open(out, CA_TAG_SEQ);
	ca_der_span(out, tbs);
	ca_der_span(out, ca_signer_algorithm(s));
	ca_der_bits(out, signature.data, signature.len, 0);
	ca_der_close(out, mark);
	rc = out->over ? err_set(err, ERR_LIMIT,
			     "the signed object is larger "
			     "than %zu bytes",
			     out->max)
		       : 0;
out:
	buf_free(&signature);
	return rc;
}
