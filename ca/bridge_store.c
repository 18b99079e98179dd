/* Requests to other CAs and the certificates that came of them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_record_internal.h"
#include "ca_internal.h"
#include "db.h"
#include "mem.h"
#include "record_internal.h"
#include "str.h"

void
ca_bridge_record_clear(struct ca_bridge_record *r)
{
	free(r->device);
	free(r->template_name);
	free(r->subject);
	free(r->names);
	free(r->state);
	free(r->request_id);
	free(r->text);
	buf_free(&r->csr);
	buf_free(&r->progress);
	memset(r, 0, sizeof(*r));
}

static void
fill(struct db_rows *rows, struct ca_bridge_record *r)
{
	const void *bytes;
	size_t len;

	memset(r, 0, sizeof(*r));
	r->device = mem_dup(db_text(rows, 0));
	r->template_name = mem_dup(db_text(rows, 1));
	r->subject = mem_dup(db_text(rows, 2));
	r->names = mem_dup(db_text(rows, 3));
	bytes = db_blob(rows, 4, &len);
	if (len == sizeof(r->spki_sha256))
		memcpy(r->spki_sha256, bytes, len);
	buf_init(&r->csr, CA_CSR_MAX);
	bytes = db_blob(rows, 5, &len);
	buf_add(&r->csr, bytes, len);
	r->state = mem_dup(db_text(rows, 6));
	r->request_id = mem_dup(db_text(rows, 7));
	r->text = mem_dup(db_text(rows, 8));
	r->tries = db_int(rows, 9);
	r->made_at = db_int(rows, 10);
	r->asked_at = db_int(rows, 11);
	r->retry_at = db_int(rows, 12);
	r->urgent_at = db_int(rows, 13);
	buf_init(&r->progress, CA_BRIDGE_PROGRESS_MAX);
	bytes = db_blob(rows, 14, &len);
	buf_add(&r->progress, bytes, len);
}

#define RECORD_COLUMNS                                                         \
	"SELECT device, template, subject, names, spki_sha256, csr, state,"    \
	" request_id, text, tries, made_at, asked_at, retry_at, urgent_at,"    \
	" progress FROM bridge_request"

int
ca_bridge_store_get(struct ca_store *s, const char *bridge, const char *key,
    struct ca_bridge_record *ret, struct err *err)
{
	struct db_rows *rows;
	int got, rc;

	rc = bridge != NULL
	    ? db_query(ca_store_db(s), &rows, err,
		  RECORD_COLUMNS " WHERE bridge = ? AND key = ?", "tt", bridge,
		  key)
	    : db_query(ca_store_db(s), &rows, err,
		  RECORD_COLUMNS " WHERE key = ? ORDER BY asked_at DESC", "t",
		  key);
	if (rc != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1)
		fill(rows, ret);
	db_done(rows);
	return got;
}

int
ca_bridge_store_put(struct ca_store *s, const char *bridge, const char *key,
    const struct ca_bridge_record *r, struct err *err)
{
	uint8_t hash[32];

	str_sha256(r->csr.data, r->csr.len, hash);
	return db_run(ca_store_db(s), err,
	    "INSERT INTO bridge_request (bridge, key, device, template, subject,"
	    " names, spki_sha256, csr_sha256, csr, state, request_id, text,"
	    " tries, made_at, asked_at, retry_at, urgent_at, progress)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT (bridge, key) DO UPDATE SET"
	    " template = excluded.template, subject = excluded.subject,"
	    " names = excluded.names, csr_sha256 = excluded.csr_sha256,"
	    " csr = excluded.csr, state = excluded.state,"
	    " request_id = excluded.request_id, text = excluded.text,"
	    " tries = excluded.tries, asked_at = excluded.asked_at,"
	    " retry_at = excluded.retry_at, urgent_at = excluded.urgent_at,"
	    " progress = excluded.progress",
	    "ttttttbbbtttiiiiib", bridge, key, r->device, r->template_name,
	    r->subject, r->names, r->spki_sha256, sizeof(r->spki_sha256), hash,
	    sizeof(hash), r->csr.data, r->csr.len, r->state, r->request_id,
	    r->text, r->tries, r->made_at, r->asked_at, r->retry_at,
	    r->urgent_at, r->progress.data, r->progress.len);
}

/* Serials of ours are random; one that another CA gives as well would make our
 * own certificate unfindable. */
