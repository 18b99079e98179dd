/* A request's way to another CA and back: on record before each word. */
#include <arpa/inet.h>
#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge_record_internal.h"
#include "ca_internal.h"
#include "clock.h"
#include "fault.h"
#include "mem.h"
#include "record_internal.h"
#include "str.h"

#define ASKED "asked"
#define PENDING "pending"
#define UNCONFIRMED "unconfirmed"
#define REJECTED "rejected"
#define ISSUED "issued"

#define SERIAL_MOST 20 /* bytes (RFC 5280, 4.1.2.2) */

#define HOLD_FIRST 5 /* seconds without a word to a CA that was silent */
#define HOLD_MOST 300
#define HOLD_WRONG 60 /* or with which our configuration does not work */

/* One request under way. */
struct deal {
	struct ca *ca;
	struct ca_bridge *b;
	const struct ca_request *request;
	int64_t old_end;
	struct ca_csr_case c;
	struct ca_bridge_record record;
	bool known; /* record is filled */
	struct ca_bridge_answer answer;
	bool again; /* the request may have been sent before */
	char address[INET_ADDRSTRLEN];
	struct buf leaf; /* what it gave, checked */
	bool unwanted;	 /* what it gave failed that; the text says why */
	bool orphan;	 /* what it gave is valid, and nobody's */
	struct ca_bridge_result *ret;
};

static void
deal_clear(struct deal *d)
{
	ca_csr_case_clear(&d->c);
	ca_bridge_record_clear(&d->record);
	ca_bridge_answer_clear(&d->answer);
	buf_free(&d->leaf);
}

/* --- what is known already --- */

/* 1 = the key has a certificate, now in *ret; 0 = none; -1. */
static int
find_cert(struct ca *ca, const char *key, struct ca_cert *ret, struct err *err)
{
	struct err none = {.kind = ERR_NONE};

	if (ca_store_find(ca->store, key, NULL, ret, NULL, &none) == 0)
		return 1;
	if (none.kind == ERR_NOTFOUND)
		return 0;
	if (err != NULL)
		*err = none;
	return -1;
}

static int
give_earlier(struct deal *d, struct err *err)
{
	struct ca_cert *cert = &d->ret->cert;
	int got = find_cert(d->ca, d->request->key, cert, err);

	if (got != 1)
		return got;
	d->ret->outcome = CA_BRIDGE_ISSUED;
	if (cert->revoked_at == 0)
		return 1;
	(void)err_set(err, ERR_CONFLICT,
	    "key %s gave certificate %s, which was revoked", d->request->key,
	    cert->serial);
	ca_cert_clear(cert);
	return -1;
}

static void
tell_wait(
    const struct ca_bridge_record *r, int64_t now, struct ca_bridge_result *ret)
{
	ret->outcome =
	    str_eq(r->state, PENDING) ? CA_BRIDGE_PENDING : CA_BRIDGE_LIMITED;
	ret->retry_at = r->retry_at;
	ret->urgent = r->urgent_at != 0 && now >= r->urgent_at;
	(void)snprintf(ret->text, sizeof(ret->text), "%s", r->text);
}

/* Is something to come of it without anybody's doing? */
static bool
waits(const struct ca_bridge_record *r)
{
	if (str_eq(r->state, PENDING))
		return true;
	return r->retry_at != 0 &&
	    (str_eq(r->state, ASKED) || str_eq(r->state, UNCONFIRMED));
}

/* Too early to ask again? 1 = yes, answered from the record; 0; -1. */
static int
give_wait(struct deal *d, struct err *err)
{
	const struct ca_bridge_record *r = &d->record;
	char at[CLOCK_TEXT];

	if (r->retry_at <= d->request->now)
		return 0;
	if (str_eq(r->state, REJECTED))
		return err_set(err, ERR_REFUSED,
		    "%s; it is asked again after %s", r->text,
		    clock_text(r->retry_at, at));
	tell_wait(r, d->request->now, d->ret);
	return 1;
}

/* --- the request --- */

