#include "record_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "db.h"
#include "err.h"
#include "mem.h"
#include "str.h"

struct claim {
	struct claim *next;
	const char *key;
};

struct ca_store {
	struct db *db;
	int lock_fd;
	pthread_mutex_t mutex;
	pthread_cond_t released;
	struct claim *claims;
	unsigned inside; /* threads between intent and certificate */
};

static int
open_lock(const char *database, int *ret_fd, struct err *err)
{
	char *path = mem_printf("%s.lock", database);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int rc = 0;

	if (fd < 0)
		rc = err_errno(err, errno, "%s", path);
	else
		*ret_fd = fd;
	free(path);
	return rc;
}

static int
store_new(
    const char *database, bool create, struct ca_store **ret, struct err *err)
{
	struct ca_store *s = mem_alloc(sizeof(*s));
	bool opened;
	int failed;

	s->lock_fd = -1;
	failed = pthread_mutex_init(&s->mutex, NULL);
	assert(failed == 0);
	failed = pthread_cond_init(&s->released, NULL);
	assert(failed == 0);
	(void)failed;
	opened = db_open(database, create, &s->db, err) == 0;
	if (opened && open_lock(database, &s->lock_fd, err) == 0 &&
	    db_migrate(s->db, ca_store_steps, ca_store_step_count, err) == 0) {
		*ret = s;
		return 0;
	}
	ca_store_close(s);
	if (opened && create)
		ca_store_destroy(database);
	return -1;
}

int
ca_store_create(const char *database, struct ca_store **ret, struct err *err)
{
	return store_new(database, true, ret, err);
}

int
ca_store_open(const char *database, struct ca_store **ret, struct err *err)
{
	return store_new(database, false, ret, err);
}

void
ca_store_close(struct ca_store *s)
{
	int failed;

	if (s == NULL)
		return;
	if (s->db != NULL)
		db_close(s->db);
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd);
	assert(s->claims == NULL && s->inside == 0);
	failed = pthread_cond_destroy(&s->released);
	assert(failed == 0);
	failed = pthread_mutex_destroy(&s->mutex);
	assert(failed == 0);
	(void)failed;
	free(s);
}

struct db *
ca_store_db(const struct ca_store *s)
{
	return s->db;
}

void
ca_store_destroy(const char *database)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *path = mem_printf("%s%s", database, ends[i]);

		(void)unlink(path);
		free(path);
	}
}

void
ca_store_lock(struct ca_store *s)
{
	int failed = pthread_mutex_lock(&s->mutex);

	assert(failed == 0);
	(void)failed;
}

void
ca_store_unlock(struct ca_store *s)
{
	int failed;

	assert(!db_in_transaction(s->db));
	failed = pthread_mutex_unlock(&s->mutex);
	assert(failed == 0);
	(void)failed;
}

int
ca_store_begin(struct ca_store *s, struct err *err)
{
	return db_begin(s->db, err);
}

int
ca_store_commit(struct ca_store *s, struct err *err)
{
	return db_commit(s->db, err);
}

void
ca_store_rollback(struct ca_store *s)
{
	if (db_in_transaction(s->db))
		db_rollback(s->db);
}

bool
ca_store_in_transaction(const struct ca_store *s)
{
	return db_in_transaction(s->db);
}

/* --- who is at work --- */

bool
ca_store_claim(struct ca_store *s, const char *key)
{
	struct claim *c;

	for (c = s->claims; c != NULL; c = c->next)
		if (str_eq(c->key, key))
			return false;
	c = mem_alloc(sizeof(*c));
	c->key = key;
	c->next = s->claims;
	s->claims = c;
	return true;
}

void
ca_store_release(struct ca_store *s, const char *key)
{
	struct claim **at = &s->claims, *c;
	int failed;

	while (!str_eq((*at)->key, key))
		at = &(*at)->next;
	c = *at;
	*at = c->next;
	free(c);
	failed = pthread_cond_broadcast(&s->released);
	assert(failed == 0);
	(void)failed;
}

void
ca_store_wait(struct ca_store *s)
{
	int failed = pthread_cond_wait(&s->released, &s->mutex);

	assert(failed == 0);
	(void)failed;
}

/* The gate is a lock of its own on the same file: who wants to be alone keeps
 * it shut while waiting for those inside to leave. */
static int
gate(int fd, short how, struct err *err)
{
	struct flock gate = {.l_type = how, .l_whence = SEEK_SET, .l_len = 1};

	while (fcntl(fd, F_OFD_SETLKW, &gate) != 0)
		if (errno != EINTR)
			return err_errno(err, errno, "lock the CA's database");
	return 0;
}

int
ca_store_pass(struct ca_store *s, struct err *err)
{
	if (gate(s->lock_fd, F_RDLCK, err) != 0)
		return -1;
	return gate(s->lock_fd, F_UNLCK, err);
}

static int
flock_fully(int fd, int how, struct err *err)
{
	while (flock(fd, how) != 0)
		if (errno != EINTR)
			return err_errno(err, errno, "lock the CA's database");
	return 0;
}

int
ca_store_enter(struct ca_store *s, struct err *err)
{
	if (s->inside == 0 && flock_fully(s->lock_fd, LOCK_SH, err) != 0)
		return -1;
	s->inside++;
	return 0;
}

void
ca_store_leave(struct ca_store *s)
{
	assert(s->inside > 0);
	if (--s->inside == 0)
		(void)flock_fully(s->lock_fd, LOCK_UN, NULL);
}

static int
lose_all(struct ca_store *s, int64_t now, struct err *err)
{
	if (db_begin(s->db, err) != 0)
		return -1;
	if (ca_store_lose(s, NULL, now, err) == 0)
		return db_commit(s->db, err);
	ca_store_rollback(s);
	return -1;
}

int
ca_store_lose_all(struct ca_store *s, int64_t now, struct err *err)
{
	int rc = -1;

	assert(s->inside == 0);
	if (gate(s->lock_fd, F_WRLCK, err) != 0)
		return -1;
	if (flock_fully(s->lock_fd, LOCK_EX, err) == 0) {
		rc = lose_all(s, now, err);
		(void)flock_fully(s->lock_fd, LOCK_UN, NULL);
	}
	(void)gate(s->lock_fd, F_UNLCK, NULL);
	return rc;
}

int
ca_store_number(
    struct ca_store *s, const char *sql, int64_t *ret, struct err *err)
{
	struct db_rows *rows;
	int got;

	if (db_query(s->db, &rows, err, sql, "") != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1)
		*ret = db_int(rows, 0);
	db_done(rows);
	return got == 1 ? 0 : -1;
}
