#ifndef OTHER_CA_H_
#define OTHER_CA_H_
#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* A CA of somebody else for tests, on OpenSSL's own writer: it issues what it
 * is told to, wrong in every way that is wanted. */
struct other_ca {
	EVP_PKEY *key;
	X509 *cert;
	char *pem; /* the certificate */
};
struct other_ca *other_ca_new(const char *name);
void other_ca_free(struct other_ca *ca);

/* Zero means the right thing. */
struct other_wish {
	EVP_PKEY *key;	       /* instead of the CSR's */
	const char *cn;	       /* pc1.corp.example */
	const char *san;       /* "DNS:pc1.corp.example"; "": none */
	const char *usage;     /* extendedKeyUsage "serverAuth"; "": none */
	const char *key_usage; /* "digitalSignature,keyEncipherment" */
	const char *basic;     /* "critical,CA:FALSE" */
	const char *extra;     /* a critical extension nobody knows */
	const char *hash;      /* "SHA256" */
	long begins, lives;    /* seconds from now; -3600 and a year */
	long serial;	       /* 4711; -1: a negative one */
	size_t serial_bytes;   /* instead: so many of 0x7f */
	size_t padding;	       /* bytes of a comment */
};
/* The certificate for the key in a CSR, DER. */
void other_ca_issue(const struct other_ca *ca, const struct other_wish *wish,
    const uint8_t *csr, size_t csr_len, struct buf *out);
/* A certs-only message with the CA's certificate and this one, DER. */
void other_ca_message(
    const struct other_ca *ca, const struct buf *leaf, struct buf *out);
#endif
