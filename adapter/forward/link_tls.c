#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "forward_internal.h"
#include "mem.h"
#include "pem.h"
#include "str.h"

#define FILE_MAX 4194304 /* of anchors */
#define REASON_MAX 120

/* The oldest error in OpenSSL's queue, in its words. */
static const char *
reason(void)
{
	unsigned long code = ERR_get_error();
	const char *text = code == 0 ? NULL : ERR_reason_error_string(code);

	ERR_clear_error();
	return text == NULL ? "no reason given" : text;
}

int
forward_tls_error(const struct ssl_st *ssl, const char *what, struct err *err)
{
	long verified = SSL_get_verify_result(ssl);

	if (verified != X509_V_OK) {
		ERR_clear_error();
		return err_set(err, ERR_UNTRUSTED,
		    "%.100s: its certificate is refused: %.*s", what,
		    REASON_MAX, X509_verify_cert_error_string(verified));
	}
	return err_set(
	    err, ERR_UNKNOWN, "%.100s: TLS: %.*s", what, REASON_MAX, reason());
}

static int
add_anchors(SSL_CTX *context, const char *file, struct err *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	struct buf pem;
	X509 *anchor;
	BIO *bio;
	int count = 0;

	buf_init(&pem, FILE_MAX);
	if (file_read(file, FILE_MAX, &pem, err) != 0) {
		buf_free(&pem);
		return -1;
	}
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	while ((anchor = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL)) !=
	    NULL) {
		count += X509_STORE_add_cert(store, anchor);
		X509_free(anchor);
	}
	BIO_free(bio);
	buf_free(&pem);
	ERR_clear_error();
	if (count == 0)
		return err_set(
		    err, ERR_INVALID, "%s: no certificate in it", file);
	return 0;
}

/* The key must be for nobody else to read, and not ask for a password. */
static int
add_own(SSL_CTX *context, const struct forward_link_conf *conf, struct err *err)
{
	struct buf pem;
	EVP_PKEY *key;
	BIO *bio;
	int rc;

	buf_init(&pem, FILE_MAX);
	if (file_read_private(conf->key, FILE_MAX, &pem, err) != 0) {
		buf_free(&pem);
		return -1;
	}
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	key = PEM_read_bio_PrivateKey(bio, NULL, pem_no_password, NULL);
	BIO_free(bio);
	buf_free(&pem); /* wipes */
	rc = key != NULL &&
		SSL_CTX_use_certificate_chain_file(
		    context, conf->certificate) == 1 &&
		SSL_CTX_use_PrivateKey(context, key) == 1
	    ? 0
	    : err_set(err, ERR_INVALID, "%s, %s: %s", conf->certificate,
		  conf->key, reason());
	EVP_PKEY_free(key);
	return rc;
}

int
forward_tls_context(const struct forward_link_conf *conf,
    struct ssl_ctx_st **ret_context, struct err *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL)
		return err_set(err, ERR_LIMIT, "cannot begin TLS");
	(void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (conf->tls_ca == NULL) {
		(void)err_set(err, ERR_INVALID,
		    "tls_ca: wanted the anchors of its certificate");
		goto fail;
	}
	if (add_anchors(context, conf->tls_ca, err) != 0 ||
	    (conf->key != NULL && add_own(context, conf, err) != 0))
		goto fail;
	*ret_context = context;
	return 0;
fail:
	SSL_CTX_free(context);
	return -1;
}

int
forward_tls_name(struct ssl_st *ssl, const char *host, struct err *err)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char *name;
	bool set;

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return 0;
	ERR_clear_error();
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	name = mem_dup(host); /* OpenSSL's macro would drop the const */
	set = SSL_set1_host(ssl, name) == 1 &&
	    SSL_set_tlsext_host_name(ssl, name) == 1;
	free(name);
	if (!set)
		return err_set(
		    err, ERR_INVALID, "%s: no name of a server", host);
	return 0;
}
