/*
 * Answers about our certificates (RFC 6960; RFC 5019 for those who cache).
 *
 *   parse -> [ responder, status of each serial ] -> sign -> encode
 *                    the store's lock
 *
 * The signature, which is most of the work, is made outside the lock.  An error
 * answer is not signed (RFC 6960, 2.3), so nonsense costs no signature.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "ca_internal.h"
#include "clock.h"
#include "err.h"
#include "ocsp_internal.h"
#include "record_internal.h"
#include "responder_internal.h"

/* An answer may be kept this long: a reader whose cache is full of them gets
 * over a night without us, and a revocation is known to all within a day. */
#define ANSWER_LIFE CLOCK_DAY
#define CHECK_EVERY 256

/* One request under way. */
struct ocsp {
	struct ca *ca;
	int64_t now, next_update;
	OCSP_REQUEST *request;
	int count;
	struct ca_status status[CA_OCSP_CERTS_MAX];
	bool check;    /* this answer */
	int64_t ends;  /* of the responder */
	EVP_PKEY *key; /* the responder's */
	X509 *x509;
	OCSP_BASICRESP *basic;
};

/* --- the records --- */

/* The i-th certificate asked for; borrowed. */
static OCSP_CERTID *
id_of(const struct ocsp *o, int i)
{
	return OCSP_onereq_get0_id(OCSP_request_onereq_get0(o->request, i));
}

/* Every one of them: a responder speaks for its own issuer only (4.2.2.2), and
 * readers refuse an answer in which it does not. */
static bool
asks_for(const struct ocsp *o, const struct ca *line)
{
	int i;

	for (i = 0; i < o->count; i++)
		if (!ca_ocsp_names(id_of(o, i), &line->issuing))
			return false;
	return true;
}

/* The issuing CAs before this one are answered for, too, until their end. */
static bool
asks_for_ours(struct ocsp *o)
{
	struct ca *line;

	for (line = o->ca; line != NULL; line = line->older)
		if (asks_for(o, line)) {
			o->ca = line;
			return true;
		}
	return false;
}

static int
look_up(struct ocsp *o, struct err *err)
{
	char serial[2 * CA_SERIAL_LEN + 1];
	int i;

	for (i = 0; i < o->count; i++) {
		if (!ca_ocsp_serial(id_of(o, i), serial))
			continue; /* CA_UNKNOWN, which is zero */
		if (ca_store_status(o->ca->store, o->ca->line, serial,
			&o->status[i], err) != 0)
			return -1;
	}
	return 0;
}

/* What is taken out from under the lock: a renewal may replace the responder
 * before our signature is made. */
static void
hold_responder(struct ocsp *o)
{
	struct ca_responder *r = o->ca->responder;

	o->check = r->answers++ % CHECK_EVERY == 0;
	o->ends = r->not_after;
	(void)EVP_PKEY_up_ref(r->key);
	o->key = r->key;
	(void)X509_up_ref(r->x509);
	o->x509 = r->x509;
	o->next_update = o->now + ANSWER_LIFE;
	if (o->next_update > r->not_after)
		o->next_update = r->not_after;
}

/* *ret_status becomes tryLater without a responder. */
static int
ask_records(struct ocsp *o, int *ret_status, struct err *err)
{
	struct ca *ca = o->ca;
	int rc = 0;

	ca_store_lock(ca->store);
	if (ca_responder_ready(ca, o->now, NULL) != 0) {
		*ret_status = OCSP_RESPONSE_STATUS_TRYLATER;
	} else {
		hold_responder(o);
		rc = look_up(o, err);
	}
	ca_store_unlock(ca->store);
	return rc;
}

/* --- the answer --- */

/* Status, and why for a revoked one. An intent without certificate is on its
 * way to be revoked, or will have a certificate that nobody can know yet. */
static void
verdict(const struct ocsp *o, int at, int *ret_status, int *ret_reason)
{
	const struct ca_status *s = &o->status[at];

	*ret_status = V_OCSP_CERTSTATUS_UNKNOWN;
	*ret_reason = OCSP_REVOKED_STATUS_NOSTATUS;
	if (s->known == CA_UNKNOWN)
		return;
	*ret_status = s->known == CA_ISSUED ? V_OCSP_CERTSTATUS_GOOD
					    : V_OCSP_CERTSTATUS_REVOKED;
	/* "unspecified" is said by leaving it out (RFC 5280, 5.3.1). */
	if (s->known == CA_REVOKED && s->reason != 0)
		*ret_reason = s->reason;
}

static ASN1_TIME *
time_of(int64_t at)
{
	return ASN1_TIME_set(NULL, (time_t)at);
}

static bool
add_one(struct ocsp *o, int at)
{
	ASN1_TIME *revoked = time_of(o->status[at].at);
	/* Readers' clocks may be a little behind. */
	ASN1_TIME *from = time_of(o->now - CA_CLOCK_BACK);
	ASN1_TIME *to = time_of(o->next_update);
	int status, reason;
	bool ok = false;

	verdict(o, at, &status, &reason);
	if (revoked != NULL && from != NULL && to != NULL)
		ok = ASN1_TIME_to_generalizedtime(from, &from) != NULL &&
		    ASN1_TIME_to_generalizedtime(to, &to) != NULL &&
		    OCSP_basic_add1_status(o->basic, id_of(o, at), status,
			reason, revoked, from, to) != NULL;
	ASN1_TIME_free(revoked);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return ok;
}

