#include "cmp_ca.h"

#include <openssl/cmp.h>
#include <openssl/cmp_util.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define SERVED_MAX 64
#define ASKED_MAX 4096

/* One transaction. */
struct served {
	ASN1_OCTET_STRING *id;
	OSSL_CMP_SRV_CTX *server;
	OSSL_CMP_MSG *request;	  /* what is not decided */
	ASN1_OCTET_STRING *nonce; /* of the request */
};

struct cmp_ca {
	struct cmp_ca_conf conf;
	struct cmp_plan plan;
	struct served served[SERVED_MAX];
	size_t count;
	struct served *now; /* whose message is being answered */
	char asked[ASKED_MAX];
	char revoked[256];
};

static void
need(bool good)
{
	if (good)
		return;
	ERR_print_errors_fp(stderr);
	abort();
}

static void
note(struct cmp_ca *ca, const char *word, const char *more)
{
	size_t used = strlen(ca->asked);

	need(used + strlen(word) + strlen(more) + 2 < ASKED_MAX);
	(void)snprintf(ca->asked + used, ASKED_MAX - used, "%s%s;", word, more);
}

/* --- what it decides --- */

static OSSL_CMP_PKISI *
refusal(int bit, const char *text)
{
	return OSSL_CMP_STATUSINFO_new(
	    OSSL_CMP_PKISTATUS_rejection, 1 << (bit - 1), text);
}

static X509 *
issue(struct cmp_ca *ca, const X509_REQ *p10cr)
{
	unsigned char *csr = NULL;
	const unsigned char *p;
	struct buf leaf;
	X509 *cert;
	int len = i2d_X509_REQ(p10cr, &csr);

	need(len > 0);
	buf_init(&leaf, 16384);
	ca->conf.issue(ca->conf.cookie, csr, (size_t)len, &leaf);
	p = leaf.data;
	cert = d2i_X509(NULL, &p, (long)leaf.len);
	need(cert != NULL);
	OPENSSL_free(csr);
	buf_free(&leaf);
	return cert;
}

static void
grant_unasked(OSSL_CMP_SRV_CTX *server)
{
	void *null = ASN1_NULL_new(); /* which is what this one holds */
	OSSL_CMP_ITAV *itav =
	    OSSL_CMP_ITAV_create(OBJ_nid2obj(NID_id_it_implicitConfirm), null);

	need(itav != NULL &&
	    OSSL_CMP_CTX_push0_geninfo_ITAV(
		OSSL_CMP_SRV_CTX_get0_cmp_ctx(server), itav) == 1);
}

static OSSL_CMP_PKISI *
on_request(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request, int id,
    const OSSL_CRMF_MSG *crm, const X509_REQ *p10cr, X509 **ret_cert,
    STACK_OF(X509) **ret_chain, STACK_OF(X509) **ret_authorities)
{
	struct cmp_ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	const struct cmp_plan *plan = &ca->plan;
	bool again = ca->now->request != NULL;

	(void)id;
	(void)crm;
	*ret_cert = NULL;
	*ret_chain = NULL;
	*ret_authorities = NULL;
	if (!again)
		note(ca, "p10cr", "");
	if (plan->refuse != 0)
		return refusal(plan->refuse, plan->text);
	if (plan->wait) {
		ca->now->request = OSSL_CMP_MSG_dup(request);
		return OSSL_CMP_STATUSINFO_new(
		    OSSL_CMP_PKISTATUS_waiting, 0, NULL);
	}
	if (plan->implicit)
		grant_unasked(server);
	*ret_cert = issue(ca, p10cr);
	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

static int
on_poll(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *poll, int id,
    OSSL_CMP_MSG **ret_request, int64_t *ret_after)
{
	struct cmp_ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);

	(void)poll;
	(void)id;
	note(ca, "pollReq", "");
	*ret_request = NULL;
	*ret_after = ca->plan.check_after;
	if (ca->now->request == NULL)
		return 0;
	if (!ca->plan.wait)
		*ret_request = OSSL_CMP_MSG_dup(ca->now->request);
	return 1;
}

static int
on_confirm(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *confirm, int id,
    const ASN1_OCTET_STRING *hash, const OSSL_CMP_PKISI *status)
{
	struct cmp_ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	char text[OSSL_CMP_PKISI_BUFLEN] = "";

	(void)confirm;
	(void)id;
	(void)hash;
	if (ca->plan.deny_confirm)
		return 0;
	if (status != NULL)
		(void)OSSL_CMP_snprint_PKIStatusInfo(
		    status, text, sizeof(text));
	if (text[0] == '\0' || strcmp(text, "PKIStatus: accepted") == 0)
		note(ca, "certConf", "");
	else
		note(ca, "certConf-", text);
	return 1;
}

