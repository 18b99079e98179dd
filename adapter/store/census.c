#include "census.h"

#include <string.h>

#include "clock.h"
#include "db.h"
#include "err.h"
#include "rows.h"
#include "store_internal.h"

const int64_t census_days[CENSUS_SPANS] = {0, 7, 14, 30, 90};

/* Those of devices never read are few and leave it; the other serves queries
 * by deadline as well (relation.c). */
const char store_census_step[] =
    "CREATE INDEX device_unread ON device (read_at) WHERE read_at = 0;"
    "CREATE INDEX device_ad_end ON device (ad_password_at + ad_max_age,"
    " ad_password_at, ad_max_age)"
    " WHERE ad_password_at > 0 AND ad_max_age > 0;";

/* What it is worked out from stands in the index, so that it covers. */
const char store_deadline_step[] =
    "DROP INDEX device_ad_end;"
    "CREATE INDEX device_ad_end ON device (" STORE_AD_END(
	"") ", ad_uac,"
	    " ad_password_at, ad_max_age, ad_expires_at)"
	    " WHERE " STORE_AD_END("") " IS NOT NULL;";

/* The numbers in the only row. */
static int
numbers(struct db_rows *rows, int64_t *const *ret, int count, struct err *err)
{
	int r = db_next(rows, err), i;

	for (i = 0; i < count && r == 1; i++)
		*ret[i] = db_int(rows, i);
	db_done(rows);
	return r == -1 ? -1 : 0;
}

static int
count_devices(struct store *s, int64_t now, struct census *c, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		"SELECT (SELECT count(*) FROM device),"
		" (SELECT count(*) FROM device WHERE read_at = 0),"
		" (SELECT count(*) FROM device WHERE next_due > 0 AND"
		" next_due <= ?),"
		" (SELECT coalesce(min(next_due), 0) FROM device"
		" WHERE next_due > 0)",
		"i", now) == -1)
		return -1;
	return numbers(rows,
	    (int64_t *const[]){&c->devices, &c->unread, &c->due, &c->next_due},
	    4, err);
}

static int
count_reasons(struct store *s, struct census *c, census_fn *fn, void *cookie,
    struct err *err)
{
	struct db_rows *rows;
	int r = 0;

	if (db_query(s->db, &rows, err,
		"SELECT reasons, count(*) FROM device WHERE reasons <> ''"
		" GROUP BY reasons",
		"") == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		c->findings += db_int(rows, 1);
		fn(cookie, db_text(rows, 0), db_int(rows, 1));
	}
	return r;
}

static int
count_ends(struct store *s, int64_t now, const char *count, const char *first,
    struct census_ends *ret, struct err *err)
{
	struct db_rows *rows;
	int64_t *const earliest[] = {&ret->earliest};
	int64_t *within[1];
	size_t i;

	for (i = 0; i < CENSUS_SPANS; i++) {
		within[0] = &ret->within[i];
		if (db_query(s->db, &rows, err, count, "i",
			now + census_days[i] * CLOCK_DAY) == -1 ||
		    numbers(rows, within, 1, err) == -1)
			return -1;
	}
	if (db_query(s->db, &rows, err, first, "") == -1)
		return -1;
	return numbers(rows, earliest, 1, err);
}

static int
count_changes(struct store *s, struct census *c, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		"SELECT count(*), coalesce(sum(outcome = 'parked'), 0),"
		" coalesce(min(opened_at), 0),"
		" coalesce((SELECT max(id) FROM event), 0)"
		" FROM intent WHERE ended_at IS NULL",
		"") == -1)
		return -1;
	return numbers(rows,
	    (int64_t *const[]){&c->open, &c->parked, &c->opened_at, &c->events},
	    4, err);
}

int
census_take(struct store *s, int64_t now, struct census *ret, census_fn *fn,
    void *cookie, struct err *err)
{
	struct census c;

	memset(&c, 0, sizeof(c));
	if (count_devices(s, now, &c, err) == -1 ||
	    count_reasons(s, &c, fn, cookie, err) == -1 ||
	    count_ends(s, now,
		"SELECT count(*) FROM device WHERE cert_not_after > 0 AND"
		" cert_not_after <= ?",
		"SELECT coalesce(min(cert_not_after), 0) FROM device"
		" WHERE cert_not_after > 0",
		&c.certificates, err) == -1 ||
	    count_ends(s, now,
		"SELECT count(*) FROM device WHERE " STORE_AD_END(
		    "") " IS NOT NULL AND " STORE_AD_END("") " <= ?",
		"SELECT coalesce(min(" STORE_AD_END("") "), 0) FROM device"
							" WHERE " STORE_AD_END(
							    "") " IS NOT NULL",
		&c.passwords, err) == -1 ||
	    count_changes(s, &c, err) == -1)
		return -1;
	*ret = c;
	return 0;
}
