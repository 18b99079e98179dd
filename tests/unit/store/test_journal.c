/* adapter/store/journal: intents from open to ended. */
#include "fixture.h"

static int
intend(struct fixture *f, int64_t device, int64_t token, const char *password,
    int64_t *ret_id)
{
	struct journal_intent intent = {.device = device,
	    .play = "change-admin-password",
	    .step = "password.set",
	    .args = "{\"user\":\"admin\"}"};
	struct secret *s = NULL;
	int r;

	if (password != NULL)
		intent.secret = s = secret_new(password, strlen(password));
	r = journal_intend(f->store, &intent, token, 500, ret_id, &f->err);
	secret_free(s);
	return r;
}

/* What a scan saw, the last one in full. */
struct seen {
	struct fixture *f;
	size_t count;
	int64_t id, device, attempts, opened_at, ended_at;
	char play[40], step[40], args[40], end[40], result[40], secret[40];
	bool settle;
};

static void
keep(char out[40], const char *text)
{
	snprintf(out, 40, "%s", text != NULL ? text : "(null)");
}

static int
see(void *cookie, const struct journal_intent *i, struct err *err)
{
	struct seen *seen = cookie;

	seen->count++;
	seen->id = i->id;
	seen->device = i->device;
	seen->attempts = i->attempts;
	seen->opened_at = i->opened_at;
	seen->ended_at = i->ended_at;
	keep(seen->play, i->play);
	keep(seen->step, i->step);
	keep(seen->args, i->args);
	keep(seen->end, i->end);
	keep(seen->result, i->result);
	keep(seen->secret, i->secret != NULL ? secret_text(i->secret) : NULL);
	if (!seen->settle)
		return 0;
	if (journal_settle(
		seen->f->store, i->id, JOURNAL_DONE, NULL, 900, err) == -1)
		return -1;
	return store_commit(seen->f->store, err);
}

static struct seen
scan_open(struct fixture *f, int64_t device)
{
	struct seen seen = {.f = f};

	assert_works(journal_scan_open(f->store, device, see, &seen, &f->err));
	return seen;
}

static struct seen
scan_ended(struct fixture *f, int64_t device, size_t limit)
{
	struct seen seen = {.f = f};

	assert_works(journal_scan_ended(
	    f->store, device, 0, limit, see, &seen, &f->err));
	return seen;
}

static void
test_life(void **state)
{
	struct fixture *f = *state;
	struct seen seen;
	int64_t device, token, id = 0;

	device = add_leased(f, "pc1", &token);
	assert_int_equal(scan_open(f, 0).count, 0);
	assert_works(intend(f, device, token, "new password", &id));
	assert_works(store_commit(f->store, &f->err));
	reopen(f); /* a fresh process must know all of it */
	seen = scan_open(f, 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.id, id);
	assert_int_equal(seen.device, device);
	assert_int_equal(seen.attempts, 1);
	assert_int_equal(seen.opened_at, 500);
	assert_int_equal(seen.ended_at, 0);
	assert_string_equal(seen.play, "change-admin-password");
	assert_string_equal(seen.step, "password.set");
	assert_string_equal(seen.args, "{\"user\":\"admin\"}");
	assert_string_equal(seen.secret, "new password");
	assert_string_equal(seen.end, "(null)");

	assert_works(journal_again(f->store, id, &f->err));
	assert_works(journal_park(f->store, id, "no answer", &f->err));
	seen = scan_open(f, device);
	assert_int_equal(seen.count, 1); /* parked is open */
	assert_int_equal(seen.attempts, 2);
	assert_string_equal(seen.end, "parked");
	assert_string_equal(seen.result, "no answer");
	assert_string_equal(seen.secret, "new password");
	assert_works(journal_again(f->store, id, &f->err));
	seen = scan_open(f, device);
	assert_int_equal(seen.attempts, 3);
	assert_string_equal(seen.end, "(null)"); /* taken up again */

	assert_works(
	    journal_note(f->store, id, "{\"tried\":\"old\"}", &f->err));
	seen = scan_open(f, device);
	assert_string_equal(seen.args, "{\"tried\":\"old\"}");
	assert_int_equal(seen.attempts, 3);
	assert_string_equal(seen.secret, "new password");

	assert_works(journal_settle(
	    f->store, id, JOURNAL_FAILED, "{\"why\":1}", 777, &f->err));
	assert_int_equal(scan_open(f, 0).count, 0);
	seen = scan_ended(f, 0, 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.ended_at, 777);
	assert_string_equal(seen.end, "failed");
	assert_string_equal(seen.result, "{\"why\":1}");
	assert_string_equal(seen.secret, "(null)");
}

/* Ended ones keep no secret: not even the sealed bytes. */
static void
test_secret_deleted(void **state)
{
	struct fixture *f = *state;
	sqlite3 *raw;
	sqlite3_stmt *stmt;
	int64_t device, token, id;

	device = add_leased(f, "pc1", &token);
	assert_works(intend(f, device, token, "new password", &id));
	assert_works(
	    journal_settle(f->store, id, JOURNAL_DONE, NULL, 777, &f->err));
	assert_works(store_commit(f->store, &f->err));
	assert_int_equal(sqlite3_open(f->path, &raw), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(raw,
		"SELECT count(*), count(sealed) FROM intent", -1, &stmt, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), 1);
	assert_int_equal(sqlite3_column_int(stmt, 1), 0);
	sqlite3_finalize(stmt);
	sqlite3_close(raw);
}

