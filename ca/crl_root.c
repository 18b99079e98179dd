/*
 * The revocation list of our root (RFC 5280, 5): of issuing CAs, none of which
 * was ever revoked, so it is empty and lives long.  It is made where the root's
 * key is, once half of its life is over, and brought to the others by file.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "ca_internal.h"
#include "clock.h"
#include "crl_internal.h"
#include "fault.h"
#include "pki_text.h"
#include "record_internal.h"
#include "root_internal.h"
#include "signer_internal.h"
#include "str.h"

#define ROOT_LIST_LIFE (365 * CLOCK_DAY)
#define ROOT_LIST_MAX 65536
/* A token that does not sign is not asked again for so long: it may count wrong
 * PINs. */
#define TRY_EVERY CLOCK_DAY

/* --- making it --- */

static int
write_list(const struct ca *ca, const struct ca_signer *signer,
    const struct ca_crl_row *row, struct buf *der, struct err *err)
{
	struct buf tbs;
	int rc;

	buf_init(&tbs, ROOT_LIST_MAX);
	ca_crl_write(&(struct ca_crl_by){signer, &ca->root, NULL}, row, &tbs);
	rc = ca_signer_sign(signer, ca_der_bytes(&tbs), der, err);
	buf_free(&tbs);
	return rc;
}

static int
record(const struct ca *ca, const struct ca_crl_row *row, const struct buf *der,
    struct err *err)
{
	struct ca_crl_row last;

	if (ca_store_begin(ca->store, err) != 0)
		return -1;
	/* Two processes never make two lists of one number. */
	if (ca_store_get_root_crl(ca->store, ca->root.name, &last, NULL, err) !=
	    0)
		goto fail;
	if (last.number >= row->number) {
		err_set(err, ERR_CONFLICT,
		    "a list of number %lld is on record already",
		    (long long)last.number);
		goto fail;
	}
	if (ca_store_put_root_crl(ca->store, ca->root.name, row, der, err) != 0)
		goto fail;
	fault_point("ca.crl.root.before-commit");
	if (ca_store_commit(ca->store, err) != 0)
		return -1;
	fault_point("ca.crl.root.after-commit");
	return 0;
fail:
	ca_store_rollback(ca->store);
	return -1;
}

int
ca_root_crl_make(const struct ca *ca, const struct ca_signer *signer,
    int64_t now, struct err *err)
{
	struct ca_crl_row row;
	struct buf der;
	int rc = -1;

	if (ca_store_get_root_crl(ca->store, ca->root.name, &row, NULL, err) !=
	    0)
		return -1;
	row.number++;
	row.made_at = now;
	row.this_update = now - CA_CLOCK_BACK;
	row.next_update = now + ROOT_LIST_LIFE;
	if (row.next_update > ca->root.not_after)
		row.next_update = ca->root.not_after;
	buf_init(&der, ROOT_LIST_MAX);
	if (write_list(ca, signer, &row, &der, err) == 0)
		rc = record(ca, &row, &der, err);
	buf_free(&der);
	return rc;
}

static int
make_here(struct ca *ca, int64_t now, struct err *err)
{
	const struct ca_conf conf = {
	    .key_file = ca->key_file, .vault = ca->vault};
	struct ca_signer *signer = NULL;
	int rc;

	if (now < ca->root_tried + TRY_EVERY)
		return err_set(err, ERR_REFUSED,
		    "the root's key was not to be had a while ago");
	rc = ca_root_open(&conf, &ca->root, &signer, err);
	if (rc == 0)
		rc = ca_root_crl_make(ca, signer, now, err);
	ca->root_tried = rc == 0 ? 0 : now;
	ca_signer_free(signer);
	return rc;
}

/* --- having it --- */

static bool
is_due(const struct ca_crl_row *row, int64_t now)
{
	return row->number == 0 || now >= row->made_at + ROOT_LIST_LIFE / 2;
}

static int
since_locked(struct ca *ca, int64_t now, struct ca_crl_info *io,
    struct buf *out, struct err *err)
{
	struct ca_crl_row row;
	struct err why;

	if (ca_store_get_root_crl(ca->store, ca->root.name, &row, NULL, err) !=
	    0)
		return -1;
	if (is_due(&row, now) && make_here(ca, now, &why) != 0 &&
	    row.number == 0) {
		*err = why;
		err->kind = ERR_NOTFOUND;
		return err_context(err,
		    "there is no list of the root here (\"ca crl --root\" "
		    "where its key is, \"ca crl --import\" here)");
	}
	if (ca_store_get_root_crl(ca->store, ca->root.name, &row, out, err) !=
	    0)
		return -1;
	*io = (struct ca_crl_info){.number = row.number,
	    .this_update = row.this_update,
	    .next_update = row.next_update};
	return 0;
}

int
ca_root_crl_since(struct ca *ca, int64_t now, struct ca_crl_info *io,
    struct buf *out, struct err *err)
{
	const int64_t have = io->number;
	size_t before = out->len;
	struct err own;
	int rc;

	ca_store_lock(ca->store);
	rc = since_locked(ca, now, io, out, &own);
	ca_store_unlock(ca->store);
	if (rc != 0 && err != NULL)
		*err = own;
	if (rc == 0 && io->number == have)
		out->len = before;
	return rc;
}

const char *
ca_root_name(const struct ca *ca)
{
	return ca->root.name;
}

/* --- taking one --- */

static X509_CRL *
read_list(const struct buf *file)
{
	const unsigned char *p = file->data;
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
	X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);

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

static int
take(const struct ca *ca, X509_CRL *crl, int64_t now, struct err *err)
{
	struct ca_crl_row row = {.number = number_of(crl),
	    .made_at = now,
	    .this_update = time_of(X509_CRL_get0_lastUpdate(crl)),
	    .next_update = time_of(X509_CRL_get0_nextUpdate(crl))};
	unsigned char *der = NULL;
	char at[CLOCK_TEXT];
	struct buf bytes;
	int len, rc = -1;

	if (row.number <= 0)
		return err_set(err, ERR_INVALID, "the list has no number");
	if (row.this_update > now || row.next_update <= now)
		return err_set(err, ERR_INVALID,
		    "the list is of another time: it ends %s",
		    clock_text(row.next_update, at));
	len = i2d_X509_CRL(crl, &der);
	buf_init(&bytes, ROOT_LIST_MAX);
	if (len > 0)
		buf_add(&bytes, der, (size_t)len);
	OPENSSL_free(der);
	if (len <= 0 || bytes.over)
		err_set(err, ERR_INVALID, "the list is larger than %d bytes",
		    ROOT_LIST_MAX);
	else
		rc = record(ca, &row, &bytes, err);
	buf_free(&bytes);
	return rc;
}

int
ca_root_crl_import(
    struct ca *ca, const struct buf *file, int64_t now, struct err *err)
{
	X509_CRL *crl = read_list(file);
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
