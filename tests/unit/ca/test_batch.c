/*
 * Several certificates at once: they share two commits, and nothing else.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "db.h"
#include "err.h"
#include "fixture.h"
#include "record_internal.h"

#define DEVICES 4

/* A device that asks for its own name with its own key. */
struct asker {
	char device[16], fqdn[40], key[16];
	struct ca_subject subject;
	struct buf csr;
};

static struct fixture fixture;
static struct asker askers[DEVICES];

static void
asker_open(struct asker *a, unsigned i)
{
	const char *const dns[] = {a->fqdn, NULL};
	const struct csr_spec spec = {
	    .key = fixture_key(i, 2048), .cn = a->fqdn, .dns = dns};

	(void)snprintf(a->device, sizeof(a->device), "pc%u", i + 1);
	(void)snprintf(a->fqdn, sizeof(a->fqdn), "pc%u.corp.example", i + 1);
	(void)snprintf(a->key, sizeof(a->key), "key-%u", i);
	a->subject = fixture_subject;
	a->subject.device = a->device;
	a->subject.fqdn = a->fqdn;
	buf_init(&a->csr, 16384);
	fixture_csr(&spec, &a->csr);
}

static int
setup(void **state)
{
	unsigned i;

	(void)state;
	fixture_open(&fixture);
	for (i = 0; i < DEVICES; i++)
		asker_open(&askers[i], i);
	return 0;
}

static int
teardown(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < DEVICES; i++)
		buf_free(&askers[i].csr);
	fixture_close(&fixture);
	return 0;
}

static struct ca_request
request_of(const struct asker *a)
{
	struct ca_request request = fixture_request(&fixture, &a->csr, a->key);

	request.subject = &a->subject;
	return request;
}

static void
fill(struct ca_issuance *list)
{
	unsigned i;

	for (i = 0; i < DEVICES; i++)
		list[i].request = request_of(&askers[i]);
}

static void
clear(struct ca_issuance *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].err.kind == ERR_NONE)
			ca_cert_clear(&list[i].cert);
}

#define INTENTS "SELECT COUNT(*) FROM ca_intent"
#define LOST "SELECT COUNT(*) FROM ca_revocation"

static void
issued(const struct ca_issuance *is)
{
	if (is->err.kind != ERR_NONE)
		fail_msg("%s: %s", is->request.key, is->err.text);
}

static void
refused(const struct ca_issuance *is, enum err_kind kind, const char *text)
{
	fixture_failed(is->err.kind == ERR_NONE ? 0 : -1, &is->err, kind, text);
}

/* What is told of a certificate is what is on record. */
static void
same_as_recorded(const struct ca_issuance *is)
{
	const struct ca_cert *c = &is->cert;
	struct ca_cert found;

	assert_int_equal(
	    ca_find(fixture.ca, is->request.key, NULL, &found, NULL), 0);
	assert_int_equal(c->der_len, found.der_len);
	assert_memory_equal(c->der, found.der, c->der_len);
	assert_string_equal(c->serial, found.serial);
	assert_string_equal(c->subject, found.subject);
	assert_string_equal(c->names, found.names);
	assert_string_equal(c->device, found.device);
	assert_string_equal(c->template_name, found.template_name);
	assert_string_equal(c->issuer, found.issuer);
	assert_string_equal(c->key, found.key);
	assert_int_equal(c->not_before, found.not_before);
	assert_int_equal(c->not_after, found.not_after);
	assert_int_equal(c->issued_at, found.issued_at);
	assert_int_equal(found.revoked_at, 0);
	ca_cert_clear(&found);
}

static void
test_each_its_own(void **state)
{
	struct ca_issuance list[DEVICES];
	unsigned i;

	(void)state;
	fill(list);
	ca_issue_many(fixture.ca, list, DEVICES);
	for (i = 0; i < DEVICES; i++) {
		issued(&list[i]);
		assert_int_equal(ca_verify(fixture.ca, list[i].cert.der,
				     list[i].cert.der_len, askers[i].fqdn,
				     fixture.now, NULL),
		    0);
		same_as_recorded(&list[i]);
	}
	clear(list, DEVICES);
}

