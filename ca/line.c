/*
 * Opening the CA: the line that issues, and those before it as further struct
 * ca on the same records.
 */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "authority_internal.h"
#include "ca_internal.h"
#include "clock.h"
#include "line_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "responder_internal.h"
#include "signer_internal.h"
#include "str.h"

void
ca_line_suffix(struct ca_span spki, char out[CA_KEY_SUFFIX])
{
	uint8_t id[20];

	ca_key_id(spki, id);
	str_hex(id, (CA_KEY_SUFFIX - 1) / 2, out);
}

char *
ca_line_key_file(const struct ca_conf *conf, const struct ca_line_row *row)
{
	return row->key_file[0] == '\0'
	    ? mem_dup(conf->key_file)
	    : mem_printf("%s.%s", conf->key_file, row->key_file);
}

const struct ca_issuer *
ca_above(const struct ca *ca, size_t i)
{
	if (i == 0)
		return &ca->issuing;
	if (i <= ca->between_count)
		return &ca->between[i - 1];
	return i == ca->between_count + 1 ? &ca->root : NULL;
}

const char *
ca_above_name(const struct ca *ca, size_t i)
{
	if (i == 0)
		return "issuing";
	return i <= ca->between_count ? "intermediate" : "root";
}

/* The certificate in a place; 1, 0 = there is none, -1. */
static int
load_place(struct ca_store *store, int64_t id, size_t place,
    struct ca_issuer *ret, struct err *err)
{
	struct buf der;
	int got;

	buf_init(&der, CA_CHAIN_MAX);
	got = ca_store_line_get(store, id, place, &der, err);
	if (got == 1 && ca_issuer_load(ret, der.data, der.len, err) != 0)
		got = -1;
	buf_free(&der);
	return got;
}

void
ca_cross_add(struct ca *ca, struct ca_cross *cross)
{
	ca->cross =
	    mem_grow(ca->cross, ca->cross_count + 1, sizeof(*ca->cross));
	ca->cross[ca->cross_count++] = *cross;
	memset(cross, 0, sizeof(*cross));
}

void
ca_cross_clear(struct ca_cross *cross)
{
	size_t i;

	for (i = 0; i < cross->count; i++)
		ca_issuer_clear(&cross->place[i]);
	cross->count = 0;
}

/* 1, 0 = there is none of this number, -1. */
static int
load_cross(struct ca *ca, int64_t id, size_t number, struct err *err)
{
	struct ca_cross cross = {.count = 0};
	struct buf der;
	int got = 1;

	buf_init(&der, CA_CHAIN_MAX);
	while (got == 1 && cross.count < CA_BETWEEN_MAX + 2) {
		buf_reset(&der);
		got = ca_store_cross_get(
		    ca->store, id, number, cross.count, &der, err);
		if (got == 1 &&
		    ca_issuer_load(&cross.place[cross.count++], der.data,
			der.len, err) != 0)
			got = -1;
	}
	buf_free(&der);
	if (got >= 0 && cross.count >= 2) {
		ca_cross_add(ca, &cross);
		return 1;
	}
	ca_cross_clear(&cross);
	return got < 0 ? -1 : 0;
}

static int
load_crosses(struct ca *ca, int64_t id, struct err *err)
{
	size_t number;
	int got = 1;

	for (number = 0; got == 1 && number < CA_CROSS_MAX; number++)
		got = load_cross(ca, id, number, err);
	return got < 0 ? -1 : 0;
}

int
ca_line_load(struct ca *ca, int64_t id, struct err *err)
{
	struct ca_issuer above[CA_BETWEEN_MAX + 2];
	size_t count, i;
	int got = 1;

	memset(above, 0, sizeof(above));
	for (count = 0; count < CA_BETWEEN_MAX + 2 && got == 1;
	     count += got == 1)
		got = load_place(ca->store, id, count, &above[count], err);
	if (got >= 0 && count >= 2) {
		ca->line = id;
		ca->issuing = above[0];
		ca->root = above[count - 1];
		ca->between_count = count - 2;
		for (i = 0; i < ca->between_count; i++)
			ca->between[i] = above[i + 1];
		return load_crosses(ca, id, err);
	}
	for (i = 0; i < CA_BETWEEN_MAX + 2; i++)
		ca_issuer_clear(&above[i]);
	return got < 0 ? -1
		       : err_set(err, ERR_STORAGE,
			     "the CA's database lacks certificates of issuing "
			     "CA %lld",
			     (long long)id);
}

static const struct ca_issuer *
root_of(const struct ca_cross *cross)
{
	return &cross->place[cross->count - 1];
}

/* Its own, and those that vouch for it, too. */
static int
trust_roots(struct ca *ca, struct err *err)
{
	size_t i;
	bool ok;

	ca->trust = X509_STORE_new();
	ok = ca->trust != NULL &&
	    X509_STORE_add_cert(ca->trust, ca->root.x509) == 1;
	for (i = 0; ok && i < ca->cross_count; i++)
		ok = X509_STORE_add_cert(
			 ca->trust, root_of(&ca->cross[i])->x509) == 1;
	return ok ? 0 : ca_openssl_err(err, ERR_BUG, "trust the roots");
}