/* Forget what an earlier exchange left: the next is a new one. */
static void
start_anew(struct ca_bridge_record *r)
{
	mem_replace(&r->state, ASKED);
	mem_replace(&r->request_id, "");
	buf_reset(&r->progress);
}

static void
describe(struct deal *d)
{
	const struct ca_request *q = d->request;
	struct ca_bridge_record *r = &d->record;
	struct buf names;

	buf_init(&names, 2048);
	ca_names_text(&d->c.want, &names);
	mem_replace(&r->device, q->subject->device);
	mem_replace(&r->template_name, q->template->name);
	mem_replace(&r->names, buf_text(&names));
	free(r->subject);
	r->subject = ca_names_subject(&d->c.want);
	memcpy(r->spki_sha256, d->c.spki_sha256, sizeof(r->spki_sha256));
	buf_free(&r->csr);
	buf_init(&r->csr, CA_CSR_MAX);
	buf_add(&r->csr, q->csr, q->csr_len);
	start_anew(r);
	mem_replace(&r->text, "");
	buf_free(&names);
}

/* The same key pair and names as on record? Then its CSR is used further, since
 * that is how some protocols know the request. */
static int
match_record(struct deal *d, struct err *err)
{
	struct ca_bridge_record *r = &d->record;
	struct buf names;
	bool same;

	if (memcmp(r->spki_sha256, d->c.spki_sha256, sizeof(r->spki_sha256)) !=
	    0)
		return err_set(err, ERR_CONFLICT,
		    "key %s was used for another key pair", d->request->key);
	buf_init(&names, 2048);
	ca_names_text(&d->c.want, &names);
	same = str_eq(r->names, buf_text(&names));
	buf_free(&names);
	if (!same)
		describe(d);
	return 0;
}

static int
load_record(struct deal *d, struct err *err)
{
	int got = ca_bridge_store_get(
	    d->ca->store, d->b->name, d->request->key, &d->record, err);

	if (got < 0)
		return -1;
	d->known = got == 1;
	if (d->known)
		return match_record(d, err);
	d->record.made_at = d->request->now;
	buf_init(&d->record.progress, CA_BRIDGE_PROGRESS_MAX);
	describe(d);
	return 0;
}

static int
save(struct deal *d, const struct ca_cert *cert, struct err *err)
{
	struct ca_store *store = d->ca->store;

	if (ca_store_begin(store, err) != 0)
		return -1;
	/* The owners again: another process may have been quicker. */
	if ((cert == NULL && !d->known &&
		(ca_csr_key_owner(&d->c, err) != 0 ||
		    ca_csr_names_owner(&d->c, err) != 0)) ||
	    ca_bridge_store_put(
		store, d->b->name, d->request->key, &d->record, err) != 0 ||
	    (cert != NULL &&
		ca_bridge_store_add_cert(store, d->b->name, cert, err) != 0)) {
		ca_store_rollback(store);
		return -1;
	}
	if (ca_store_commit(store, err) != 0)
		return -1;
	d->known = true;
	return 0;
}

/* "asked" on record, with this try counted. */
static int
record_asking(struct deal *d, struct err *err)
{
	struct ca_bridge_record *r = &d->record;
	const struct ca_template *t = d->request->template;
	char id[CA_BRIDGE_ID_MAX + 1];

	d->again = str_eq(r->state, ASKED) && r->tries > 0;
	if (str_eq(r->state, REJECTED))
		start_anew(r);
	if (str_empty(r->request_id) && d->b->kind->name_request != NULL) {
		d->b->kind->name_request(id);
		mem_replace(&r->request_id, id);
		d->again = false;
	}
	r->tries++;
	r->asked_at = d->request->now;
	r->retry_at = 0;
	/* The last third of the time that was planned for this. */
	r->urgent_at = d->old_end == 0 ? 0 : d->old_end - t->renew_before / 3;
	fault_point("bridge.before-asked");
	if (save(d, NULL, err) != 0)
		return -1;
	fault_point("bridge.asked");
	return 0;
}

static int
check_held(const struct deal *d, struct err *err)
{
	char span[CLOCK_TEXT];
	int64_t left = d->b->held_until - clock_mono_ms() / 1000;

	if (left <= 0)
		return 0;
	return err_set(err, ERR_UNREACHABLE, "%s; not asked for another %s",
	    d->b->held_why, clock_span(left, span));
}