static void
test_commits_are_shared(void **state)
{
	struct ca_issuance list[DEVICES];

	(void)state;
	fill(list);
	fixture_watch("ca.issue.after-intent");
	ca_issue_many(fixture.ca, list, DEVICES);
	assert_int_equal(fixture_watched(), 1);
	clear(list, DEVICES);
	list[0].request.key = "later-0";
	list[1].request.key = "later-1";
	fixture_watch("ca.issue.after-commit");
	ca_issue_many(fixture.ca, list, 2);
	assert_int_equal(fixture_watched(), 1);
	clear(list, 2);
}

/* More than may share: in turns. */
static void
test_many(void **state)
{
	enum { MANY = CA_ISSUE_MANY + 3 };
	static struct ca_issuance list[MANY];
	static char keys[MANY][16];
	unsigned i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "m%u", i);
		list[i].request = request_of(&askers[0]);
		list[i].request.key = keys[i];
	}
	ca_issue_many(fixture.ca, list, MANY);
	for (i = 0; i < MANY; i++)
		issued(&list[i]);
	assert_int_equal(fixture_number(&fixture, INTENTS), MANY);
	clear(list, MANY);
	ca_issue_many(fixture.ca, list, 0);
}

/* Each for a reason of its own, and none takes another with it. */
static void
test_bad_ones_fail_alone(void **state)
{
	const struct csr_spec flipped = {.flip = true};
	struct ca_issuance list[DEVICES + 3];
	struct buf bad;

	(void)state;
	buf_init(&bad, 16384);
	fixture_csr(&flipped, &bad);
	fill(list + 2);
	list[0].request = fixture_request(&fixture, &bad, "bad-signature");
	list[1].request = request_of(&askers[1]);
	list[1].request.key = "";
	list[2].request.subject = &askers[1].subject;
	list[5].request.now -= 86400;
	list[DEVICES + 2].request = request_of(&askers[0]);
	ca_issue_many(fixture.ca, list, DEVICES + 3);
	refused(&list[0], ERR_INVALID, "signature.valid");
	refused(&list[1], ERR_INVALID, "idempotency key");
	refused(&list[2], ERR_REFUSED, "names.subject");
	issued(&list[3]);
	issued(&list[4]);
	refused(&list[5], ERR_REFUSED, "clock");
	/* Its key failed with the first who came with it, in this batch. */
	issued(&list[DEVICES + 2]);
	assert_int_equal(fixture_number(&fixture, LOST), 0);
	assert_int_equal(fixture_number(&fixture, INTENTS), 3);
	clear(list, DEVICES + 3);
	buf_free(&bad);
}

/* The second of two finds what the first one got. */
static void
test_one_key_twice(void **state)
{
	struct ca_issuance list[4];

	(void)state;
	list[0].request = request_of(&askers[0]);
	list[1].request = request_of(&askers[1]);
	list[2].request = request_of(&askers[0]);
	list[3].request = request_of(&askers[1]);
	list[3].request.key = askers[0].key;
	ca_issue_many(fixture.ca, list, 4);
	issued(&list[0]);
	issued(&list[1]);
	issued(&list[2]);
	assert_string_equal(list[0].cert.serial, list[2].cert.serial);
	refused(&list[3], ERR_CONFLICT, "another CSR");
	assert_int_equal(fixture_number(&fixture, INTENTS), 2);
	clear(list, 4);
}