static OSSL_CMP_PKISI *
on_revocation(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request,
    const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
	struct cmp_ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	char text[64];

	(void)request;
	(void)issuer;
	(void)snprintf(text, sizeof(text), " %ld", ASN1_INTEGER_get(serial));
	note(ca, "rr", text);
	if (ca->plan.refuse_revoke != 0)
		return refusal(ca->plan.refuse_revoke, ca->plan.text);
	if (strstr(ca->revoked, text) != NULL)
		return refusal(10 + 1, "it is revoked");
	(void)strncat(
	    ca->revoked, text, sizeof(ca->revoked) - strlen(ca->revoked) - 1);
	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

/* The authority, as a list of one. */
static ASN1_TYPE *
authorities(X509 *cert)
{
	ASN1_TYPE *value = ASN1_TYPE_new();
	ASN1_STRING *der = ASN1_STRING_new();
	unsigned char *one = NULL, *all;
	int len = i2d_X509(cert, &one);
	unsigned char head[4] = {0x30, 0x82};

	need(len > 127 && len < 65536 && value != NULL && der != NULL);
	head[2] = (unsigned char)(len >> 8);
	head[3] = (unsigned char)len;
	all = malloc((size_t)len + sizeof(head));
	need(all != NULL);
	memcpy(all, head, sizeof(head));
	memcpy(all + sizeof(head), one, (size_t)len);
	need(ASN1_STRING_set(der, all, len + (int)sizeof(head)) == 1);
	ASN1_TYPE_set(value, V_ASN1_SEQUENCE, der);
	free(all);
	OPENSSL_free(one);
	return value;
}

static int
on_question(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *question,
    const STACK_OF(OSSL_CMP_ITAV) *in, STACK_OF(OSSL_CMP_ITAV) **out)
{
	struct cmp_ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	OSSL_CMP_ITAV *itav;

	(void)question;
	(void)in;
	note(ca, "genm", "");
	if (ca->plan.refuse != 0) {
		ERR_raise(ERR_LIB_CMP, CMP_R_UNEXPECTED_PKIBODY);
		return 0;
	}
	*out = sk_OSSL_CMP_ITAV_new_null();
	if (ca->conf.authority == NULL)
		return 1;
	itav = OSSL_CMP_ITAV_create(
	    OBJ_nid2obj(NID_id_it_caCerts), authorities(ca->conf.authority));
	return OSSL_CMP_ITAV_push0_stack_item(out, itav);
}

static void
on_error(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *error,
    const OSSL_CMP_PKISI *status, const ASN1_INTEGER *code,
    const OSSL_CMP_PKIFREETEXT *details)
{
	(void)error;
	(void)status;
	(void)code;
	(void)details;
	note(OSSL_CMP_SRV_CTX_get0_custom_ctx(server), "error", "");
}

/* --- transactions --- */

static OSSL_CMP_SRV_CTX *
new_server(struct cmp_ca *ca)
{
	OSSL_CMP_SRV_CTX *server = OSSL_CMP_SRV_CTX_new(NULL, NULL);
	OSSL_CMP_CTX *ctx;
	const struct cmp_ca_conf *c = &ca->conf;
	X509_STORE *store;

	need(server != NULL &&
	    OSSL_CMP_SRV_CTX_init(server, ca, on_request, on_revocation,
		on_question, on_error, on_confirm, on_poll) == 1);
	ctx = OSSL_CMP_SRV_CTX_get0_cmp_ctx(server);
	(void)OSSL_CMP_CTX_set_log_verbosity(ctx, OSSL_CMP_LOG_EMERG);
	if (c->secret != NULL)
		need(OSSL_CMP_CTX_set1_referenceValue(ctx,
			 (const unsigned char *)c->reference,
			 (int)strlen(c->reference)) == 1 &&
		    OSSL_CMP_CTX_set1_secretValue(ctx,
			(const unsigned char *)c->secret,
			(int)strlen(c->secret)) == 1);
	if (c->cert != NULL)
		need(OSSL_CMP_CTX_set1_cert(ctx, c->cert) == 1 &&
		    OSSL_CMP_CTX_set1_pkey(ctx, c->key) == 1);
	if (c->trusted != NULL) {
		store = X509_STORE_new();
		need(store != NULL &&
		    X509_STORE_add_cert(store, c->trusted) == 1 &&
		    OSSL_CMP_CTX_set0_trustedStore(ctx, store) == 1);
	}
	return server;
}

static void
served_clear(struct served *s)
{
	ASN1_OCTET_STRING_free(s->id);
	ASN1_OCTET_STRING_free(s->nonce);
	OSSL_CMP_SRV_CTX_free(s->server);
	OSSL_CMP_MSG_free(s->request);
	memset(s, 0, sizeof(*s));
}

static struct served *
find(struct cmp_ca *ca, const OSSL_CMP_MSG *msg)
{
	ASN1_OCTET_STRING *id =
	    OSSL_CMP_HDR_get0_transactionID(OSSL_CMP_MSG_get0_header(msg));
	struct served *s;
	size_t i;

	need(id != NULL);
	for (i = 0; i < ca->count; i++)
		if (ASN1_OCTET_STRING_cmp(ca->served[i].id, id) == 0)
			return &ca->served[i];
	s = &ca->served[ca->count % SERVED_MAX];
	if (ca->count >= SERVED_MAX)
		served_clear(s);
	else
		ca->count++;
	s->id = ASN1_OCTET_STRING_dup(id);
	s->server = new_server(ca);
	return s;
}

/* The end of a wait answers to the nonce of its beginning. */
static void
set_nonce(struct cmp_ca *ca, const OSSL_CMP_MSG *msg, OSSL_CMP_MSG *out)
{
	const int cp = 3;
	OSSL_CMP_CTX *ctx = OSSL_CMP_SRV_CTX_get0_cmp_ctx(ca->now->server);
	ASN1_OCTET_STRING *nonce =
	    OSSL_CMP_HDR_get0_recipNonce(OSSL_CMP_MSG_get0_header(out));

	if (OSSL_CMP_MSG_get_bodytype(msg) == OSSL_CMP_P10CR) {
		ASN1_OCTET_STRING_free(ca->now->nonce);
		ca->now->nonce = ASN1_OCTET_STRING_dup(nonce);
	} else if (ca->plan.first_nonce &&
	    OSSL_CMP_MSG_get_bodytype(out) == cp) {
		need(ASN1_STRING_copy(nonce, ca->now->nonce) == 1 &&
		    OSSL_CMP_MSG_update_transactionID(ctx, out) == 1);
	}
}

static OSSL_CMP_MSG *
answer(struct cmp_ca *ca, const OSSL_CMP_MSG *msg)
{
	size_t known = ca->count;
	int refuse = ca->plan.refuse;
	OSSL_CMP_MSG *out;

	ca->now = find(ca, msg);
	if (OSSL_CMP_MSG_get_bodytype(msg) == OSSL_CMP_P10CR) {
		if (ca->plan.unique_ids && ca->count == known)
			ca->plan.refuse = 21 + 1; /* transactionIdInUse */
		OSSL_CMP_MSG_free(ca->now->request);
		ca->now->request = NULL;
	}
	ERR_clear_error();
	out = OSSL_CMP_SRV_process_request(ca->now->server, msg);
	ca->plan.refuse = refuse;
	if (out != NULL)
		set_nonce(ca, msg, out);
	return out;
}

bool
cmp_ca_answer(
    struct cmp_ca *ca, const void *request, size_t len, struct buf *out)
{
	const unsigned char *p = request;
	OSSL_CMP_MSG *msg = d2i_OSSL_CMP_MSG(NULL, &p, (long)len);
	OSSL_CMP_MSG *said = msg == NULL ? NULL : answer(ca, msg);
	unsigned char *der = NULL;
	int n;

	if (said != NULL) {
		n = i2d_OSSL_CMP_MSG(said, &der);
		need(n > 0);
		if (ca->plan.flip)
			der[n - 1] ^= 1;
		buf_add(out, der, (size_t)n);
	}
	OPENSSL_free(der);
	OSSL_CMP_MSG_free(msg);
	OSSL_CMP_MSG_free(said);
	return said != NULL;
}

/* --- it --- */

struct cmp_ca *
cmp_ca_new(const struct cmp_ca_conf *conf)
{
	struct cmp_ca *ca = calloc(1, sizeof(*ca));

	need(ca != NULL);
	ca->conf = *conf;
	return ca;
}

void
cmp_ca_restart(struct cmp_ca *ca)
{
	size_t i;

	for (i = 0; i < SERVED_MAX; i++)
		served_clear(&ca->served[i]);
	ca->count = 0;
}

void
cmp_ca_free(struct cmp_ca *ca)
{
	if (ca != NULL)
		cmp_ca_restart(ca);
	free(ca);
}

struct cmp_plan *
cmp_ca_plan(struct cmp_ca *ca)
{
	return &ca->plan;
}

const char *
cmp_ca_asked(const struct cmp_ca *ca)
{
	return ca->asked;
}

void
cmp_ca_forget(struct cmp_ca *ca)
{
	ca->asked[0] = '\0';
}