/* 1 = answered from what is known, 0 = to be asked now, -1. */
static int
prepare(struct deal *d, struct err *err)
{
	const struct ca_request *q = d->request;
	int got;

	if (ca_key_text_check(q->key, err) != 0)
		return -1;
	got = give_earlier(d, err);
	if (got != 0)
		return got;
	if (ca_template_check(NULL, q->template, q->now, NULL, err) != 0 ||
	    ca_csr_case_check(&d->c, err) != 0 || load_record(d, err) != 0)
		return -1;
	got = give_wait(d, err);
	if (got != 0)
		return got;
	if (check_held(d, err) != 0)
		return -1;
	return record_asking(d, err);
}

/* What happens next. */
enum next { FAIL = -1, DONE, ASK, CONFIRM };

/* Both forms are certificate services' own. */
static bool
names_template(struct ca_span der)
{
	struct ca_csr csr;

	return ca_csr_parse(der, &csr) == NULL &&
	    (ca_csr_ext(&csr, ca_oids.template_name) != NULL ||
		ca_csr_ext(&csr, ca_oids.template_oid) != NULL);
}

static struct ca_bridge_ask
words_of(struct deal *d)
{
	const struct ca_bridge_record *r = &d->record;
	const struct ca_names *want = &d->c.want;

	return (struct ca_bridge_ask){
	    .csr = r->csr.data,
	    .csr_len = r->csr.len,
	    .spki = d->c.csr.spki, /* the same key: load_record() */
	    .names_template = names_template(ca_der_bytes(&r->csr)),
	    .dns = (const char *const *)want->dns,
	    .dns_count = want->count,
	    .address = want->with_address ? inet_ntop(AF_INET, want->address,
						d->address, sizeof(d->address))
					  : NULL,
	    .validity = d->request->template->validity,
	    .request_id = r->request_id,
	    .again = d->again,
	    .progress = ca_der_bytes(&r->progress),
	};
}

static void
ask(struct deal *d)
{
	const char *state = d->record.state;
	const struct ca_bridge_kind *kind = d->b->kind;
	const struct ca_bridge_ask words = words_of(d);

	if (str_eq(state, PENDING) || str_eq(state, UNCONFIRMED))
		kind->poll(d->b, &words, &d->answer);
	else
		kind->submit(d->b, &words, &d->answer);
	fault_point("bridge.answered");
}

static void
confirm(struct deal *d)
{
	const struct ca_bridge_ask words = words_of(d);

	fault_point("bridge.unconfirmed");
	d->b->kind->confirm(d->b, &words, NULL, &d->answer);
	fault_point("bridge.confirmed");
}

/* It is on record that we do not take it: should this word be lost, the CA
 * hears none, and must not keep the certificate valid either. */
static void
refuse(struct deal *d)
{
	const struct ca_bridge_ask words = words_of(d);
	struct ca_bridge_answer answer;

	ca_bridge_answer_init(&answer);
	d->b->kind->confirm(d->b, &words, d->record.text, &answer);
	ca_bridge_answer_clear(&answer);
}

/* --- the answer --- */

/* A CA that is silent, busy or not to be spoken to like this is left alone for
 * a while, by all devices. */
static void
hold(struct deal *d)
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
next_try(const struct deal *d)
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
fill_cert(struct deal *d, struct ca_cert *cert)
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
static enum next
record_issued(struct deal *d, struct err *err)
{
	struct ca_cert cert;

	fill_cert(d, &cert);
	mem_replace(&d->record.state, ISSUED);
	(void)snprintf(d->ret->text, sizeof(d->ret->text), "%s",
	    buf_text(&d->answer.text));
	mem_replace(&d->record.text, "");
	buf_reset(&d->record.progress);
	if (save(d, &cert, err) != 0 ||
	    find_cert(d->ca, d->request->key, &d->ret->cert, err) != 1)
		return FAIL;
	d->ret->outcome = CA_BRIDGE_ISSUED;
	return DONE;
}

