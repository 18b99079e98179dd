/*
 * Certificate Management Protocol (RFC 4210, 9480, 9483) over HTTP (RFC 6712):
 * we speak for the devices, as a registration authority, under a secret that we
 * share with the CA or with a signature of our own.
 *
 * The device has signed its request (p10cr), and that is the proof of
 * possession; nothing else fits, since its key never leaves it.  A transaction
 * is known by its id, made before anything is sent.  Certificates are confirmed
 * explicitly: implicit confirmation is not asked for, since it leaves no way to
 * refuse a certificate; a CA that grants it all the same is not told anything.
 *
 * Messages are signed or sealed by themselves, so that http will do.
 */
#include <openssl/cmp.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "cmp_internal.h"
#include "secret.h"
#include "str.h"

#define ID_LEN 16	    /* RFC 4210, 5.1.1 */
#define SECRET_MIN_PLAIN 16 /* bytes, where anybody may try them out */

/* --- configuration --- */

static int
check_protection(const struct ca_bridge *b, struct err *err)
{
	size_t len;

	if ((b->cert_pem != NULL) == (b->user != NULL))
		return err_set(err, ERR_INVALID,
		    "set either user and password_file (a reference and the "
		    "secret for it) or certificate and key");
	if (b->password == NULL)
		return 0;
	(void)secret_bytes(b->password, &len);
	if (len == 0)
		return err_set(err, ERR_INVALID, "the secret is empty");
	if (len < SECRET_MIN_PLAIN && str_starts(b->url, "http://"))
		return err_set(err, ERR_INVALID,
		    "over http the secret must have at least %d bytes: who "
		    "reads a message can try out shorter ones",
		    SECRET_MIN_PLAIN);
	return 0;
}

static int
cmp_open(struct ca_bridge *b, struct err *err)
{
	const char *why = ca_bridge_url_check(b->url);

	if (!str_starts(b->url, "https://") && !str_starts(b->url, "http://"))
		why = "url must begin with https:// or http://";
	else if (b->label != NULL)
		why = "label is not for CMP: the path is part of url";
	if (why != NULL)
		return err_set(err, ERR_INVALID, "%s", why);
	if (check_protection(b, err) != 0)
		return -1;
	return ca_cmp_talk_check(b, err);
}

/* --- a certificate --- */

static void
cmp_name(char ret[CA_BRIDGE_ID_MAX + 1])
{
	uint8_t bytes[ID_LEN];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		abort();
	str_hex(bytes, sizeof(bytes), ret);
}

static void
keep(struct buf *progress, const struct buf *a, const struct buf *b)
{
	buf_reset(progress);
	buf_add(progress, a->data, a->len);
	if (b != NULL)
		buf_add(progress, b->data, b->len);
}

static void
give_leaf(struct ca_cmp_talk *t)
{
	unsigned char *der = NULL;
	int len = i2d_X509(OSSL_CMP_CTX_get0_newCert(t->ctx), &der);

	if (len <= 0)
		return;
	buf_add(&t->ret->leaf, der, (size_t)len);
	OPENSSL_free(der);
	keep(&t->ret->progress, t->sent ? &t->got : &t->first, NULL);
	ca_bridge_answer_set(t->ret, CA_BRIDGE_ISSUED, "%s", "");
}

/* What came of a p10cr or a pollReq. */
static void
conclude(struct ca_cmp_talk *t, int rc, int check_after)
{
	struct ca_bridge_answer *ret = t->ret;

	if (rc == 1 || t->kept == CA_CMP_CERTCONF) {
		give_leaf(t);
	} else if (rc == -1 || t->kept == CA_CMP_POLLREQ) {
		ca_bridge_answer_set(
		    ret, CA_BRIDGE_PENDING, "the CA has not decided yet");
		ret->at_once = t->want == CA_CMP_P10CR;
		ret->retry_after = check_after < CA_BRIDGE_HINT_MAX
		    ? check_after
		    : CA_BRIDGE_HINT_MAX;
		/* "Waiting", and the last "later" after it. */
		if (rc == -1)
			keep(&ret->progress, &t->first, &t->got);
		else
			keep(&ret->progress, &t->got, NULL);
	} else {
		ca_cmp_talk_failed(t);
		/* A refusal ends a transaction; a wait, not being busy. */
		ret->ended = t->want == CA_CMP_P10CR && t->sent && !t->failed &&
		    OSSL_CMP_CTX_get_status(t->ctx) ==
			OSSL_CMP_PKISTATUS_rejection;
	}
}

static void
enroll(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    enum ca_cmp_body want, struct ca_bridge_answer *ret)
{
	struct ca_cmp_talk t;
	int rc, check_after = 0;

	if (ca_cmp_talk_open(&t, b, ret) == 0) {
		t.want = want;
		rc = ca_cmp_talk_enroll(&t, ask, &check_after);
		conclude(&t, rc, check_after);
	}
	ca_cmp_talk_close(&t);
}

static void
cmp_submit(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	enroll(b, ask, CA_CMP_P10CR, ret);
}

static void
cmp_poll(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	enroll(b, ask, CA_CMP_POLLREQ, ret);
}

