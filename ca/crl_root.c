/*
 * The revocation list of our root (RFC 5280, 5): of issuing CAs, few of which
 * are ever revoked, so it lives long.  It is made where the root's key is, when
 * one was revoked or half of its life is over, and brought to the others by
 * file (crl_take.c).  What is answered about the same certificates is made with
 * it (ocsp_root.c): strangers' questions never get to the root's key.
 */
#include <openssl/x509.h>
#include <string.h>

#include "ca_internal.h"
#include "clock.h"
#include "crl_internal.h"
#include "fault.h"
#include "ocsp_internal.h"
#include "record_internal.h"
#include "root_internal.h"
#include "signer_internal.h"

#define ROOT_LIST_LIFE (365 * CLOCK_DAY)
/* A token that does not sign is not asked again for so long: it may count wrong
 * PINs. */
#define TRY_EVERY CLOCK_DAY
#define TRIES 3 /* while others make lists, too */

/* --- making it --- */

static void
add_entry(void *cookie, const struct ca_root_entry *e)
{
	ca_crl_entry(cookie, e->serial, e->at, e->reason);
}

static int
write_list(const struct ca_root_by *by, const struct ca_crl_row *row,
    struct buf *der, struct err *err)
{
	struct buf tbs, entries;
	int rc;

	buf_init(&tbs, CA_ROOT_LIST_MAX);
	buf_init(&entries, CA_ROOT_LIST_MAX);
	rc = ca_store_root_entries(
	    by->store, by->root->name, add_entry, &entries, err);
	if (rc == 0)
		ca_crl_write(
		    &(struct ca_crl_by){by->signer, by->root, &entries}, row,
		    &tbs);
	if (rc == 0 && (entries.over || tbs.over))
		rc = err_set(
		    err, ERR_LIMIT, "too many revocations for the root's list");
	if (rc == 0)
		rc = ca_signer_sign(by->signer, ca_der_bytes(&tbs), der, err);
	buf_free(&entries);
	buf_free(&tbs);
	return rc;
}

int
ca_root_crl_record(
    struct ca_store *store, const struct ca_root_record *r, struct err *err)
{
	struct ca_crl_row last;

	if (ca_store_begin(store, err) != 0)
		return -1;
	/* Two processes never make two lists of one number. */
	if (ca_store_get_root_crl(store, r->root, &last, NULL, err) != 0)
		goto fail;
	if (last.number >= r->row->number) {
		err_set(err, ERR_CONFLICT,
		    "a list of number %lld is on record already",
		    (long long)last.number);
		goto fail;
	}
	if (ca_store_put_root_crl(store, r->root, r->row, r->der, err) != 0 ||
	    (r->also != NULL && r->also(r->cookie, err) != 0))
		goto fail;
	fault_point("ca.crl.root.before-commit");
	if (ca_store_commit(store, err) != 0)
		return -1;
	fault_point("ca.crl.root.after-commit");
	return 0;
fail:
	ca_store_rollback(store);
	return -1;
}

/* The row of a list that is made now, by what is on record. */
static int
next_row(const struct ca_root_by *by, int64_t now, struct ca_crl_row *ret,
    struct err *err)
{
	if (ca_store_get_root_crl(by->store, by->root->name, ret, NULL, err) !=
		0 ||
	    ca_store_root_covers(
		by->store, by->root->name, &ret->covers, err) != 0)
		return -1;
	ret->number++;
	ret->made_at = now;
	ret->this_update = now - CA_CLOCK_BACK;
	ret->next_update = now + ROOT_LIST_LIFE;
	if (ret->next_update > by->root->not_after)
		ret->next_update = by->root->not_after;
	return 0;
}

