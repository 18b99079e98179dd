#ifndef IDENTITY_H_
#define IDENTITY_H_
#include <openssl/x509.h>
#include <stdbool.h>

/* A P-256 key and its certificate, made for one test. */
struct identity {
	EVP_PKEY *key;
	X509 *cert;
	char sha256[65]; /* of the certificate, hex */
	char *pem;	 /* the certificate */
};

/* For this DNS name, signed by issuer (NULL: by itself, and a CA). */
struct identity *identity_new(const char *name, const struct identity *issuer);
/* The same, and more to say. */
struct identity_of {
	const struct identity *issuer;
	const char *usage; /* extendedKeyUsage; NULL: serverAuth,clientAuth */
	bool is_ca;	   /* also with an issuer */
	EVP_PKEY *key;	   /* borrowed; NULL: a new one */
};
struct identity *identity_make(const char *name, const struct identity_of *of);
/* The key, PKCS#8 in PEM, encrypted when there is a password; given. */
char *identity_key_pem(const struct identity *identity, const char *password);
void identity_free(struct identity *identity);
#endif
