/* Making the CA, once. */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority_internal.h"
#include "ca_internal.h"
#include "clock.h"
#include "crl_internal.h"
#include "line_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "signer_internal.h"
#include "str.h"

#define ORGANISATION_MAX 64 /* ub-organization-name */

/* What ca_create() has in hands until all of it is on disk. */
struct birth {
	const struct ca_conf *conf;
	const struct ca_new *how;
	struct ca_key_file file, root_file;
	char *root_path;
	struct ca_signer *root;
	struct ca ca; /* with the issuing key */
	bool wrote_root, wrote_issuing, made_store;
};

int
ca_authority_check_organisation(const char *name, struct err *err)
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

int
ca_authority_make(
    const struct ca_authority *a, struct ca_issuer *ret, struct err *err)
{
	struct ca_places places = {.crl = NULL};
	struct buf tbs_der, der;
	struct ca_tbs tbs = {
	    .use = CA_TBS_AUTHORITY,
	    .algorithm = ca_signer_algorithm(a->signer),
	    .issuer = a->issuer == NULL ? a->subject : a->issuer->subject,
	    .subject = a->subject,
	    .spki = a->spki,
	    .authority_key = a->issuer == NULL ? (struct ca_span){NULL, 0}
					       : a->issuer->subject_key,
	    /* So that a backdated leaf never precedes its issuer. */
	    .not_before = clock_now() - CLOCK_DAY,
	    .not_after = a->not_after,
	    .path_len = a->path_len,
	    .places = &places,
	};
	int rc = -1;

	if (a->of != NULL) {
		tbs.subject = a->of->subject;
		tbs.spki = a->of->spki;
		tbs.subject_key = a->of->subject_key;
		tbs.not_after = a->of->not_after;
	}
	if (a->issuer != NULL && tbs.not_before < a->issuer->not_before)
		tbs.not_before = a->issuer->not_before;
	if (a->issuer != NULL && tbs.not_after > a->issuer->not_after)
		tbs.not_after = a->issuer->not_after;
	if (a->issuer != NULL && a->url != NULL) {
		places.crl =
		    mem_printf("%s/crl/%s.crl", a->url, a->issuer->name);
		places.issuer =
		    mem_printf("%s/ca/%s.cer", a->url, a->issuer->name);
	}
	buf_init(&tbs_der, CA_CHAIN_MAX);
	buf_init(&der, CA_CHAIN_MAX);
	if (ca_serial_new(tbs.serial, err) == 0) {
		ca_tbs_write(&tbs, &tbs_der);
		if (ca_signer_sign(
			a->signer, ca_der_bytes(&tbs_der), &der, err) == 0)
			rc = ca_issuer_load(ret, der.data, der.len, err);
	}
	buf_free(&tbs_der);
	buf_free(&der);
	ca_places_clear(&places);
	return rc;
}

/* Two CAs of one organisation must not share a name. */
int
ca_authority_name(
    struct buf *out, const char *organisation, bool root, struct err *err)
{
	uint8_t random[CA_SERIAL_LEN];
	char cn[64], tag[9];

	if (ca_serial_new(random, err) != 0)
		return -1;
	str_hex(random + CA_SERIAL_LEN - 4, 4, tag);
	(void)snprintf(
	    cn, sizeof(cn), "AMT %s CA %s", root ? "Root" : "Issuing", tag);
	ca_tbs_name(out, organisation, cn);
	return 0;
}

/* One of our own two: self-signed or by the root. */
static int
make_issuer(
    const struct birth *b, bool root, struct ca_issuer *ret, struct err *err)
{
	struct ca_authority a = {
	    .signer = b->root,
	    .issuer = root ? NULL : &b->ca.root,
	    .spki = ca_signer_spki(root ? b->root : b->ca.signer),
	    .path_len = root ? 1 : 0,
	    .url = b->conf->url,
	    .not_after = clock_now() + (root ? CA_ROOT_LIFE : CA_ISSUING_LIFE),
	};
	struct buf name;
	int rc = -1;

	buf_init(&name, 512);
	if (ca_authority_name(&name, b->how->organisation, root, err) == 0) {
		a.subject = ca_der_bytes(&name);
		rc = ca_authority_make(&a, ret, err);
	}
	buf_free(&name);
	return rc;
}

static int
make_all(struct birth *b, struct err *err)
{
	struct ca *ca = &b->ca;

	if (ca_signer_make(&b->root_file, &b->root, err) != 0 ||
	    ca_signer_make(&b->file, &ca->signer, err) != 0)
		return -1;
	if (ca_span_equal(ca_signer_spki(b->root), ca_signer_spki(ca->signer)))
		return err_set(err, ERR_INVALID,
		    "root and issuing CA must not share a key");
	if (make_issuer(b, true, &ca->root, err) != 0)
		return -1;
	return make_issuer(b, false, &ca->issuing, err);
}

