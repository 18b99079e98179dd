/*
 * Answers about the certificates that a root signed (RFC 6960; RFC 5019, one
 * certificate each): made with the root's list, signed by the root itself, good
 * as long as the list is, and given out as they are, without a nonce.  There is
 * one for each certificate and each way of naming the root.  What none was made
 * for is not answered ("unauthorized"): we cannot speak for the root.
 */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ca_internal.h"
#include "crl_internal.h"
#include "mem.h"
#include "ocsp_internal.h"
#include "record_internal.h"
#include "signer_internal.h"
#include "str.h"

#define ANSWERS_MAX 512
#define ANSWER_MAX 4096

/* --- which --- */

static void
want(struct ca_root_answers *all, const char *serial)
{
	struct ca_root_answer *a;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (str_eq(all->list[i].serial, serial))
			return;
	for (i = 0; i < CA_ISSUER_HASHES && all->count < ANSWERS_MAX; i++) {
		all->list =
		    mem_grow(all->list, all->count + 1, sizeof(*all->list));
		a = &all->list[all->count++];
		memset(a, 0, sizeof(*a));
		buf_init(&a->der, ANSWER_MAX);
		a->hash = all->by->root->hashes[i].nid;
		(void)snprintf(a->serial, sizeof(a->serial), "%s", serial);
	}
}

static void
want_revoked(void *cookie, const struct ca_root_entry *e)
{
	if (e->here)
		want(cookie, e->serial);
}

/* One that this root signed. */
static void
want_cert(struct ca_root_answers *all, const struct ca_issuer *cert,
    const struct ca_issuer *issuer)
{
	char serial[CA_ISSUER_SERIAL];

	if (str_eq(issuer->name, all->by->root->name) &&
	    ca_issuer_serial(cert, serial))
		want(all, serial);
}

static void
want_of_line(struct ca_root_answers *all, const struct ca *line)
{
	const struct ca_cross *cross;
	size_t i, k;

	for (i = 0; ca_above(line, i + 1) != NULL; i++)
		want_cert(all, ca_above(line, i), ca_above(line, i + 1));
	for (k = 0; k < line->cross_count; k++) {
		cross = &line->cross[k];
		for (i = 0; i + 1 < cross->count; i++)
			want_cert(all, &cross->place[i], &cross->place[i + 1]);
	}
}

static int
want_all(struct ca_root_answers *all, struct err *err)
{
	struct ca_store *store = all->by->store;
	struct ca_line_row rows[CA_LINES_MAX];
	size_t count, i;
	int rc;

	rc = ca_store_root_entries(
	    store, all->by->root->name, want_revoked, all, err);
	if (rc != 0 || ca_store_lines(store, rows, &count, err) != 0)
		return -1;
	for (i = 0; rc == 0 && i < count; i++) {
		struct ca line = {.store = store};

		if (rows[i].state == CA_LINE_WAITING)
			continue;
		rc = ca_line_load(&line, rows[i].id, err);
		if (rc == 0)
			want_of_line(all, &line);
		ca_line_clear(&line);
	}
	return rc;
}

/* --- one --- */

static void
write_time(struct buf *out, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;
	char text[32];
	size_t len = 0;

	if (gmtime_r(&t, &tm) != NULL)
		len = strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	assert(len > 0);
	ca_der_tlv(out, CA_TAG_TIME, text, len);
}

/* CertID */
static int
write_id(struct buf *out, const struct ca_root_answer *a,
    const struct ca_issuer *root, struct err *err)
{
	BIGNUM *number = NULL;
	ASN1_INTEGER *serial = NULL;
	OCSP_CERTID *id = NULL;
	unsigned char *der = NULL;
	int len = -1;

	if (BN_hex2bn(&number, a->serial) == (int)strlen(a->serial))
		serial = BN_to_ASN1_INTEGER(number, NULL);
	if (serial != NULL)
		id = OCSP_cert_id_new(EVP_get_digestbynid(a->hash),
		    X509_get_subject_name(root->x509),
		    X509_get0_pubkey_bitstr(root->x509), serial);
	if (id != NULL)
		len = i2d_OCSP_CERTID(id, &der);
	if (len > 0)
		buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	OCSP_CERTID_free(id);
	ASN1_INTEGER_free(serial);
	BN_free(number);
	return len > 0 ? 0 : ca_openssl_err(err, ERR_BUG, "name a certificate");
}

/* CertStatus */
static void
write_status(struct buf *out, const struct ca_status *s)
{
	uint8_t code = (uint8_t)s->reason;
	size_t mark, reason;

	if (s->known != CA_REVOKED) {
		ca_der_tlv(out, CA_TAG_CONTEXT(0), NULL, 0);
		return;
	}
	mark = ca_der_open(out, CA_TAG_CONTEXT_SEQ(1));
	write_time(out, s->at);
	if (s->reason != 0) {
		reason = ca_der_open(out, CA_TAG_CONTEXT_SEQ(0));
		ca_der_tlv(out, CA_TAG_ENUM, &code, 1);
		ca_der_close(out, reason);
	}
	ca_der_close(out, mark);
}

