/*
 * The request of a new issuing key, and signing one with our root.  The key is
 * on disk, sealed, before the record that names it: a crash between leaves a
 * file that nothing refers to, never a record without its key.
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "authority_internal.h"
#include "ca_internal.h"
#include "clock.h"
#include "csr_internal.h"
#include "fault.h"
#include "line_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "signer_internal.h"
#include "str.h"

#define RSA_LEAST 3072
#define EC_LEAST 384
#define SUFFIX_BYTES 8

/* PKCS#10 (RFC 2986) that asks for CA:TRUE, path length 0. */
int
ca_request_make(const struct ca_signer *s, const char *organisation,
    struct buf *out, struct err *err)
{
	struct buf info;
	size_t whole, attributes, attribute, set, list;
	int rc;

	buf_init(&info, CA_REQUEST_MAX);
	whole = ca_der_open(&info, CA_TAG_SEQ);
	ca_der_number(&info, 0);
	rc = ca_authority_name(&info, organisation, false, err);
	ca_der_span(&info, ca_signer_spki(s));
	attributes = ca_der_open(&info, CA_TAG_CONTEXT_SEQ(0));
	attribute = ca_der_open(&info, CA_TAG_SEQ);
	ca_der_span(&info, ca_oids.extension_request);
	set = ca_der_open(&info, CA_TAG_SET);
	list = ca_der_open(&info, CA_TAG_SEQ);
	ca_tbs_request(0, &info);
	ca_der_close(&info, list);
	ca_der_close(&info, set);
	ca_der_close(&info, attribute);
	ca_der_close(&info, attributes);
	ca_der_close(&info, whole);
	if (rc == 0)
		rc = ca_signer_sign(s, ca_der_bytes(&info), out, err);
	buf_free(&info);
	return rc;
}

