#include "deed_internal.h"

#include <assert.h>
#include <openssl/x509.h>
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

	if (now < ca->issuing.not_before)
		return err_set(err, ERR_REFUSED,
		    "the clock says %s, but the issuing CA begins at %s",
		    clock_text(now, now_text),
		    clock_text(ca->issuing.not_before, last_text));
	if (ca_store_last(ca->store, &last, err) != 0)
		return -1;
	if (now < last - CA_CLOCK_BACK)
		return err_set(err, ERR_REFUSED,
		    "the clock says %s, but the last certificate is of %s",
		    clock_text(now, now_text), clock_text(last, last_text));
	return 0;
}

/* --- intents --- */

int
ca_deeds_begin(struct ca_deeds *d, struct ca *ca, struct err *err)
{
	d->ca = ca;
	d->count = 0;
	d->spoiled = false;
	err_clear(&d->broken);
	if (ca_store_enter(ca->store, err) != 0)
		return -1;
	fault_point("ca.issue.before-intent");
	if (ca_store_begin(ca->store, err) == 0)
		return 0;
	ca_store_leave(ca->store);
	return -1;
}

static int
record_intent(struct ca_deeds *d, struct ca_deed *one, struct err *err)
{
	struct ca_store *store = d->ca->store;
	struct ca_intent *i = &one->intent;

	/* A full disk, for one, ends a whole transaction, whoever notices. */
	if (!ca_store_in_transaction(store))
		return err_set(err, ERR_STORAGE,
		    "the database took back what was written");
	str_sha256(one->tbs.data, one->tbs.len, i->tbs_sha256);
	i->tbs = one->tbs.data;
	i->tbs_len = one->tbs.len;
	i->line = d->ca->line;
	if (ca_store_lose(store, i->key, i->made_at, err) != 0 ||
	    ca_store_add_intent(store, i, err) != 0)
		return -1;
	return one->also != NULL ? one->also(one->cookie, err) : 0;
}

int
ca_deeds_add(struct ca_deeds *d, struct ca_deed *one, struct err *err)
{
	assert(d->count < CA_ISSUE_MANY && !d->spoiled);
	if (record_intent(d, one, err) == 0) {
		one->state = CA_DEED_INTENDED;
		d->list[d->count++] = one;
		fault_point("ca.issue.intent");
		return 0;
	}
	/* A conflict is this one's; all else would happen to the others. */
	d->spoiled = true;
	if (err->kind != ERR_CONFLICT)
		d->broken = *err;
	return -1;
}

int
ca_deeds_commit(struct ca_deeds *d, struct err *err)
{
	struct ca_store *store = d->ca->store;

	if (!d->spoiled && !ca_store_in_transaction(store))
		(void)err_set(&d->broken, ERR_STORAGE,
		    "the database took back what was written");
	else if (!d->spoiled && ca_store_commit(store, &d->broken) == 0) {
		if (d->count > 0)
			fault_point("ca.issue.after-intent");
		return 1;
	}
	ca_store_rollback(store);
	ca_store_leave(store);
	d->count = 0;
	if (d->broken.kind == ERR_NONE)
		return 0;
	*err = d->broken;
	return -1;
}

/* --- signatures --- */

/* What a certificate says of itself in front of its validity. */
static bool
head_matches(const struct ca *ca, const struct ca_deed *one, struct ca_span tbs)
{
	struct ca_tlv outer, version, serial, algorithm, issuer;
	char hex[2 * CA_SERIAL_LEN + 1];

	if (ca_der_take(&tbs, CA_TAG_CONTEXT_SEQ(0), &outer) != 0 ||
	    ca_der_only(outer.body, CA_TAG_INTEGER, &version) != 0 ||
	    ca_der_take(&tbs, CA_TAG_INTEGER, &serial) != 0 ||
	    ca_der_take(&tbs, CA_TAG_SEQ, &algorithm) != 0 ||
	    ca_der_take(&tbs, CA_TAG_SEQ, &issuer) != 0 ||
	    serial.body.len != CA_SERIAL_LEN)
		return false;
	str_hex(serial.body.p, serial.body.len, hex);
	return version.body.len == 1 && version.body.p[0] == X509_VERSION_3 &&
	    str_eq(hex, one->intent.serial) &&
	    ca_span_equal(algorithm.whole, ca_signer_algorithm(ca->signer)) &&
	    ca_span_equal(issuer.whole, ca->issuing.subject);
}

/* Taken apart again, by the strict reader that strangers' requests go through
 * and that shares nothing with the writer: is it what is on record? (OpenSSL's
 * would decode the device's key once more, which costs more than all of this.)
 */
