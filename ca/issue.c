/*
 * Issuing certificates for CSRs: who asks again gets the same one, everyone
 * else goes through the rules and then through deed.c.  What goes on together
 * shares two commits.
 *
 *   check, prepare -> [ found by key? owners; intent ] -> sign -> [ record ]
 *        alone                   one commit               alone   one commit
 *
 * "Alone" is without the store's lock: other threads go on meanwhile.  What the
 * records say of owners is asked in the transaction that records the intents,
 * each behind those before it: two of one batch are judged as if one had come
 * after the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ca_internal.h"
#include "csr_internal.h"
#include "deed_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "signer_internal.h"
#include "str.h"
#include "template_internal.h"

/* How often, and in which steps, is looked for what another process makes. */
#define OTHERS_LOOKS 100
#define OTHERS_PAUSE_MS 10
#define KEY_MAX (sizeof(((struct ca_cert *)NULL)->key) - 1)

/* One issuance under way. */
struct issue {
	struct ca *ca;
	struct ca_issuance *what;
	bool done; /* what came of it is in *what */
	bool claimed;
	struct err unfit; /* what is wrong with it, if it is not on record */
	struct ca_csr_case csr;
	struct ca_deed deed;
	char serial[2 * CA_SERIAL_LEN + 1];
	char *subject;
	struct buf names;
};

/* Those that share commits. */
struct batch {
	struct ca *ca;
	struct issue *list;
	size_t count;
	struct ca_deeds deeds;
	struct err barred; /* why the CA issues nothing, if it does not */
};

static void
issue_init(struct issue *is, struct ca *ca, struct ca_issuance *what)
{
	const struct ca_request *request = &what->request;

	is->ca = ca;
	is->what = what;
	err_clear(&what->err);
	err_clear(&is->unfit);
	ca_csr_case_init(&is->csr, ca, request);
	str_sha256(request->csr, request->csr_len, is->deed.intent.csr_sha256);
	buf_init(&is->deed.tbs, CA_LEAF_MAX);
	buf_init(&is->deed.der, CA_LEAF_MAX);
	buf_init(&is->names, 2048);
}

static void
issue_clear(struct issue *is)
{
	ca_csr_case_clear(&is->csr);
	buf_free(&is->deed.tbs);
	buf_free(&is->deed.der);
	buf_free(&is->names);
	free(is->subject);
}

static void
fail(struct issue *is, const struct err *why)
{
	is->done = true;
	is->what->err = *why;
}

/* --- alone --- */

int
ca_key_text_check(const char *key, struct err *err)
{
	if (str_empty(key) || strlen(key) > KEY_MAX)
		return err_set(err, ERR_INVALID,
		    "idempotency key must have 1 to %zu characters", KEY_MAX);
	return 0;
}

/* Everything but the signature. */
static int
write_tbs(struct issue *is, struct err *err)
{
	const struct ca_template *t = is->csr.t;
	const struct ca_issuer *issuer = &is->ca->issuing;
	struct ca_period period = ca_template_period(is->ca, t, is->csr.now);
	struct ca_tbs tbs = {
	    .use = CA_TBS_DEVICE,
	    .algorithm = ca_signer_algorithm(is->ca->signer),
	    .issuer = issuer->subject,
	    .spki = is->csr.csr.spki,
	    .authority_key = issuer->subject_key,
	    .not_before = period.not_before,
	    .not_after = period.not_after,
	    .names = &is->csr.want,
	    .usages = ca_template_usages(t),
	    .places = &is->ca->places,
	};
	struct buf name;
	size_t size;

	if (ca_serial_new(tbs.serial, err) != 0)
		return -1;
	buf_init(&name, 512);
	ca_tbs_name(&name, NULL, is->csr.want.dns[0]);
	tbs.subject = ca_der_bytes(&name);
	ca_tbs_write(&tbs, &is->deed.tbs);
	buf_free(&name);
	str_hex(tbs.serial, sizeof(tbs.serial), is->serial);
	is->subject = ca_names_subject(&is->csr.want);
	ca_names_text(&is->csr.want, &is->names);
	is->deed.intent.not_before = tbs.not_before;
	is->deed.intent.not_after = tbs.not_after;
	size = ca_signer_size(is->ca->signer, is->deed.tbs.len);
	if (is->deed.tbs.over || size > ca_template_max_size(t))
		return err_set(err, ERR_LIMIT,
		    "the certificate would be larger than the %zu bytes that "
		    "template %.60s allows",
		    ca_template_max_size(t), t->name);
	return 0;
}