/* O of a Name; given, NULL when there is none. */
static char *
organisation_of(const X509_NAME *name)
{
	int at = X509_NAME_get_index_by_NID(name, NID_organizationName, -1);
	unsigned char *text = NULL;
	char *copy = NULL;
	int len;

	if (at < 0)
		return NULL;
	len = ASN1_STRING_to_UTF8(
	    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (len > 0)
		copy = mem_dup_len((const char *)text, (size_t)len);
	OPENSSL_free(text);
	return copy;
}

/* A new request under way. */
struct asking {
	const struct ca_conf *conf;
	const struct ca_request_new *how;
	struct ca_store *store;
	struct ca_line_row open; /* the one waiting, if there is one */
	bool has_open;
	struct ca_signer *signer;
	struct ca_line_row row;
	struct buf request;
};

/* That of the CA that issues, else of the request that is given up. */
static int
find_organisation(struct asking *a, char **ret, struct err *err)
{
	struct ca line = {.store = a->store};
	struct ca_line_row active;
	const unsigned char *p;
	struct buf der;
	X509_REQ *req;
	int got;

	got = ca_store_line_in(a->store, CA_LINE_ACTIVE, &active, err);
	if (got < 0 || (got == 1 && ca_line_load(&line, active.id, err) != 0))
		return -1;
	if (got == 1) {
		*ret =
		    organisation_of(X509_get_subject_name(line.issuing.x509));
	} else if (a->has_open) {
		buf_init(&der, CA_REQUEST_MAX);
		got = ca_store_line_request(a->store, a->open.id, &der, err);
		p = der.data;
		req = got == 0 ? d2i_X509_REQ(NULL, &p, (long)der.len) : NULL;
		if (req != NULL)
			*ret = organisation_of(X509_REQ_get_subject_name(req));
		X509_REQ_free(req);
		buf_free(&der);
	}
	ca_line_clear(&line);
	return got < 0 ? -1 : 0;
}

static int
record(struct asking *a, struct err *err)
{
	if (ca_store_begin(a->store, err) != 0)
		return -1;
	if ((a->has_open &&
		ca_store_line_drop(a->store, a->open.id, err) != 0) ||
	    ca_store_line_add(a->store, &a->row, &a->request, err) != 0) {
		ca_store_rollback(a->store);
		return -1;
	}
	return ca_store_commit(a->store, err);
}

static int
save(struct asking *a, struct err *err)
{
	char *path = ca_line_key_file(a->conf, &a->row);
	char *before = a->has_open ? ca_line_key_file(a->conf, &a->open) : NULL;
	int rc;

	rc = ca_signer_file_save(
	    a->signer, &a->how->key, a->conf->vault, path, err);
	if (rc != 0 && a->how->key.uri != NULL && err->kind == ERR_CONFLICT)
		err_set(err, ERR_CONFLICT,
		    "the key in the token is on record already (%s): make a "
		    "new one there",
		    path);
	if (rc == 0) {
		fault_point("ca.request.after-key");
		rc = record(a, err);
		fault_point("ca.request.after-commit");
		/* Should the commit have failed the new one stays: sealed, and
		 * better too much than a record without its key. */
		if (rc == 0 && before != NULL)
			(void)unlink(before);
	}
	free(path);
	free(before);
	return rc;
}

static int
ask_anew(struct asking *a, struct err *err)
{
	const char *organisation = a->how->organisation;
	uint8_t id[20];
	char *found = NULL;
	int rc = -1;

	if (organisation == NULL && find_organisation(a, &found, err) != 0)
		return -1;
	if (organisation == NULL)
		organisation = found;
	if (ca_authority_check_organisation(organisation, err) == 0 &&
	    ca_signer_issuing(&a->how->key, &a->signer, err) == 0 &&
	    ca_request_make(a->signer, organisation, &a->request, err) == 0) {
		ca_key_id(ca_signer_spki(a->signer), id);
		str_hex(id, SUFFIX_BYTES, a->row.key_file);
		rc = save(a, err);
	}
	free(found);
	return rc;
}

static int
request_locked(struct asking *a, struct err *err)
{
	int got = ca_store_line_in(a->store, CA_LINE_WAITING, &a->open, err);

	if (got < 0)
		return -1;
	a->has_open = got == 1;
	if (a->has_open && !a->how->anew && a->how->key.uri != NULL)
		return err_set(err, ERR_CONFLICT,
		    "a request with another key is open: give it up (--new)");
	if (a->has_open && !a->how->anew)
		return ca_store_line_request(
		    a->store, a->open.id, &a->request, err);
	return ask_anew(a, err);
}

int
ca_request(const struct ca_conf *conf, const struct ca_request_new *how,
    struct buf *out, struct err *err)
{
	struct asking a = {
	    .conf = conf, .how = how, .row = {.state = CA_LINE_WAITING}};
	int rc;

	if (ca_store_open(conf->database, &a.store, err) != 0)
		return -1;
	buf_init(&a.request, CA_REQUEST_MAX);
	ca_store_lock(a.store);
	rc = request_locked(&a, err);
	ca_store_unlock(a.store);
	if (rc == 0)
		rc = ca_pem_write(
		    PEM_STRING_X509_REQ, ca_der_bytes(&a.request), out, err);
	ca_signer_free(a.signer);
	buf_free(&a.request);
	ca_store_close(a.store);
	return rc;
}

/* --- our own root as the one who signs --- */

static bool
key_strong(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return EVP_PKEY_is_a(key, "RSA")
	    ? bits >= RSA_LEAST
	    : EVP_PKEY_is_a(key, "EC") && bits >= EC_LEAST;
}

static bool
hash_strong(const X509_REQ *req)
{
	int hash = NID_undef;

	(void)OBJ_find_sigid_algs(X509_REQ_get_signature_nid(req), &hash, NULL);
	return hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512;
}

/* Possession shown, key and hash of today's strength; the spans lie in der. */
static int
check_request(const struct buf *der, struct ca_csr *ret, struct err *err)
{
	const unsigned char *p = der->data;
	const char *why = ca_der_check(ca_der_bytes(der));
	X509_REQ *req = NULL;
	EVP_PKEY *key = NULL;
	int rc = 0;

	if (why == NULL)
		why = ca_csr_parse(ca_der_bytes(der), ret);
	if (why == NULL)
		req = d2i_X509_REQ(NULL, &p, (long)der->len);
	if (req != NULL)
		key = X509_REQ_get0_pubkey(req);
	if (why == NULL && key == NULL)
		why = "not a request with a key";
	else if (why == NULL && (!key_strong(key) || !hash_strong(req)))
		why = "an issuing CA needs RSA-3072 or P-384 at least, and "
		      "SHA-256 at least";
	else if (why == NULL && X509_REQ_verify(req, key) != 1)
		why = "the request is not signed by the key in it";
	else if (why == NULL &&
	    X509_NAME_entry_count(X509_REQ_get_subject_name(req)) == 0)
		why = "the request has no subject";
	if (why != NULL)
		rc = err_set(err, ERR_INVALID, "request: %s", why);
	X509_REQ_free(req);
	ERR_clear_error();
	return rc;
}

static const struct ca_issuer *
root_of(const struct ca *ca, const struct ca_signer *signer)
{
	for (; ca != NULL; ca = ca->older)
		if (ca_span_equal(ca->root.spki, ca_signer_spki(signer)))
			return &ca->root;
	return NULL;
}

static int
certify(const struct ca *ca, const struct ca_signer *signer,
    const struct ca_csr *csr, struct buf *out, struct err *err)
{
	struct ca_authority a = {
	    .signer = signer,
	    .issuer = root_of(ca, signer),
	    .subject = csr->subject,
	    .spki = csr->spki,
	    .not_after = clock_now() + CA_ISSUING_LIFE,
	};
	struct ca_issuer made = {.x509 = NULL};
	int rc = -1;

	if (a.issuer == NULL)
		return err_set(err, ERR_STORAGE,
		    "the root's key file and database do not belong together");
	if (ca_span_equal(a.spki, a.issuer->spki) ||
	    ca_span_equal(a.subject, a.issuer->subject))
		return err_set(
		    err, ERR_REFUSED, "request: key or name is the root's own");
	if (ca_authority_make(&a, &made, err) == 0)
		rc = ca_pem_write(
		    PEM_STRING_X509, ca_der_bytes(&made.der), out, err);
	ca_issuer_clear(&made);
	return rc;
}

int
ca_certify(struct ca *ca, const struct ca_conf *conf, const struct buf *pem,
    struct buf *out, struct err *err)
{
	char *path = mem_printf("%s.root", conf->key_file);
	struct ca_signer *signer = NULL;
	struct ca_csr csr;
	struct buf der;
	int rc = -1;

	buf_init(&der, CA_REQUEST_MAX);
	if (ca_csr_read(pem, &der, err) == 0 &&
	    check_request(&der, &csr, err) == 0 &&
	    ca_signer_file_open(CA_KEY_ROOT, conf->vault, path, &signer, err) ==
		0)
		rc = certify(ca, signer, &csr, out, err);
	ca_signer_free(signer);
	buf_free(&der);
	free(path);
	return rc;
}
