/*
 * One worker per device, over all processes.  The token grows with every taking
 * and never goes back: whoever comes late with an old one changes nothing,
 * because each write names the token in its own statement.
 */
#include "db.h"
#include "err.h"
#include "store.h"
#include "store_internal.h"

#define LEASE_LOST "the lease is no longer ours"

/* New, or free, or run out, or ours: then it is ours, under the next token. */
static const char take_sql[] =
    "INSERT INTO lease (device, lease_owner, lease_until, lease_token)"
    " SELECT id, ?, ?, 1 FROM device WHERE id = ?"
    " ON CONFLICT (device) DO UPDATE SET lease_owner = excluded.lease_owner,"
    " lease_until = excluded.lease_until, lease_token = lease.lease_token + 1"
    " WHERE lease.lease_owner IS NULL OR lease.lease_until <= ?"
    " OR lease.lease_owner = excluded.lease_owner";

int
store_lease_take(struct store *s, int64_t device, const char *owner,
    int64_t now, int64_t until, int64_t *ret_token, struct err *err)
{
	struct db_rows *rows;
	int64_t token;
	int r;

	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err, take_sql, "tiii", owner, until, device, now) ==
		-1)
		return -1;
	if (store_check_device(s, device,
		"another process is working on this device", err) == -1)
		return -1;
	if (db_query(s->db, &rows, err,
		"SELECT lease_token FROM lease WHERE device = ?", "i",
		device) == -1)
		return store_break(s);
	r = db_next(rows, err);
	token = r == 1 ? db_int(rows, 0) : 0;
	db_done(rows);
	if (r != 1)
		return store_break(s);
	*ret_token = token;
	return 0;
}

int
store_lease_renew(struct store *s, int64_t device, int64_t token, int64_t until,
    struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"UPDATE lease SET lease_until = ? WHERE device = ?"
		" AND lease_token = ? AND lease_owner IS NOT NULL",
		"iii", until, device, token) == -1)
		return -1;
	return store_check_device(s, device, LEASE_LOST, err);
}

int
store_lease_drop(
    struct store *s, int64_t device, int64_t token, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"UPDATE lease SET lease_owner = NULL, lease_until = 0"
		" WHERE device = ? AND lease_token = ?"
		" AND lease_owner IS NOT NULL",
		"ii", device, token) == -1)
		return -1;
	return store_check_device(s, device, LEASE_LOST, err);
}
