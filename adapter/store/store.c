#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "fault.h"
#include "mem.h"
#include "store_internal.h"
#include "str.h"
#include "utf8.h"

/* --- making one --- */

static int
os_fail(struct err *err, const char *what, const char *path)
{
	err_errno(err, errno, "%s %s", what, path);
	if (err != NULL)
		err->kind = ERR_STORAGE;
	return -1;
}

/* A log or journal left beside the path would be replayed into the new file. */
static int
check_free(const char *path, struct err *err)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char *name;
	size_t i;
	int r;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		name = mem_printf("%s%s", path, suffixes[i]);
		r = access(name, F_OK) == -1 && errno == ENOENT
		    ? 0
		    : err_set(err, ERR_CONFLICT, "%s exists already", name);
		free(name);
		if (r == -1)
			return -1;
	}
	return 0;
}

static void
remove_parts(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char *name;
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		name = mem_printf("%s%s", path, suffixes[i]);
		unlink(name);
		free(name);
	}
}

static int
sync_folder(const char *path, struct err *err)
{
	char *copy;
	int fd, r;

	copy = mem_dup(path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd != -1 && fsync(fd) == 0 ? 0 : os_fail(err, "cannot sync", copy);
	if (fd != -1)
		close(fd);
	free(copy);
	return r;
}

/* A whole database beside the path. Closing it has emptied its log, or else the
 * file alone is not all of it. */
static int
make_beside(const char *beside, struct vault *vault, struct err *err)
{
	struct db *db;
	char *log;
	int r;

	if (db_open(beside, true, &db, err) == -1)
		return -1;
	r = store_schema_make(db, vault, err);
	db_close(db);
	log = mem_printf("%s-wal", beside);
	if (r == 0 && access(log, F_OK) == 0)
		r = err_set(err, ERR_STORAGE, "cannot complete %s", beside);
	free(log);
	return r;
}

int
store_create(const char *path, struct vault *vault, struct err *err)
{
	char *beside;
	int r;

	if (check_free(path, err) == -1)
		return -1;
	/* Whole or not at all: made under another name, then linked, which
	 * unlike a rename refuses a name taken meanwhile. */
	beside = mem_printf("%s.new.%ld", path, (long)getpid());
	remove_parts(beside);
	fault_point("store.create.before");
	r = make_beside(beside, vault, err);
	fault_point("store.create.link");
	if (r == 0 && link(beside, path) == -1) {
		r = os_fail(err, "cannot create", path);
		if (err != NULL && err->native == EEXIST)
			err->kind = ERR_CONFLICT;
	}
	remove_parts(beside);
	if (r == 0)
		r = sync_folder(path, err);
	fault_point("store.create.after");
	free(beside);
	return r;
}

/* --- open and close --- */

int
store_open(const char *path, struct vault *vault, struct store **ret_store,
    struct err *err)
{
	struct store *s;
	struct db *db;

	if (db_open(path, false, &db, err) == -1)
		return -1;
	if (store_schema_check(db, vault, err) == -1 ||
	    store_schema_update(db, err) == -1) {
		db_close(db);
		return err_context(err, "%s", path);
	}
	s = mem_alloc(sizeof(*s));
	s->db = db;
	s->vault = vault;
	store_sql_make(s);
	*ret_store = s;
	return 0;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	store_rollback(s);
	db_close(s->db);
	store_sql_free(s);
	free(s);
}

/* --- the group --- */

static int
lost(struct err *err)
{
	return err_set(err, ERR_STORAGE,
	    "writes since the last commit are lost after a storage error");
}

struct db *
store_db(struct store *s)
{
	return s->db;
}

int
store_begin(struct store *s, struct err *err)
{
	/* SQLite rolls back by itself when the disk is full. What would be
	 * written now must not be committed without what came before. */
	if (s->dirty && !db_in_transaction(s->db))
		s->failed = true;
	if (s->failed)
		return lost(err);
	if (s->dirty)
		return 0;
	if (db_begin(s->db, err) == -1)
		return -1;
	s->dirty = true;
	s->head_known = false; /* others may have added events */
	return 0;
}

int
store_lock(struct store *s, struct err *err)
{
	return store_begin(s, err);
}

int
store_break(struct store *s)
{
	s->failed = true;
	return -1;
}

int
store_commit(struct store *s, struct err *err)
{
	int r;

	if (!s->dirty)
		return 0;
	if (s->failed || !db_in_transaction(s->db)) {
		store_rollback(s);
		return lost(err);
	}
	fault_point("store.commit.before");
	r = db_commit(s->db, err);
	fault_point("store.commit.after");
	s->dirty = false;
	return r;
}

void
store_rollback(struct store *s)
{
	db_rollback(s->db);
	s->dirty = false;
	s->failed = false;
}

bool
store_dirty(const struct store *s)
{
	return s->dirty;
}

void
store_deadline(struct store *s, int64_t mono_ms)
{
	db_deadline(s->db, mono_ms);
}

void
store_patience(struct store *s)
{
	db_patience(s->db, STORE_PATIENCE_MS);
}

/* A hash, since the seed itself is what the audit chain begins with. */
int
store_uuid(struct store *s, char out[STORE_UUID], struct err *err)
{
	static const char purpose[] = "store:uuid:";
	struct db_rows *rows;
	struct buf text;
	const void *seed;
	char hex[65];
	size_t len;
	int r;

	if (db_query(s->db, &rows, err,
		"SELECT value FROM meta WHERE key = 'seed'", "") == -1)
		return -1;
	r = db_next(rows, err);
	if (r == 1) {
		seed = db_blob(rows, 0, &len);
		buf_init(&text, STORE_BLOB_MAX);
		buf_str(&text, purpose);
		buf_add(&text, seed, len);
		str_sha256_hex(text.data, text.len, hex);
		buf_free(&text);
		(void)snprintf(out, STORE_UUID, "%.8s-%.4s-8%.3s-a%.3s-%.12s",
		    hex, hex + 8, hex + 13, hex + 17, hex + 20);
	}
	db_done(rows);
	if (r == 0)
		return err_set(
		    err, ERR_STORAGE, "the seed of the audit chain is gone");
	return r == 1 ? 0 : -1;
}

/* --- shared by the parts --- */

int
store_check_device(
    struct store *s, int64_t device, const char *conflict, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_changes(s->db) > 0)
		return 0;
	if (db_query(s->db, &rows, err, "SELECT 1 FROM device WHERE id = ?",
		"i", device) == -1)
		return -1;
	r = db_next(rows, err);
	db_done(rows);
	if (r == -1)
		return -1;
	if (r == 0)
		return err_set(err, ERR_NOTFOUND, "no device with id %lld",
		    (long long)device);
	return err_set(err, ERR_CONFLICT, "%s", conflict);
}

