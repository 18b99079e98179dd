/*
 * A root's revocation list that was made elsewhere, where the key is.  What it
 * says is taken over: an issuing CA that is in it does not issue here any more.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ca_internal.h"
#include "clock.h"
#include "crl_internal.h"
#include "pem.h"
#include "record_internal.h"
#include "str.h"

#define REASON_HOLD 6
#define REASON_LAST 10

/* --- reading --- */

X509_CRL *
ca_root_list_read(const struct buf *file)
{
	const unsigned char *p = file->data;
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
	X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, pem_no_password, NULL);

	if (crl == NULL && file->len > 0) {
		crl = d2i_X509_CRL(NULL, &p, (long)file->len);
		if (crl != NULL && p != file->data + file->len) {
			X509_CRL_free(crl);
			crl = NULL;
		}
	}
	BIO_free(bio);
	ERR_clear_error();
	return crl;
}

static int64_t
time_of(const ASN1_TIME *t)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm)
							 : 0;
}

/* crlNumber; 0: none that we can count with. */
static int64_t
number_of(const X509_CRL *crl)
{
	ASN1_INTEGER *number =
	    X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	int64_t value = 0;

	if (number == NULL || ASN1_INTEGER_get_int64(&value, number) != 1)
		value = 0;
	ASN1_INTEGER_free(number);
	ERR_clear_error();
	return value;
}

/* The line under the root that made it; NULL. */
static const struct ca *
line_under(const struct ca *ca, X509_CRL *crl)
{
	bool is;

	for (; ca != NULL; ca = ca->older) {
		is = X509_NAME_cmp(X509_CRL_get_issuer(crl),
			 X509_get_subject_name(ca->root.x509)) == 0 &&
		    X509_CRL_verify(crl, X509_get0_pubkey(ca->root.x509)) == 1;
		ERR_clear_error();
		if (is)
			return ca;
	}
	return NULL;
}

/* Parts of lists, and lists of others' certificates, are not for us; nor is one
 * with an entry that wants to be understood otherwise (RFC 5280, 5.2, 5.3). */
static bool
is_whole(X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
	int i;

	for (i = 0; i < sk_X509_REVOKED_num(list); i++)
		if (X509_REVOKED_get_ext_by_critical(
			sk_X509_REVOKED_value(list, i), 1, -1) >= 0)
			return false;
	return X509_CRL_get_ext_by_critical(crl, 1, -1) < 0 &&
	    X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) < 0;
}

/* --- what it says --- */

struct taking {
	struct ca_store *store; /* locked */
	const struct ca *ca;	/* lines, from the first under this root on */
	const char *root;
	int64_t now;
	X509_CRL *crl;
	char missing[CA_ISSUER_SERIAL]; /* revoked for good, and not there */
	bool here;			/* by us */
};

bool
ca_root_list_entry(const X509_REVOKED *from, char serial[CA_ISSUER_SERIAL],
    struct ca_root_entry *ret)
{
	const ASN1_INTEGER *number = X509_REVOKED_get0_serialNumber(from);
	ASN1_ENUMERATED *reason =
	    X509_REVOKED_get_ext_d2i(from, NID_crl_reason, NULL, NULL);
	int len = ASN1_STRING_length(number);
	long code = reason != NULL ? ASN1_ENUMERATED_get(reason) : 0;

	*ret = (struct ca_root_entry){.serial = serial,
	    .at = time_of(X509_REVOKED_get0_revocationDate(from)),
	    /* RFC 5280, 5.3.1; of another the fact is kept. */
	    .reason = code >= 0 && code <= REASON_LAST ? (int)code : 0};
	ASN1_ENUMERATED_free(reason);
	ERR_clear_error();
	if (len < 1 || len > CA_ROOT_SERIAL_MAX ||
	    ASN1_STRING_type(number) != V_ASN1_INTEGER || ret->at <= 0)
		return false;
	str_hex(ASN1_STRING_get0_data(number), (size_t)len, serial);
	return true;
}

/* One above our leaves that this root signed and that has not ended? */
static bool
is_ours(const struct taking *t, const char *number)
{
	char serial[CA_ISSUER_SERIAL];
	const struct ca_issuer *one, *by;
	const struct ca *line;
	size_t i;

	for (line = t->ca; line != NULL; line = line->older)
		for (i = 0; (by = ca_above(line, i + 1)) != NULL; i++) {
			one = ca_above(line, i);
			if (str_eq(by->name, t->root) &&
			    one->not_after > t->now &&
			    ca_issuer_serial(one, serial) &&
			    str_eq(serial, number))
				return true;
		}
	return false;
}

/* What we revoked, and what an earlier list did to ours: only a hold ends, and
 * an entry when its certificate does (RFC 5280, 3.3 and 5.3.1). */
