/* adapter/store: what a crash, a full disk and a second process leave. */
#include "fixture.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "db.h"
#include "fault.h"
#include "store_internal.h"

#ifdef AMTKEEPER_FAULTS

/* One turn of the engine: settle, record, event, secret, all or nothing. */
static int
turn(struct store *s, int64_t device, int64_t token, int64_t intent)
{
	struct store_event e = {
	    .device = device, .kind = "step.done", .actor = "test"};
	struct secret *secret;
	struct device *d;
	int r;

	if (store_device_get(s, device, &d, NULL) == -1)
		return -1;
	mem_replace(&d->run_result, "changed");
	secret = secret_new("second", 6);
	r = store_device_save_state(s, d, token, NULL);
	if (r == 0)
		r = store_secret_put(
		    s, device, STORE_SECRET_ADMIN, secret, 1, NULL);
	if (r == 0)
		r = journal_settle(s, intent, JOURNAL_DONE, NULL, 9, NULL);
	if (r == 0)
		r = store_event_add(s, &e, NULL);
	if (r == 0)
		r = store_commit(s, NULL);
	secret_free(secret);
	device_free(d);
	return r;
}

static int
count_intent(void *cookie, const struct journal_intent *i, struct err *err)
{
	size_t *count = cookie;

	(void)i;
	(void)err;
	++*count;
	return 0;
}

/* Is all of the turn there, or nothing of it? Anything between fails. */
static bool
turn_happened(struct fixture *f, int64_t device)
{
	struct secret *secret;
	struct device *d;
	size_t open = 0;
	int64_t events;
	bool happened;

	assert_works(store_device_get(f->store, device, &d, &f->err));
	happened = d->run_result != NULL;
	device_free(d);
	assert_works(store_secret_get(
	    f->store, device, STORE_SECRET_ADMIN, &secret, &f->err));
	assert_string_equal(secret_text(secret), happened ? "second" : "first");
	secret_free(secret);
	assert_works(
	    journal_scan_open(f->store, device, count_intent, &open, &f->err));
	assert_int_equal(open, happened ? 0 : 1);
	assert_works(store_event_verify(f->store, &events, &f->err));
	assert_int_equal(events, happened ? 1 : 0);
	return happened;
}

static void
crash_at(struct fixture *f, const char *point, bool want)
{
	struct journal_intent intent = {.play = "p", .step = "s", .args = "{}"};
	struct secret *secret;
	struct store *s;
	int64_t device, token, id;
	pid_t pid;
	int status;

	device = add_leased(f, "pc1", &token);
	secret = secret_new("first", 5);
	assert_works(store_secret_put(
	    f->store, device, STORE_SECRET_ADMIN, secret, 1, &f->err));
	secret_free(secret);
	intent.device = device;
	assert_works(journal_intend(f->store, &intent, token, 1, &id, &f->err));
	assert_works(store_commit(f->store, &f->err));
	store_close(f->store);
	f->store = NULL;
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		if (store_open(f->path, f->vault, &s, NULL) == -1)
			_exit(1);
		fault_arm(point, 1);
		turn(s, device, token, id);
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FAULT_EXIT);
	assert_works(store_open(f->path, f->vault, &f->store, &f->err));
	assert_int_equal(turn_happened(f, device), want);
}

static void
test_crash_before(void **state)
{
	crash_at(*state, "store.commit.before", false);
}

static void
test_crash_after(void **state)
{
	crash_at(*state, "store.commit.after", true);
}

