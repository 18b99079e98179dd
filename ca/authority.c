/* Making the CA once, opening it ever after. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca_internal.h"
#include "clock.h"
#include "mem.h"
#include "record_internal.h"
#include "responder_internal.h"
#include "signer_internal.h"
#include "str.h"

#define YEAR (365 * CLOCK_DAY)
#define ROOT_LIFE (20 * YEAR)
#define ISSUING_LIFE (10 * YEAR)
#define ORGANISATION_MAX 64 /* ub-organization-name */

/* What ca_create() has in hands until all of it is on disk. */
struct birth {
	const struct ca_conf *conf;
	char *root_key_file;
	struct ca_signer *root;
	struct ca ca; /* with the issuing key */
	bool wrote_root, wrote_issuing, made_store;
};

static int
check_organisation(const char *name, struct err *err)
{
	size_t i;

	if (str_empty(name) || strlen(name) > ORGANISATION_MAX)
		return err_set(err, ERR_INVALID,
		    "organisation must have 1 to %d bytes", ORGANISATION_MAX);
	for (i = 0; name[i] != '\0'; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return err_set(err, ERR_INVALID,
			    "organisation holds a control character");
	return 0;
}

static int
check_absent(const char *path, struct err *err)
{
	if (access(path, F_OK) == 0)
		return err_set(err, ERR_CONFLICT,
		    "%s exists: there is a CA already", path);
	return 0;
}

/* One of our own two: subject, key, path length; self-signed or by issuer. */
static int
make_issuer(const struct ca_signer *signer, const struct ca_issuer *issuer,
    const char *organisation, const struct ca_signer *subject_key,
    struct ca_issuer *ret, struct err *err)
{
	bool root = issuer == NULL;
	int64_t now = clock_now();
	struct buf name, tbs_der, der;
	struct ca_tbs tbs = {
	    .use = CA_TBS_AUTHORITY,
	    .algorithm = ca_signer_algorithm(signer),
	    .spki = ca_signer_spki(subject_key),
	    .authority_key = root ? NULL : issuer->key_id,
	    /* So that a backdated leaf never precedes its issuer. */
	    .not_before = now - CLOCK_DAY,
	    .not_after = now + (root ? ROOT_LIFE : ISSUING_LIFE),
	    .path_len = root ? 1 : 0,
	};
	char cn[64], tag[9];
	int rc = -1;

	buf_init(&name, 512);
	buf_init(&tbs_der, CA_CHAIN_MAX);
	buf_init(&der, CA_CHAIN_MAX);
	if (ca_serial_new(tbs.serial, err) != 0)
		goto out;
	/* Two CAs of one organisation must not share a name. */
	str_hex(tbs.serial + CA_SERIAL_LEN - 4, 4, tag);
	(void)snprintf(
	    cn, sizeof(cn), "AMT %s CA %s", root ? "Root" : "Issuing", tag);
	ca_tbs_name(&name, organisation, cn);
	tbs.subject = ca_der_bytes(&name);
	tbs.issuer = root ? tbs.subject : issuer->subject;
	ca_tbs_write(&tbs, &tbs_der);
	if (ca_signer_sign(signer, ca_der_bytes(&tbs_der), &der, err) == 0)
		rc = ca_issuer_load(ret, der.data, der.len, err);
out:
	buf_free(&name);
	buf_free(&tbs_der);
	buf_free(&der);
	return rc;
}

static int
make_all(struct birth *b, const char *organisation, struct err *err)
{
	struct ca *ca = &b->ca;

	if (ca_signer_file_new(CA_KEY_ROOT, &b->root, err) != 0 ||
	    ca_signer_file_new(CA_KEY_ISSUING, &ca->signer, err) != 0)
		return -1;
	if (make_issuer(b->root, NULL, organisation, b->root, &ca->root, err) !=
	    0)
		return -1;
	return make_issuer(
	    b->root, &ca->root, organisation, ca->signer, &ca->issuing, err);
}

/* Keys before the database: a database without its key would be no CA. */
static int
save_all(struct birth *b, struct err *err)
{
	const struct ca_conf *conf = b->conf;
	struct ca *ca = &b->ca;
	struct ca_crl_row first;
	int rc = -1;

	if (ca_signer_file_save(b->root, conf->vault, b->root_key_file, err) !=
	    0)
		return -1;
	b->wrote_root = true;
	if (ca_signer_file_save(ca->signer, conf->vault, conf->key_file, err) !=
	    0)
		return -1;
	b->wrote_issuing = true;
	if (ca_store_create(conf->database, &ca->store, err) != 0)
		return -1;
	b->made_store = true;
	ca_store_lock(ca->store);
	if (ca_store_put_issuer(ca->store, "root", &ca->root.der, err) == 0 &&
	    ca_store_put_issuer(ca->store, "issuing", &ca->issuing.der, err) ==
		0 &&
	    ca_crl_renew(ca, clock_now(), &first, NULL, err) == 0)
		rc = 0;
	ca_store_unlock(ca->store);
	return rc;
}

static void
undo(struct birth *b)
{
	if (b->made_store)
		ca_store_destroy(b->conf->database);
	if (b->wrote_issuing)
		(void)unlink(b->conf->key_file);
	if (b->wrote_root)
		(void)unlink(b->root_key_file);
}

static void
ca_places_clear(struct ca_places *p)
{
	free(p->crl);
	free(p->ocsp);
	free(p->issuer);
	memset(p, 0, sizeof(*p));
}

/* The paths are those that `serve` answers (adapter/daemon/revocation.c). */
static void
ca_places_fill(struct ca *ca, const char *url)
{
	struct ca_places *p = &ca->places;

	if (url == NULL)
		return;
	p->crl = mem_printf("%s/crl/%s.crl", url, ca->issuing.name);
	p->ocsp = mem_printf("%s/ocsp", url);
	p->issuer = mem_printf("%s/ca/%s.cer", url, ca->issuing.name);
}

static void
ca_clear(struct ca *ca)
{
	ca_responder_free(ca->responder);
	ca_places_clear(&ca->places);
	ca_store_close(ca->store);
	ca_signer_free(ca->signer);
	ca_issuer_clear(&ca->root);
	ca_issuer_clear(&ca->issuing);
	X509_STORE_free(ca->trust);
}

int
ca_create(const struct ca_conf *conf, const char *organisation, struct err *err)
{
	struct birth b = {.conf = conf};
	int rc = -1;

	b.root_key_file = mem_printf("%s.root", conf->key_file);
	if (check_organisation(organisation, err) == 0 &&
	    check_absent(conf->database, err) == 0 &&
	    check_absent(conf->key_file, err) == 0 &&
	    check_absent(b.root_key_file, err) == 0 &&
	    make_all(&b, organisation, err) == 0)
		rc = save_all(&b, err);
	ca_signer_free(b.root);
	ca_clear(&b.ca);
	if (rc != 0)
		undo(&b);
	free(b.root_key_file);
	return rc;
}

static int
load_issuer(
    struct ca *ca, const char *role, struct ca_issuer *ret, struct err *err)
{
	struct buf der;
	int rc = -1;

	buf_init(&der, CA_CHAIN_MAX);
	if (ca_store_get_issuer(ca->store, role, &der, err) == 0)
		rc = ca_issuer_load(ret, der.data, der.len, err);
	buf_free(&der);
	return rc;
}

/* Do the parts belong together? A key restored from another backup than its
 * database would sign what nobody can verify. */
static int
check_parts(struct ca *ca, struct err *err)
{
	if (!ca_span_equal(ca_signer_spki(ca->signer), ca->issuing.spki))
		return err_set(err, ERR_STORAGE,
		    "the CA's key file and database do not belong together");
	if (X509_verify(ca->issuing.x509, X509_get0_pubkey(ca->root.x509)) != 1)
		return ca_openssl_err(err, ERR_STORAGE,
		    "the issuing CA is not signed by the root");
	ca->trust = X509_STORE_new();
	if (ca->trust == NULL ||
	    X509_STORE_add_cert(ca->trust, ca->root.x509) != 1)
		return ca_openssl_err(err, ERR_BUG, "trust the root");
	return 0;
}

int
ca_open(const struct ca_conf *conf, struct ca **ret_ca, struct err *err)
{
	struct ca *ca = mem_alloc(sizeof(*ca));

	ca->vault = conf->vault;
	if (ca_store_open(conf->database, &ca->store, err) != 0 ||
	    ca_signer_file_open(CA_KEY_ISSUING, conf->vault, conf->key_file,
		&ca->signer, err) != 0 ||
	    load_issuer(ca, "root", &ca->root, err) != 0 ||
	    load_issuer(ca, "issuing", &ca->issuing, err) != 0 ||
	    check_parts(ca, err) != 0 ||
	    ca_store_lose_all(ca->store, clock_now(), err) != 0) {
		ca_close(ca);
		return -1;
	}
	ca_places_fill(ca, conf->url);
	*ret_ca = ca;
	return 0;
}

void
ca_close(struct ca *ca)
{
	if (ca == NULL)
		return;
	ca_clear(ca);
	free(ca);
}

static int
add_pem(const struct ca_issuer *i, struct buf *out, struct err *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	int rc = 0;

	if (bio == NULL || PEM_write_bio_X509(bio, i->x509) != 1)
		rc = ca_openssl_err(err, ERR_BUG, "write PEM");
	else {
		len = BIO_get_mem_data(bio, &text);
		buf_add(out, text, (size_t)len);
		if (out->over)
			rc = err_set(err, ERR_LIMIT, "no room for the chain");
	}
	BIO_free(bio);
	return rc;
}

int
ca_chain_pem(const struct ca *ca, struct buf *out, struct err *err)
{
	if (add_pem(&ca->issuing, out, err) != 0)
		return -1;
	return add_pem(&ca->root, out, err);
}

int
ca_certificate(
    const struct ca *ca, const char *name, struct buf *out, struct err *err)
{
	const struct ca_issuer *const ours[] = {&ca->issuing, &ca->root};
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (!str_eq(name, ours[i]->name))
			continue;
		buf_add(out, ours[i]->der.data, ours[i]->der.len);
		return out->over
		    ? err_set(err, ERR_LIMIT, "no room for the certificate")
		    : 0;
	}
	return err_set(err, ERR_NOTFOUND, "no CA certificate of this name");
}

const char *
ca_name(const struct ca *ca)
{
	return ca->issuing.name;
}

int
ca_root_pem(const struct ca *ca, struct buf *out, struct err *err)
{
	return add_pem(&ca->root, out, err);
}