static void
cmp_confirm(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    const char *why_not, struct ca_bridge_answer *ret)
{
	struct ca_cmp_talk t;
	int check_after;

	if (ca_cmp_talk_open(&t, b, ret) == 0) {
		t.want = CA_CMP_CERTCONF;
		t.why_not = why_not;
		if (ca_cmp_talk_enroll(&t, ask, &check_after) == 1)
			ca_bridge_answer_set(ret, CA_BRIDGE_ISSUED, "%s", "");
		else
			ca_cmp_talk_failed(&t);
	}
	if (ret->outcome != CA_BRIDGE_ISSUED)
		ca_bridge_answer_set(ret, ret->outcome, "confirmation: %s",
		    buf_text(&ret->text));
	ca_cmp_talk_close(&t);
}

/* --- revocation --- */

static void
cmp_revoke(struct ca_bridge *b, const uint8_t *leaf, size_t len, int reason,
    struct ca_bridge_answer *ret)
{
	const unsigned char *p = leaf;
	X509 *cert = d2i_X509(NULL, &p, (long)len);
	struct ca_cmp_talk t;
	struct ca_cmp_status said;

	if (ca_cmp_talk_open(&t, b, ret) == 0) {
		t.want = CA_CMP_RR;
		(void)OSSL_CMP_CTX_set1_oldCert(t.ctx, cert);
		(void)OSSL_CMP_CTX_set_option(
		    t.ctx, OSSL_CMP_OPT_REVOCATION_REASON, reason);
		if (OSSL_CMP_exec_RR_ses(t.ctx) == 1)
			ca_bridge_answer_set(ret, CA_BRIDGE_ISSUED, "%s", "");
		else
			ca_cmp_talk_failed(&t);
		/* An earlier word of ours, whose answer was lost. */
		(void)ca_cmp_read_status(ca_der_bytes(&t.got), &said);
		if (ret->outcome == CA_BRIDGE_REJECTED &&
		    ca_cmp_is_revoked(said.info))
			ret->outcome = CA_BRIDGE_ISSUED;
		ca_cmp_status_clear(&said);
	}
	ca_cmp_talk_close(&t);
	X509_free(cert);
}

/* --- test --- */

/* A general message, the only one that asks for nothing but information: for
 * the CA's certificates (RFC 9483, 4.3.1). */
static STACK_OF(OSSL_CMP_ITAV) *
ask_certs(struct ca_cmp_talk *t)
{
	OSSL_CMP_ITAV *wish =
	    OSSL_CMP_ITAV_create(OBJ_nid2obj(NID_id_it_caCerts), NULL);

	t->want = CA_CMP_GENM;
	if (wish == NULL || OSSL_CMP_CTX_push0_genm_ITAV(t->ctx, wish) != 1) {
		OSSL_CMP_ITAV_free(wish);
		return NULL;
	}
	return OSSL_CMP_exec_GENM_ses(t->ctx);
}

static int
show_certs(
    STACK_OF(OSSL_CMP_ITAV) *given, struct ca_bridge_shown *s, struct err *err)
{
	const OSSL_CMP_ITAV *one;
	const ASN1_TYPE *value;
	const ASN1_STRING *der;
	const char *why = NULL;
	int i;

	for (i = 0; why == NULL && i < sk_OSSL_CMP_ITAV_num(given); i++) {
		one = sk_OSSL_CMP_ITAV_value(given, i);
		value = OSSL_CMP_ITAV_get0_value(one);
		if (OBJ_obj2nid(OSSL_CMP_ITAV_get0_type(one)) !=
			NID_id_it_caCerts ||
		    value == NULL || value->type != V_ASN1_SEQUENCE)
			continue;
		der = value->value.sequence;
		why = ca_cmp_each_cert(
		    (struct ca_span){ASN1_STRING_get0_data(der),
			(size_t)ASN1_STRING_length(der)},
		    ca_bridge_show, s);
	}
	if (why != NULL)
		return err_set(err, ERR_PROTOCOL, "caCerts: %s", why);
	if (ca_bridge_shown_end(s, err) != 0)
		return -1;
	if (s->out->len == 0)
		buf_str(s->out,
		    "the CA is the right one, and does not say which "
		    "certificates it has\n");
	return 0;
}

static int
cmp_test(struct ca_bridge *b, struct buf *out, struct err *err)
{
	struct ca_bridge_shown s = {.b = b, .out = out};
	STACK_OF(OSSL_CMP_ITAV) *given = NULL;
	struct ca_bridge_answer a;
	struct ca_cmp_talk t;
	int rc = -1;

	ca_bridge_answer_init(&a);
	if (ca_cmp_talk_open(&t, b, &a) == 0 && (given = ask_certs(&t)) == NULL)
		ca_cmp_talk_failed(&t);
	/* A verified "that I do not do" proves as much. */
	if (given != NULL || a.outcome == CA_BRIDGE_REJECTED)
		rc = show_certs(given, &s, err);
	else
		(void)ca_bridge_test_failed(&a, err);
	sk_OSSL_CMP_ITAV_pop_free(given, OSSL_CMP_ITAV_free);
	ca_cmp_talk_close(&t);
	ca_bridge_answer_clear(&a);
	return rc;
}

const struct ca_bridge_kind ca_bridge_cmp = {
    .name = "cmp",
    .open = cmp_open,
    .name_request = cmp_name,
    .submit = cmp_submit,
    .poll = cmp_poll,
    .confirm = cmp_confirm,
    .revoke = cmp_revoke,
    .test = cmp_test,
};
