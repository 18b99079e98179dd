/* adapter/db: opening, statements, transactions, migrations, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "db.h"
#include "err.h"
#include "mem.h"

struct fixture {
	char folder[32];
	char path[64];
	struct db *db;
	struct err err;
};

static int
setup(void **state)
{
	struct fixture *f;

	f = mem_alloc(sizeof(*f));
	strcpy(f->folder, "/tmp/test-db-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/x.db", f->folder);
	assert_int_equal(db_open(f->path, true, &f->db, &f->err), 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;
	char name[80];
	size_t i;
	int r;

	db_close(f->db);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", f->path, suffixes[i]);
		unlink(name);
	}
	r = rmdir(f->folder);
	free(f);
	return r;
}

static void
reopen(struct fixture *f)
{
	db_close(f->db);
	f->db = NULL;
	assert_int_equal(db_open(f->path, false, &f->db, &f->err), 0);
}

static int64_t
one(struct fixture *f, const char *sql)
{
	struct db_rows *rows;
	int64_t value;

	assert_int_equal(db_query(f->db, &rows, &f->err, sql, ""), 0);
	assert_int_equal(db_next(rows, &f->err), 1);
	value = db_int(rows, 0);
	db_done(rows);
	return value;
}

static void
write_file(const char *path, const char *bytes, size_t len)
{
	FILE *file;

	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void
test_settings(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(
	    db_query(f->db, &rows, &f->err, "PRAGMA journal_mode", ""), 0);
	assert_int_equal(db_next(rows, &f->err), 1);
	assert_string_equal(db_text(rows, 0), "wal");
	db_done(rows);
	reopen(f); /* and not only where it was made */
	assert_int_equal(one(f, "PRAGMA synchronous"), 2);
	assert_int_equal(one(f, "PRAGMA foreign_keys"), 1);
	assert_int_equal(one(f, "PRAGMA secure_delete"), 1);
}

