/* adapter/store/secretbox: what is sealed, kept, bound and deleted. */
#include "fixture.h"

#include "buf.h"
#include "file.h"

static void
put(struct fixture *f, int64_t device, enum store_secret kind, const char *text,
    int64_t now)
{
	struct secret *s;

	s = secret_new(text, strlen(text));
	assert_works(store_secret_put(f->store, device, kind, s, now, &f->err));
	secret_free(s);
}

/* back 0: the current one. */
static void
assert_secret(struct fixture *f, int64_t device, enum store_secret kind,
    unsigned back, const char *want)
{
	struct secret *s = NULL;
	int r;

	r = store_secret_previous(f->store, device, kind, back, &s, &f->err);
	if (want == NULL) {
		assert_int_equal(r, -1);
		assert_int_equal(f->err.kind, ERR_NOTFOUND);
		assert_null(s);
		return;
	}
	assert_works(r);
	assert_string_equal(secret_text(s), want);
	secret_free(s);
}

static void
test_put_get(void **state)
{
	struct fixture *f = *state;
	struct secret *s;
	int64_t a, b;

	a = add_device(f, "pc1");
	b = add_device(f, "pc2");
	assert_secret(f, a, STORE_SECRET_ADMIN, 0, NULL);
	put(f, a, STORE_SECRET_ADMIN, "admin of a", 1);
	put(f, a, STORE_SECRET_AD, "ad of a", 1);
	put(f, b, STORE_SECRET_ADMIN, "", 1);
	assert_works(store_commit(f->store, &f->err));
	reopen(f);
	assert_secret(f, a, STORE_SECRET_ADMIN, 0, "admin of a");
	assert_secret(f, a, STORE_SECRET_AD, 0, "ad of a");
	assert_secret(f, b, STORE_SECRET_ADMIN, 0, "");
	assert_secret(f, b, STORE_SECRET_AD, 0, NULL);
	s = secret_new("x", 1);
	assert_fails(
	    store_secret_put(f->store, 999, STORE_SECRET_AD, s, 1, &f->err),
	    ERR_NOTFOUND);
	secret_free(s);
}

/* The current one and the three before it; older ones are gone from the table.
 */
static void
test_history(void **state)
{
	struct fixture *f = *state;
	char text[8];
	int64_t id, other;
	int i;

	id = add_device(f, "pc1");
	other = add_device(f, "pc2");
	put(f, other, STORE_SECRET_ADMIN, "stays", 1);
	put(f, id, STORE_SECRET_AD, "stays too", 1);
	for (i = 1; i <= 7; i++) {
		snprintf(text, sizeof(text), "p%d", i);
		put(f, id, STORE_SECRET_ADMIN, text, i);
		/* Newer ones of others do not count as this one's. */
		put(f, other, STORE_SECRET_AD, text, i);
		put(f, other, STORE_SECRET_ADMIN, "stays", i);
	}
	assert_works(store_commit(f->store, &f->err));
	assert_secret(f, id, STORE_SECRET_ADMIN, 0, "p7");
	assert_secret(f, id, STORE_SECRET_ADMIN, 1, "p6");
	assert_secret(f, id, STORE_SECRET_ADMIN, 2, "p5");
	assert_secret(f, id, STORE_SECRET_ADMIN, 3, "p4");
	assert_secret(f, id, STORE_SECRET_ADMIN, 4, NULL);
	assert_secret(f, other, STORE_SECRET_ADMIN, 0, "stays");
	assert_secret(f, id, STORE_SECRET_AD, 0, "stays too");
}

static void
assert_unsealable(struct fixture *f, int64_t id, enum store_secret kind)
{
	struct secret *s = NULL;

	assert_fails(
	    store_secret_get(f->store, id, kind, &s, &f->err), ERR_STORAGE);
	assert_null(s);
}

/* A row moved to another device or use, or altered, does not open. */
static void
test_bound(void **state)
{
	struct fixture *f = *state;
	int64_t a, b;

	a = add_device(f, "pc1");
	b = add_device(f, "pc2");
	put(f, a, STORE_SECRET_ADMIN, "admin of a", 1);
	put(f, a, STORE_SECRET_AD, "ad of a", 1);
	put(f, b, STORE_SECRET_ADMIN, "admin of b", 1);
	assert_works(store_commit(f->store, &f->err));
	tamper(f,
	    "UPDATE secret SET sealed = (SELECT sealed FROM secret"
	    " WHERE device = 1 AND kind = 'admin') WHERE device = 2");
	reopen(f);
	assert_unsealable(f, b, STORE_SECRET_ADMIN);
	assert_secret(f, a, STORE_SECRET_ADMIN, 0, "admin of a");
	tamper(f, "UPDATE secret SET kind = 'admin' WHERE kind = 'ad'");
	reopen(f);
	assert_unsealable(f, a, STORE_SECRET_ADMIN);
	tamper(f, "UPDATE secret SET sealed = x'0102'");
	reopen(f);
	assert_unsealable(f, a, STORE_SECRET_ADMIN);
	tamper(f, "UPDATE secret SET sealed = x''");
	reopen(f);
	assert_unsealable(f, a, STORE_SECRET_ADMIN);
}

static int
bytes_in(const char *path, const char *text)
{
	struct buf b;
	int found;

	buf_init(&b, 1 << 24);
	found = file_read(path, 1 << 24, &b, NULL) == 0 &&
	    memmem(b.data, b.len, text, strlen(text)) != NULL;
	buf_free(&b);
	return found;
}

static void
test_never_plain(void **state)
{
	struct fixture *f = *state;
	struct journal_intent intent = {
	    .play = "p", .step = "s", .args = "{\"marker\":\"plainly\"}"};
	struct secret *s;
	char wal[80];
	int64_t token, id;

	intent.device = add_leased(f, "pc1", &token);
	put(f, intent.device, STORE_SECRET_ADMIN, "Hunter2.secret", 1);
	s = secret_new("Hunter3.secret", 14);
	intent.secret = s;
	assert_works(journal_intend(f->store, &intent, token, 1, &id, &f->err));
	assert_works(store_commit(f->store, &f->err));
	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	assert_true(bytes_in(wal, "plainly")); /* the search can find */
	assert_false(bytes_in(wal, "Hunter"));
	store_close(f->store);
	f->store = NULL;
	assert_true(bytes_in(f->path, "plainly"));
	assert_false(bytes_in(f->path, "Hunter"));
	secret_free(s);
}

static void
test_removed_with_device(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	id = add_device(f, "pc1");
	put(f, id, STORE_SECRET_ADMIN, "one", 1);
	put(f, id, STORE_SECRET_ADMIN, "two", 2);
	assert_works(store_device_remove(f->store, id, &f->err));
	assert_secret(f, id, STORE_SECRET_ADMIN, 0, NULL);
	assert_secret(f, id, STORE_SECRET_ADMIN, 1, NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_put_get),
	    TEST(test_history),
	    TEST(test_bound),
	    TEST(test_never_plain),
	    TEST(test_removed_with_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
