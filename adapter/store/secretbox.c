/* Secrets of devices: sealed before they touch the database, bound to device
 * and kind, so that a row copied to another place does not open. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "secret.h"
#include "store.h"
#include "store_internal.h"
#include "vault.h"

static const char *
kind_name(enum store_secret kind)
{
	switch (kind) {
	case STORE_SECRET_ADMIN:
		return "admin";
	case STORE_SECRET_AD:
		return "ad";
	}
	assert(false && "kind of secret");
	return "";
}

/* "device:", 20 digits, ":" and the kind's name. */
#define KIND_MAX 16
_Static_assert(STORE_PURPOSE_MAX > 28 + KIND_MAX, "a purpose is never cut");

static void
purpose_make(char out[STORE_PURPOSE_MAX], int64_t device, const char *kind)
{
	assert(strlen(kind) <= KIND_MAX);
	(void)snprintf(
	    out, STORE_PURPOSE_MAX, "device:%" PRId64 ":%s", device, kind);
}

int
store_seal(struct store *s, int64_t device, const char *kind,
    const struct secret *secret, struct buf *out, struct err *err)
{
	char purpose[STORE_PURPOSE_MAX];

	purpose_make(purpose, device, kind);
	return vault_seal(s->vault, purpose, secret, out, err);
}

int
store_unseal(struct store *s, int64_t device, const char *kind,
    const void *blob, size_t len, struct secret **ret_secret, struct err *err)
{
	char purpose[STORE_PURPOSE_MAX];

	purpose_make(purpose, device, kind);
	return vault_unseal(s->vault, purpose, blob, len, ret_secret, err);
}

/* The one that many before the current one. */
static int
secret_load(struct store *s, int64_t device, enum store_secret kind,
    unsigned back, struct secret **ret_secret, struct err *err)
{
	struct db_rows *rows;
	const void *blob;
	size_t len;
	int r;

	if (db_query(s->db, &rows, err,
		"SELECT sealed FROM secret WHERE device = ? AND kind = ?"
		" ORDER BY id DESC LIMIT 1 OFFSET ?",
		"iti", device, kind_name(kind), (int64_t)back) == -1)
		return -1;
	r = db_next(rows, err);
	if (r == 0)
		r = err_set(err, ERR_NOTFOUND, "no %s%s secret for device %lld",
		    back > 0 ? "previous " : "", kind_name(kind),
		    (long long)device);
	else if (r == 1) {
		blob = db_blob(rows, 0, &len);
		r = store_unseal(
		    s, device, kind_name(kind), blob, len, ret_secret, err);
	}
	db_done(rows);
	return r;
}

int
store_secret_get(struct store *s, int64_t device, enum store_secret kind,
    struct secret **ret_secret, struct err *err)
{
	return secret_load(s, device, kind, 0, ret_secret, err);
}

int
store_secret_previous(struct store *s, int64_t device, enum store_secret kind,
    unsigned back, struct secret **ret_secret, struct err *err)
{
	return secret_load(s, device, kind, back, ret_secret, err);
}

int
store_secret_put(struct store *s, int64_t device, enum store_secret kind,
    const struct secret *secret, int64_t now, struct err *err)
{
	struct buf sealed;
	int r;

	buf_init(&sealed, STORE_BLOB_MAX);
	r = store_seal(s, device, kind_name(kind), secret, &sealed, err);
	if (r == 0)
		r = store_begin(s, err);
	if (r == 0)
		r = db_run(s->db, err,
		    "INSERT INTO secret (device, kind, sealed, at)"
		    " SELECT id, ?, ?, ? FROM device WHERE id = ?",
		    "tbii", kind_name(kind), sealed.data, sealed.len, now,
		    device);
	buf_free(&sealed);
	if (r == 0)
		r = store_check_device(s, device, "secret not stored", err);
	if (r == -1)
		return -1;
	if (db_run(s->db, err,
		"DELETE FROM secret WHERE device = ? AND kind = ? AND id <="
		" (SELECT id FROM secret WHERE device = ? AND kind = ?"
		" ORDER BY id DESC LIMIT 1 OFFSET ?)",
		"ititi", device, kind_name(kind), device, kind_name(kind),
		(int64_t)STORE_SECRETS_KEPT) == -1)
		return store_break(s);
	return 0;
}