static void
test_open_refuses(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	char before[16], after[16];
	sqlite3 *raw;
	FILE *file;

	assert_int_equal(db_open(f->path, true, &db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_CONFLICT);
	db_close(f->db);
	f->db = NULL;
	unlink(f->path);

	assert_int_equal(db_open(f->path, false, &db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_int_equal(access(f->path, F_OK), -1);

	write_file(f->path, "", 0);
	assert_int_equal(db_open(f->path, false, &db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);

	write_file(f->path, "this is a text file, not a database at all", 42);
	assert_int_equal(db_open(f->path, false, &db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_int_equal(unlink(f->path), 0);

	assert_int_equal(db_open(f->folder, false, &db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_int_equal(db_open("/nowhere/x.db", true, &db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_null(db);

	/* Another program's database is left as it was. */
	assert_int_equal(sqlite3_open(f->path, &raw), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(raw, "CREATE TABLE t (a)", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(raw);
	file = fopen(f->path, "r");
	assert_int_equal(fseek(file, 16, SEEK_SET), 0);
	assert_int_equal(fread(before, 1, sizeof(before), file), 16);
	fclose(file);
	assert_int_equal(db_open(f->path, false, &db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	file = fopen(f->path, "r");
	assert_int_equal(fseek(file, 16, SEEK_SET), 0);
	assert_int_equal(fread(after, 1, sizeof(after), file), 16);
	fclose(file);
	assert_memory_equal(before, after, sizeof(before));
}

static void
test_types(void **state)
{
	struct fixture *f = *state;
	static const char sql[] = "SELECT a, b, c FROM t ORDER BY a";
	struct db_rows *rows;
	const uint8_t *blob;
	size_t len;

	assert_int_equal(
	    db_script(
		f->db, "CREATE TABLE t (a INTEGER, b TEXT, c BLOB)", &f->err),
	    0);
	assert_int_equal(
	    db_run(f->db, &f->err, "INSERT INTO t VALUES (?, ?, ?)", "itb",
		INT64_MIN, NULL, "\0\1", (size_t)2),
	    0);
	assert_int_equal(
	    db_run(f->db, &f->err, "INSERT INTO t VALUES (?, ?, ?)", "itb",
		INT64_MAX, "x'; DROP TABLE t; --", NULL, (size_t)0),
	    0);
	assert_int_equal(db_last_id(f->db), 2);
	assert_int_equal(db_changes(f->db), 1);

	assert_int_equal(db_query(f->db, &rows, &f->err, sql, ""), 0);
	assert_int_equal(db_next(rows, &f->err), 1);
	assert_true(db_int(rows, 0) == INT64_MIN);
	assert_null(db_text(rows, 1));
	blob = db_blob(rows, 2, &len);
	assert_int_equal(len, 2);
	assert_memory_equal(blob, "\0\1", 2);
	assert_int_equal(db_next(rows, &f->err), 1);
	assert_true(db_int(rows, 0) == INT64_MAX);
	assert_string_equal(db_text(rows, 1), "x'; DROP TABLE t; --");
	assert_null(db_blob(rows, 2, &len));
	assert_int_equal(len, 0);
	assert_int_equal(db_next(rows, &f->err), 0);
	assert_int_equal(db_next(rows, &f->err), 0); /* stays at the end */
	db_done(rows);
}

/* Borrowed parameters may change once db_query() has returned. */
static void
test_query_copies(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows;
	char text[] = "before";

	assert_int_equal(
	    db_query(f->db, &rows, &f->err, "SELECT ?", "t", text), 0);
	memcpy(text, "after!", 6);
	assert_int_equal(db_next(rows, &f->err), 1);
	assert_string_equal(db_text(rows, 0), "before");
	db_done(rows);
}

/* A statement that is open is opened once more, each with its own rows. */
static void
test_same_statement_twice(void **state)
{
	static const char sql[] =
	    "WITH t(a) AS (VALUES (1), (2)) SELECT a FROM t WHERE a >= ?";
	struct fixture *f = *state;
	struct db_rows *outer, *inner;

	assert_int_equal(
	    db_query(f->db, &outer, &f->err, sql, "i", INT64_C(1)), 0);
	assert_int_equal(db_next(outer, &f->err), 1);
	assert_int_equal(
	    db_query(f->db, &inner, &f->err, sql, "i", INT64_C(2)), 0);
	assert_int_equal(db_next(inner, &f->err), 1);
	assert_int_equal(db_int(inner, 0), 2);
	assert_int_equal(db_int(outer, 0), 1);
	db_done(inner);
	assert_int_equal(db_next(outer, &f->err), 1);
	assert_int_equal(db_int(outer, 0), 2);
	db_done(outer);
}

static void
test_many_statements(void **state)
{
	struct fixture *f = *state;
	char *sql[300];
	size_t i, round;

	for (i = 0; i < 300; i++)
		sql[i] = mem_printf("SELECT %zu", i);
	for (round = 0; round < 2; round++)
		for (i = 0; i < 300; i++)
			assert_int_equal(one(f, sql[i]), (int)i);
	db_close(f->db);
	f->db = NULL;
	for (i = 0; i < 300; i++)
		free(sql[i]);
}

static void
test_errors(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows = NULL;

	assert_int_equal(db_script(f->db, "CREATE TABLE", &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_int_equal(f->err.domain, ERR_SQLITE);
	assert_int_equal(
	    db_run(f->db, &f->err, "INSERT INTO nowhere VALUES (1)", ""), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_int_equal(
	    db_query(f->db, &rows, &f->err, "SELECT * FROM nowhere", ""), -1);
	assert_null(rows);

	assert_int_equal(db_script(f->db,
			     "CREATE TABLE t (a UNIQUE, b REFERENCES t (a));"
			     "INSERT INTO t VALUES (1, NULL)",
			     &f->err),
	    0);
	assert_int_equal(
	    db_run(f->db, &f->err, "INSERT INTO t VALUES (1, NULL)", ""), -1);
	assert_int_equal(f->err.kind, ERR_CONFLICT);
	assert_int_equal(
	    db_run(f->db, &f->err, "INSERT INTO t VALUES (2, 7)", ""), -1);
	assert_int_equal(f->err.kind, ERR_CONFLICT);
	/* err may be NULL. */
	assert_int_equal(
	    db_run(f->db, NULL, "INSERT INTO t VALUES (1, NULL)", ""), -1);
	/* The statement is usable after its failure. */
	assert_int_equal(db_run(f->db, &f->err, "DELETE FROM t WHERE a = ?",
			     "i", INT64_C(1)),
	    0);
}

static void
test_transaction(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(db_script(f->db, "CREATE TABLE t (a)", &f->err), 0);
	assert_int_equal(db_begin(f->db, &f->err), 0);
	assert_true(db_in_transaction(f->db));
	assert_int_equal(
	    db_run(f->db, &f->err, "INSERT INTO t VALUES (1)", ""), 0);
	db_rollback(f->db);
	assert_false(db_in_transaction(f->db));
	db_rollback(f->db); /* none open: nothing happens */
	assert_int_equal(one(f, "SELECT count(*) FROM t"), 0);

	assert_int_equal(db_begin(f->db, &f->err), 0);
	assert_int_equal(
	    db_run(f->db, &f->err, "INSERT INTO t VALUES (2)", ""), 0);
	assert_int_equal(db_commit(f->db, &f->err), 0);
	assert_int_equal(db_begin(f->db, &f->err), 0);
	assert_int_equal(
	    db_run(f->db, &f->err, "INSERT INTO t VALUES (3)", ""), 0);
	reopen(f); /* rolls back */
	assert_int_equal(one(f, "SELECT count(*) FROM t"), 1);
}

/* Someone else writes: we wait, then say ERR_LIMIT. */
static void
test_busy(void **state)
{
	struct fixture *f = *state;
	struct db *other;

	assert_int_equal(db_open(f->path, false, &other, &f->err), 0);
	assert_int_equal(db_begin(other, &f->err), 0);
	assert_int_equal(db_begin(f->db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_LIMIT);
	assert_false(db_in_transaction(f->db));
	assert_int_equal(db_commit(other, &f->err), 0);
	assert_int_equal(db_begin(f->db, &f->err), 0);
	db_rollback(f->db);
	db_close(other);
}

static void *
let_go(void *cookie)
{
	struct db *other = cookie;

	(void)usleep(50000);
	(void)db_commit(other, NULL);
	return NULL;
}

/* Who is patient gets it once the other has done. */
static void
test_patience(void **state)
{
	struct fixture *f = *state;
	struct db *other;
	pthread_t thread;

	assert_int_equal(db_open(f->path, false, &other, &f->err), 0);
	assert_int_equal(db_begin(other, &f->err), 0);
	db_patience(f->db, 0);
	assert_int_equal(db_begin(f->db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_LIMIT);
	db_patience(f->db, 600000);
	assert_int_equal(pthread_create(&thread, NULL, let_go, other), 0);
	assert_int_equal(db_begin(f->db, &f->err), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	db_rollback(f->db);
	db_close(other);
}

/* A statement without end has one; the next is as ever. */
static void
test_deadline(void **state)
{
	static const char endless[] =
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
	    " SELECT count(*) FROM n";
	struct fixture *f = *state;
	struct db_rows *rows;

	db_deadline(f->db, clock_mono_ms() + 50);
	assert_int_equal(
	    db_query_once(f->db, &rows, &f->err, endless, NULL, 0), 0);
	assert_int_equal(db_next(rows, &f->err), -1);
	db_done(rows);
	assert_int_equal(f->err.kind, ERR_LIMIT);
	db_deadline(f->db, 0);
	assert_int_equal(
	    db_query_once(f->db, &rows, &f->err, "SELECT 1", NULL, 0), 0);
	assert_int_equal(db_next(rows, &f->err), 1);
	db_done(rows);
}

static void
test_full(void **state)
{
	struct fixture *f = *state;
	size_t i;
	int r;

	assert_int_equal(
	    db_script(f->db, "CREATE TABLE t (a); PRAGMA max_page_count = 20",
		&f->err),
	    0);
	assert_int_equal(db_begin(f->db, &f->err), 0);
	r = 0;
	for (i = 0; i < 100 && r == 0; i++)
		r = db_run(f->db, &f->err,
		    "INSERT INTO t VALUES (zeroblob(4000))", "");
	assert_int_equal(r, -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_non_null(strstr(f->err.text, "disk full"));
	db_rollback(f->db);
	assert_int_equal(one(f, "SELECT count(*) FROM t"), 0);
}

/* As where its folder is mounted read-only: nothing can be made beside it. */
static void
test_folder_read_only(void **state)
{
	struct fixture *f = *state;
	char beside[80];

	db_close(f->db);
	f->db = NULL;
	snprintf(beside, sizeof(beside), "%s-wal", f->path);
	unlink(beside);
	assert_int_equal(mkdir(beside, 0700), 0);
	assert_int_equal(db_open(f->path, false, &f->db, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_non_null(strstr(f->err.text, "mounted read-only?"));
	assert_int_equal(rmdir(beside), 0);
	reopen(f);
}

static const char *const steps[] = {
    "CREATE TABLE a (x)",
    "CREATE TABLE b (x); INSERT INTO b VALUES (1)",
    "CREATE TABLE c (x); INSERT INTO nowhere VALUES (1)",
};

static void
test_migrate(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(db_migrate(f->db, steps, 1, &f->err), 0);
	assert_int_equal(db_migrate(f->db, steps, 2, &f->err), 0);
	assert_int_equal(db_migrate(f->db, steps, 2, &f->err), 0);
	assert_int_equal(one(f, "SELECT count(*) FROM b"), 1);
	assert_int_equal(one(f, "PRAGMA user_version"), 2);
	/* A step that breaks leaves nothing of itself. */
	assert_int_equal(db_migrate(f->db, steps, 3, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_int_equal(one(f, "PRAGMA user_version"), 2);
	assert_int_equal(
	    one(f, "SELECT count(*) FROM sqlite_master WHERE name = 'c'"), 0);
	/* Newer than we know. */
	assert_int_equal(db_migrate(f->db, steps, 1, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
}

/* Several processes migrate the same file at once: each step happens once. */
static void
test_migrate_race(void **state)
{
	struct fixture *f = *state;
	struct db *db;
	pid_t pids[4];
	size_t i;
	int status;

	db_close(f->db);
	f->db = NULL;
	for (i = 0; i < 4; i++) {
		pids[i] = fork();
		assert_true(pids[i] != -1);
		if (pids[i] == 0) {
			if (db_open(f->path, false, &db, NULL) == -1 ||
			    db_migrate(db, steps, 2, NULL) == -1)
				_exit(1);
			db_close(db);
			_exit(0);
		}
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	reopen(f);
	assert_int_equal(one(f, "SELECT count(*) FROM b"), 1);
}

/* Pages in the middle are overwritten: reading them says so. */
static void
test_damaged(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows;
	char junk[4096];
	int fd, r;

	assert_int_equal(db_script(f->db,
			     "CREATE TABLE t (a);"
			     "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL"
			     " SELECT i + 1 FROM n WHERE i < 50)"
			     "INSERT INTO t SELECT zeroblob(3000) FROM n",
			     &f->err),
	    0);
	db_close(f->db);
	f->db = NULL;
	memset(junk, 0xa5, sizeof(junk));
	fd = open(f->path, O_WRONLY);
	assert_true(fd != -1);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 4096), 4096);
	close(fd);
	assert_int_equal(db_open(f->path, false, &f->db, &f->err), 0);
	r = db_query(f->db, &rows, &f->err, "SELECT sum(length(a)) FROM t", "");
	if (r == 0) {
		r = db_next(rows, &f->err);
		db_done(rows);
	}
	assert_int_equal(r, -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_non_null(strstr(f->err.text, "damaged"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_settings),
	    TEST(test_open_refuses),
	    TEST(test_types),
	    TEST(test_query_copies),
	    TEST(test_same_statement_twice),
	    TEST(test_many_statements),
	    TEST(test_errors),
	    TEST(test_transaction),
	    TEST(test_busy),
	    TEST(test_patience),
	    TEST(test_full),
	    TEST(test_folder_read_only),
	    TEST(test_deadline),
	    TEST(test_migrate),
	    TEST(test_migrate_race),
	    TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
