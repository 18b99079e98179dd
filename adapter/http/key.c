/* The key of a server and what is in its certificate. */
#include "http_key.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "err.h"
#include "pem.h"
#include "secret.h"
#include "str.h"

#define NAMES_MAX 400
#define CN_MAX 64 /* of the common name (RFC 5280, ub-common-name) */

static int
complain(struct err *err, const char *what)
{
	ERR_clear_error();
	return err_set(err, ERR_INVALID, "%s", what);
}

/* --- the request --- */

static bool
add_alt_names(X509_REQ *req, const struct http_names *names)
{
	char text[NAMES_MAX];
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *ext;
	bool good;

	(void)snprintf(text, sizeof(text), "DNS:%s%s%s", names->dns,
	    names->address == NULL ? "" : ",IP:",
	    names->address == NULL ? "" : names->address);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	good = list != NULL && ext != NULL &&
	    sk_X509_EXTENSION_push(list, ext) > 0 &&
	    X509_REQ_add_extensions(req, list) == 1;
	if (list == NULL || sk_X509_EXTENSION_num(list) == 0)
		X509_EXTENSION_free(ext);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return good;
}

static bool
fill_request(X509_REQ *req, const struct http_names *names, EVP_PKEY *key)
{
	X509_NAME *subject = X509_REQ_get_subject_name(req);

	if (strlen(names->dns) <= CN_MAX &&
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
		(const unsigned char *)names->dns, -1, -1, 0) != 1)
		return false;
	return X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 &&
	    X509_REQ_set_pubkey(req, key) == 1 && add_alt_names(req, names) &&
	    X509_REQ_sign(req, key, EVP_sha256()) > 0;
}

static struct secret *
key_text(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	struct secret *text = NULL;
	char *bytes;
	long len;

	if (bio != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(
		bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    (len = BIO_get_mem_data(bio, &bytes)) > 0) {
		text = secret_new(bytes, (size_t)len);
		secret_wipe(bytes, (size_t)len);
	}
	BIO_free(bio);
	return text;
}

int
http_key_new(const struct http_names *names, struct secret **ret_key,
    struct buf *csr, struct err *err)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ *req = X509_REQ_new();
	struct secret *text = NULL;
	unsigned char *der = NULL;
	int len = 0, rc = -1;

	if (!str_is_fqdn(names->dns))
		(void)err_set(
		    err, ERR_INVALID, "%.80s is no DNS name", names->dns);
	else if (key == NULL || req == NULL || !fill_request(req, names, key) ||
	    (len = i2d_X509_REQ(req, &der)) <= 0 ||
	    (text = key_text(key)) == NULL)
		(void)complain(err, "a key for the server cannot be made");
	else
		rc = 0;
	if (rc == 0) {
		buf_add(csr, der, (size_t)len);
		*ret_key = text;
	}
	OPENSSL_free(der);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return rc;
}

/* --- the certificate --- */

static int64_t
time_of(const ASN1_TIME *at)
{
	struct tm tm = {0};

	return ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static bool
is_for(X509 *cert, const struct http_names *names)
{
	return X509_check_host(cert, names->dns, 0,
		   X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1 &&
	    (names->address == NULL ||
		X509_check_ip_asc(cert, names->address, 0) == 1);
}

static void
serial_of(const X509 *cert, char out[HTTP_SERIAL])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	size_t len = (size_t)ASN1_STRING_length(serial);

	if (2 * len < HTTP_SERIAL)
		str_hex(ASN1_STRING_get0_data(serial), len, out);
}

int
http_chain_read(const struct buf *chain, const struct http_names *names,
    struct http_chain *ret, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(chain->data, (int)chain->len);
	X509 *cert = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL);

	BIO_free(bio);
	if (cert == NULL)
		return complain(err, "there is no certificate, PEM, in it");
	memset(ret, 0, sizeof(*ret));
	ret->not_before = time_of(X509_get0_notBefore(cert));
	ret->not_after = time_of(X509_get0_notAfter(cert));
	ret->fits = names == NULL || is_for(cert, names);
	serial_of(cert, ret->serial);
	X509_free(cert);
	return 0;
}
