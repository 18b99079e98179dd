/* A request on its way to another CA: what is known of it, what is on record
 * before each word, and the words. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_deal_internal.h"
#include "clock.h"
#include "fault.h"
#include "mem.h"
#include "str.h"

int
ca_deal_find(
    struct ca *ca, const char *key, struct ca_cert *ret, struct err *err)
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
give_earlier(struct ca_deal *d, struct err *err)
{
	struct ca_cert *cert = &d->ret->cert;
	int got = ca_deal_find(d->ca, d->request->key, cert, err);

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

void
ca_deal_tell_wait(
    const struct ca_bridge_record *r, int64_t now, struct ca_bridge_result *ret)
{
	ret->outcome = str_eq(r->state, DEAL_PENDING) ? CA_BRIDGE_PENDING
						      : CA_BRIDGE_LIMITED;
	ret->retry_at = r->retry_at;
	ret->urgent = r->urgent_at != 0 && now >= r->urgent_at;
	(void)snprintf(ret->text, sizeof(ret->text), "%s", r->text);
}

bool
ca_deal_waits(const struct ca_bridge_record *r)
{
	if (str_eq(r->state, DEAL_PENDING))
		return true;
	return r->retry_at != 0 &&
	    (str_eq(r->state, DEAL_ASKED) ||
		str_eq(r->state, DEAL_UNCONFIRMED));
}

/* Too early to ask again? 1 = yes, answered from the record; 0; -1. */
static int
give_wait(struct ca_deal *d, struct err *err)
{
	const struct ca_bridge_record *r = &d->record;
	char at[CLOCK_TEXT];

	if (r->retry_at <= d->request->now)
		return 0;
	if (str_eq(r->state, DEAL_REJECTED))
		return err_set(err, ERR_REFUSED,
		    "%s; it is asked again after %s", r->text,
		    clock_text(r->retry_at, at));
	ca_deal_tell_wait(r, d->request->now, d->ret);
	return 1;
}

void
ca_deal_start_anew(struct ca_bridge_record *r)
{
	mem_replace(&r->state, DEAL_ASKED);
	mem_replace(&r->request_id, "");
	buf_reset(&r->progress);
}

static void
describe(struct ca_deal *d)
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
	ca_deal_start_anew(r);
	mem_replace(&r->text, "");
	buf_free(&names);
}

/* The same key pair and names as on record? Then its CSR is used further, since
 * that is how some protocols know the request. */
static int
match_record(struct ca_deal *d, struct err *err)
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
load_record(struct ca_deal *d, struct err *err)
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

int
ca_deal_save(struct ca_deal *d, const struct ca_cert *cert, struct err *err)
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
record_asking(struct ca_deal *d, struct err *err)
{
	struct ca_bridge_record *r = &d->record;
	const struct ca_template *t = d->request->template;
	char id[CA_BRIDGE_ID_MAX + 1];

	d->again = str_eq(r->state, DEAL_ASKED) && r->tries > 0;
	if (str_eq(r->state, DEAL_REJECTED))
		ca_deal_start_anew(r);
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
	if (ca_deal_save(d, NULL, err) != 0)
		return -1;
	fault_point("bridge.asked");
	return 0;
}

static int
check_held(const struct ca_deal *d, struct err *err)
{
	char span[CLOCK_TEXT];
	int64_t left = d->b->held_until - clock_mono_ms() / 1000;

	if (left <= 0)
		return 0;
	return err_set(err, ERR_UNREACHABLE, "%s; not asked for another %s",
	    d->b->held_why, clock_span(left, span));
}

int
ca_deal_prepare(struct ca_deal *d, struct err *err)
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
words_of(struct ca_deal *d)
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

void
ca_deal_ask(struct ca_deal *d)
{
	const char *state = d->record.state;
	const struct ca_bridge_kind *kind = d->b->kind;
	const struct ca_bridge_ask words = words_of(d);

	if (str_eq(state, DEAL_PENDING) || str_eq(state, DEAL_UNCONFIRMED))
		kind->poll(d->b, &words, &d->answer);
	else
		kind->submit(d->b, &words, &d->answer);
	fault_point("bridge.answered");
}

void
ca_deal_confirm(struct ca_deal *d)
{
	const struct ca_bridge_ask words = words_of(d);

	fault_point("bridge.unconfirmed");
	d->b->kind->confirm(d->b, &words, NULL, &d->answer);
	fault_point("bridge.confirmed");
}

void
ca_deal_refuse(struct ca_deal *d)
{
	const struct ca_bridge_ask words = words_of(d);
	struct ca_bridge_answer answer;

	ca_bridge_answer_init(&answer);
	d->b->kind->confirm(d->b, &words, d->record.text, &answer);
	ca_bridge_answer_clear(&answer);
}
