#include "bare_issue.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#define DAYS 365

struct bench_issuer {
	EVP_PKEY *key;
	unsigned char *request; /* DER, of a key like a device's */
	int len;
};

static void
need(int good)
{
	if (!good) {
		(void)fprintf(stderr, "OpenSSL cannot issue\n");
		exit(2);
	}
}

static void
make_request(struct bench_issuer *issuer, EVP_PKEY *key)
{
	X509_REQ *request = X509_REQ_new();

	need(request != NULL &&
	    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN",
		MBSTRING_ASC, (const unsigned char *)"pc1.example", -1, -1,
		0) == 1 &&
	    X509_REQ_set_pubkey(request, key) == 1 &&
	    X509_REQ_sign(request, key, EVP_sha256()) > 0);
	issuer->len = i2d_X509_REQ(request, &issuer->request);
	need(issuer->len > 0);
	X509_REQ_free(request);
}

struct bench_issuer *
bench_issuer_open(const char *path)
{
	struct bench_issuer *issuer = calloc(1, sizeof(*issuer));
	FILE *f = fopen(path, "re");
	EVP_PKEY *key;

	need(issuer != NULL && f != NULL);
	issuer->key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	need(issuer->key != NULL && key != NULL);
	(void)fclose(f);
	make_request(issuer, key);
	EVP_PKEY_free(key);
	return issuer;
}

void
bench_issue(struct bench_issuer *issuer)
{
	const unsigned char *at = issuer->request;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, issuer->len);
	EVP_PKEY *key = X509_REQ_get0_pubkey(request);
	X509_NAME *name = X509_REQ_get_subject_name(request);
	X509 *cert = X509_new();
	unsigned char *der = NULL;

	need(request != NULL && cert != NULL &&
	    X509_REQ_verify(request, key) == 1 &&
	    X509_set_version(cert, X509_VERSION_3) == 1 &&
	    X509_set_subject_name(cert, name) == 1 &&
	    X509_set_issuer_name(cert, name) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * DAYS) != NULL &&
	    X509_set_pubkey(cert, key) == 1 &&
	    X509_sign(cert, issuer->key, EVP_sha256()) > 0 &&
	    i2d_X509(cert, &der) > 0);
	OPENSSL_free(der);
	X509_free(cert);
	X509_REQ_free(request);
}

void
bench_issuer_free(struct bench_issuer *issuer)
{
	if (issuer == NULL)
		return;
	EVP_PKEY_free(issuer->key);
	OPENSSL_free(issuer->request);
	free(issuer);
}