static int
record_line(struct ca *ca, struct err *err)
{
	struct ca_line_row row = {.state = CA_LINE_ACTIVE};

	if (ca_store_begin(ca->store, err) != 0)
		return -1;
	if (ca_store_line_add(ca->store, &row, NULL, err) != 0 ||
	    ca_store_line_put(ca->store, row.id, 0, &ca->issuing, err) != 0 ||
	    ca_store_line_put(ca->store, row.id, 1, &ca->root, err) != 0) {
		ca_store_rollback(ca->store);
		return -1;
	}
	ca->line = row.id;
	return ca_store_commit(ca->store, err);
}

/* Keys before the database: a database without its key would be no CA. */
static int
save_all(struct birth *b, struct err *err)
{
	const struct ca_conf *conf = b->conf;
	struct ca *ca = &b->ca;
	struct ca_crl_row first;
	int rc = -1;

	if (ca_signer_file_save(b->root, &b->root_file, conf->vault, err) != 0)
		return -1;
	b->wrote_root = true;
	if (ca_signer_file_save(ca->signer, &b->file, conf->vault, err) != 0)
		return -1;
	b->wrote_issuing = true;
	if (ca_store_create(conf->database, &ca->store, err) != 0)
		return -1;
	b->made_store = true;
	ca_store_lock(ca->store);
	if (record_line(ca, err) == 0 &&
	    ca_root_crl_make(
		&(struct ca_root_by){ca->store, &ca->root, b->root},
		clock_now(), err) == 0 &&
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
		(void)unlink(b->root_path);
}

static void
plan_files(struct birth *b)
{
	b->root_path = mem_printf("%s.root", b->conf->key_file);
	b->file = (struct ca_key_file){
	    CA_KEY_ISSUING, &b->how->key, b->conf->key_file};
	b->root_file =
	    (struct ca_key_file){CA_KEY_ROOT, &b->how->root_key, b->root_path};
}

int
ca_create(const struct ca_conf *conf, const struct ca_new *how, struct err *err)
{
	struct birth b = {.conf = conf, .how = how};
	int rc = -1;

	plan_files(&b);
	if (ca_authority_check_organisation(how->organisation, err) == 0 &&
	    check_absent(conf->database, err) == 0 &&
	    check_absent(conf->key_file, err) == 0 &&
	    check_absent(b.root_path, err) == 0 && make_all(&b, err) == 0)
		rc = save_all(&b, err);
	ca_signer_free(b.root);
	ca_line_clear(&b.ca);
	ca_store_close(b.ca.store);
	if (rc != 0)
		undo(&b);
	free(b.root_path);
	return rc;
}

/* --- without a root --- */

static int
record_request(struct ca *ca, const struct buf *request, struct err *err)
{
	struct ca_line_row row = {.state = CA_LINE_WAITING};

	if (ca_store_begin(ca->store, err) != 0)
		return -1;
	if (ca_store_line_add(ca->store, &row, request, err) != 0) {
		ca_store_rollback(ca->store);
		return -1;
	}
	return ca_store_commit(ca->store, err);
}

static int
save_offline(struct birth *b, const struct buf *request, struct err *err)
{
	const struct ca_conf *conf = b->conf;
	struct ca *ca = &b->ca;
	int rc;

	if (ca_signer_file_save(ca->signer, &b->file, conf->vault, err) != 0)
		return -1;
	b->wrote_issuing = true;
	if (ca_store_create(conf->database, &ca->store, err) != 0)
		return -1;
	b->made_store = true;
	ca_store_lock(ca->store);
	rc = record_request(ca, request, err);
	ca_store_unlock(ca->store);
	return rc;
}

int
ca_create_offline(
    const struct ca_conf *conf, const struct ca_new *how, struct err *err)
{
	struct birth b = {.conf = conf, .how = how};
	struct buf request;
	int rc = -1;

	plan_files(&b);
	buf_init(&request, CA_REQUEST_MAX);
	if (ca_authority_check_organisation(how->organisation, err) == 0 &&
	    check_absent(conf->database, err) == 0 &&
	    check_absent(conf->key_file, err) == 0 &&
	    ca_signer_make(&b.file, &b.ca.signer, err) == 0 &&
	    ca_request_make(b.ca.signer, how->organisation, &request, err) == 0)
		rc = save_offline(&b, &request, err);
	ca_line_clear(&b.ca);
	ca_store_close(b.ca.store);
	if (rc != 0)
		undo(&b);
	free(b.root_path);
	buf_free(&request);
	return rc;
}