static int
compare(const struct ca *ca, const struct ca_deed *one, struct err *err)
{
	struct ca_tlv cert, tbs, algorithm, signature;
	uint8_t hash[32];

	if (ca_der_check(ca_der_bytes(&one->der)) == NULL &&
	    ca_der_only(ca_der_bytes(&one->der), CA_TAG_SEQ, &cert) == 0 &&
	    ca_der_take(&cert.body, CA_TAG_SEQ, &tbs) == 0 &&
	    ca_der_take(&cert.body, CA_TAG_SEQ, &algorithm) == 0 &&
	    ca_der_only(cert.body, CA_TAG_BITS, &signature) == 0) {
		str_sha256(tbs.whole.p, tbs.whole.len, hash);
		if (memcmp(hash, one->intent.tbs_sha256, sizeof(hash)) == 0 &&
		    ca_span_equal(
			algorithm.whole, ca_signer_algorithm(ca->signer)) &&
		    head_matches(ca, one, tbs.body))
			return 0;
	}
	return err_set(
	    err, ERR_BUG, "the signed certificate is not the recorded one");
}

static int
sign(struct ca_deeds *d, struct ca_deed *one)
{
	struct ca *ca = d->ca;

	if (ca_signer_sign(
		ca->signer, ca_der_bytes(&one->tbs), &one->der, &one->err) != 0)
		return -1;
	return compare(ca, one, &one->err);
}

void
ca_deeds_sign(struct ca_deeds *d)
{
	size_t i;

	for (i = 0; i < d->count; i++) {
		d->list[i]->state =
		    sign(d, d->list[i]) == 0 ? CA_DEED_SIGNED : CA_DEED_FAILED;
		fault_point("ca.issue.after-sign");
	}
}

/* --- certificates --- */

static void
fail(struct ca_deed *one, const struct err *why)
{
	one->state = CA_DEED_FAILED;
	one->err = *why;
}

/* Intents that got no certificate: give them up now. Should that fail as well,
 * the next use of the key or the next start does it. */
static void
give_up(struct ca_deeds *d)
{
	struct ca_store *store = d->ca->store;
	const struct ca_intent *intent;
	bool any = false;
	int rc = 0;
	size_t i;

	for (i = 0; i < d->count; i++)
		any = any || d->list[i]->state == CA_DEED_FAILED;
	if (!any || ca_store_begin(store, NULL) != 0)
		return;
	for (i = 0; rc == 0 && i < d->count; i++) {
		intent = &d->list[i]->intent;
		if (d->list[i]->state == CA_DEED_FAILED)
			rc = ca_store_give_up(
			    store, intent->serial, intent->made_at, NULL);
	}
	if (rc != 0 || ca_store_commit(store, NULL) != 0)
		ca_store_rollback(store);
}

/* 1, or 0 when one of them failed alone: to be done again without it; -1. */
static int
record_certs(struct ca_deeds *d, struct err *err)
{
	struct ca_store *store = d->ca->store;
	struct ca_deed *one;
	size_t i;

	if (ca_store_begin(store, err) != 0)
		return -1;
	for (i = 0; i < d->count; i++) {
		one = d->list[i];
		if (one->state == CA_DEED_SIGNED &&
		    ca_store_add_cert(store, &one->intent, &one->der, err) !=
			0) {
			ca_store_rollback(store);
			if (err->kind != ERR_CONFLICT)
				return -1;
			fail(one, err);
			return 0;
		}
		fault_point("ca.issue.certificate");
	}
	if (ca_store_commit(store, err) != 0)
		return -1;
	fault_point("ca.issue.after-commit");
	return 1;
}

void
ca_deeds_settle(struct ca_deeds *d)
{
	struct err why;
	size_t i;
	int rc = d->count > 0 ? 0 : 1;

	while (rc == 0)
		rc = record_certs(d, &why);
	for (i = 0; i < d->count; i++) {
		if (d->list[i]->state != CA_DEED_SIGNED)
			continue;
		if (rc == 1)
			d->list[i]->state = CA_DEED_DONE;
		else
			fail(d->list[i], &why);
	}
	give_up(d);
	ca_store_leave(d->ca->store);
}

static int
do_one(struct ca *ca, struct ca_deed *one, struct err *err)
{
	struct ca_deeds d;
	struct err broken;
	int rc;

	if (ca_deeds_begin(&d, ca, err) != 0)
		return -1;
	rc = ca_deeds_add(&d, one, err);
	if (ca_deeds_commit(&d, rc == 0 ? err : &broken) != 1)
		return -1;
	ca_deeds_sign(&d);
	ca_deeds_settle(&d);
	if (one->state == CA_DEED_DONE)
		return 0;
	*err = one->err;
	return -1;
}

int
ca_deed_do(struct ca *ca, struct ca_deed *one, struct err *err)
{
	struct err why;
	int rc = do_one(ca, one, &why);

	if (rc != 0 && err != NULL)
		*err = why;
	return rc;
}