/* Invariant 3. */
static void
test_one_open(void **state)
{
	struct fixture *f = *state;
	int64_t a, b, token_a, token_b, first = 0, second = 0;

	a = add_leased(f, "pc1", &token_a);
	b = add_leased(f, "pc2", &token_b);
	assert_works(intend(f, a, token_a, NULL, &first));
	assert_fails(intend(f, a, token_a, NULL, &second), ERR_CONFLICT);
	assert_non_null(strstr(f->err.text, "open"));
	assert_int_equal(second, 0);
	assert_works(journal_park(f->store, first, "why", &f->err));
	assert_fails(intend(f, a, token_a, NULL, &second), ERR_CONFLICT);
	assert_works(intend(f, b, token_b, NULL, &second));
	assert_works(
	    journal_settle(f->store, first, JOURNAL_DONE, NULL, 600, &f->err));
	assert_works(intend(f, a, token_a, NULL, &second));
	/* Nor may the device go while one is open. */
	assert_fails(store_device_remove(f->store, a, &f->err), ERR_CONFLICT);
	assert_works(
	    journal_settle(f->store, second, JOURNAL_DONE, NULL, 600, &f->err));
	assert_works(store_device_remove(f->store, a, &f->err));
	assert_int_equal(scan_ended(f, a, 0).count, 0);
	assert_fails(intend(f, a, token_a, NULL, &second), ERR_NOTFOUND);
}

static void
test_wrong_calls(void **state)
{
	struct fixture *f = *state;
	int64_t device, token, id;
	char *big;

	device = add_leased(f, "pc1", &token);
	assert_fails(journal_again(f->store, 99, &f->err), ERR_NOTFOUND);
	assert_fails(journal_park(f->store, 99, "x", &f->err), ERR_NOTFOUND);
	assert_fails(journal_note(f->store, 99, "{}", &f->err), ERR_NOTFOUND);
	assert_fails(
	    journal_settle(f->store, 99, JOURNAL_DONE, NULL, 1, &f->err),
	    ERR_NOTFOUND);
	assert_fails(intend(f, device, token + 1, NULL, &id), ERR_CONFLICT);
	assert_works(intend(f, device, token, NULL, &id));
	big = mem_alloc(70001);
	memset(big, 'x', 70000);
	assert_fails(journal_park(f->store, id, big, &f->err), ERR_LIMIT);
	assert_fails(journal_note(f->store, id, big, &f->err), ERR_LIMIT);
	assert_fails(
	    journal_settle(f->store, id, JOURNAL_DONE, big, 1, &f->err),
	    ERR_LIMIT);
	free(big);
	assert_works(
	    journal_settle(f->store, id, JOURNAL_DONE, NULL, 1, &f->err));
	/* The first end stands. */
	assert_fails(
	    journal_settle(f->store, id, JOURNAL_FAILED, NULL, 2, &f->err),
	    ERR_CONFLICT);
	assert_fails(journal_again(f->store, id, &f->err), ERR_CONFLICT);
	assert_fails(journal_park(f->store, id, "x", &f->err), ERR_CONFLICT);
	assert_fails(journal_note(f->store, id, "{}", &f->err), ERR_CONFLICT);
	assert_string_equal(scan_ended(f, device, 0).end, "done");
}

static void
test_scans(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.f = f, .settle = true};
	int64_t devices[3], tokens[3], ids[3];
	const char *const names[] = {"pc1", "pc2", "pc3"};
	size_t i;

	for (i = 0; i < 3; i++) {
		devices[i] = add_leased(f, names[i], &tokens[i]);
		assert_works(
		    intend(f, devices[i], tokens[i], names[i], &ids[i]));
	}
	seen = scan_open(f, 0);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.id, ids[2]); /* oldest first */
	assert_string_equal(seen.secret, "pc3");
	seen = scan_open(f, devices[1]);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.id, ids[1]);
	/* The visitor settles each and commits. */
	memset(&seen, 0, sizeof(seen));
	seen.f = f;
	seen.settle = true;
	assert_works(journal_scan_open(f->store, 0, see, &seen, &f->err));
	assert_int_equal(seen.count, 3);
	assert_int_equal(scan_open(f, 0).count, 0);
	assert_int_equal(scan_ended(f, 0, 0).count, 3);
	seen = scan_ended(f, 0, 2); /* newest first */
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.id, ids[1]);
	assert_int_equal(scan_ended(f, devices[0], 0).id, ids[0]);
	seen = (struct seen){.f = f}; /* those before the newest */
	assert_works(
	    journal_scan_ended(f->store, 0, ids[2], 1, see, &seen, &f->err));
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.id, ids[1]);
}

/* A candidate is no current secret, and belongs to its device. */
static void
test_bound(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.f = f};
	struct secret *s = NULL;
	int64_t device, token, id;

	device = add_leased(f, "pc1", &token);
	add_device(f, "pc2");
	assert_works(intend(f, device, token, "new password", &id));
	assert_works(store_commit(f->store, &f->err));
	tamper(f,
	    "INSERT INTO secret (device, kind, sealed, at)"
	    " SELECT 1, 'admin', sealed, 1 FROM intent");
	reopen(f);
	assert_fails(
	    store_secret_get(f->store, device, STORE_SECRET_ADMIN, &s, &f->err),
	    ERR_STORAGE);
	tamper(f, "UPDATE intent SET device = 2");
	reopen(f);
	assert_fails(
	    journal_scan_open(f->store, 0, see, &seen, &f->err), ERR_STORAGE);
	assert_int_equal(seen.count, 0);
	assert_null(s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_life),
	    TEST(test_secret_deleted),
	    TEST(test_one_open),
	    TEST(test_wrong_calls),
	    TEST(test_scans),
	    TEST(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