static enum next
record_unconfirmed(struct deal *d, struct err *err)
{
	mem_replace(&d->record.state, UNCONFIRMED);
	mem_replace(&d->record.text, "the CA is to be told that it is taken");
	return save(d, NULL, err) == 0 ? CONFIRM : FAIL;
}

/* What is not taken, and no certificate of anybody's here. */
static bool
is_stray(const struct deal *d)
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
check_given(struct deal *d, struct err *err)
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

/* What a caller hears of an outcome that is none of success or of waiting. */
static enum err_kind
kind_of(enum ca_bridge_outcome outcome)
{
	if (outcome == CA_BRIDGE_UNREACHABLE || outcome == CA_BRIDGE_LIMITED)
		return ERR_UNREACHABLE;
	return outcome == CA_BRIDGE_UNKNOWN ? ERR_UNKNOWN : ERR_REFUSED;
}

static void
take_over(struct deal *d)
{
	struct ca_bridge_record *r = &d->record;
	const struct ca_bridge_answer *a = &d->answer;

	mem_replace(&r->text, buf_text(&a->text));
	if (a->outcome == CA_BRIDGE_REJECTED)
		mem_replace(&r->state, REJECTED); /* people may ask by its id */
	else if (a->ended)
		start_anew(r);
	if (a->outcome == CA_BRIDGE_PENDING) {
		mem_replace(&r->state, PENDING);
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

static enum next
record_answer(struct deal *d, struct err *err)
{
	struct ca_bridge_answer *a = &d->answer;

	if (a->outcome == CA_BRIDGE_ISSUED && check_given(d, err) != 0)
		return FAIL;
	d->ret->outcome = a->outcome;
	take_over(d);
	if (a->outcome == CA_BRIDGE_ISSUED)
		return d->b->kind->confirm == NULL ? record_issued(d, err)
						   : record_unconfirmed(d, err);
	if (save(d, NULL, err) != 0)
		return FAIL;
	fault_point("bridge.recorded");
	if (a->outcome != CA_BRIDGE_PENDING &&
	    a->outcome != CA_BRIDGE_LIMITED) {
		(void)err_set(
		    err, kind_of(a->outcome), "%s", buf_text(&a->text));
		return FAIL;
	}
	tell_wait(&d->record, d->request->now, d->ret);
	return a->outcome == CA_BRIDGE_PENDING && a->at_once ? ASK : DONE;
}

static enum next
record_confirmed(struct deal *d, struct err *err)
{
	if (d->answer.outcome == CA_BRIDGE_ISSUED)
		return record_issued(d, err);
	d->orphan = d->answer.outcome == CA_BRIDGE_REJECTED;
	return record_answer(d, err);
}

/* What the CA has for certified, and we do not: it should not stay valid.  A
 * kindness, of which no record is kept: where it is lost, so be it. */
static void
give_back(struct deal *d)
{
	const int superseded = 4; /* RFC 5280, 5.3.1 */
	struct ca_bridge_answer answer;

	ca_bridge_answer_init(&answer);
	d->b->kind->revoke(
	    d->b, d->leaf.data, d->leaf.len, superseded, &answer);
	ca_bridge_answer_clear(&answer);
}

/* From what is on record to an end, or to a wait; others may use the CA while
 * we talk to theirs. */
static int
converse(struct deal *d, struct err *err)
{
	enum next now, next = ASK;

	while (next > DONE) {
		now = next;
		ca_bridge_answer_clear(&d->answer);
		ca_bridge_answer_init(&d->answer);
		if (now == ASK)
			ask(d);
		else
			confirm(d);
		hold(d);
		ca_store_lock(d->ca->store);
		next = now == ASK ? record_answer(d, err)
				  : record_confirmed(d, err);
		ca_store_unlock(d->ca->store);
	}
	if (d->unwanted && d->b->kind->confirm != NULL)
		refuse(d);
	if (d->orphan && d->b->kind->revoke != NULL)
		give_back(d);
	return next == DONE ? 0 : -1;
}

int
ca_bridge_issue(struct ca *ca, struct ca_bridge *b,
    const struct ca_request *request, int64_t old_end,
    struct ca_bridge_result *ret, struct err *err)
{
	struct deal d = {.ca = ca,
	    .b = b,
	    .request = request,
	    .old_end = old_end,
	    .ret = ret};
	int rc;

	memset(ret, 0, sizeof(*ret));
	ca_csr_case_init(&d.c, ca, request);
	ca_bridge_answer_init(&d.answer);
	buf_init(&d.leaf, CA_BRIDGE_ANSWER_MAX);
	(void)pthread_mutex_lock(&b->mutex);
	ca_store_lock(ca->store);
	rc = prepare(&d, err);
	ca_store_unlock(ca->store);
	if (rc == 0)
		rc = converse(&d, err);
	(void)pthread_mutex_unlock(&b->mutex);
	deal_clear(&d);
	return rc < 0 ? err_context(err, "%s", b->name) : 0;
}

int
ca_bridge_look(struct ca *ca, const char *key, struct ca_bridge_result *ret,
    struct err *err)
{
	struct ca_bridge_record r = {0};
	int got;

	memset(ret, 0, sizeof(*ret));
	ca_store_lock(ca->store);
	got = find_cert(ca, key, &ret->cert, err);
	if (got == 1 && ret->cert.revoked_at != 0) {
		ca_cert_clear(&ret->cert);
		got = 0;
	} else if (got == 0) {
		got = ca_bridge_store_get(ca->store, NULL, key, &r, err);
		if (got == 1 && waits(&r))
			tell_wait(&r, clock_now(), ret);
		else if (got == 1)
			got = 0;
		ca_bridge_record_clear(&r);
	}
	ca_store_unlock(ca->store);
	if (got == 0)
		return err_set(
		    err, ERR_NOTFOUND, "nothing was issued for key %s", key);
	return got < 0 ? -1 : 0;
}

/* --- revocation --- */

static int
tell_ca(struct ca_bridge *b, const struct ca_cert *cert, int reason,
    struct err *err)
{
	struct ca_bridge_answer answer;
	int rc = 0;

	ca_bridge_answer_init(&answer);
	b->kind->revoke(b, cert->der, cert->der_len, reason, &answer);
	if (answer.outcome != CA_BRIDGE_ISSUED)
		rc = err_set(
		    err, kind_of(answer.outcome), "%s", buf_text(&answer.text));
	ca_bridge_answer_clear(&answer);
	return rc;
}

static int
revoke(struct ca *ca, struct ca_bridge *b, const struct ca_cert *cert,
    const struct ca_bridge_end *end, bool *ret_told, struct err *err)
{
	int rc;

	*ret_told = b != NULL && b->kind->revoke != NULL;
	if (cert->revoked_at != 0)
		return 0;
	if (*ret_told && tell_ca(b, cert, end->reason, err) != 0)
		return -1;
	ca_store_lock(ca->store);
	rc = ca_bridge_store_revoke(
	    ca->store, cert->serial, end, *ret_told, err);
	ca_store_unlock(ca->store);
	return rc;
}

int
ca_bridge_revoke(struct ca *ca, struct ca_bridge *b, const char *serial,
    const struct ca_bridge_end *end, bool *ret_told, struct err *err)
{
	struct ca_cert cert = {.der = NULL};
	bool told = false;
	int rc = -1;

	if (ca_find(ca, NULL, serial, &cert, err) != 0)
		return -1;
	if (b == NULL && !str_eq(cert.issuer, CA_ISSUER_INTERNAL)) {
		rc = revoke(ca, NULL, &cert, end, &told, err);
	} else if (b != NULL && str_eq(cert.issuer, b->name)) {
		(void)pthread_mutex_lock(&b->mutex);
		rc = revoke(ca, b, &cert, end, &told, err);
		(void)pthread_mutex_unlock(&b->mutex);
	} else {
		(void)err_set(err, ERR_NOTFOUND,
		    "certificate %s did not come over %s", serial,
		    b == NULL ? "a bridge" : b->name);
	}
	if (rc == 0)
		*ret_told = told;
	ca_cert_clear(&cert);
	return rc;
}