/* Do the parts belong together? A key restored from another backup than its
 * database would sign what nobody can verify. */
static int
check_parts(struct ca *ca, struct err *err)
{
	size_t i;

	if (!ca_span_equal(ca_signer_spki(ca->signer), ca->issuing.spki))
		return err_set(err, ERR_STORAGE,
		    "the CA's key file and database do not belong together");
	for (i = 0; ca_above(ca, i + 1) != NULL; i++)
		if (X509_verify(ca_above(ca, i)->x509,
			X509_get0_pubkey(ca_above(ca, i + 1)->x509)) != 1)
			return ca_openssl_err(err, ERR_STORAGE,
			    "the issuing CA is not signed by the root");
	return trust_roots(ca, err);
}

void
ca_places_clear(struct ca_places *p)
{
	free(p->crl);
	free(p->ocsp);
	free(p->issuer);
	memset(p, 0, sizeof(*p));
}

/* The paths are those that `serve` answers (adapter/daemon/revocation.c). */
static void
places_fill(struct ca *ca, const char *url)
{
	struct ca_places *p = &ca->places;

	if (url == NULL)
		return;
	p->crl = mem_printf("%s/crl/%s.crl", url, ca->issuing.name);
	p->ocsp = mem_printf("%s/ocsp", url);
	p->issuer = mem_printf("%s/ca/%s.cer", url, ca->issuing.name);
}

static int
open_line(const struct ca_conf *conf, const struct ca_line_row *row,
    struct ca *ca, struct err *err)
{
	char *path = ca_line_key_file(conf, row);
	int rc = -1;

	ca->vault = conf->vault;
	ca->key_file = mem_dup(conf->key_file);
	if (ca_line_load(ca, row->id, err) == 0 &&
	    ca_signer_file_open(
		CA_KEY_ISSUING, conf->vault, path, &ca->signer, err) == 0)
		rc = check_parts(ca, err);
	if (rc == 0)
		places_fill(ca, conf->url);
	free(path);
	return rc;
}

/* A line at its end has nothing to say any more, and may be without its key. */
static int
open_older(const struct ca_conf *conf, const struct ca_line_row *row,
    struct ca *newest, struct err *err)
{
	struct ca *ca = mem_alloc(sizeof(*ca)), *last;

	ca->store = newest->store;
	if (ca_line_load(ca, row->id, err) != 0)
		goto fail;
	if (ca->issuing.not_after < clock_now()) {
		ca_line_free(ca);
		return 0;
	}
	ca_line_clear(ca);
	if (open_line(conf, row, ca, err) != 0)
		goto fail;
	for (last = newest; last->older != NULL; last = last->older)
		;
	last->older = ca;
	return 0;
fail:
	err_context(err, "issuing CA %lld, which is not at its end",
	    (long long)row->id);
	ca_line_free(ca);
	return -1;
}

static int
open_lines(const struct ca_conf *conf, struct ca *ca, struct err *err)
{
	struct ca_line_row rows[CA_LINES_MAX];
	size_t count, i;
	bool active = false;

	/* First: what changes while we read is seen as a change. */
	if (ca_store_lines_mark(ca->store, &ca->mark, err) != 0 ||
	    ca_store_lines(ca->store, rows, &count, err) != 0)
		return -1;
	for (i = 0; i < count; i++) {
		if (rows[i].state == CA_LINE_ACTIVE) {
			active = true;
			if (open_line(conf, &rows[i], ca, err) != 0)
				return -1;
		}
	}
	if (!active)
		return err_set(err, ERR_REFUSED,
		    "the CA waits for the certificate of its request: \"ca "
		    "csr\" shows the request, \"ca import\" takes it");
	for (i = 0; i < count; i++)
		if (rows[i].state == CA_LINE_OLD &&
		    open_older(conf, &rows[i], ca, err) != 0)
			return -1;
	return 0;
}

int
ca_open(const struct ca_conf *conf, struct ca **ret_ca, struct err *err)
{
	struct ca *ca = mem_alloc(sizeof(*ca));

	if (ca_store_open(conf->database, &ca->store, err) != 0 ||
	    open_lines(conf, ca, err) != 0 ||
	    ca_store_lose_all(ca->store, clock_now(), err) != 0) {
		ca_close(ca);
		return -1;
	}
	*ret_ca = ca;
	return 0;
}

void
ca_line_clear(struct ca *ca)
{
	size_t i;

	ca_responder_free(ca->responder);
	ca->responder = NULL;
	ca_places_clear(&ca->places);
	free(ca->key_file);
	ca->key_file = NULL;
	ca_signer_free(ca->signer);
	ca->signer = NULL;
	ca_issuer_clear(&ca->root);
	ca_issuer_clear(&ca->issuing);
	for (i = 0; i < ca->between_count; i++)
		ca_issuer_clear(&ca->between[i]);
	ca->between_count = 0;
	for (i = 0; i < ca->cross_count; i++)
		ca_cross_clear(&ca->cross[i]);
	free(ca->cross);
	ca->cross = NULL;
	ca->cross_count = 0;
	X509_STORE_free(ca->trust);
	ca->trust = NULL;
}

