#include "identity.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
need(bool good)
{
	if (!good)
		abort();
}

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	need(ext != NULL && X509_add_ext(cert, ext, -1) == 1);
	X509_EXTENSION_free(ext);
}

static void
set_names(X509 *cert, const char *name, const struct identity_of *of)
{
	const struct identity *issuer = of->issuer;
	const bool is_ca = issuer == NULL || of->is_ca;
	X509_NAME *subject = X509_get_subject_name(cert);
	char san[300];

	need(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
		 (const unsigned char *)name, -1, -1, 0) == 1);
	need(X509_set_issuer_name(cert,
		 issuer != NULL ? X509_get_subject_name(issuer->cert)
				: subject) == 1);
	(void)snprintf(san, sizeof(san), "DNS:%s", name);
	add_extension(cert, NID_subject_alt_name, san);
	add_extension(cert, NID_basic_constraints,
	    is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (!is_ca)
		add_extension(cert, NID_ext_key_usage,
		    of->usage != NULL ? of->usage : "serverAuth,clientAuth");
}

static char *
text_of(BIO *bio)
{
	char *text, *bytes;
	long len;

	len = BIO_get_mem_data(bio, &bytes);
	need(len > 0);
	text = calloc(1, (size_t)len + 1);
	need(text != NULL);
	memcpy(text, bytes, (size_t)len);
	BIO_free(bio);
	return text;
}

struct identity *
identity_make(const char *name, const struct identity_of *of)
{
	const struct identity *issuer = of->issuer;
	struct identity *identity = calloc(1, sizeof(*identity));
	static long serial = 1;
	unsigned char sha[32];
	unsigned len = 0, i;
	X509 *cert = X509_new();
	BIO *bio;

	need(identity != NULL && cert != NULL);
	identity->key = of->key != NULL ? of->key : EVP_EC_gen("P-256");
	if (of->key != NULL)
		need(EVP_PKEY_up_ref(of->key) == 1);
	identity->cert = cert;
	need(identity->key != NULL && X509_set_version(cert, 2) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), 86400) != NULL &&
	    X509_set_pubkey(cert, identity->key) == 1);
	set_names(cert, name, of);
	need(X509_sign(cert, issuer != NULL ? issuer->key : identity->key,
		 EVP_sha256()) > 0);
	need(X509_digest(cert, EVP_sha256(), sha, &len) == 1 && len == 32);
	for (i = 0; i < len; i++)
		(void)snprintf(identity->sha256 + 2 * i, 3, "%02x", sha[i]);
	bio = BIO_new(BIO_s_mem());
	need(bio != NULL && PEM_write_bio_X509(bio, cert) == 1);
	identity->pem = text_of(bio);
	return identity;
}

struct identity *
identity_new(const char *name, const struct identity *issuer)
{
	const struct identity_of of = {.issuer = issuer};

	return identity_make(name, &of);
}

char *
identity_key_pem(const struct identity *identity, const char *password)
{
	const EVP_CIPHER *cipher = password != NULL ? EVP_aes_128_cbc() : NULL;
	BIO *bio = BIO_new(BIO_s_mem());

	need(bio != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(bio, identity->key, cipher, password,
		password != NULL ? (int)strlen(password) : 0, NULL, NULL) == 1);
	return text_of(bio);
}

void
identity_free(struct identity *identity)
{
	if (identity == NULL)
		return;
	EVP_PKEY_free(identity->key);
	X509_free(identity->cert);
	free(identity->pem);
	free(identity);
}
