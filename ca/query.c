/* Looking up, revoking and verifying what was issued. */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "ca_internal.h"
#include "clock.h"
#include "mem.h"
#include "record_internal.h"
#include "str.h"

int
ca_find(struct ca *ca, const char *key, const char *serial, struct ca_cert *ret,
    struct err *err)
{
	int rc;

	ca_store_lock(ca->store);
	rc = ca_store_find(ca->store, key, serial, ret, NULL, err);
	ca_store_unlock(ca->store);
	return rc;
}

bool
ca_reason_known(int reason)
{
	return (reason >= 0 && reason <= 5) || reason == 9 || reason == 10;
}

int
ca_revoke(
    struct ca *ca, const char *serial, int reason, int64_t now, struct err *err)
{
	int rc = -1;

	if (!ca_reason_known(reason))
		return err_set(err, ERR_INVALID,
		    "revocation reason %d is none of 0-5, 9, 10", reason);
	ca_store_lock(ca->store);
	if (ca_store_begin(ca->store, err) == 0) {
		rc = ca_store_revoke(ca->store, serial, reason, now, err);
		if (rc == 0)
			rc = ca_store_commit(ca->store, err);
		else
			ca_store_rollback(ca->store);
	}
	ca_store_unlock(ca->store);
	return rc;
}

int
ca_list(struct ca *ca, const struct ca_list_of *of, ca_cert_fn *fn,
    void *cookie, struct err *err)
{
	int rc;

	ca_store_lock(ca->store);
	rc = ca_store_list(ca->store, of, fn, cookie, err);
	ca_store_unlock(ca->store);
	return rc;
}

/* The line that may have issued it; the newest if none did. */
static const struct ca *
line_of(const struct ca *newest, X509 *leaf)
{
	const struct ca *ca;

	for (ca = newest; ca != NULL; ca = ca->older)
		if (X509_check_issued(ca->issuing.x509, leaf) == X509_V_OK)
			return ca;
	return newest;
}

const struct ca *
ca_line_of(const struct ca *ca, const struct ca_cert *cert)
{
	const unsigned char *p = cert->der;
	X509 *leaf = d2i_X509(NULL, &p, (long)cert->der_len);
	const struct ca *line = leaf != NULL ? line_of(ca, leaf) : ca;

	X509_free(leaf);
	ERR_clear_error();
	return line;
}

/* Everyone between leaf and root, by one of the ways up: 0 is the line's own.
 * NULL when memory is out. */
static STACK_OF(X509) *
untrusted_of(const struct ca *ca, size_t way)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	const struct ca_cross *cross = way > 0 ? &ca->cross[way - 1] : NULL;
	size_t i, count = way == 0 ? ca->between_count + 1 : cross->count - 1;
	X509 *one;

	for (i = 0; chain != NULL && i < count; i++) {
		one = way == 0 ? ca_above(ca, i)->x509 : cross->place[i].x509;
		if (sk_X509_push(chain, one) < 1) {
			sk_X509_free(chain);
			chain = NULL;
		}
	}
	return chain;
}

static int
verify_way(
    const struct ca *ca, X509 *leaf, size_t way, int64_t now, struct err *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = untrusted_of(ca, way);
	X509_VERIFY_PARAM *param;
	int rc = 0, why;

	if (ctx == NULL || chain == NULL ||
	    X509_STORE_CTX_init(ctx, ca->trust, leaf, chain) != 1) {
		rc = ca_openssl_err(err, ERR_BUG, "prepare verification");
		goto out;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	(void)X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
	if (X509_verify_cert(ctx) != 1) {
		why = X509_STORE_CTX_get_error(ctx);
		rc = err_native(err, ERR_UNTRUSTED, ERR_OPENSSL, why,
		    "certificate does not chain to our CA: %s",
		    X509_verify_cert_error_string(why));
	}
out:
	ERR_clear_error();
	sk_X509_free(chain);
	X509_STORE_CTX_free(ctx);
	return rc;
}

/* Any way will do; OpenSSL goes one way only and does not turn back, so each is
 * offered by itself. The error is that of the line's own. */
static int
verify_chain(const struct ca *newest, X509 *leaf, int64_t now, struct err *err)
{
	const struct ca *ca = line_of(newest, leaf);
	int rc = verify_way(ca, leaf, 0, now, err);
	struct err none;
	size_t way;

	for (way = 1; rc != 0 && way <= ca->cross_count; way++)
		rc = verify_way(ca, leaf, way, now, &none);
	return rc;
}

static int
verify_line(struct ca *ca, X509 *leaf, struct err *err)
{
	struct ca_status status;
	char at[CLOCK_TEXT];
	int got;

	ca_store_lock(ca->store);
	got = ca_line_revoked(line_of(ca, leaf), &status, err);
	ca_store_unlock(ca->store);
	return got != 1
	    ? got
	    : err_set(err, ERR_UNTRUSTED, "its issuing CA was revoked %s",
		  clock_text(status.at, at));
}

static int
verify_name(X509 *leaf, const char *name, struct err *err)
{
	if (X509_check_host(leaf, name, 0,
		X509_CHECK_FLAG_NO_WILDCARDS |
		    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
		NULL) == 1)
		return 0;
	ERR_clear_error();
	return err_set(
	    err, ERR_UNTRUSTED, "certificate is not for the name %.100s", name);
}

static void
serial_of(X509 *leaf, char out[64])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
	int len = ASN1_STRING_length(serial);

	out[0] = '\0';
	if (len > 0 && len < 32)
		str_hex(ASN1_STRING_get0_data(serial), (size_t)len, out);
}

/* Signed with our key is not enough: it must be in our records, byte for
 * byte, and not revoked. */
static int
verify_record(
    struct ca *ca, X509 *leaf, const uint8_t *der, size_t len, struct err *err)
{
	struct ca_cert cert;
	char serial[64], at[CLOCK_TEXT];
	int rc = 0;

	serial_of(leaf, serial);
	if (ca_find(ca, NULL, serial, &cert, err) != 0) {
		if (err != NULL && err->kind == ERR_NOTFOUND)
			err_set(err, ERR_UNTRUSTED,
			    "certificate %s bears our signature but is not "
			    "in our records",
			    serial);
		return -1;
	}
	if (cert.der_len != len || memcmp(cert.der, der, len) != 0)
		rc = err_set(err, ERR_UNTRUSTED,
		    "certificate %s differs from our record", serial);
	else if (cert.revoked_at != 0)
		rc = err_set(err, ERR_UNTRUSTED,
		    "certificate %s was revoked at %s", serial,
		    clock_text(cert.revoked_at, at));
	ca_cert_clear(&cert);
	return rc;
}

int
ca_verify(struct ca *ca, const uint8_t *der, size_t len, const char *name,
    int64_t now, struct err *err)
{
	struct err own;
	const unsigned char *p = der;
	X509 *leaf;
	int rc = -1;

	err_clear(&own);
	/* Nothing we issued is longer. */
	leaf = len <= CA_LEAF_MAX ? d2i_X509(NULL, &p, (long)len) : NULL;
	if (leaf == NULL || p != der + len) {
		ERR_clear_error();
		err_set(&own, ERR_UNTRUSTED, "not a certificate of ours");
	} else if (verify_chain(ca, leaf, now, &own) == 0 &&
	    verify_line(ca, leaf, &own) == 0 &&
	    (name == NULL || verify_name(leaf, name, &own) == 0) &&
	    verify_record(ca, leaf, der, len, &own) == 0) {
		rc = 0;
	}
	X509_free(leaf);
	if (rc != 0 && err != NULL)
		*err = own;
	return rc;
}