void
ca_line_free(struct ca *ca)
{
	ca_line_clear(ca);
	free(ca);
}

struct ca *
ca_hold(struct ca *ca)
{
	(void)atomic_fetch_add(&ca->holders, 1);
	return ca;
}

int
ca_mark(struct ca *ca, int64_t *ret_mark, struct err *err)
{
	int rc;

	ca_store_lock(ca->store);
	rc = ca_store_lines_mark(ca->store, ret_mark, err);
	ca_store_unlock(ca->store);
	return rc;
}

int64_t
ca_opened_mark(const struct ca *ca)
{
	return ca->mark;
}

void
ca_close(struct ca *ca)
{
	struct ca *older;

	if (ca == NULL || atomic_fetch_sub(&ca->holders, 1) > 0)
		return;
	ca_store_close(ca->store);
	for (; ca != NULL; ca = older) {
		older = ca->older;
		ca_line_free(ca);
	}
}

struct ca *
ca_older(const struct ca *ca)
{
	return ca->older;
}

int64_t
ca_line_id(const struct ca *ca)
{
	return ca->line;
}

/* --- for people --- */

static int
tell_waiting(struct ca_store *store, struct ca_line_info *info, ca_line_fn *fn,
    void *cookie, struct err *err)
{
	char subject[256] = "";
	const unsigned char *p;
	struct buf der;
	X509_REQ *req;
	int rc;

	buf_init(&der, CA_REQUEST_MAX);
	rc = ca_store_line_request(store, info->id, &der, err);
	if (rc == 0) {
		p = der.data;
		req = d2i_X509_REQ(NULL, &p, (long)der.len);
		if (req != NULL)
			ca_name_text(X509_REQ_get_subject_name(req), subject,
			    sizeof(subject));
		X509_REQ_free(req);
		info->subject = subject;
		rc = fn(cookie, info, err);
	}
	buf_free(&der);
	return rc;
}

/* Given; NULL: no other root vouches for it. */
static char *
cross_text(const struct ca *line)
{
	char name[256], *text;
	struct buf list;
	size_t i;

	buf_init(&list, CA_CROSS_MAX * (sizeof(name) + 2));
	for (i = 0; i < line->cross_count; i++) {
		ca_name_text(
		    X509_get_subject_name(root_of(&line->cross[i])->x509), name,
		    sizeof(name));
		buf_printf(&list, "%s%zu: %s", i > 0 ? "; " : "", i + 1, name);
	}
	text = list.len > 0 ? mem_dup(buf_text(&list)) : NULL;
	buf_free(&list);
	return text;
}

static int
tell_certified(struct ca *line, struct ca_line_info *info, ca_line_fn *fn,
    void *cookie, struct err *err)
{
	char subject[256], root[256], serial[64] = "", *others;
	struct ca_status status = {.at = 0};
	const ASN1_INTEGER *number;
	int rc;

	if (ca_line_load(line, info->id, err) != 0 ||
	    ca_line_revoked(line, &status, err) < 0)
		return -1;
	ca_name_text(X509_get_subject_name(line->issuing.x509), subject,
	    sizeof(subject));
	ca_name_text(
	    X509_get_subject_name(line->root.x509), root, sizeof(root));
	number = X509_get0_serialNumber(line->issuing.x509);
	if (ASN1_STRING_length(number) < (int)sizeof(serial) / 2)
		str_hex(ASN1_STRING_get0_data(number),
		    (size_t)ASN1_STRING_length(number), serial);
	info->subject = subject;
	info->root = root;
	info->serial = serial;
	info->not_before = line->issuing.not_before;
	info->not_after = line->issuing.not_after;
	info->revoked_at = status.at;
	others = cross_text(line);
	info->cross = others;
	rc = fn(cookie, info, err);
	free(others);
	return rc;
}

static int
tell_line(const struct ca_conf *conf, struct ca_store *store,
    const struct ca_line_row *row, ca_line_fn *fn, void *cookie,
    struct err *err)
{
	char *path = ca_line_key_file(conf, row);
	struct ca_line_info info = {
	    .id = row->id, .state = row->state, .key_file = path};
	struct ca line = {.store = store};
	int rc;

	rc = row->state == CA_LINE_WAITING
	    ? tell_waiting(store, &info, fn, cookie, err)
	    : tell_certified(&line, &info, fn, cookie, err);
	ca_line_clear(&line);
	free(path);
	return rc;
}

int
ca_lines(
    const struct ca_conf *conf, ca_line_fn *fn, void *cookie, struct err *err)
{
	struct ca_line_row rows[CA_LINES_MAX];
	struct ca_store *store;
	size_t count, i;
	int rc;

	if (ca_store_open(conf->database, &store, err) != 0)
		return -1;
	ca_store_lock(store);
	rc = ca_store_lines(store, rows, &count, err);
	for (i = 0; rc == 0 && i < count; i++)
		rc = tell_line(conf, store, &rows[i], fn, cookie, err);
	ca_store_unlock(store);
	ca_store_close(store);
	return rc;
}
