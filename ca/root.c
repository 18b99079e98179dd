/* The keys of our own roots, and what is signed with them. */
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "authority_internal.h"
#include "ca_internal.h"
#include "clock.h"
#include "csr_internal.h"
#include "line_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "rollover.h"
#include "root_internal.h"
#include "signer_internal.h"
#include "str.h"

/* --- the key --- */

char *
ca_root_key_file(const struct ca_conf *conf, struct ca_span spki)
{
	char suffix[CA_KEY_SUFFIX];

	ca_line_suffix(spki, suffix);
	return mem_printf("%s.%s.root", conf->key_file, suffix);
}

int
ca_root_open(const struct ca_conf *conf, const struct ca_issuer *root,
    struct ca_signer **ret, struct err *err)
{
	char *path = ca_root_key_file(conf, root->spki);
	struct ca_signer *signer = NULL;
	int rc;

	if (access(path, F_OK) != 0) { /* the first one's, then */
		free(path);
		path = mem_printf("%s.root", conf->key_file);
	}
	rc = ca_signer_file_open(CA_KEY_ROOT, conf->vault, path, &signer, err);
	if (rc == 0 && !ca_span_equal(root->spki, ca_signer_spki(signer)))
		rc = err_set(err, ERR_STORAGE,
		    "the root's key file and database do not belong together");
	free(path);
	if (rc != 0)
		ca_signer_free(signer);
	else
		*ret = signer;
	return rc;
}

const struct ca_issuer *
ca_root_ours(const struct ca *ca, const struct ca_conf *conf,
    struct ca_signer **ret, struct err *err)
{
	struct err none;
	const struct ca *line;

	if (ca_root_open(conf, &ca->root, ret, err) == 0)
		return &ca->root;
	for (line = ca->older; line != NULL; line = line->older)
		if (!ca_span_equal(line->root.spki, ca->root.spki) &&
		    ca_root_open(conf, &line->root, ret, &none) == 0)
			return &line->root;
	return NULL;
}

/* --- what it is asked for --- */

static int
certify_request(const struct ca *ca, const struct ca_crossing *how,
    const struct buf *der, struct ca_issuer *ret, struct err *err)
{
	struct ca_authority a = {
	    .signer = how->signer,
	    .issuer = how->root,
	    .not_after = clock_now() + CA_ISSUING_LIFE,
	    .url = how->url,
	};
	struct ca_csr csr = {.subject = {NULL, 0}};

	if (ca_root_request_check(
		ca, how->root, ca_der_bytes(der), &csr, err) != 0)
		return -1;
	a.subject = csr.subject;
	a.spki = csr.spki;
	return ca_authority_make(&a, ret, err);
}

/* --- an issuing CA of another root --- */

int
ca_cross_make(const struct ca_crossing *how, const struct ca_issuer *of,
    struct ca_issuer *ret, struct err *err)
{
	const struct ca_authority a = {.signer = how->signer,
	    .issuer = how->root,
	    .of = of,
	    .url = how->url};

	if (of->constraints != NULL)
		return err_set(err, ERR_REFUSED,
		    "its own root limits the names it may certify; ours would "
		    "not");
	return ca_authority_make(&a, ret, err);
}

/* NULL, or why we do not vouch for it. */
static const char *
check_cross(const struct ca *ca, const struct ca_issuer *root,
    const struct ca_issuer *of)
{
	const EVP_PKEY *key = X509_get0_pubkey(of->x509);

	if (X509_check_ca(of->x509) != 1)
		return "it is no CA";
	if (X509_check_issued(of->x509, of->x509) == X509_V_OK)
		return "it is a root: cross-sign its issuing CAs";
	if (key == NULL || !ca_root_key_strong(key))
		return "an issuing CA needs RSA-3072 or P-384 at least";
	if (X509_check_issued(root->x509, of->x509) == X509_V_OK)
		return "it is of this root already";
	if (of->subject_key.len == 0)
		return "it has no key identifier";
	return ca_root_taken(
	    ca, root, X509_get_subject_name(of->x509), of->spki);
}

static int
certify_cross(const struct ca *ca, const struct ca_crossing *how,
    const struct buf *der, struct ca_issuer *ret, struct err *err)
{
	struct ca_issuer of = {.x509 = NULL};
	const char *why = NULL;
	int rc;

	rc = ca_issuer_load(&of, der->data, der->len, err);
	if (rc == 0)
		why = check_cross(ca, how->root, &of);
	ERR_clear_error();
	if (why != NULL)
		rc = err_set(err, ERR_REFUSED, "certificate: %s", why);
	if (rc == 0)
		rc = ca_cross_make(how, &of, ret, err);
	ca_issuer_clear(&of);
	return rc;
}

/* 1 and a certificate's DER, 0: it is something else, -1. */
static int
read_cert(const struct buf *text, struct buf *out, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
	char *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;
	int rc = 0;

	if (bio != NULL &&
	    PEM_read_bio(bio, &label, &header, &der, &len) == 1 &&
	    str_eq(label, PEM_STRING_X509)) {
		buf_add(out, der, (size_t)len);
		rc = out->over
		    ? err_set(err, ERR_INVALID, "the certificate is too large")
		    : 1;
	}
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

/* A key that was revoked gets no other certificate. */
static int
check_not_revoked(
    struct ca *ca, const struct buf *der, bool is_cert, struct err *err)
{
	struct ca_issuer of = {.x509 = NULL};
	struct ca_csr csr = {.spki = {NULL, 0}};
	struct ca_status status;
	const struct ca *line;
	struct ca_span key;
	int got = 0;

	/* What cannot be read is refused elsewhere, and says why. */
	if (is_cert)
		(void)ca_issuer_load(&of, der->data, der->len, NULL);
	else
		(void)ca_csr_parse(ca_der_bytes(der), &csr);
	key = is_cert ? of.spki : csr.spki;
	ca_store_lock(ca->store);
	for (line = ca; got == 0 && line != NULL; line = line->older)
		if (ca_span_equal(key, line->issuing.spki))
			got = ca_line_revoked(line, &status, err);
	ca_store_unlock(ca->store);
	ca_issuer_clear(&of);
	ERR_clear_error();
	return got == 1 ? err_set(err, ERR_REFUSED,
			      "an issuing CA with this key was revoked")
			: got;
}

int
ca_certify(struct ca *ca, const struct ca_conf *conf, const struct buf *pem,
    struct buf *out, struct err *err)
{
	struct ca_issuer made = {.x509 = NULL};
	struct ca_crossing how = {.url = conf->url};
	struct ca_signer *signer = NULL;
	struct buf der;
	int got, rc;

	buf_init(&der, CA_CHAIN_MAX);
	got = read_cert(pem, &der, err);
	rc = got == 0 ? ca_csr_read(pem, &der, err) : got == 1 ? 0 : -1;
	if (rc == 0)
		rc = check_not_revoked(ca, &der, got == 1, err);
	how.root = rc == 0 ? ca_root_ours(ca, conf, &signer, err) : NULL;
	how.signer = signer;
	if (how.root == NULL)
		rc = -1;
	else if (got == 1)
		rc = certify_cross(ca, &how, &der, &made, err);
	else
		rc = certify_request(ca, &how, &der, &made, err);
	if (rc == 0)
		rc = ca_pem_write(
		    PEM_STRING_X509, ca_der_bytes(&made.der), out, err);
	ca_issuer_clear(&made);
	ca_signer_free(signer);
	buf_free(&der);
	return rc;
}