static void
fill_intent(struct issue *is)
{
	struct ca_intent *i = &is->deed.intent;

	i->serial = is->serial;
	i->key = is->what->request.key;
	i->device = is->csr.subject->device;
	i->template_name = is->csr.t->name;
	i->subject = is->subject;
	i->names = buf_text(&is->names);
	memcpy(i->spki_sha256, is->csr.spki_sha256, sizeof(i->spki_sha256));
	i->made_at = is->csr.now;
}

/* What can be said without the records; a failure waits for what they say. */
static void
prepare(struct issue *is)
{
	const struct ca_request *request = &is->what->request;

	if (ca_key_text_check(request->key, &is->unfit) != 0) {
		fail(is, &is->unfit);
		return;
	}
	if (ca_template_check(
		is->ca, is->csr.t, is->csr.now, NULL, &is->unfit) == 0 &&
	    ca_csr_case_check_alone(&is->csr, &is->unfit) == 0 &&
	    write_tbs(is, &is->unfit) == 0)
		fill_intent(is);
}

/* --- with the records --- */

/* 1 = *ret is the certificate of this key, 0 = there is none, -1. */
static int
find_earlier(struct issue *is, struct ca_cert *ret, struct err *err)
{
	const char *key = is->what->request.key;
	struct ca_cert cert;
	struct err none;
	uint8_t hash[32];

	err_clear(&none);
	if (ca_store_find(is->ca->store, key, NULL, &cert, hash, &none) != 0) {
		if (none.kind == ERR_NOTFOUND)
			return 0;
		*err = none;
		return -1;
	}
	if (memcmp(hash, is->deed.intent.csr_sha256, sizeof(hash)) == 0 &&
	    cert.revoked_at == 0) {
		*ret = cert;
		return 1;
	}
	err_set(err, ERR_CONFLICT,
	    cert.revoked_at != 0
		? "key %s gave certificate %s, which was revoked"
		: "key %s gave certificate %s for another CSR",
	    key, cert.serial);
	ca_cert_clear(&cert);
	return -1;
}

static int
admit_new(struct batch *b, struct issue *is, struct err *err)
{
	if (is->unfit.kind != ERR_NONE) {
		*err = is->unfit;
		return -1;
	}
	if (b->barred.kind != ERR_NONE) {
		*err = b->barred;
		return -1;
	}
	if (ca_deed_clock(b->ca, is->csr.now, err) != 0 ||
	    ca_csr_case_check_records(&is->csr, err) != 0)
		return -1;
	return ca_deeds_add(&b->deeds, &is->deed, err);
}

/* Into the transaction, or done. */
static void
admit(struct batch *b, struct issue *is)
{
	struct err why;
	int got = find_earlier(is, &is->what->cert, &why);

	if (got == 1)
		is->done = true;
	else if (got < 0 || admit_new(b, is, &why) != 0)
		fail(is, &why);
}

/* Of two with one key the second waits for what comes of the first, which may
 * be another thread's. Without any to go on with, wait for those. */
static void
claim(struct batch *b)
{
	bool any = false;
	size_t i;

	while (!any) {
		for (i = 0; i < b->count; i++) {
			struct issue *is = &b->list[i];

			is->claimed = !is->done &&
			    ca_store_claim(b->ca->store, is->what->request.key);
			any = any || is->claimed;
		}
		if (!any)
			ca_store_wait(b->ca->store);
	}
}

static void
release(struct batch *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		if (b->list[i].claimed)
			ca_store_release(
			    b->ca->store, b->list[i].what->request.key);
}

/* The records did not answer: those that are not claimed need not ask. */
static void
fail_rest(struct batch *b, const struct err *why)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		if (!b->list[i].done)
			fail(&b->list[i], why);
}

/* Intents of all that are claimed and fit: 1, 0 when one that does not spoiled
 * it for the others, -1. */
static int
intend_once(struct batch *b, struct err *err)
{
	size_t i;

	if (ca_deeds_begin(&b->deeds, b->ca, err) != 0)
		return -1;
	if (ca_line_check(b->ca, &b->barred) == 0)
		err_clear(&b->barred);
	for (i = 0; i < b->count && !b->deeds.spoiled; i++)
		if (b->list[i].claimed && !b->list[i].done)
			admit(b, &b->list[i]);
	return ca_deeds_commit(&b->deeds, err);
}

