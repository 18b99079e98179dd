/* What another CA answered: checked, on record, and what follows. */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge_deal_internal.h"
#include "clock.h"
#include "fault.h"
#include "mem.h"
#include "str.h"

#define SERIAL_MOST 20 /* bytes (RFC 5280, 4.1.2.2) */

#define HOLD_FIRST 5 /* seconds without a word to a CA that was silent */
#define HOLD_MOST 300
#define HOLD_WRONG 60 /* or with which our configuration does not work */

void
ca_deal_hold(struct ca_deal *d)
{
	struct ca_bridge *b = d->b;
	int64_t span = 0;
	unsigned i;

	if (d->answer.outcome == CA_BRIDGE_UNREACHABLE) {
		span = HOLD_FIRST;
		for (i = 0; i < b->silent && span < HOLD_MOST; i++)
			span *= 2;
		b->silent++;
	} else {
		b->silent = 0;
	}
	if (d->answer.outcome == CA_BRIDGE_LIMITED)
		span = d->answer.retry_after;
	else if (d->answer.outcome == CA_BRIDGE_MISCONFIGURED)
		span = HOLD_WRONG;
	if (span > HOLD_MOST)
		span = HOLD_MOST;
	b->held_until = span == 0 ? 0 : clock_mono_ms() / 1000 + span;
	(void)snprintf(
	    b->held_why, sizeof(b->held_why), "%s", buf_text(&d->answer.text));
}

static int64_t
next_try(const struct ca_deal *d)
{
	int64_t now = d->request->now;
	const struct ca_bridge_wait wait = {
	    .first = d->b->retry_first,
	    .most = d->b->retry_most,
	    .tries = d->record.tries,
	    .hint = d->answer.retry_after,
	    .left = d->old_end > now ? d->old_end - now : 0,
	    .key = d->request->key,
	};

	return now + ca_bridge_wait(&wait);
}

static void
fill_cert(struct ca_deal *d, struct ca_cert *cert)
{
	const struct buf *leaf = &d->leaf;
	const unsigned char *p = leaf->data;
	X509 *x = d2i_X509(NULL, &p, (long)leaf->len);
	const ASN1_INTEGER *serial;
	struct tm tm = {0};

	assert(x != NULL); /* it was checked */
	serial = X509_get0_serialNumber(x);
	memset(cert, 0, sizeof(*cert));
	str_hex(ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial), cert->serial);
	(void)ASN1_TIME_to_tm(X509_get0_notBefore(x), &tm);
	cert->not_before = (int64_t)timegm(&tm);
	(void)ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm);
	cert->not_after = (int64_t)timegm(&tm);
	cert->issued_at = d->request->now;
	cert->der = leaf->data; /* borrowed: not to be cleared */
	cert->der_len = leaf->len;
	(void)snprintf(cert->key, sizeof(cert->key), "%s", d->request->key);
	X509_free(x);
}

/* The certificate is the device's from here on. */
static enum ca_deal_next
record_issued(struct ca_deal *d, struct err *err)
{
	struct ca_cert cert;

	fill_cert(d, &cert);
	mem_replace(&d->record.state, DEAL_ISSUED);
	(void)snprintf(d->ret->text, sizeof(d->ret->text), "%s",
	    buf_text(&d->answer.text));
	mem_replace(&d->record.text, "");
	buf_reset(&d->record.progress);
	if (ca_deal_save(d, &cert, err) != 0 ||
	    ca_deal_find(d->ca, d->request->key, &d->ret->cert, err) != 1)
		return CA_DEAL_FAIL;
	d->ret->outcome = CA_BRIDGE_ISSUED;
	return CA_DEAL_DONE;
}

static enum ca_deal_next
record_unconfirmed(struct ca_deal *d, struct err *err)
{
	mem_replace(&d->record.state, DEAL_UNCONFIRMED);
	mem_replace(&d->record.text, "the CA is to be told that it is taken");
	return ca_deal_save(d, NULL, err) == 0 ? CA_DEAL_CONFIRM : CA_DEAL_FAIL;
}

/* What is not taken, and no certificate of anybody's here. */
static bool
is_stray(const struct ca_deal *d)
{
	const unsigned char *p = d->leaf.data;
	X509 *x = d2i_X509(NULL, &p, (long)d->leaf.len);
	char serial[2 * SERIAL_MOST + 1];
	const ASN1_INTEGER *number;
	bool stray = false;

	number = x == NULL ? NULL : X509_get0_serialNumber(x);
	if (number != NULL && ASN1_STRING_length(number) <= SERIAL_MOST) {
		str_hex(ASN1_STRING_get0_data(number),
		    (size_t)ASN1_STRING_length(number), serial);
		stray = ca_bridge_store_serial_free(
			    d->ca->store, serial, NULL) == 0;
	}
	X509_free(x);
	ERR_clear_error();
	return stray;
}