int
ca_root_crl_make(const struct ca_root_by *by, int64_t now, struct err *err)
{
	struct ca_root_answers answers = {.by = by};
	struct ca_crl_row row;
	struct buf der;
	struct ca_root_record record = {.root = by->root->name,
	    .row = &row,
	    .der = &der,
	    .also = ca_root_answers_put,
	    .cookie = &answers};
	int rc = -1;

	buf_init(&der, CA_ROOT_LIST_MAX);
	if (next_row(by, now, &row, err) == 0 &&
	    write_list(by, &row, &der, err) == 0 &&
	    ca_root_answers_make(&answers, &row, err) == 0)
		rc = ca_root_crl_record(by->store, &record, err);
	ca_root_answers_clear(&answers);
	buf_free(&der);
	return rc;
}

static int
is_complete(const struct ca_root_by *by, bool *ret, struct err *err)
{
	struct ca_crl_row row;
	int64_t covers;

	if (ca_store_get_root_crl(by->store, by->root->name, &row, NULL, err) !=
		0 ||
	    ca_store_root_covers(by->store, by->root->name, &covers, err) != 0)
		return -1;
	*ret = row.number > 0 && row.covers == covers;
	return 0;
}

int
ca_root_crl_refresh(const struct ca_root_by *by, int64_t now, struct err *err)
{
	bool complete = false;
	struct err why = {.kind = ERR_CONFLICT};
	int i;

	for (i = 0; i < TRIES && why.kind == ERR_CONFLICT; i++) {
		if (is_complete(by, &complete, err) != 0)
			return -1;
		if (complete || ca_root_crl_make(by, now, &why) == 0)
			return 0;
	}
	*err = why;
	return -1;
}

static int
make_here(struct ca *ca, int64_t now, struct err *err)
{
	const struct ca_conf conf = {
	    .key_file = ca->key_file, .vault = ca->vault};
	struct ca_signer *signer = NULL;
	int rc;

	if (now < ca->root_tried + TRY_EVERY)
		return err_set(err, ERR_REFUSED,
		    "the root's key was not to be had a while ago");
	rc = ca_root_open(&conf, &ca->root, &signer, err);
	if (rc == 0)
		rc = ca_root_crl_make(
		    &(struct ca_root_by){ca->store, &ca->root, signer}, now,
		    err);
	ca->root_tried = rc == 0 ? 0 : now;
	ca_signer_free(signer);
	return rc;
}

/* --- having it --- */

static int
is_due(const struct ca *ca, const struct ca_crl_row *row, int64_t now,
    bool *ret, struct err *err)
{
	int64_t covers;

	if (ca_store_root_covers(ca->store, ca->root.name, &covers, err) != 0)
		return -1;
	*ret = row->number == 0 || row->covers != covers ||
	    now >= row->made_at + ROOT_LIST_LIFE / 2;
	return 0;
}

static int
since_locked(struct ca *ca, int64_t now, struct ca_crl_info *io,
    struct buf *out, struct err *err)
{
	struct ca_crl_row row;
	struct err why;
	bool due;

	if (ca_store_get_root_crl(ca->store, ca->root.name, &row, NULL, err) !=
		0 ||
	    is_due(ca, &row, now, &due, err) != 0)
		return -1;
	if (due && make_here(ca, now, &why) != 0 && row.number == 0) {
		*err = why;
		err->kind = ERR_NOTFOUND;
		return err_context(err,
		    "there is no list of the root here (\"ca crl --root\" "
		    "where its key is, \"ca crl --import\" here)");
	}
	if (ca_store_get_root_crl(ca->store, ca->root.name, &row, out, err) !=
	    0)
		return -1;
	*io = (struct ca_crl_info){.number = row.number,
	    .this_update = row.this_update,
	    .next_update = row.next_update};
	return 0;
}

int
ca_root_crl_since(struct ca *ca, int64_t now, struct ca_crl_info *io,
    struct buf *out, struct err *err)
{
	const int64_t have = io->number;
	size_t before = out->len;
	struct err own;
	int rc;

	ca_store_lock(ca->store);
	rc = since_locked(ca, now, io, out, &own);
	ca_store_unlock(ca->store);
	if (rc != 0 && err != NULL)
		*err = own;
	if (rc == 0 && io->number == have)
		out->len = before;
	return rc;
}

const char *
ca_root_name(const struct ca *ca)
{
	return ca->root.name;
}
