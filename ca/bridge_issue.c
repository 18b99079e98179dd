/* A request's way to another CA and back: on record before each word. */
#include <string.h>

#include "bridge_deal_internal.h"
#include "clock.h"
#include "str.h"

static void
deal_clear(struct ca_deal *d)
{
	ca_csr_case_clear(&d->c);
	ca_bridge_record_clear(&d->record);
	ca_bridge_answer_clear(&d->answer);
	buf_free(&d->leaf);
}

/* From what is on record to an end, or to a wait; others may use the CA while
 * we talk to theirs. */
static int
converse(struct ca_deal *d, struct err *err)
{
	enum ca_deal_next now, next = CA_DEAL_ASK;

	while (next > CA_DEAL_DONE) {
		now = next;
		ca_bridge_answer_clear(&d->answer);
		ca_bridge_answer_init(&d->answer);
		if (now == CA_DEAL_ASK)
			ca_deal_ask(d);
		else
			ca_deal_confirm(d);
		ca_deal_hold(d);
		ca_store_lock(d->ca->store);
		next = now == CA_DEAL_ASK ? ca_deal_answer(d, err)
					  : ca_deal_confirmed(d, err);
		ca_store_unlock(d->ca->store);
	}
	if (d->unwanted && d->b->kind->confirm != NULL)
		ca_deal_refuse(d);
	if (d->orphan && d->b->kind->revoke != NULL)
		ca_deal_give_back(d);
	return next == CA_DEAL_DONE ? 0 : -1;
}

int
ca_bridge_issue(struct ca *ca, struct ca_bridge *b,
    const struct ca_request *request, int64_t old_end,
    struct ca_bridge_result *ret, struct err *err)
{
	struct ca_deal d = {.ca = ca,
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
	rc = ca_deal_prepare(&d, err);
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
	got = ca_deal_find(ca, key, &ret->cert, err);
	if (got == 1 && ret->cert.revoked_at != 0) {
		ca_cert_clear(&ret->cert);
		got = 0;
	} else if (got == 0) {
		got = ca_bridge_store_get(ca->store, NULL, key, &r, err);
		if (got == 1 && ca_deal_waits(&r))
			ca_deal_tell_wait(&r, clock_now(), ret);
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
		rc = err_set(err, ca_deal_error(answer.outcome), "%s",
		    buf_text(&answer.text));
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