static bool
build(struct ocsp *o)
{
	int i;

	o->basic = OCSP_BASICRESP_new();
	if (o->basic == NULL)
		return false;
	for (i = 0; i < o->count; i++)
		if (!add_one(o, i))
			return false;
	return OCSP_copy_nonce(o->basic, o->request) > 0;
}

static bool
sign(struct ocsp *o)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx != NULL &&
	    EVP_DigestSignInit_ex(
		ctx, NULL, "SHA256", NULL, NULL, o->key, NULL) == 1 &&
	    OCSP_basic_sign_ctx(o->basic, o->x509, ctx, NULL, 0) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static int
encode(int status, OCSP_BASICRESP *basic, struct buf *out, struct err *err)
{
	OCSP_RESPONSE *response = OCSP_response_create(status, basic);
	unsigned char *der = NULL;
	int len = response != NULL ? i2d_OCSP_RESPONSE(response, &der) : -1;
	int rc = 0;

	OCSP_RESPONSE_free(response);
	if (len <= 0)
		return ca_openssl_err(err, ERR_BUG, "encode an OCSP answer");
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	if (out->over)
		rc = err_set(err, ERR_LIMIT, "no room for the OCSP answer");
	return rc;
}

/* Before anybody relies on it: a key that went wrong, or a fault while signing,
 * is our matter.  Two more signatures' worth, so not each time. */
static int
check(struct ocsp *o, const struct buf *out, size_t from, struct err *err)
{
	const struct ca_ocsp_signer signer = {
	    .issuer = &o->ca->issuing, .now = o->now, .not_after = o->ends};
	struct buf answer = {.data = out->data + from, .len = out->len - from};
	const char *why = o->check ? ca_ocsp_flaw(&answer, &signer) : NULL;

	if (why == NULL)
		return 0;
	/* Whatever is on record, anew. */
	ca_store_lock(o->ca->store);
	ca_responder_free(o->ca->responder);
	o->ca->responder = NULL;
	ca_store_unlock(o->ca->store);
	return err_set(
	    err, ERR_STORAGE, "our own OCSP answer does not hold: %s", why);
}

static int
respond(struct ocsp *o, struct ca_ocsp *io, struct buf *out, struct err *err)
{
	const size_t from = out->len;

	if (!build(o) || !sign(o))
		return ca_openssl_err(err, ERR_BUG, "sign an OCSP answer");
	if (encode(OCSP_RESPONSE_STATUS_SUCCESSFUL, o->basic, out, err) != 0)
		return -1;
	if (check(o, out, from, err) != 0) {
		out->len = from;
		return -1;
	}
	if (!ca_ocsp_has_nonce(o->request)) {
		io->this_update = o->now - CA_CLOCK_BACK;
		io->next_update = o->next_update;
	}
	return 0;
}

static void
ocsp_clear(struct ocsp *o)
{
	OCSP_REQUEST_free(o->request);
	OCSP_BASICRESP_free(o->basic);
	EVP_PKEY_free(o->key);
	X509_free(o->x509);
	/* What a stranger's bytes left there is nobody's concern. */
	ERR_clear_error();
}

/* Nothing of our issuing CAs: of their roots, then. */
static int
answer_for_root(
    struct ocsp *o, struct ca_ocsp *io, struct buf *out, struct err *err)
{
	int got = ca_ocsp_of_root(o->ca, o->request, io, out, err);

	return got != 0
	    ? (got < 0 ? -1 : 0)
	    : encode(OCSP_RESPONSE_STATUS_UNAUTHORIZED, NULL, out, err);
}

int
ca_ocsp(struct ca *ca, struct ca_ocsp *io, struct buf *out, struct err *err)
{
	struct ocsp o = {.ca = ca, .now = io->now};
	int status = OCSP_RESPONSE_STATUS_SUCCESSFUL;
	int rc;

	io->this_update = 0;
	io->next_update = 0;
	o.request = ca_ocsp_parse(io->request, io->len);
	if (o.request == NULL) {
		rc = encode(
		    OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, NULL, out, err);
		goto out;
	}
	o.count = OCSP_request_onereq_count(o.request);
	if (!asks_for_ours(&o)) {
		rc = answer_for_root(&o, io, out, err);
		goto out;
	}
	rc = ask_records(&o, &status, err);
	if (rc == 0)
		rc = status == OCSP_RESPONSE_STATUS_SUCCESSFUL
		    ? respond(&o, io, out, err)
		    : encode(status, NULL, out, err);
out:
	ocsp_clear(&o);
	return rc;
}

int
ca_ocsp_ready(struct ca *ca, int64_t now, int64_t *ret_next, struct err *err)
{
	int rc;

	ca_store_lock(ca->store);
	rc = ca_responder_ready(ca, now, err);
	if (rc == 0)
		*ret_next = ca->responder->renew_at;
	ca_store_unlock(ca->store);
	return rc;
}
