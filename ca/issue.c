/*
 * Issuing a certificate.  What must hold, whatever happens in between:
 *
 * 1. No signature exists whose serial and to-be-signed bytes are not on record.
 * 2. An intent is signed at most once, by the process that recorded it.
 * 3. A key of the caller's has at most one certificate.
 * 4. An intent that got no certificate is revoked, not tried again.
 * 5. What was signed is what was recorded, byte for byte.
 *
 *   check -> [ lose, intent ] -> sign -> compare -> [ certificate ] -> answer
 *             one commit                            one commit
 */
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "ca_internal.h"
#include "clock.h"
#include "csr_internal.h"
#include "fault.h"
#include "mem.h"
#include "record_internal.h"
#include "signer_internal.h"
#include "str.h"

#define KEY_MAX (sizeof(((struct ca_cert *)NULL)->key) - 1)

/* One issuance under way. */
struct issue {
	struct ca *ca;
	const char *key;
	int64_t now;
	struct ca_csr_case csr;
	struct ca_intent intent;
	struct buf tbs;
	struct buf der;
	char serial[2 * CA_SERIAL_LEN + 1];
	char *subject;
	struct buf names;
};

static void
issue_clear(struct issue *is)
{
	ca_csr_case_clear(&is->csr);
	buf_free(&is->tbs);
	buf_free(&is->der);
	buf_free(&is->names);
	free(is->subject);
}

static int
check_key(const char *key, struct err *err)
{
	if (str_empty(key) || strlen(key) > KEY_MAX)
		return err_set(err, ERR_INVALID,
		    "idempotency key must have 1 to %zu characters", KEY_MAX);
	return 0;
}

/* A clock that stepped back would make certificates that are not valid yet
 * elsewhere, and revocations that seem to precede their certificate. */
static int
check_clock(struct issue *is, struct err *err)
{
	char last_text[CLOCK_TEXT], now_text[CLOCK_TEXT];
	int64_t last;

	if (ca_store_last(is->ca->store, &last, err) != 0)
		return -1;
	if (is->now < last - CA_CLOCK_BACK)
		return err_set(err, ERR_REFUSED,
		    "the clock says %s, but the last certificate is of %s",
		    clock_text(is->now, now_text), clock_text(last, last_text));
	return 0;
}

/* 1 = *ret is the certificate of this key, 0 = there is none, -1. */
static int
find_earlier(struct issue *is, struct ca_cert *ret, struct err *err)
{
	struct ca_cert cert;
	struct err none;
	uint8_t hash[32];

	err_clear(&none);
	if (ca_store_find(is->ca->store, is->key, NULL, &cert, hash, &none) !=
	    0) {
		if (none.kind == ERR_NOTFOUND)
			return 0;
		if (err != NULL)
			*err = none;
		return -1;
	}
	if (memcmp(hash, is->intent.csr_sha256, sizeof(hash)) == 0 &&
	    cert.revoked_at == 0) {
		*ret = cert;
		return 1;
	}
	err_set(err, ERR_CONFLICT,
	    cert.revoked_at != 0
		? "key %s gave certificate %s, which was revoked"
		: "key %s gave certificate %s for another CSR",
	    is->key, cert.serial);
	ca_cert_clear(&cert);
	return -1;
}

/* Everything but the signature. */
static int
prepare(struct issue *is, struct err *err)
{
	const struct ca_template *t = is->csr.t;
	const struct ca_issuer *issuer = &is->ca->issuing;
	struct ca_tbs tbs = {
	    .algorithm = ca_signer_algorithm(is->ca->signer),
	    .issuer = issuer->subject,
	    .spki = is->csr.csr.spki,
	    .authority_key = issuer->key_id,
	    .not_before = is->now - t->backdate,
	    /* The end belongs to the validity (RFC 5280, 4.1.2.5). */
	    .not_after = is->now + t->validity - 1,
	    .names = &is->csr.want,
	};
	struct buf name;

	if (ca_serial_new(tbs.serial, err) != 0)
		return -1;
	buf_init(&name, 512);
	ca_tbs_name(&name, NULL, is->csr.want.dns[0]);
	tbs.subject = ca_der_bytes(&name);
	ca_tbs_write(&tbs, &is->tbs);
	buf_free(&name);
	str_hex(tbs.serial, sizeof(tbs.serial), is->serial);
	is->subject = ca_names_subject(&is->csr.want);
	ca_names_text(&is->csr.want, &is->names);
	is->intent.not_before = tbs.not_before;
	is->intent.not_after = tbs.not_after;
	if (is->tbs.over)
		return err_set(err, ERR_LIMIT,
		    "the certificate would be larger than the %d bytes that "
		    "are safe for AMT",
		    CA_LEAF_MAX);
	return 0;
}

static void
fill_intent(struct issue *is)
{
	struct ca_intent *i = &is->intent;

	i->serial = is->serial;
	i->key = is->key;
	i->device = is->csr.subject->device;
	i->template_name = is->csr.t->name;
	i->subject = is->subject;
	i->names = buf_text(&is->names);
	memcpy(i->spki_sha256, is->csr.spki_sha256, sizeof(i->spki_sha256));
	str_sha256(is->tbs.data, is->tbs.len, i->tbs_sha256);
	i->tbs = is->tbs.data;
	i->tbs_len = is->tbs.len;
	i->made_at = is->now;
}