static int
intend(struct batch *b)
{
	struct err why;
	int rc;

	do
		rc = intend_once(b, &why);
	while (rc == 0);
	if (rc < 0)
		fail_rest(b, &why);
	return rc < 0 ? -1 : 0;
}

/* --- the answer --- */

static void
fill_cert(struct issue *is)
{
	const struct ca_intent *i = &is->deed.intent;
	struct ca_cert *cert = &is->what->cert;

	memset(cert, 0, sizeof(*cert));
	cert->der = mem_copy(is->deed.der.data, is->deed.der.len);
	cert->der_len = is->deed.der.len;
	(void)snprintf(cert->serial, sizeof(cert->serial), "%s", i->serial);
	(void)snprintf(cert->key, sizeof(cert->key), "%s", i->key);
	cert->subject = mem_dup(i->subject);
	cert->names = mem_dup(i->names);
	cert->device = mem_dup(i->device);
	cert->template_name = mem_dup(i->template_name);
	cert->issuer = mem_dup(CA_ISSUER_INTERNAL);
	cert->not_before = i->not_before;
	cert->not_after = i->not_after;
	cert->issued_at = i->made_at;
}

/* Another process went on with our key while we signed, as two commands with
 * one request do: what it makes is the certificate of this key. */
static bool
take_others(struct issue *is)
{
	const struct timespec pause = {.tv_nsec = OTHERS_PAUSE_MS * 1000000L};
	struct ca_store *store = is->ca->store;
	struct err why;
	unsigned i;
	int got = 0;

	for (i = 0; got == 0 && i < OTHERS_LOOKS; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		ca_store_lock(store);
		got = find_earlier(is, &is->what->cert, &why);
		ca_store_unlock(store);
	}
	return got == 1;
}

static void
answer(struct batch *b)
{
	struct issue *is;
	size_t i;

	for (i = 0; i < b->count; i++) {
		is = &b->list[i];
		if (!is->claimed || is->done)
			continue;
		if (is->deed.state == CA_DEED_DONE)
			fill_cert(is);
		else if (is->deed.err.kind != ERR_CONFLICT || !take_others(is))
			is->what->err = is->deed.err;
		is->done = true;
	}
}

/* As many as have keys of their own. */
static void
turn(struct batch *b)
{
	struct ca_store *store = b->ca->store;
	struct err why;

	if (ca_store_pass(store, &why) != 0) {
		fail_rest(b, &why);
		return;
	}
	ca_store_lock(store);
	claim(b);
	if (intend(b) == 0) {
		ca_store_unlock(store);
		ca_deeds_sign(&b->deeds);
		ca_store_lock(store);
		ca_deeds_settle(&b->deeds);
	}
	release(b);
	ca_store_unlock(store);
	answer(b);
}

static bool
any_left(const struct batch *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		if (!b->list[i].done)
			return true;
	return false;
}

static void
issue_batch(struct ca *ca, struct ca_issuance *list, size_t count)
{
	struct batch b = {.ca = ca, .count = count};
	size_t i;

	b.list = mem_array(count, sizeof(*b.list));
	for (i = 0; i < count; i++) {
		issue_init(&b.list[i], ca, &list[i]);
		prepare(&b.list[i]);
	}
	while (any_left(&b))
		turn(&b);
	for (i = 0; i < count; i++)
		issue_clear(&b.list[i]);
	free(b.list);
}

void
ca_issue_many(struct ca *ca, struct ca_issuance *list, size_t count)
{
	size_t at, n;

	for (at = 0; at < count; at += n) {
		n = count - at < CA_ISSUE_MANY ? count - at : CA_ISSUE_MANY;
		issue_batch(ca, list + at, n);
	}
}

int
ca_issue(struct ca *ca, const struct ca_request *request, struct ca_cert *ret,
    struct err *err)
{
	struct ca_issuance one = {.request = *request};

	ca_issue_many(ca, &one, 1);
	if (one.err.kind == ERR_NONE) {
		*ret = one.cert;
		return 0;
	}
	if (err != NULL)
		*err = one.err;
	return -1;
}
