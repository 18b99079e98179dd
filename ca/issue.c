/*
 * Issuing a certificate for a CSR: who asks again gets the same one, everyone
 * else goes through the rules and then through deed.c.
 *
 *   found by key? -> check -> prepare -> ca_deed_do() -> answer
 */
#include <stdlib.h>
#include <string.h>

#include "ca_internal.h"
#include "csr_internal.h"
#include "deed_internal.h"
#include "record_internal.h"
#include "signer_internal.h"
#include "str.h"
#include "template_internal.h"

#define KEY_MAX (sizeof(((struct ca_cert *)NULL)->key) - 1)

/* One issuance under way. */
struct issue {
	struct ca *ca;
	const char *key;
	int64_t now;
	struct ca_csr_case csr;
	struct ca_deed deed;
	char serial[2 * CA_SERIAL_LEN + 1];
	char *subject;
	struct buf names;
};

static void
issue_clear(struct issue *is)
{
	ca_csr_case_clear(&is->csr);
	buf_free(&is->deed.tbs);
	buf_free(&is->deed.der);
	buf_free(&is->names);
	free(is->subject);
}

int
ca_key_text_check(const char *key, struct err *err)
{
	if (str_empty(key) || strlen(key) > KEY_MAX)
		return err_set(err, ERR_INVALID,
		    "idempotency key must have 1 to %zu characters", KEY_MAX);
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
	if (memcmp(hash, is->deed.intent.csr_sha256, sizeof(hash)) == 0 &&
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
	struct ca_period period = ca_template_period(is->ca, t, is->now);
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
	i->key = is->key;
	i->device = is->csr.subject->device;
	i->template_name = is->csr.t->name;
	i->subject = is->subject;
	i->names = buf_text(&is->names);
	memcpy(i->spki_sha256, is->csr.spki_sha256, sizeof(i->spki_sha256));
	i->made_at = is->now;
}

/* The owners again: another process may have been quicker. */
static int
look_again(void *cookie, struct err *err)
{
	struct issue *is = cookie;

	if (ca_csr_key_owner(&is->csr, err) != 0)
		return -1;
	return ca_csr_names_owner(&is->csr, err);
}

static int
issue_new(struct issue *is, struct err *err)
{
	if (ca_deed_clock(is->ca, is->now, err) != 0 ||
	    ca_template_check(is->ca, is->csr.t, is->now, NULL, err) != 0 ||
	    ca_csr_case_check(&is->csr, err) != 0 || prepare(is, err) != 0)
		return -1;
	fill_intent(is);
	is->deed.also = look_again;
	is->deed.cookie = is;
	return ca_deed_do(&is->deed, err);
}

int
ca_issue(struct ca *ca, const struct ca_request *request, struct ca_cert *ret,
    struct err *err)
{
	struct issue is = {.ca = ca,
	    .key = request->key,
	    .now = request->now,
	    .deed = {.ca = ca}};
	int rc;

	if (ca_key_text_check(request->key, err) != 0)
		return -1;
	ca_csr_case_init(&is.csr, ca, request);
	str_sha256(request->csr, request->csr_len, is.deed.intent.csr_sha256);
	buf_init(&is.deed.tbs, CA_LEAF_MAX);
	buf_init(&is.deed.der, CA_LEAF_MAX);
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
