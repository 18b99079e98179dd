#ifndef FIXTURE_H_
#define FIXTURE_H_
/* A vault and a store in a folder of their own, for the store's tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "err.h"
#include "journal.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "vault.h"

struct fixture {
	char folder[32];
	char key[64];
	char path[64];
	struct vault *vault;
	struct store *store;
	struct err err;
};

static inline int
setup(void **state)
{
	struct fixture *f;

	f = mem_alloc(sizeof(*f));
	strcpy(f->folder, "/tmp/test-store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->key, sizeof(f->key), "%s/key", f->folder);
	snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
	assert_int_equal(vault_create(f->key, &f->err), 0);
	assert_int_equal(vault_open(f->key, &f->vault, &f->err), 0);
	assert_int_equal(store_create(f->path, f->vault, &f->err), 0);
	assert_int_equal(store_open(f->path, f->vault, &f->store, &f->err), 0);
	*state = f;
	return 0;
}

/* Also says that nothing unexpected was left in the folder. */
static inline int
teardown(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;
	char name[80];
	size_t i;
	int r;

	store_close(f->store);
	vault_close(f->vault);
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", f->path, suffixes[i]);
		unlink(name);
	}
	unlink(f->key);
	r = rmdir(f->folder);
	free(f);
	return r;
}

static inline void
reopen(struct fixture *f)
{
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(store_open(f->path, f->vault, &f->store, &f->err), 0);
}

/* Change the file as no call of ours would; the store is closed meanwhile. */
static inline void
tamper(struct fixture *f, const char *sql)
{
	sqlite3 *raw;

	store_close(f->store);
	f->store = NULL;
	assert_int_equal(sqlite3_open(f->path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

static inline int64_t
add_device(struct fixture *f, const char *name)
{
	struct device *d;
	int64_t id;

	d = device_new(name);
	assert_int_equal(store_device_add(f->store, d, &f->err), 0);
	id = d->id;
	device_free(d);
	return id;
}

/* A device under a lease of ours, committed. */
static inline int64_t
add_leased(struct fixture *f, const char *name, int64_t *ret_token)
{
	int64_t id;

	id = add_device(f, name);
	assert_int_equal(store_lease_take(f->store, id, "test", 1000, 2000,
			     ret_token, &f->err),
	    0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	return id;
}

/* The call failed, with this kind and a text. */
#define assert_fails(call, wanted)                                             \
	do {                                                                   \
		err_clear(&f->err);                                            \
		assert_int_equal(call, -1);                                    \
		assert_int_equal(f->err.kind, wanted);                         \
		assert_true(f->err.text[0] != '\0');                           \
	} while (0)

#define assert_works(call) assert_int_equal(call, 0)

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#endif
