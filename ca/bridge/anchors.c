/* Whom a bridge trusts: its file of anchors. */
#include <assert.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "bridge_internal.h"
#include "err.h"
#include "pem.h"

/* By name, and by key identifier where both have one; signatures are looked at
 * when a chain is. */
static bool
may_have_issued(X509 *issuer, X509 *cert)
{
	const ASN1_OCTET_STRING *have = X509_get0_subject_key_id(issuer);
	const ASN1_OCTET_STRING *want = X509_get0_authority_key_id(cert);

	return X509_NAME_cmp(X509_get_subject_name(issuer),
		   X509_get_issuer_name(cert)) == 0 &&
	    (have == NULL || want == NULL ||
		ASN1_OCTET_STRING_cmp(have, want) == 0);
}

static bool
has_issuer(STACK_OF(X509) *file, X509 *cert)
{
	int i;

	for (i = 0; i < sk_X509_num(file); i++) {
		X509 *issuer = sk_X509_value(file, i);

		if (issuer != cert && X509_cmp(issuer, cert) != 0 &&
		    may_have_issued(issuer, cert))
			return true;
	}
	return false;
}

/* A self-signed one, or one whose issuer the administrator left out. */
static bool
is_top(STACK_OF(X509) *file, X509 *cert)
{
	return may_have_issued(cert, cert) || !has_issuer(file, cert);
}

/* What is above a certificate is for the whole way a constraint on it, and has
 * to be valid: it is looked at as far up as the file goes, and only the tops
 * are taken on the administrator's word. Certificates that vouch for each other
 * in a circle have no top, and are each taken so. */
static int
trust_tops(struct ca_bridge *b)
{
	int i, tops = 0;

	for (i = 0; i < sk_X509_num(b->between); i++) {
		X509 *cert = sk_X509_value(b->between, i);

		if (!is_top(b->between, cert))
			continue;
		(void)X509_STORE_add_cert(b->anchors, cert);
		tops++;
	}
	for (i = 0; tops == 0 && i < sk_X509_num(b->between); i++)
		(void)X509_STORE_add_cert(
		    b->anchors, sk_X509_value(b->between, i));
	return sk_X509_num(b->between);
}

int
ca_bridge_anchors_load(struct ca_bridge *b, const char *path, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(b->anchors_pem, -1);
	X509 *cert;
	int count;

	b->anchors = X509_STORE_new();
	b->between = sk_X509_new_null();
	assert(bio != NULL && b->anchors != NULL && b->between != NULL);
	(void)X509_STORE_set_flags(b->anchors, X509_V_FLAG_PARTIAL_CHAIN);
	while (sk_X509_num(b->between) <= CA_BRIDGE_ANCHORS_MAX &&
	    (cert = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL)) !=
		NULL)
		(void)sk_X509_push(b->between, cert);
	BIO_free(bio);
	count = trust_tops(b);
	ERR_clear_error();
	if (count == 0 || count > CA_BRIDGE_ANCHORS_MAX)
		return err_set(err, ERR_INVALID,
		    "%s: not 1 to %d certificates in PEM form", path,
		    CA_BRIDGE_ANCHORS_MAX);
	return 0;
}

void
ca_bridge_anchors_clear(struct ca_bridge *b)
{
	X509_STORE_free(b->anchors);
	sk_X509_pop_free(b->between, X509_free);
}