/* Is it what was asked for, and its serial free? -1: the store is broken. */
static int
check_given(struct ca_deal *d, struct err *err)
{
	struct ca_cert cert;
	struct err why = {.kind = ERR_NONE};
	char *remarks;
	int rc;

	buf_reset(&d->leaf);
	buf_add(&d->leaf, d->answer.leaf.data, d->answer.leaf.len);
	rc = ca_bridge_check(d->b, &d->c, ca_der_bytes(&d->leaf), &why);
	if (rc == 0) {
		fill_cert(d, &cert);
		rc = ca_bridge_store_serial_free(
		    d->ca->store, cert.serial, &why);
		if (rc != 0 && why.kind != ERR_CONFLICT) {
			if (err != NULL)
				*err = why;
			return -1;
		}
	}
	if (rc == 0)
		return 0;
	/* As good as a refusal. */
	d->unwanted = true;
	d->orphan = d->b->kind->confirm == NULL && is_stray(d);
	remarks = mem_dup(buf_text(&d->answer.text));
	ca_bridge_answer_set(&d->answer, CA_BRIDGE_REJECTED,
	    "the certificate it gave is not taken: %s%s%.160s", why.text,
	    *remarks == '\0' ? "" : "; it remarks: ", remarks);
	free(remarks);
	return 0;
}

enum err_kind
ca_deal_error(enum ca_bridge_outcome outcome)
{
	if (outcome == CA_BRIDGE_UNREACHABLE || outcome == CA_BRIDGE_LIMITED)
		return ERR_UNREACHABLE;
	return outcome == CA_BRIDGE_UNKNOWN ? ERR_UNKNOWN : ERR_REFUSED;
}

static void
take_over(struct ca_deal *d)
{
	struct ca_bridge_record *r = &d->record;
	const struct ca_bridge_answer *a = &d->answer;

	mem_replace(&r->text, buf_text(&a->text));
	if (a->outcome == CA_BRIDGE_REJECTED)
		mem_replace(
		    &r->state, DEAL_REJECTED); /* people may ask by its id */
	else if (a->ended)
		ca_deal_start_anew(r);
	if (a->outcome == CA_BRIDGE_PENDING) {
		mem_replace(&r->state, DEAL_PENDING);
		if (a->request_id[0] != '\0')
			mem_replace(&r->request_id, a->request_id);
	}
	if (a->progress.len > 0) {
		buf_reset(&r->progress);
		buf_add(&r->progress, a->progress.data, a->progress.len);
	}
	if (a->outcome == CA_BRIDGE_REJECTED ||
	    a->outcome == CA_BRIDGE_PENDING || a->outcome == CA_BRIDGE_LIMITED)
		r->retry_at = next_try(d);
}

enum ca_deal_next
ca_deal_answer(struct ca_deal *d, struct err *err)
{
	struct ca_bridge_answer *a = &d->answer;

	if (a->outcome == CA_BRIDGE_ISSUED && check_given(d, err) != 0)
		return CA_DEAL_FAIL;
	d->ret->outcome = a->outcome;
	take_over(d);
	if (a->outcome == CA_BRIDGE_ISSUED)
		return d->b->kind->confirm == NULL ? record_issued(d, err)
						   : record_unconfirmed(d, err);
	if (ca_deal_save(d, NULL, err) != 0)
		return CA_DEAL_FAIL;
	fault_point("bridge.recorded");
	if (a->outcome != CA_BRIDGE_PENDING &&
	    a->outcome != CA_BRIDGE_LIMITED) {
		(void)err_set(
		    err, ca_deal_error(a->outcome), "%s", buf_text(&a->text));
		return CA_DEAL_FAIL;
	}
	ca_deal_tell_wait(&d->record, d->request->now, d->ret);
	return a->outcome == CA_BRIDGE_PENDING && a->at_once ? CA_DEAL_ASK
							     : CA_DEAL_DONE;
}

enum ca_deal_next
ca_deal_confirmed(struct ca_deal *d, struct err *err)
{
	if (d->answer.outcome == CA_BRIDGE_ISSUED)
		return record_issued(d, err);
	d->orphan = d->answer.outcome == CA_BRIDGE_REJECTED;
	return ca_deal_answer(d, err);
}

void
ca_deal_give_back(struct ca_deal *d)
{
	const int superseded = 4; /* RFC 5280, 5.3.1 */
	struct ca_bridge_answer answer;

	ca_bridge_answer_init(&answer);
	d->b->kind->revoke(
	    d->b, d->leaf.data, d->leaf.len, superseded, &answer);
	ca_bridge_answer_clear(&answer);
}