/* ResponseData */
static int
write_data(struct buf *out, const struct ca_root_answer *a,
    const struct ca_root_answers *all, const struct ca_crl_row *row,
    struct err *err)
{
	const struct ca_issuer *root = all->by->root;
	struct ca_status status = {.known = CA_ISSUED};
	size_t whole, who, list, single, next;

	if (ca_store_root_status(
		all->by->store, root->name, a->serial, &status, err) < 0)
		return -1;
	whole = ca_der_open(out, CA_TAG_SEQ);
	who = ca_der_open(out, CA_TAG_CONTEXT_SEQ(1));
	ca_der_span(out, root->subject);
	ca_der_close(out, who);
	write_time(out, row->made_at);
	list = ca_der_open(out, CA_TAG_SEQ);
	single = ca_der_open(out, CA_TAG_SEQ);
	if (write_id(out, a, root, err) != 0)
		return -1;
	write_status(out, &status);
	write_time(out, row->this_update);
	next = ca_der_open(out, CA_TAG_CONTEXT_SEQ(0));
	write_time(out, row->next_update);
	ca_der_close(out, next);
	ca_der_close(out, single);
	ca_der_close(out, list);
	ca_der_close(out, whole);
	return 0;
}

/* BasicOCSPResponse into OCSPResponse. */
static int
wrap(const struct buf *basic_der, struct buf *out, struct err *err)
{
	const unsigned char *p = basic_der->data;
	OCSP_BASICRESP *basic =
	    d2i_OCSP_BASICRESP(NULL, &p, (long)basic_der->len);
	OCSP_RESPONSE *response = NULL;
	unsigned char *der = NULL;
	int len = -1;

	if (basic != NULL)
		response = OCSP_response_create(
		    OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	if (response != NULL)
		len = i2d_OCSP_RESPONSE(response, &der);
	if (len > 0)
		buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	return len > 0 && !out->over
	    ? 0
	    : ca_openssl_err(err, ERR_BUG, "encode an OCSP answer");
}

static int
make_one(struct ca_root_answer *a, const struct ca_root_answers *all,
    const struct ca_crl_row *row, struct err *err)
{
	struct buf data, basic;
	int rc = -1;

	buf_init(&data, ANSWER_MAX);
	buf_init(&basic, ANSWER_MAX);
	if (write_data(&data, a, all, row, err) == 0 &&
	    ca_signer_sign(all->by->signer, ca_der_bytes(&data), &basic, err) ==
		0)
		rc = wrap(&basic, &a->der, err);
	buf_free(&data);
	buf_free(&basic);
	return rc;
}

/* --- all of a root --- */

int
ca_root_answers_make(
    struct ca_root_answers *all, const struct ca_crl_row *row, struct err *err)
{
	size_t i;
	int rc = want_all(all, err);

	for (i = 0; rc == 0 && i < all->count; i++)
		rc = make_one(&all->list[i], all, row, err);
	return rc;
}

int
ca_root_answers_put(void *answers, struct err *err)
{
	const struct ca_root_answers *all = answers;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (ca_store_put_root_answer(all->by->store,
			all->by->root->name, &all->list[i], err) != 0)
			return -1;
	return 0;
}

void
ca_root_answers_clear(struct ca_root_answers *all)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		buf_free(&all->list[i].der);
	free(all->list);
}

/* --- giving them out --- */

/* The one root of ours that this is asked of; NULL. */
static const struct ca_issuer *
root_asked(const struct ca *ca, OCSP_CERTID *id)
{
	for (; ca != NULL; ca = ca->older)
		if (ca_ocsp_names(id, &ca->root))
			return &ca->root;
	return NULL;
}

static bool
name_answer(OCSP_CERTID *id, struct ca_root_answer *ret)
{
	ASN1_OBJECT *algorithm;
	ASN1_INTEGER *serial;
	int len;

	(void)OCSP_id_get0_info(NULL, &algorithm, NULL, &serial, id);
	len = ASN1_STRING_length(serial);
	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || len < 1 ||
	    len > CA_ROOT_SERIAL_MAX)
		return false;
	str_hex(ASN1_STRING_get0_data(serial), (size_t)len, ret->serial);
	ret->hash = OBJ_obj2nid(algorithm);
	return true;
}

int
ca_ocsp_of_root(struct ca *ca, OCSP_REQUEST *request, struct ca_ocsp *io,
    struct buf *out, struct err *err)
{
	struct ca_root_answer which = {.hash = 0};
	const struct ca_issuer *root;
	struct ca_crl_row row;
	OCSP_CERTID *id;
	int got;

	if (OCSP_request_onereq_count(request) != 1)
		return 0;
	id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
	root = root_asked(ca, id);
	if (root == NULL || !name_answer(id, &which))
		return 0;
	ca_store_lock(ca->store);
	got = ca_store_get_root_crl(ca->store, root->name, &row, NULL, err);
	if (got == 0 && row.next_update > io->now)
		got = ca_store_get_root_answer(
		    ca->store, root->name, &which, out, err);
	ca_store_unlock(ca->store);
	if (got == 1) {
		io->this_update = row.this_update;
		io->next_update = row.next_update;
	}
	return got;
}
