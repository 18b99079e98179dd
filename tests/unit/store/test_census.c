/* census.h: against a fleet counted by hand, and that every number comes from
 * an index. */
#include "fixture.h"

#include "census.h"
#include "store_internal.h"
#include "str.h"

#define NOW INT64_C(1700000000)
#define DAY INT64_C(86400)

struct seen {
	int64_t offline, both;
};

static void
see(void *cookie, const char *reasons, int64_t count)
{
	struct seen *s = cookie;

	if (str_eq(reasons, "offline"))
		s->offline += count;
	else if (str_eq(reasons, "clock-skew,offline"))
		s->both += count;
	else
		fail_msg("%s", reasons);
}

static void
add(struct fixture *f, const char *name, const char *reasons, int64_t read_at,
    int64_t cert_end, int64_t password_age)
{
	struct device *d = device_new(name);

	d->reasons = mem_dup(reasons);
	d->read_at = read_at;
	d->cert_not_after = cert_end;
	d->ad_password_at = password_age == 0 ? 0 : NOW - password_age;
	d->ad_max_age = password_age == 0 ? 0 : 42 * DAY;
	d->next_due = NOW - 5 + (int64_t)strlen(name);
	assert_works(store_device_add(f->store, d, &f->err));
	device_free(d);
}

static void
counts(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0, 0};
	struct census c;
	int64_t token, id;
	const struct journal_intent intent = {
	    .play = "auto", .step = "x", .args = "{}"};
	struct journal_intent own = intent;

	add(f, "a", "offline", NOW, NOW - 1, 40 * DAY);
	add(f, "b", "offline", NOW, NOW + 5 * DAY, 43 * DAY);
	add(f, "c", "clock-skew,offline", NOW, NOW + 50 * DAY, 0);
	add(f, "d", NULL, NOW, NOW + 500 * DAY, 1 * DAY);
	add(f, "long-name", NULL, 0, 0, 0);
	add(f, "e", "", 0, 0, 0);
	own.device = add_leased(f, "pc", &token);
	assert_works(journal_intend(f->store, &own, token, 1000, &id, &f->err));
	assert_works(journal_park(f->store, id, "why", &f->err));
	assert_works(store_commit(f->store, &f->err));
	assert_works(census_take(f->store, NOW, &c, see, &seen, &f->err));
	assert_int_equal(c.devices, 7);
	assert_int_equal(c.unread, 3);
	assert_int_equal(c.findings, 3);
	assert_int_equal(seen.offline, 2);
	assert_int_equal(seen.both, 1);
	assert_int_equal(c.due, 5);
	assert_int_equal(c.next_due, NOW - 4);
	assert_int_equal(c.certificates.within[0], 1);
	assert_int_equal(c.certificates.within[1], 2);
	assert_int_equal(c.certificates.within[3], 2);
	assert_int_equal(c.certificates.within[4], 3);
	assert_int_equal(c.certificates.earliest, NOW - 1);
	assert_int_equal(c.passwords.within[0], 1);
	assert_int_equal(c.passwords.within[1], 2);
	assert_int_equal(c.passwords.within[4], 3);
	assert_int_equal(c.passwords.earliest, NOW - DAY);
	assert_int_equal(c.open, 1);
	assert_int_equal(c.parked, 1);
	assert_int_equal(c.opened_at, 1000);
}

static void
add_user(struct fixture *f, const char *name, int64_t flags, int64_t expires)
{
	struct device *d = device_new(name);

	d->ad_uac = 512 | flags;
	d->ad_password_at = NOW - 100 * DAY;
	d->ad_max_age = 42 * DAY;
	d->ad_expires_at = expires;
	assert_works(store_device_add(f->store, d, &f->err));
	device_free(d);
}

/* As the engine has it: theirs is what the controllers say. */
static void
user_objects(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0, 0};
	struct census c;

	add_user(f, "never", 0, 0);
	add_user(f, "does-not", 65536, NOW - DAY);
	assert_works(census_take(f->store, NOW, &c, see, &seen, &f->err));
	assert_int_equal(c.passwords.earliest, 0);
	add_user(f, "soon", 0, NOW + 3 * DAY);
	assert_works(census_take(f->store, NOW, &c, see, &seen, &f->err));
	assert_int_equal(c.passwords.earliest, NOW + 3 * DAY);
	assert_int_equal(c.passwords.within[0], 0);
	assert_int_equal(c.passwords.within[1], 1);
}

static void
of_nothing(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0, 0};
	struct census c;

	assert_works(census_take(f->store, NOW, &c, see, &seen, &f->err));
	assert_int_equal(c.devices, 0);
	assert_int_equal(c.certificates.earliest, 0);
	assert_int_equal(c.passwords.earliest, 0);
	assert_int_equal(c.opened_at, 0);
}

/* The plans of its statements: no scan of the table of devices itself. */
static void
reads_indexes_only(void **state)
{
	static const char *const statements[] = {"SELECT count(*) FROM device",
	    "SELECT count(*) FROM device WHERE read_at = 0",
	    "SELECT count(*) FROM device WHERE next_due > 0 AND next_due <= 1",
	    "SELECT min(next_due) FROM device WHERE next_due > 0",
	    "SELECT reasons, count(*) FROM device WHERE reasons <> ''"
	    " GROUP BY reasons",
	    "SELECT count(*) FROM device WHERE cert_not_after > 0 AND"
	    " cert_not_after <= 1",
	    "SELECT coalesce(min(cert_not_after), 0) FROM device"
	    " WHERE cert_not_after > 0",
	    "SELECT count(*) FROM device WHERE " STORE_AD_END(
		"") " IS NOT NULL"
		    " AND " STORE_AD_END("") " <= 1",
	    "SELECT coalesce(min(" STORE_AD_END("") "), 0) FROM device"
						    " WHERE " STORE_AD_END(
							"") " IS NOT NULL"};
	struct fixture *f = *state;
	sqlite3_stmt *rows;
	char sql[800];
	const char *plan;
	sqlite3 *raw;
	size_t i;

	assert_int_equal(sqlite3_open(f->path, &raw), SQLITE_OK);
	for (i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		snprintf(
		    sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", statements[i]);
		assert_int_equal(
		    sqlite3_prepare_v2(raw, sql, -1, &rows, NULL), SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW) {
			plan = (const char *)sqlite3_column_text(rows, 3);
			if (strstr(plan, "COVERING INDEX") == NULL)
				fail_msg("%s: %s", statements[i], plan);
		}
		sqlite3_finalize(rows);
	}
	sqlite3_close(raw);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {TEST(counts), TEST(user_objects),
	    TEST(of_nothing), TEST(reads_indexes_only)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
