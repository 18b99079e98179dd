#include "responder_internal.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca_internal.h"
#include "clock.h"
#include "deed_internal.h"
#include "mem.h"
#include "secret.h"
#include "signer_internal.h"
#include "str.h"
#include "vault.h"

#define RESPONDER_LIFE (14 * CLOCK_DAY)
#define RESPONDER_BACKDATE 3600 /* for readers whose clock is behind */
#define LOOK_EVERY 60
#define SEALED_MAX 1024
#define SPKI_MAX 256

void
ca_responder_free(struct ca_responder *r)
{
	if (r == NULL)
		return;
	EVP_PKEY_free(r->key);
	X509_free(r->x509);
	free(r);
}

static char *
purpose_of(const char *serial)
{
	return mem_printf("ca:key:responder:%s", serial);
}

/* --- a new one --- */

/* What is in hands until it is on record. */
struct birth {
	struct ca *ca;
	struct ca_deed deed;
	EVP_PKEY *key;
	struct buf spki, name, sealed;
	char serial[2 * CA_SERIAL_LEN + 1];
	char idempotency[2 * CA_SERIAL_LEN + 8];
	char common_name[40];
	char *subject;
};

static int
make_key(struct birth *b, struct err *err)
{
	unsigned char *der = NULL;
	int len;

	b->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	len = b->key != NULL ? i2d_PUBKEY(b->key, &der) : -1;
	if (len <= 0)
		return ca_openssl_err(
		    err, ERR_STORAGE, "generate the OCSP responder's key");
	buf_add(&b->spki, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}

static int
seal_key(struct birth *b, struct err *err)
{
	struct secret *plain = ca_key_encode(b->key);
	char *purpose = purpose_of(b->serial);
	int rc;

	if (plain == NULL)
		rc = ca_openssl_err(
		    err, ERR_STORAGE, "encode the OCSP responder's key");
	else
		rc = vault_seal(b->ca->vault, purpose, plain, &b->sealed, err);
	secret_free(plain);
	free(purpose);
	return rc;
}

static int
write_tbs(struct birth *b, int64_t now, struct err *err)
{
	const struct ca_issuer *issuer = &b->ca->issuing;
	struct ca_tbs tbs = {
	    .use = CA_TBS_RESPONDER,
	    .algorithm = ca_signer_algorithm(b->ca->signer),
	    .issuer = issuer->subject,
	    .spki = ca_der_bytes(&b->spki),
	    .authority_key = issuer->subject_key,
	    .not_before = now - RESPONDER_BACKDATE,
	    .not_after = now + RESPONDER_LIFE - 1,
	};

	if (tbs.not_after > issuer->not_after)
		tbs.not_after = issuer->not_after;
	if (now >= tbs.not_after)
		return err_set(
		    err, ERR_REFUSED, "the issuing CA is at its end");
	if (ca_serial_new(tbs.serial, err) != 0)
		return -1;
	str_hex(tbs.serial, sizeof(tbs.serial), b->serial);
	(void)snprintf(b->common_name, sizeof(b->common_name),
	    "AMT OCSP Responder %.8s", b->serial + 2 * CA_SERIAL_LEN - 8);
	ca_tbs_name(&b->name, NULL, b->common_name);
	tbs.subject = ca_der_bytes(&b->name);
	ca_tbs_write(&tbs, &b->deed.tbs);
	assert(!b->deed.tbs.over);
	b->deed.intent.not_before = tbs.not_before;
	b->deed.intent.not_after = tbs.not_after;
	return 0;
}

static void
fill_intent(struct birth *b, int64_t now)
{
	struct ca_intent *i = &b->deed.intent;

	(void)snprintf(
	    b->idempotency, sizeof(b->idempotency), "ocsp:%s", b->serial);
	b->subject = mem_printf("CN=%s", b->common_name);
	i->serial = b->serial;
	i->key = b->idempotency;
	i->device = ""; /* no device's, and no CSR came with it */
	i->template_name = "ocsp-responder";
	i->subject = b->subject;
	i->names = "";
	str_sha256(b->spki.data, b->spki.len, i->spki_sha256);
	i->made_at = now;
}

/* The key is on disk before a certificate for it can be. */
static int
keep_key(void *cookie, struct err *err)
{
	struct birth *b = cookie;
	struct ca *ca = b->ca;

	return ca_store_add_responder(
	    ca->store, &b->deed.intent, ca->issuing.name, &b->sealed, err);
}

static int
make(struct ca *ca, int64_t now, struct err *err)
{
	struct birth b = {.ca = ca, .deed = {.also = keep_key, .cookie = &b}};
	int rc = -1;

	buf_init(&b.deed.tbs, CA_LEAF_MAX);
	buf_init(&b.deed.der, CA_LEAF_MAX);
	buf_init(&b.spki, SPKI_MAX);
	buf_init(&b.name, 128);
	buf_init(&b.sealed, SEALED_MAX);
	if (ca_deed_clock(ca, now, err) == 0 && make_key(&b, err) == 0 &&
	    write_tbs(&b, now, err) == 0 && seal_key(&b, err) == 0) {
		fill_intent(&b, now);
		rc = ca_deed_do(ca, &b.deed, err);
	}
	EVP_PKEY_free(b.key);
	buf_free(&b.deed.tbs);
	buf_free(&b.deed.der);
	buf_free(&b.spki);
	buf_free(&b.name);
	buf_free(&b.sealed);
	free(b.subject);
	return rc;
}

/* --- the one on record --- */

static int
open_key(struct ca *ca, const char *serial, const struct buf *sealed,
    struct ca_responder *r, struct err *err)
{
	struct secret *plain = NULL;
	char *purpose = purpose_of(serial);
	int rc;

	rc = vault_unseal(
	    ca->vault, purpose, sealed->data, sealed->len, &plain, err);
	if (rc == 0) {
		r->key = ca_key_decode(plain, "EC");
		if (r->key == NULL ||
		    X509_check_private_key(r->x509, r->key) != 1)
			rc = ca_openssl_err(err, ERR_STORAGE,
			    "key and certificate of the OCSP responder do not "
			    "belong together");
	}
	secret_free(plain);
	free(purpose);
	return rc;
}

static int
take_apart(struct ca_responder *r, const struct buf *der, struct err *err)
{
	struct ca_issuer own = {.x509 = NULL};
	int rc = ca_issuer_load(&own, der->data, der->len, err);

	if (rc == 0) {
		r->not_after = own.not_after;
		r->renew_at =
		    own.not_before + (own.not_after - own.not_before) / 2;
		r->x509 = own.x509;
		own.x509 = NULL;
	}
	ca_issuer_clear(&own);
	return rc;
}

static int
load(struct ca *ca, struct ca_responder **ret, struct err *err)
{
	struct ca_responder *r = mem_alloc(sizeof(*r));
	char serial[CA_SERIAL_TEXT];
	struct buf sealed, der;
	int rc = -1;

	buf_init(&sealed, SEALED_MAX);
	buf_init(&der, CA_LEAF_MAX);
	if (ca_store_get_responder(
		ca->store, ca->issuing.name, serial, &sealed, &der, err) == 0 &&
	    take_apart(r, &der, err) == 0 &&
	    open_key(ca, serial, &sealed, r, err) == 0) {
		*ret = r;
		r = NULL;
		rc = 0;
	}
	ca_responder_free(r);
	buf_free(&sealed);
	buf_free(&der);
	return rc;
}

/* --- ready --- */

/* Whatever is on record, unless it is what we have. */
static int
reload(struct ca *ca, int64_t now, struct err *err)
{
	struct ca_responder *r = NULL;
	struct err none;

	if (load(ca, &r, &none) != 0 && none.kind != ERR_NOTFOUND) {
		if (err != NULL)
			*err = none;
		return -1;
	}
	ca_responder_free(ca->responder);
	ca->responder = r;
	if (r == NULL)
		return 0;
	r->look_at = now + LOOK_EVERY;
	if (now < r->renew_at && r->renew_at < r->look_at)
		r->look_at = r->renew_at;
	return 0;
}

static bool
is_valid(const struct ca_responder *r, int64_t now)
{
	return r != NULL && now < r->not_after;
}

int
ca_responder_ready(struct ca *ca, int64_t now, struct err *err)
{
	struct ca_responder *r = ca->responder;

	if (is_valid(r, now) && now < r->look_at)
		return 0;
	if (reload(ca, now, err) != 0)
		return -1;
	r = ca->responder;
	if (is_valid(r, now) && now < r->renew_at)
		return 0;
	if (make(ca, now, err) == 0)
		return reload(ca, now, err);
	return is_valid(r, now) ? 0 : -1;
}