/* Killed at any point while it is made: no store, or a whole one. */
static void
test_crash_create(void **state)
{
	struct fixture *f = *state;
	unsigned long n;
	size_t there = 0, not_there = 0;
	pid_t pid;
	int status;
	char name[128];

	store_close(f->store);
	f->store = NULL;
	for (n = 1;; n++) {
		assert_works(unlink(f->path));
		pid = fork();
		assert_true(pid != -1);
		if (pid == 0) {
			fault_arm("*", n);
			_exit(
			    store_create(f->path, f->vault, NULL) == 0 ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		/* What the dead process left beside it is not in the way. */
		snprintf(name, sizeof(name), "%s.new.%ld", f->path, (long)pid);
		unlink(name);
		strcat(name, "-wal");
		unlink(name);
		strcpy(strrchr(name, '-'), "-shm");
		unlink(name);
		if (access(f->path, F_OK) == 0)
			there++;
		else {
			not_there++;
			assert_works(store_create(f->path, f->vault, &f->err));
		}
		reopen(f);
		store_close(f->store);
		f->store = NULL;
		if (WEXITSTATUS(status) == 0)
			break;
		assert_int_equal(WEXITSTATUS(status), FAULT_EXIT);
	}
	assert_true(there >= 2 && not_there >= 2);
}
#endif

/* --- a full disk --- */

/* Write until it fails, then look at what the next commit has left. */
static void
fill_up(struct fixture *f)
{
	struct device *d;
	char *text;
	int64_t before, after, i;
	int r = 0;

	add_device(f, "kept");
	assert_works(store_commit(f->store, &f->err));
	assert_works(store_device_count(
	    f->store, &(struct store_filter){0}, &before, &f->err));
	text = mem_alloc(60001);
	memset(text, 'x', 60000);
	err_clear(&f->err);
	for (i = 0; i < 400 && r == 0; i++) {
		d = device_new(NULL);
		d->name = mem_printf("pc%lld", (long long)i);
		d->reasons = mem_dup(text);
		d->acl_sids = mem_dup(text);
		r = store_device_add(f->store, d, &f->err);
		device_free(d);
	}
	if (r == 0)
		r = store_commit(f->store, &f->err);
	free(text);
	assert_int_equal(r, -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_non_null(strstr(f->err.text, "disk full"));
	/* Whether a write or the commit broke: nothing of the group is left,
	 * and a later write does not slip through without what came before. */
	if (store_dirty(f->store)) {
		d = device_new("late");
		assert_fails(
		    store_device_add(f->store, d, &f->err), ERR_STORAGE);
		device_free(d);
		assert_fails(store_commit(f->store, &f->err), ERR_STORAGE);
	}
	assert_false(store_dirty(f->store));
	assert_works(store_device_count(
	    f->store, &(struct store_filter){0}, &after, &f->err));
	assert_int_equal(after, before);
	reopen(f);
	assert_works(store_device_find(f->store, "kept", &d, &f->err));
	device_free(d);
}

/* SQLite's own limit, which needs no rights. */
static void
test_page_limit(void **state)
{
	struct fixture *f = *state;

	assert_works(
	    db_script(f->store->db, "PRAGMA max_page_count = 500", &f->err));
	fill_up(f);
}

static void
test_disk_full(void **state)
{
	struct fixture *f = *state;
	char real[64];

	/* Only root may mount; in its own name space, so nothing is left. */
	strcpy(real, f->path);
	store_close(f->store);
	f->store = NULL;
	snprintf(f->path, sizeof(f->path), "%s/disk", f->folder);
	assert_works(mkdir(f->path, 0700));
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", f->path, "tmpfs", 0, "size=2m") == -1) {
		rmdir(f->path);
		strcpy(f->path, real);
		skip();
	}
	strcat(f->path, "/store.db");
	assert_works(store_create(f->path, f->vault, &f->err));
	assert_works(store_open(f->path, f->vault, &f->store, &f->err));
	fill_up(f);
	store_close(f->store);
	f->store = NULL;
	*strrchr(f->path, '/') = '\0';
	assert_works(umount(f->path));
	assert_works(rmdir(f->path));
	strcpy(f->path, real);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#ifdef AMTKEEPER_FAULTS
	    TEST(test_crash_before),
	    TEST(test_crash_after),
	    TEST(test_crash_create),
#endif
	    TEST(test_page_limit),
	    TEST(test_disk_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