int
ca_bridge_store_serial_free(
    struct ca_store *s, const char *serial, struct err *err)
{
	struct db_rows *rows;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT 'our own' FROM ca_intent WHERE serial = ?"
		" UNION ALL"
		" SELECT bridge FROM bridge_certificate WHERE serial = ?",
		"tt", serial, serial) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1)
		(void)err_set(err, ERR_CONFLICT,
		    "serial %s belongs to a certificate of the CA %s", serial,
		    db_text(rows, 0));
	db_done(rows);
	return got == 0 ? 0 : -1;
}

int
ca_bridge_store_add_cert(struct ca_store *s, const char *bridge,
    const struct ca_cert *cert, struct err *err)
{
	if (ca_bridge_store_serial_free(s, cert->serial, err) != 0)
		return -1;
	return db_run(ca_store_db(s), err,
	    "INSERT INTO bridge_certificate (serial, bridge, key, certificate,"
	    " not_before, not_after, issued_at, revoked_at, reason, told)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0)",
	    "tttbiii", cert->serial, bridge, cert->key, cert->der,
	    cert->der_len, cert->not_before, cert->not_after, cert->issued_at);
}

int
ca_bridge_store_revoke(struct ca_store *s, const char *serial,
    const struct ca_bridge_end *end, bool told, struct err *err)
{
	return db_run(ca_store_db(s), err,
	    "UPDATE bridge_certificate SET revoked_at = ?, reason = ?,"
	    " told = ? WHERE serial = ? AND revoked_at = 0",
	    "iiit", end->now, (int64_t)end->reason, (int64_t)told, serial);
}

bool
ca_bridge_knows(struct ca *ca, const uint8_t *der, size_t len)
{
	struct db_rows *rows = NULL;
	int got = -1;

	ca_store_lock(ca->store);
	if (db_query(ca_store_db(ca->store), &rows, NULL,
		"SELECT 1 FROM bridge_certificate WHERE certificate = ?", "b",
		der, len) == 0) {
		got = db_next(rows, NULL);
		db_done(rows);
	}
	ca_store_unlock(ca->store);
	return got == 1;
}

/* --- what people ask --- */

static int
list_rows(
    struct db_rows *rows, ca_bridge_row_fn *fn, void *cookie, struct err *err)
{
	struct ca_bridge_row row;
	int got;

	while ((got = db_next(rows, err)) == 1) {
		row = (struct ca_bridge_row){
		    .bridge = db_text(rows, 0),
		    .key = db_text(rows, 1),
		    .device = db_text(rows, 2),
		    .names = db_text(rows, 3),
		    .state = db_text(rows, 4),
		    .request_id = db_text(rows, 5),
		    .text = db_text(rows, 6),
		    .tries = db_int(rows, 7),
		    .made_at = db_int(rows, 8),
		    .asked_at = db_int(rows, 9),
		    .retry_at = db_int(rows, 10),
		};
		if (fn(cookie, &row, err) != 0)
			return -1;
	}
	return got;
}

int
ca_bridge_list(
    struct ca *ca, ca_bridge_row_fn *fn, void *cookie, struct err *err)
{
	struct db_rows *rows;
	int rc = -1;

	ca_store_lock(ca->store);
	if (db_query(ca_store_db(ca->store), &rows, err,
		"SELECT bridge, key, device, names, state, request_id, text,"
		" tries, made_at, asked_at, retry_at FROM bridge_request"
		" WHERE state <> 'issued' ORDER BY made_at, bridge, key",
		"") == 0) {
		rc = list_rows(rows, fn, cookie, err);
		db_done(rows);
	}
	ca_store_unlock(ca->store);
	return rc;
}

struct waiting {
	const char *bridge;
	int64_t count;
};

static int
count_waiting(void *cookie, const struct ca_bridge_row *row, struct err *err)
{
	struct waiting *w = cookie;

	(void)err;
	w->count += str_eq(row->bridge, w->bridge);
	return 0;
}

int
ca_bridge_waiting(
    struct ca *ca, const char *bridge, int64_t *ret, struct err *err)
{
	struct waiting w = {.bridge = bridge};

	if (ca_bridge_list(ca, count_waiting, &w, err) != 0)
		return -1;
	*ret = w.count;
	return 0;
}

int
ca_bridge_hasten(struct ca *ca, const char *device, struct err *err)
{
	struct db *db = ca_store_db(ca->store);
	int rc;

	ca_store_lock(ca->store);
	rc = db_run(db, err,
	    "UPDATE bridge_request SET retry_at = 0"
	    " WHERE device = ? AND state <> 'issued'",
	    "t", device);
	if (rc == 0 && db_changes(db) == 0)
		rc = err_set(err, ERR_NOTFOUND,
		    "%.100s waits for no certificate", device);
	ca_store_unlock(ca->store);
	return rc;
}