/* Judged behind those before it, though none of them is on disk yet. */
static void
test_owners_within_a_batch(void **state)
{
	struct ca_subject thief = askers[0].subject;
	struct ca_issuance list[3];
	struct csr_spec spec = {.key = fixture_key(1, 2048)};
	struct buf csr;

	(void)state;
	thief.device = "pc9";
	buf_init(&csr, 16384);
	fixture_csr(&spec, &csr);
	list[0].request = request_of(&askers[0]);
	list[1].request = request_of(&askers[0]);
	list[1].request.key = "same-key-of-the-device";
	list[1].request.subject = &thief;
	list[2].request = fixture_request(&fixture, &csr, "same-name");
	list[2].request.subject = &thief;
	ca_issue_many(fixture.ca, list, 3);
	issued(&list[0]);
	refused(&list[1], ERR_REFUSED, "key.owner");
	refused(&list[2], ERR_REFUSED, "names.owner");
	clear(list, 3);
	buf_free(&csr);
}

static void
run_script(const char *sql)
{
	struct db *db;
	struct err err;

	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	if (db_script(db, sql, &err) != 0)
		fail_msg("%s", err.text);
	db_close(db);
}

static void
all_but(struct ca_issuance *list, unsigned bad)
{
	unsigned i;

	fill(list);
	ca_issue_many(fixture.ca, list, DEVICES);
	for (i = 0; i < DEVICES; i++) {
		if (i == bad)
			refused(&list[i], ERR_CONFLICT, "not this");
		else
			issued(&list[i]);
	}
	clear(list, DEVICES);
}

/* One that the database does not take: the others are recorded all the same,
 * and its own intent, if there is one, is given up. */
static void
test_one_is_not_recorded(void **state)
{
	struct ca_issuance list[DEVICES];

	(void)state;
	run_script("CREATE TRIGGER t BEFORE INSERT ON ca_intent"
		   " WHEN NEW.key = 'key-2' BEGIN"
		   " SELECT RAISE(ABORT, 'not this'); END;");
	all_but(list, 2);
	assert_int_equal(fixture_number(&fixture, INTENTS), DEVICES - 1);
	assert_int_equal(fixture_number(&fixture, LOST), 0);
	run_script("DROP TRIGGER t;"
		   "CREATE TRIGGER t BEFORE INSERT ON ca_certificate"
		   " WHEN NEW.key = 'key-2' BEGIN"
		   " SELECT RAISE(ABORT, 'not this'); END;");
	all_but(list, 2);
	assert_int_equal(fixture_number(&fixture, INTENTS), DEVICES);
	assert_int_equal(fixture_number(&fixture, LOST), 1);
	assert_int_equal(
	    fixture_number(&fixture, "SELECT COUNT(*) FROM ca_pending"), 0);
	run_script("DROP TRIGGER t;");
	all_but(list, DEVICES);
}

/* A full disk fails all of them, and leaves nothing behind. */
static void
test_full_disk(void **state)
{
	struct rlimit before, now;
	struct ca_issuance list[DEVICES];
	unsigned i;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	now = before;
	now.rlim_cur = 4096; /* less than one commit writes */
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	fill(list);
	ca_issue_many(fixture.ca, list, DEVICES);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	for (i = 0; i < DEVICES; i++)
		refused(&list[i], ERR_STORAGE, "");
	assert_int_equal(fixture_number(&fixture, INTENTS), 0);
	ca_issue_many(fixture.ca, list, DEVICES);
	for (i = 0; i < DEVICES; i++)
		issued(&list[i]);
	clear(list, DEVICES);
}

/* --- threads --- */

#define KEYS 12
#define THREADS 2

struct worker {
	unsigned number;
	char keys[KEYS][16];
	struct ca_issuance list[KEYS];
};

static void *
issue_all(void *arg)
{
	struct worker *w = arg;
	unsigned i;

	/* The one from the front, the other from the back. */
	for (i = 0; i < KEYS; i++) {
		(void)snprintf(w->keys[i], sizeof(w->keys[i]), "t%u",
		    w->number == 0 ? i : KEYS - 1 - i);
		w->list[i].request = request_of(&askers[0]);
		w->list[i].request.key = w->keys[i];
	}
	for (i = 0; i < KEYS; i += 3)
		ca_issue_many(fixture.ca, w->list + i, 3);
	return NULL;
}

