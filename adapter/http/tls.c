/* What TLS may be here: versions, ciphers, certificates. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "front_internal.h"
#include "pem.h"
#include "secret.h"

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20" /* of TLS 1.2 */
#define CLIENT_CAS_MAX 64

static int
complain(struct err *err, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	ERR_clear_error();
	return err_set(err, ERR_INVALID, "%s%s%s", what,
	    reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
}

static BIO *
reader_of(const void *bytes, size_t len)
{
	return BIO_new_mem_buf(bytes, (int)len);
}

/* The leaf, then those above it. */
static int
use_chain(SSL_CTX *ctx, const struct buf *chain, struct err *err)
{
	BIO *bio = reader_of(chain->data, chain->len);
	X509 *cert = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL);
	int rc = cert != NULL && SSL_CTX_use_certificate(ctx, cert) == 1
	    ? 0
	    : complain(err, "the server's certificate cannot be used");

	X509_free(cert);
	while (rc == 0 &&
	    (cert = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL)) !=
		NULL) {
		if (SSL_CTX_add1_chain_cert(ctx, cert) != 1)
			rc = complain(err,
			    "the chain of the server's certificate cannot be "
			    "used");
		X509_free(cert);
	}
	ERR_clear_error(); /* that there are no more */
	BIO_free(bio);
	return rc;
}

static int
use_key(SSL_CTX *ctx, const struct secret *secret, struct err *err)
{
	const uint8_t *bytes;
	EVP_PKEY *key;
	size_t len;
	BIO *bio;
	int rc = 0;

	bytes = secret_bytes(secret, &len);
	bio = reader_of(bytes, len);
	key = PEM_read_bio_PrivateKey(bio, NULL, pem_no_password, NULL);
	if (key == NULL)
		rc = complain(err, "the server's key cannot be read");
	else if (SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		rc = complain(
		    err, "the server's key is not that of its certificate");
	EVP_PKEY_free(key);
	BIO_free(bio);
	return rc;
}

/* Certificates and revocation lists of whom clients may come from. */
static int
use_clients(SSL_CTX *ctx, const struct buf *pem, struct err *err)
{
	BIO *bio = reader_of(pem->data, pem->len);
	STACK_OF(X509_INFO) *list =
	    PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	bool good = list != NULL && sk_X509_INFO_num(list) <= CLIENT_CAS_MAX;
	size_t roots = 0;
	X509_INFO *info;
	int i;

	for (i = 0; good && i < sk_X509_INFO_num(list); i++) {
		info = sk_X509_INFO_value(list, i);
		if (info->x509 != NULL) {
			good = X509_STORE_add_cert(store, info->x509) == 1 &&
			    SSL_CTX_add_client_CA(ctx, info->x509) == 1;
			roots++;
		}
		/* A list behind a certificate comes together with it. */
		if (good && info->crl != NULL)
			good = X509_STORE_add_crl(store, info->crl) == 1 &&
			    X509_STORE_set_flags(
				store, X509_V_FLAG_CRL_CHECK) == 1;
	}
	sk_X509_INFO_pop_free(list, X509_INFO_free);
	BIO_free(bio);
	if (!good || roots == 0)
		return complain(err, "the CAs of clients cannot be used");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return 0;
}

/* HTTP/1.1 or nothing. */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *cookie)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *found;

	(void)ssl;
	(void)cookie;
	if (SSL_select_next_proto(&found, out_len, ours, sizeof(ours) - 1, in,
		in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = found;
	return SSL_TLSEXT_ERR_OK;
}

/* No sessions are kept: with P-256 a handshake costs little, and a certificate
 * that was taken back could not come in by an old session. */
static bool
set_policy(SSL_CTX *ctx)
{
	static char groups[] = "X25519:P-256:P-384"; /* as OpenSSL wants it */

	(void)SSL_CTX_set_options(ctx,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	return SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_cipher_list(ctx, CIPHERS) == 1 &&
	    SSL_CTX_set1_groups_list(ctx, groups) == 1;
}

int
http_tls_ctx(const struct http_tls *tls, SSL_CTX **ret_ctx, struct err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int rc = -1;

	if (ctx == NULL || !set_policy(ctx))
		(void)complain(err, "TLS cannot be set up");
	else
		rc = use_chain(ctx, tls->chain, err);
	if (rc == 0)
		rc = use_key(ctx, tls->key, err);
	if (rc == 0 && tls->clients != NULL)
		rc = use_clients(ctx, tls->clients, err);
	if (rc == 0)
		*ret_ctx = ctx;
	else
		SSL_CTX_free(ctx);
	return rc;
}
