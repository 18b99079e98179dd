/*
 * The request of a new issuing key.  The key is on disk, sealed, before the
 * record that names it: a crash between leaves a file that nothing refers to,
 * never a record without its key.
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
#include "fault.h"
#include "line_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "rollover.h"
#include "signer_internal.h"
#include "str.h"

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

char *
ca_organisation(const X509_NAME *name)
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
		    ca_organisation(X509_get_subject_name(line.issuing.x509));
	} else if (a->has_open) {
		buf_init(&der, CA_REQUEST_MAX);
		got = ca_store_line_request(a->store, a->open.id, &der, err);
		p = der.data;
		req = got == 0 ? d2i_X509_REQ(NULL, &p, (long)der.len) : NULL;
		if (req != NULL)
			*ret = ca_organisation(X509_REQ_get_subject_name(req));
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

	rc = ca_signer_file_save(a->signer,
	    &(struct ca_key_file){CA_KEY_ISSUING, &a->how->key, path},
	    a->conf->vault, err);
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
	char *found = NULL;
	int rc = -1;

	if (organisation == NULL && find_organisation(a, &found, err) != 0)
		return -1;
	if (organisation == NULL)
		organisation = found;
	if (ca_authority_check_organisation(organisation, err) == 0 &&
	    ca_signer_make(
		&(struct ca_key_file){CA_KEY_ISSUING, &a->how->key, NULL},
		&a->signer, err) == 0 &&
	    ca_request_make(a->signer, organisation, &a->request, err) == 0) {
		ca_line_suffix(ca_signer_spki(a->signer), a->row.key_file);
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