static void
test_threads(void **state)
{
	static struct worker workers[THREADS];
	pthread_t threads[THREADS];
	unsigned i;

	(void)state;
	for (i = 0; i < THREADS; i++) {
		workers[i].number = i;
		assert_int_equal(
		    pthread_create(&threads[i], NULL, issue_all, &workers[i]),
		    0);
	}
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	for (i = 0; i < KEYS; i++) {
		issued(&workers[0].list[i]);
		issued(&workers[1].list[KEYS - 1 - i]);
		assert_string_equal(workers[0].list[i].cert.serial,
		    workers[1].list[KEYS - 1 - i].cert.serial);
	}
	assert_int_equal(fixture_number(&fixture, INTENTS), KEYS);
	assert_int_equal(fixture_number(&fixture, LOST), 0);
	for (i = 0; i < THREADS; i++)
		clear(workers[i].list, KEYS);
}

/* --- who opens a CA that is never left --- */

static void *
lose_all(void *arg)
{
	struct ca_store *store = arg;

	ca_store_lock(store);
	assert_int_equal(ca_store_lose_all(store, fixture.now, NULL), 0);
	ca_store_unlock(store);
	return NULL;
}

static atomic_bool passed;

static void *
pass(void *arg)
{
	assert_int_equal(ca_store_pass(arg, NULL), 0);
	passed = true;
	return NULL;
}

static bool
gate_is_shut(void)
{
	struct flock gate = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s.lock", fixture.database);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_OFD_GETLK, &gate), 0);
	close(fd);
	return gate.l_type != F_UNLCK;
}

/* While somebody waits to be alone nobody else goes in. */
static void
test_gate(void **state)
{
	struct ca_store *busy, *opener;
	pthread_t threads[2];

	(void)state;
	assert_int_equal(ca_store_open(fixture.database, &busy, NULL), 0);
	assert_int_equal(ca_store_open(fixture.database, &opener, NULL), 0);
	ca_store_lock(busy);
	assert_int_equal(ca_store_enter(busy, NULL), 0);
	ca_store_unlock(busy);
	assert_int_equal(
	    pthread_create(&threads[0], NULL, lose_all, opener), 0);
	while (!gate_is_shut())
		(void)usleep(1000);
	assert_int_equal(pthread_create(&threads[1], NULL, pass, busy), 0);
	(void)usleep(50000);
	assert_false(passed);
	ca_store_lock(busy);
	ca_store_leave(busy);
	ca_store_unlock(busy);
	(void)pthread_join(threads[0], NULL);
	(void)pthread_join(threads[1], NULL);
	assert_true(passed);
	ca_store_close(busy);
	ca_store_close(opener);
}

/* The first of two threads that leaves does not let go for both. */
static void
test_two_inside(void **state)
{
	struct ca_store *busy;
	char path[128];
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s.lock", fixture.database);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ca_store_open(fixture.database, &busy, NULL), 0);
	ca_store_lock(busy);
	assert_int_equal(ca_store_enter(busy, NULL), 0);
	assert_int_equal(ca_store_enter(busy, NULL), 0);
	ca_store_leave(busy);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	ca_store_leave(busy);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	ca_store_unlock(busy);
	ca_store_close(busy);
	close(fd);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_each_its_own),
	    ROW(test_commits_are_shared),
	    ROW(test_many),
	    ROW(test_bad_ones_fail_alone),
	    ROW(test_one_key_twice),
	    ROW(test_owners_within_a_batch),
	    ROW(test_one_is_not_recorded),
	    ROW(test_full_disk),
	    ROW(test_threads),
	    ROW(test_gate),
	    ROW(test_two_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
