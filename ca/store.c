#include "record_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "buf.h"
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

static const char *const steps[] = {
    "CREATE TABLE ca_issuer ("
    " role TEXT PRIMARY KEY,"
    " certificate BLOB NOT NULL);"

    "CREATE TABLE ca_intent ("
    " serial TEXT PRIMARY KEY,"
    " key TEXT NOT NULL,"
    " device TEXT NOT NULL,"
    " template TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " names TEXT NOT NULL,"
    " spki_sha256 BLOB NOT NULL,"
    " csr_sha256 BLOB NOT NULL,"
    " tbs_sha256 BLOB NOT NULL,"
    " tbs BLOB NOT NULL,"
    " not_before BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " made_at BIGINT NOT NULL);"
    "CREATE INDEX ca_intent_key ON ca_intent (key);"
    "CREATE INDEX ca_intent_device ON ca_intent (device);"
    "CREATE INDEX ca_intent_spki ON ca_intent (spki_sha256);"
    "CREATE INDEX ca_intent_made ON ca_intent (made_at);"
    "CREATE INDEX ca_intent_end ON ca_intent (not_after);"

    /* Between intent and certificate; short, so that a start is quick. */
    "CREATE TABLE ca_pending ("
    " serial TEXT PRIMARY KEY REFERENCES ca_intent (serial),"
    " key TEXT NOT NULL);"

    /* One key, one certificate: here, not only in the code above it. */
    "CREATE TABLE ca_certificate ("
    " serial TEXT PRIMARY KEY REFERENCES ca_intent (serial),"
    " key TEXT NOT NULL UNIQUE,"
    " certificate BLOB NOT NULL,"
    " issued_at BIGINT NOT NULL);"

    "CREATE INDEX ca_certificate_issued ON ca_certificate (issued_at);"

    "CREATE TABLE ca_revocation ("
    " seq BIGINT PRIMARY KEY,"
    " serial TEXT NOT NULL UNIQUE REFERENCES ca_intent (serial),"
    " revoked_at BIGINT NOT NULL,"
    " reason BIGINT NOT NULL);"

    "CREATE TABLE ca_crl ("
    " number BIGINT PRIMARY KEY,"
    " crl BLOB NOT NULL,"
    " made_at BIGINT NOT NULL,"
    " this_update BIGINT NOT NULL,"
    " next_update BIGINT NOT NULL,"
    " covers BIGINT NOT NULL);",

    "CREATE INDEX ca_intent_subject ON ca_intent (subject);",

    "CREATE TABLE ca_block ("
    " spki_sha256 BLOB PRIMARY KEY,"
    " note TEXT NOT NULL,"
    " blocked_at BIGINT NOT NULL);",

    /* Keys of those who answer for an issuer, sealed. */
    "CREATE TABLE ca_responder ("
    " serial TEXT PRIMARY KEY REFERENCES ca_intent (serial),"
    " issuer TEXT NOT NULL,"
    " key BLOB NOT NULL);",

    /* Issuing keys, one after the other, in the place of one. */
    "CREATE TABLE ca_line ("
    " id INTEGER PRIMARY KEY,"
    " state TEXT NOT NULL,"
    " key_file TEXT NOT NULL,"
    " request BLOB);"
    "CREATE TABLE ca_line_certificate ("
    " line BIGINT NOT NULL REFERENCES ca_line (id),"
    " place BIGINT NOT NULL,"
    " certificate BLOB NOT NULL,"
    " PRIMARY KEY (line, place));"
    "INSERT INTO ca_line (id, state, key_file)"
    " SELECT 1, 'active', '' FROM ca_issuer WHERE role = 'issuing';"
    "INSERT INTO ca_line_certificate (line, place, certificate)"
    " SELECT 1, CASE role WHEN 'issuing' THEN 0 ELSE 1 END, certificate"
    " FROM ca_issuer;"
    "DROP TABLE ca_issuer;"
    "ALTER TABLE ca_intent ADD COLUMN line BIGINT NOT NULL DEFAULT 1;"
    "ALTER TABLE ca_crl RENAME TO ca_crl_before;"
    "CREATE TABLE ca_crl ("
    " line BIGINT NOT NULL,"
    " number BIGINT NOT NULL,"
    " crl BLOB NOT NULL,"
    " made_at BIGINT NOT NULL,"
    " this_update BIGINT NOT NULL,"
    " next_update BIGINT NOT NULL,"
    " covers BIGINT NOT NULL,"
    " PRIMARY KEY (line, number));"
    "INSERT INTO ca_crl (line, number, crl, made_at, this_update, next_update,"
    " covers) SELECT 1, number, crl, made_at, this_update, next_update, covers"
    " FROM ca_crl_before;"
    "DROP TABLE ca_crl_before;",

    /* Requests to other CAs, and what came of them: bridge.h. */
    "CREATE TABLE bridge_request ("
    " bridge TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " device TEXT NOT NULL,"
    " template TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " names TEXT NOT NULL,"
    " spki_sha256 BLOB NOT NULL,"
    " csr_sha256 BLOB NOT NULL,"
    " csr BLOB NOT NULL,"
    " state TEXT NOT NULL,"
    " request_id TEXT NOT NULL,"
    " text TEXT NOT NULL,"
    " tries BIGINT NOT NULL,"
    " made_at BIGINT NOT NULL,"
    " asked_at BIGINT NOT NULL,"
    " retry_at BIGINT NOT NULL,"
    " urgent_at BIGINT NOT NULL,"
    " PRIMARY KEY (bridge, key));"
    "CREATE INDEX bridge_request_key ON bridge_request (key);"
    "CREATE INDEX bridge_request_device ON bridge_request (device);"
    "CREATE INDEX bridge_request_spki ON bridge_request (spki_sha256);"
    "CREATE INDEX bridge_request_subject ON bridge_request (subject);"

    "CREATE TABLE bridge_certificate ("
    " serial TEXT PRIMARY KEY,"
    " bridge TEXT NOT NULL,"
    " key TEXT NOT NULL UNIQUE,"
    " certificate BLOB NOT NULL,"
    " not_before BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " issued_at BIGINT NOT NULL,"
    " revoked_at BIGINT NOT NULL,"
    " reason BIGINT NOT NULL,"
    " told BIGINT NOT NULL,"
    " FOREIGN KEY (bridge, key) REFERENCES bridge_request (bridge, key));"
    "CREATE INDEX bridge_certificate_bytes ON bridge_certificate"
    " (certificate);"

    "CREATE VIEW ca_known AS"
    " SELECT c.serial, c.certificate, i.subject, i.names, i.device,"
    "  i.template, i.not_before, i.not_after, c.issued_at,"
    "  COALESCE(r.revoked_at, 0) AS revoked_at,"
    "  COALESCE(r.reason, 0) AS reason, c.key, i.csr_sha256,"
    "  'internal' AS issuer"
    "  FROM ca_certificate c JOIN ca_intent i ON i.serial = c.serial"
    "  LEFT JOIN ca_revocation r ON r.serial = c.serial"
    " UNION ALL"
    " SELECT b.serial, b.certificate, q.subject, q.names, q.device,"
    "  q.template, b.not_before, b.not_after, b.issued_at, b.revoked_at,"
    "  b.reason, b.key, q.csr_sha256, b.bridge"
    "  FROM bridge_certificate b"
    "  JOIN bridge_request q ON q.bridge = b.bridge AND q.key = b.key;",

    /* What a protocol needs to go on with a request. */
    ("ALTER TABLE bridge_request"
     " ADD COLUMN progress BLOB NOT NULL DEFAULT x'';"),

    /* Issuing CAs under further roots. */
    ("CREATE TABLE ca_cross ("
     " line BIGINT NOT NULL REFERENCES ca_line (id),"
     " number BIGINT NOT NULL,"
     " place BIGINT NOT NULL,"
     " certificate BLOB NOT NULL,"
     " PRIMARY KEY (line, number, place));"),

    /* The last revocation list of each root of ours. */
    ("CREATE TABLE ca_root_crl ("
     " root TEXT PRIMARY KEY,"
     " number BIGINT NOT NULL,"
     " crl BLOB NOT NULL,"
     " made_at BIGINT NOT NULL,"
     " this_update BIGINT NOT NULL,"
     " next_update BIGINT NOT NULL);"),

    /* What grows with every certificate is found by an index; both halves of
     * the view have the same types, or SQLite would walk and sort all of it. */
    "DROP INDEX ca_intent_key;" /* nobody looks for it there */
    "DROP INDEX ca_intent_subject;"
    "CREATE INDEX ca_intent_subject ON ca_intent (subject, not_after);"
    "CREATE INDEX ca_pending_key ON ca_pending (key);"
    "CREATE INDEX bridge_certificate_end ON bridge_certificate (not_after);"
    "CREATE INDEX bridge_certificate_issued ON bridge_certificate (issued_at);"
    /* A revocation list is a stretch of an index, however many there were. */
    "ALTER TABLE ca_revocation ADD COLUMN line BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE ca_revocation ADD COLUMN not_after BIGINT NOT NULL DEFAULT 0;"
    "UPDATE ca_revocation SET line = (SELECT i.line FROM ca_intent i"
    "  WHERE i.serial = ca_revocation.serial),"
    " not_after = (SELECT i.not_after FROM ca_intent i"
    "  WHERE i.serial = ca_revocation.serial);"
    "CREATE INDEX ca_revocation_list ON ca_revocation"
    " (line, not_after, serial, revoked_at, reason);"
    "DROP VIEW ca_known;"
    "CREATE VIEW ca_known AS"
    " SELECT c.serial, c.certificate, i.subject, i.names, i.device,"
    "  i.template, i.not_before, i.not_after, c.issued_at,"
    "  CAST(COALESCE(r.revoked_at, 0) AS BIGINT) AS revoked_at,"
    "  CAST(COALESCE(r.reason, 0) AS BIGINT) AS reason, c.key, i.csr_sha256,"
    "  CAST('internal' AS TEXT) AS issuer"
    "  FROM ca_certificate c JOIN ca_intent i ON i.serial = c.serial"
    "  LEFT JOIN ca_revocation r ON r.serial = c.serial"
    " UNION ALL"
    " SELECT b.serial, b.certificate, q.subject, q.names, q.device,"
    "  q.template, b.not_before, b.not_after, b.issued_at, b.revoked_at,"
    "  b.reason, b.key, q.csr_sha256, b.bridge"
    "  FROM bridge_certificate b"
    "  JOIN bridge_request q ON q.bridge = b.bridge AND q.key = b.key;",

    /* What our roots revoked: certificates of CAs.  "here": by us; else a list
     * that was imported says so.  And what is answered about them. */
    "CREATE TABLE ca_root_revocation ("
    " root TEXT NOT NULL,"
    " serial TEXT NOT NULL,"
    " revoked_at BIGINT NOT NULL,"
    " reason BIGINT NOT NULL,"
    " here BIGINT NOT NULL,"
    " PRIMARY KEY (root, serial));"
    "ALTER TABLE ca_root_crl ADD COLUMN covers BIGINT NOT NULL DEFAULT 0;"
    "CREATE TABLE ca_root_answer ("
    " root TEXT NOT NULL,"
    " serial TEXT NOT NULL,"
    " hash BIGINT NOT NULL,"
    " answer BLOB NOT NULL,"
    " PRIMARY KEY (root, serial, hash));",
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
	    db_migrate(s->db, steps, sizeof(steps) / sizeof(steps[0]), err) ==
		0) {
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

int
ca_store_add_intent(
    struct ca_store *s, const struct ca_intent *i, struct err *err)
{
	if (db_run(s->db, err,
		"INSERT INTO ca_intent (serial, key, device, template, subject,"
		" names, spki_sha256, csr_sha256, tbs_sha256, tbs, not_before,"
		" not_after, made_at, line)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"ttttttbbbbiiii", i->serial, i->key, i->device,
		i->template_name, i->subject, i->names, i->spki_sha256,
		sizeof(i->spki_sha256), i->csr_sha256, sizeof(i->csr_sha256),
		i->tbs_sha256, sizeof(i->tbs_sha256), i->tbs, i->tbs_len,
		i->not_before, i->not_after, i->made_at, i->line) != 0)
		return -1;
	return db_run(s->db, err,
	    "INSERT INTO ca_pending (serial, key) VALUES (?, ?)", "tt",
	    i->serial, i->key);
}

int
ca_store_add_cert(struct ca_store *s, const struct ca_intent *i,
    const struct buf *der, struct err *err)
{
	if (db_run(s->db, err, "DELETE FROM ca_pending WHERE serial = ?", "t",
		i->serial) != 0)
		return -1;
	if (db_changes(s->db) != 1)
		return err_set(err, ERR_CONFLICT,
		    "certificate %s was given up while it was signed",
		    i->serial);
	return db_run(s->db, err,
	    "INSERT INTO ca_certificate (serial, key, certificate, issued_at)"
	    " VALUES (?, ?, ?, ?)",
	    "ttbi", i->serial, i->key, der->data, der->len, i->made_at);
}

/* Is there such an intent? Mostly not, and then this is quicker. */
static int
any_pending(struct ca_store *s, const char *key, struct err *err)
{
	struct db_rows *rows;
	int got;

	if (db_query(s->db, &rows, err,
		"SELECT serial FROM ca_pending WHERE key = ? LIMIT 1", "t",
		key) != 0)
		return -1;
	got = db_next(rows, err);
	db_done(rows);
	return got;
}

int
ca_store_lose(struct ca_store *s, const char *key, int64_t now, struct err *err)
{
	int got = key != NULL ? any_pending(s, key, err) : 1;

	if (got != 1)
		return got;
	/* Reason 0: what became of it is not known. */
	if (db_run(s->db, err,
		"INSERT INTO ca_revocation (seq, serial, revoked_at, reason,"
		" line, not_after)"
		" SELECT (SELECT COALESCE(MAX(seq), 0) FROM ca_revocation)"
		"  + ROW_NUMBER() OVER (ORDER BY p.serial), p.serial, ?, 0,"
		"  i.line, i.not_after"
		" FROM ca_pending p JOIN ca_intent i ON i.serial = p.serial"
		" WHERE p.key = ? OR ? IS NULL",
		"itt", now, key, key) != 0)
		return -1;
	return db_run(s->db, err,
	    "DELETE FROM ca_pending WHERE key = ? OR ? IS NULL", "tt", key,
	    key);
}

int
ca_store_give_up(
    struct ca_store *s, const char *serial, int64_t now, struct err *err)
{
	if (db_run(s->db, err,
		"INSERT INTO ca_revocation (seq, serial, revoked_at, reason,"
		" line, not_after)"
		" SELECT (SELECT COALESCE(MAX(seq), 0) + 1 FROM ca_revocation),"
		"  p.serial, ?, 0, i.line, i.not_after"
		" FROM ca_pending p JOIN ca_intent i ON i.serial = p.serial"
		" WHERE p.serial = ?",
		"it", now, serial) != 0)
		return -1;
	return db_run(
	    s->db, err, "DELETE FROM ca_pending WHERE serial = ?", "t", serial);
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

int
ca_store_last(struct ca_store *s, int64_t *ret_at, struct err *err)
{
	return ca_store_number(
	    s, "SELECT COALESCE(MAX(made_at), 0) FROM ca_intent", ret_at, err);
}

int
ca_store_key_use(struct ca_store *s, const uint8_t spki_sha256[32],
    const char *device, char **ret_other, bool *ret_compromised,
    struct err *err)
{
	struct db_rows *rows;
	char *other = NULL;
	bool compromised = false;
	int got;

	if (db_query(s->db, &rows, err,
		"SELECT i.device, COALESCE(r.reason, 0) FROM ca_intent i"
		" LEFT JOIN ca_revocation r ON r.serial = i.serial"
		" WHERE i.spki_sha256 = ?"
		" UNION ALL"
		" SELECT q.device, COALESCE(b.reason, 0) FROM bridge_request q"
		" LEFT JOIN bridge_certificate b"
		"  ON b.bridge = q.bridge AND b.key = q.key"
		" WHERE q.spki_sha256 = ?",
		"bb", spki_sha256, (size_t)32, spki_sha256, (size_t)32) != 0)
		return -1;
	while ((got = db_next(rows, err)) == 1) {
		if (other == NULL && !str_eq(db_text(rows, 0), device))
			other = mem_dup(db_text(rows, 0));
		if (db_int(rows, 1) == 1) /* keyCompromise */
			compromised = true;
	}
	db_done(rows);
	if (got != 0) {
		free(other);
		return -1;
	}
	*ret_other = other;
	*ret_compromised = compromised;
	return 0;
}
