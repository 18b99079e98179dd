/*
 * Who may sign a CMP server's messages.  That a certificate chains to somebody
 * we trust is not enough: each device has one that does.  RFC 9483, 1.5 and 3.1
 * want an authorization besides, which is one of these:
 *
 *   signer is set: its subject, and either its key, or an id-kp-cmcCA or
 *       id-kp-cmcRA (RFC 6402, 2.10; RFC 9480, 2.2) by its own issuer;
 *   else: a certificate of the anchors, the CA itself, or one with such a
 *       purpose that one of them issued, with nobody in between.
 *
 * libcrypto looks for a signer that fits the message and asks for each.
 */
#include <assert.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>

#include "cmp_internal.h"
#include "pem.h"
#include "pki_text.h"

#define AUTH_LEVEL 2 /* of the CA's signature: as for what it issues */
#define NAME_WORDS 60

STACK_OF(X509) *
ca_cmp_read_certs(const char *pem)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert;

	assert(bio != NULL && certs != NULL);
	while (sk_X509_num(certs) < CA_BRIDGE_ANCHORS_MAX &&
	    (cert = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL)) !=
		NULL)
		(void)sk_X509_push(certs, cert);
	BIO_free(bio);
	ERR_clear_error();
	if (sk_X509_num(certs) > 0)
		return certs;
	sk_X509_free(certs);
	return NULL;
}

/* --- the rule --- */

static bool
speaks_for_ca(X509 *cert)
{
	EXTENDED_KEY_USAGE *uses =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool found = false;
	int i, nid;

	for (i = 0; i < sk_ASN1_OBJECT_num(uses); i++) {
		nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(uses, i));
		found = found || nid == NID_cmcCA || nid == NID_cmcRA;
	}
	EXTENDED_KEY_USAGE_free(uses);
	return found;
}

/* One we were given as the signer's, or its next. */
static const char *
check_named(X509 *named, X509 *cert)
{
	if (X509_NAME_cmp(
		X509_get_subject_name(cert), X509_get_subject_name(named)) != 0)
		return "another name than signer's";
	if (EVP_PKEY_eq(X509_get0_pubkey(cert), X509_get0_pubkey(named)) == 1)
		return NULL;
	if (!speaks_for_ca(cert))
		return "another key than signer's, and no id-kp-cmcRA";
	if (X509_NAME_cmp(
		X509_get_issuer_name(cert), X509_get_issuer_name(named)) != 0)
		return "another key and issuer than signer's";
	return NULL;
}

static bool
is_among(STACK_OF(X509) *certs, X509 *cert)
{
	int i;

	for (i = 0; i < sk_X509_num(certs); i++)
		if (X509_cmp(sk_X509_value(certs, i), cert) == 0)
			return true;
	return false;
}

/* The CA, or one that it made its server. */
static const char *
check_unnamed(STACK_OF(X509) *anchors, STACK_OF(X509) *chain, X509 *cert)
{
	if (is_among(anchors, cert))
		return NULL;
	if (!speaks_for_ca(cert))
		return "neither the CA, nor with id-kp-cmcRA";
	if (sk_X509_num(chain) < 2 ||
	    !is_among(anchors, sk_X509_value(chain, 1)))
		return "not issued by one of anchors";
	return NULL;
}

/* --- in libcrypto's hands --- */

static int slot = -1; /* of a store's, for whom it is */

static void
make_slot(void)
{
	slot = X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* After a chain was built and is good. */
static int
judge(int good, X509_STORE_CTX *ctx)
{
	struct ca_cmp_signer *s =
	    X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(ctx), slot);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	char name[NAME_WORDS];
	const char *why;

	if (good != 1 || X509_STORE_CTX_get_error_depth(ctx) != 0)
		return good;
	why = s->named != NULL
	    ? check_named(s->named, cert)
	    : check_unnamed(s->anchors, X509_STORE_CTX_get0_chain(ctx), cert);
	if (why == NULL)
		return 1;
	ca_name_text(X509_get_subject_name(cert), name, sizeof(name));
	(void)snprintf(
	    s->why_not, sizeof(s->why_not), "signed by %s: %s", name, why);
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* A store of its own: libcrypto adds to it what a CA sends under a secret. */
static X509_STORE *
make_store(struct ca_cmp_signer *s, const char *pem)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	STACK_OF(X509) *certs = ca_cmp_read_certs(pem);
	X509_STORE *store = X509_STORE_new();
	int i;

	(void)pthread_once(&once, make_slot);
	assert(store != NULL && slot >= 0);
	for (i = 0; i < sk_X509_num(certs); i++)
		(void)X509_STORE_add_cert(store, sk_X509_value(certs, i));
	(void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(
	    X509_STORE_get0_param(store), AUTH_LEVEL);
	(void)X509_STORE_set_ex_data(store, slot, s);
	X509_STORE_set_verify_cb(store, judge);
	sk_X509_pop_free(certs, X509_free);
	return store;
}

/* Under a secret without signer the store is empty: signatures prove nothing.
 */
static bool
set_store(struct ca_cmp_signer *s, OSSL_CMP_CTX *ctx, const struct ca_bridge *b)
{
	X509_STORE *store;

	if (s->named == NULL && b->cert_pem == NULL)
		return true;
	store = make_store(s, s->named != NULL ? b->tls_pem : b->anchors_pem);
	if (OSSL_CMP_CTX_set0_trustedStore(ctx, store) == 1)
		return true;
	X509_STORE_free(store);
	return false;
}

bool
ca_cmp_signer_open(
    struct ca_cmp_signer *s, OSSL_CMP_CTX *ctx, const struct ca_bridge *b)
{
	STACK_OF(X509) *certs;
	X509_NAME *name;

	*s = (struct ca_cmp_signer){.why_not = ""};
	s->anchors = ca_cmp_read_certs(b->anchors_pem);
	certs = b->signer_pem == NULL ? s->anchors
				      : ca_cmp_read_certs(b->signer_pem);
	if (certs == NULL)
		return false;
	name = X509_get_subject_name(sk_X509_value(certs, 0));
	if (certs != s->anchors) {
		s->named = sk_X509_shift(certs);
		sk_X509_pop_free(certs, X509_free);
		if (OSSL_CMP_CTX_set1_expected_sender(ctx, name) != 1)
			return false;
	}
	return OSSL_CMP_CTX_set1_recipient(ctx, name) == 1 &&
	    set_store(s, ctx, b);
}

void
ca_cmp_signer_close(struct ca_cmp_signer *s)
{
	X509_free(s->named);
	sk_X509_pop_free(s->anchors, X509_free);
}