int
store_check_text(const char *text, const char *what, struct err *err)
{
	if (text != NULL && strnlen(text, STORE_TEXT_MAX + 1) > STORE_TEXT_MAX)
		return err_set(err, ERR_LIMIT, "%s is longer than %d bytes",
		    what, STORE_TEXT_MAX);
	return 0;
}

int
store_check_length(
    const char *text, size_t max, const char *what, struct err *err)
{
	if (text == NULL || strnlen(text, max + 1) <= max)
		return 0;
	return err_set(err, ERR_LIMIT, "%s: more than %zu bytes", what, max);
}

int
store_check_name(const char *name, const char *what, struct err *err)
{
	size_t len = strnlen(name, STORE_NAME_MAX + 1), at, step;
	uint32_t point;
	int64_t number;

	if (len == 0 || len > STORE_NAME_MAX || name[0] == ' ' ||
	    name[len - 1] == ' ')
		return err_set(err, ERR_INVALID,
		    "%s: wanted 1 to %d bytes, no blanks around them", what,
		    STORE_NAME_MAX);
	if (str_int(name, INT64_MIN, INT64_MAX, &number) == 0)
		return err_set(err, ERR_INVALID,
		    "%s: a number would be taken for an id", what);
	for (at = 0; at < len; at += step) {
		step = utf8_next(name + at, len - at, &point);
		if (step == 0 || !utf8_visible(point))
			return err_set(err, ERR_INVALID,
			    "%s: has a character that nobody sees", what);
	}
	return 0;
}