static void
find_missing(void *cookie, const struct ca_root_entry *e)
{
	struct taking *t = cookie;
	char serial[CA_ISSUER_SERIAL];
	struct ca_root_entry other;
	STACK_OF(X509_REVOKED) *list;
	int i;

	if (!e->here && (e->reason == REASON_HOLD || !is_ours(t, e->serial)))
		return;
	list = X509_CRL_get_REVOKED(t->crl);
	for (i = 0; i < sk_X509_REVOKED_num(list); i++)
		if (ca_root_list_entry(
			sk_X509_REVOKED_value(list, i), serial, &other) &&
		    str_eq(serial, e->serial))
			return;
	(void)snprintf(t->missing, sizeof(t->missing), "%s", e->serial);
	t->here = e->here;
}

/* In the transaction of the list. */
static int
put_entries(void *cookie, struct err *err)
{
	struct taking *t = cookie;
	char serial[CA_ISSUER_SERIAL];
	STACK_OF(X509_REVOKED) *list;
	struct ca_root_entry e;
	int i;

	if (ca_store_root_entries(t->store, t->root, find_missing, t, err) != 0)
		return -1;
	if (t->missing[0] != '\0')
		return err_set(err, ERR_CONFLICT,
		    "the list lacks %s, which %s: revoke it where the list is "
		    "made",
		    t->missing,
		    t->here ? "was revoked here"
			    : "is a CA of ours that an earlier one revoked");
	if (ca_store_root_forget(t->store, t->root, err) != 0)
		return -1;
	list = X509_CRL_get_REVOKED(t->crl);
	for (i = 0; i < sk_X509_REVOKED_num(list); i++) {
		if (!ca_root_list_entry(
			sk_X509_REVOKED_value(list, i), serial, &e))
			return err_set(err, ERR_INVALID,
			    "entry %d of the list cannot be read", i + 1);
		if (ca_store_root_revoke(t->store, t->root, &e, err) != 0)
			return -1;
	}
	return 0;
}

static int
check(X509_CRL *crl, const struct ca_crl_row *row, int64_t now, struct err *err)
{
	char from[CLOCK_TEXT], to[CLOCK_TEXT];

	if (!is_whole(crl))
		return err_set(err, ERR_INVALID,
		    "the list is a part, or not only the root's own: a "
		    "complete one is needed");
	if (row->number <= 0)
		return err_set(err, ERR_INVALID,
		    "the list has no number, or one beyond 63 bits");
	if (row->this_update > now || row->next_update <= now)
		return err_set(err, ERR_INVALID,
		    "the list is of another time, %s to %s",
		    clock_text(row->this_update, from),
		    clock_text(row->next_update, to));
	return 0;
}

static int
take(const struct ca *ca, X509_CRL *crl, int64_t now, struct err *err)
{
	struct taking t = {.store = ca->store,
	    .ca = ca,
	    .root = ca->root.name,
	    .now = now,
	    .crl = crl};
	struct ca_crl_row row = {.number = number_of(crl),
	    .made_at = now,
	    .this_update = time_of(X509_CRL_get0_lastUpdate(crl)),
	    .next_update = time_of(X509_CRL_get0_nextUpdate(crl))};
	unsigned char *der = NULL;
	struct buf bytes;
	int len, rc = -1;

	if (check(crl, &row, now, err) != 0)
		return -1;
	len = i2d_X509_CRL(crl, &der);
	buf_init(&bytes, CA_ROOT_LIST_MAX);
	if (len > 0)
		buf_add(&bytes, der, (size_t)len);
	OPENSSL_free(der);
	if (len <= 0 || bytes.over ||
	    sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) >
		CA_ROOT_ENTRIES_MAX)
		err_set(err, ERR_INVALID,
		    "the list is larger than %d bytes or %d entries",
		    CA_ROOT_LIST_MAX, CA_ROOT_ENTRIES_MAX);
	else
		rc = ca_root_crl_record(ca->store,
		    &(struct ca_root_record){
			ca->root.name, &row, &bytes, put_entries, &t},
		    err);
	buf_free(&bytes);
	return rc;
}

int
ca_root_crl_import(
    struct ca *ca, const struct buf *file, int64_t now, struct err *err)
{
	X509_CRL *crl = ca_root_list_read(file);
	const struct ca *line = crl != NULL ? line_under(ca, crl) : NULL;
	int rc;

	if (crl == NULL)
		return err_set(
		    err, ERR_INVALID, "no revocation list, in PEM or DER form");
	if (line == NULL) {
		X509_CRL_free(crl);
		return err_set(err, ERR_UNTRUSTED,
		    "the list is not signed by a root of ours");
	}
	ca_store_lock(ca->store);
	rc = take(line, crl, now, err);
	ca_store_unlock(ca->store);
	X509_CRL_free(crl);
	return rc;
}
