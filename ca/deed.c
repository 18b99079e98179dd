#include "deed_internal.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "ca_internal.h"
#include "clock.h"
#include "fault.h"
#include "signer_internal.h"
#include "str.h"

int
ca_deed_clock(struct ca *ca, int64_t now, struct err *err)
{
	char last_text[CLOCK_TEXT], now_text[CLOCK_TEXT];
	int64_t last;

	if (ca_store_last(ca->store, &last, err) != 0)
		return -1;
	if (now < last - CA_CLOCK_BACK)
		return err_set(err, ERR_REFUSED,
		    "the clock says %s, but the last certificate is of %s",
		    clock_text(now, now_text), clock_text(last, last_text));
	return 0;
}

static int
record_intent(struct ca_deed *d, struct err *err)
{
	struct ca_store *store = d->ca->store;

	str_sha256(d->tbs.data, d->tbs.len, d->intent.tbs_sha256);
	d->intent.tbs = d->tbs.data;
	d->intent.line = d->ca->line;
	d->intent.tbs_len = d->tbs.len;
	fault_point("ca.issue.before-intent");
	if (ca_store_begin(store, err) != 0)
		return -1;
	if (ca_store_lose(store, d->intent.key, d->intent.made_at, err) != 0 ||
	    ca_store_add_intent(store, &d->intent, err) != 0 ||
	    (d->also != NULL && d->also(d->cookie, err) != 0)) {
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
compare(struct ca_deed *d, struct err *err)
{
	const unsigned char *p = d->der.data;
	X509 *x = d2i_X509(NULL, &p, (long)d->der.len);
	struct ca_span rest = ca_der_bytes(&d->der);
	struct ca_tlv cert, tbs;
	uint8_t hash[32];
	int rc = -1;

	if (x == NULL || p != d->der.data + d->der.len ||
	    ca_der_only(rest, CA_TAG_SEQ, &cert) != 0 ||
	    ca_der_take(&cert.body, CA_TAG_SEQ, &tbs) != 0)
		goto out;
	str_sha256(tbs.whole.p, tbs.whole.len, hash);
	if (memcmp(hash, d->intent.tbs_sha256, sizeof(hash)) == 0 &&
	    X509_get_version(x) == X509_VERSION_3 &&
	    X509_check_issued(d->ca->issuing.x509, x) == X509_V_OK)
		rc = 0;
out:
	X509_free(x);
	return rc == 0 ? 0
		       : ca_openssl_err(err, ERR_BUG,
			     "the signed certificate is not the recorded one");
}

static int
sign(struct ca_deed *d, struct err *err)
{
	if (ca_signer_sign(
		d->ca->signer, ca_der_bytes(&d->tbs), &d->der, err) != 0 ||
	    compare(d, err) != 0)
		return -1;
	fault_point("ca.issue.after-sign");
	return 0;
}

static int
record_cert(struct ca_deed *d, struct err *err)
{
	struct ca_store *store = d->ca->store;

	if (ca_store_begin(store, err) != 0)
		return -1;
	if (ca_store_add_cert(store, &d->intent, &d->der, err) != 0) {
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
give_up(struct ca_deed *d)
{
	struct ca_store *store = d->ca->store;

	if (ca_store_begin(store, NULL) != 0)
		return;
	if (ca_store_lose(store, d->intent.key, d->intent.made_at, NULL) != 0 ||
	    ca_store_commit(store, NULL) != 0)
		ca_store_rollback(store);
}

int
ca_deed_do(struct ca_deed *d, struct err *err)
{
	int rc = -1;

	if (ca_store_enter(d->ca->store, err) != 0)
		return -1;
	if (record_intent(d, err) == 0) {
		rc = sign(d, err) != 0 ? -1 : record_cert(d, err);
		if (rc != 0)
			give_up(d);
	}
	ca_store_leave(d->ca->store);
	return rc;
}