static int
record_intent(struct issue *is, struct err *err)
{
	struct ca_store *store = is->ca->store;

	fault_point("ca.issue.before-intent");
	if (ca_store_begin(store, err) != 0)
		return -1;
	/* The owners again: another process may have been quicker. */
	if (ca_csr_key_owner(&is->csr, err) != 0 ||
	    ca_csr_names_owner(&is->csr, err) != 0 ||
	    ca_store_lose(store, is->key, is->now, err) != 0 ||
	    ca_store_add_intent(store, &is->intent, err) != 0) {
		ca_store_rollback(store);
		return -1;
	}
	if (ca_store_commit(store, err) != 0)
		return -1;
	fault_point("ca.issue.after-intent");
	return 0;
}

/* Taken apart by another parser than the writer's own: does it say what the
 * record says? */
static int
compare(struct issue *is, struct err *err)
{
	const unsigned char *p = is->der.data;
	X509 *x = d2i_X509(NULL, &p, (long)is->der.len);
	struct ca_span rest = ca_der_bytes(&is->der);
	struct ca_tlv cert, tbs;
	uint8_t hash[32];
	int rc = -1;

	if (x == NULL || p != is->der.data + is->der.len ||
	    ca_der_only(rest, CA_TAG_SEQ, &cert) != 0 ||
	    ca_der_take(&cert.body, CA_TAG_SEQ, &tbs) != 0)
		goto out;
	str_sha256(tbs.whole.p, tbs.whole.len, hash);
	if (memcmp(hash, is->intent.tbs_sha256, sizeof(hash)) == 0 &&
	    X509_get_version(x) == X509_VERSION_3 &&
	    X509_check_issued(is->ca->issuing.x509, x) == X509_V_OK)
		rc = 0;
out:
	X509_free(x);
	return rc == 0 ? 0
		       : ca_openssl_err(err, ERR_BUG,
			     "the signed certificate is not the recorded one");
}

static int
sign(struct issue *is, struct err *err)
{
	if (ca_signer_sign(
		is->ca->signer, ca_der_bytes(&is->tbs), &is->der, err) != 0 ||
	    compare(is, err) != 0)
		return -1;
	fault_point("ca.issue.after-sign");
	return 0;
}

static int
record_cert(struct issue *is, struct err *err)
{
	struct ca_store *store = is->ca->store;

	if (ca_store_begin(store, err) != 0)
		return -1;
	if (ca_store_add_cert(store, &is->intent, &is->der, err) != 0) {
		ca_store_rollback(store);
		return -1;
	}
	if (ca_store_commit(store, err) != 0)
		return -1;
	fault_point("ca.issue.after-commit");
	return 0;
}

/* The intent got no certificate: give it up now. Should that fail as well, the
 * next use of the key or the next start does it. */
static void
give_up(struct issue *is)
{
	struct ca_store *store = is->ca->store;

	if (ca_store_begin(store, NULL) != 0)
		return;
	if (ca_store_lose(store, is->key, is->now, NULL) != 0 ||
	    ca_store_commit(store, NULL) != 0)
		ca_store_rollback(store);
}

static int
issue_new(struct issue *is, struct err *err)
{
	int rc = -1;

	if (check_clock(is, err) != 0 ||
	    ca_template_check(is->ca, is->csr.t, is->now, NULL, err) != 0 ||
	    ca_csr_case_check(&is->csr, err) != 0 || prepare(is, err) != 0)
		return -1;
	fill_intent(is);
	if (ca_store_enter(is->ca->store, err) != 0)
		return -1;
	if (record_intent(is, err) == 0) {
		rc = sign(is, err) != 0 ? -1 : record_cert(is, err);
		if (rc != 0)
			give_up(is);
	}
	ca_store_leave(is->ca->store);
	return rc;
}

int
ca_issue(struct ca *ca, const struct ca_request *request, struct ca_cert *ret,
    struct err *err)
{
	struct issue is = {.ca = ca, .key = request->key, .now = request->now};
	int rc;

	if (check_key(request->key, err) != 0)
		return -1;
	ca_csr_case_init(&is.csr, ca, request);
	str_sha256(request->csr, request->csr_len, is.intent.csr_sha256);
	buf_init(&is.tbs, CA_LEAF_MAX - 512);
	buf_init(&is.der, CA_LEAF_MAX);
	buf_init(&is.names, 2048);
	ca_store_lock(ca->store);
	rc = find_earlier(&is, ret, err);
	if (rc == 0) {
		rc = issue_new(&is, err);
		if (rc == 0)
			rc = ca_store_find(
			    ca->store, request->key, NULL, ret, NULL, err);
	} else if (rc == 1) {
		rc = 0;
	}
	ca_store_unlock(ca->store);
	issue_clear(&is);
	return rc;
}
