#ifndef CA_RECORD_INTERNAL_H_
#define CA_RECORD_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "ca.h"

struct ca_store;
struct err;

/*
 * The CA's tables.  Rows are only ever added: an intent before its signature, a
 * certificate after it, a revocation.  So every question about the past has an
 * answer, and a crash at any point leaves one of three states per serial:
 * nothing, an intent, an intent with its certificate.  (Responders' keys and
 * the last CRL are the exception: they go when their time is over.)
 *
 * A lock file beside the database tells the living from the dead: whoever is
 * between intent and certificate holds it shared, whoever declares intents lost
 * holds it alone.
 */
int ca_store_create(
    const char *database, struct ca_store **ret, struct err *err);
int ca_store_open(const char *database, struct ca_store **ret, struct err *err);
void ca_store_close(struct ca_store *s); /* NULL is allowed */
/* Remove what ca_store_create() made. */
void ca_store_destroy(const char *database);

/* For store_*.c. */
struct db;
struct db_rows;
struct db *ca_store_db(const struct ca_store *s);
extern const char *const ca_store_steps[]; /* for db_migrate() */
extern const size_t ca_store_step_count;
/* The one number that this SQL without parameters yields. */
int ca_store_number(
    struct ca_store *s, const char *sql, int64_t *ret, struct err *err);

/* One thread at a time; everything below is called with it held. */
void ca_store_lock(struct ca_store *s);
void ca_store_unlock(struct ca_store *s);

int ca_store_begin(struct ca_store *s, struct err *err);
int ca_store_commit(struct ca_store *s, struct err *err);
void ca_store_rollback(struct ca_store *s);
/* Some errors end a transaction by themselves. */
bool ca_store_in_transaction(const struct ca_store *s);

/* Idempotency keys that somebody of this process is at work on; the text is
 * borrowed until the release. false when it is claimed already: wait, which
 * gives up the lock until something was released. */
bool ca_store_claim(struct ca_store *s, const char *key);
void ca_store_release(struct ca_store *s, const char *key);
void ca_store_wait(struct ca_store *s);

struct ca_intent {
	const char *serial;
	int64_t line; /* whose key signs it */
	const char *key;
	const char *device;
	const char *template_name;
	const char *subject;
	const char *names;
	uint8_t spki_sha256[32];
	uint8_t csr_sha256[32];
	uint8_t tbs_sha256[32];
	const uint8_t *tbs;
	size_t tbs_len;
	int64_t not_before;
	int64_t not_after;
	int64_t made_at;
};
int ca_store_add_intent(
    struct ca_store *s, const struct ca_intent *i, struct err *err);
/* The certificate of an intent. ERR_CONFLICT when the intent was declared lost
 * meanwhile or the key has a certificate already. */
int ca_store_add_cert(struct ca_store *s, const struct ca_intent *i,
    const struct buf *der, struct err *err);
/* Called without the lock, before it is taken to enter: waits while another
 * process wants to declare intents lost, which would else never find nobody at
 * work where certificates are made without a pause. */
int ca_store_pass(struct ca_store *s, struct err *err);
/* Enter and leave the time between intent and certificate; several threads may
 * be in it. */
int ca_store_enter(struct ca_store *s, struct err *err);
void ca_store_leave(struct ca_store *s);
/* Revoke pending intents under this key (NULL: all), in a transaction. */
int ca_store_lose(
    struct ca_store *s, const char *key, int64_t now, struct err *err);
/* The one of this serial number, if it is pending still. */
int ca_store_give_up(
    struct ca_store *s, const char *serial, int64_t now, struct err *err);
/* All of them, once nobody alive is between intent and certificate. */
int ca_store_lose_all(struct ca_store *s, int64_t now, struct err *err);

/* By key or serial; csr_sha256 may be NULL. */
int ca_store_find(struct ca_store *s, const char *key, const char *serial,
    struct ca_cert *ret, uint8_t csr_sha256[32], struct err *err);
int ca_store_list(struct ca_store *s, const struct ca_list_of *of,
    ca_cert_fn *fn, void *cookie, struct err *err);
/* Those of devices that are not revoked and end after this; by device and
 * template, newest first. */
int ca_store_survey(struct ca_store *s, int64_t ends_after, ca_cert_fn *fn,
    void *cookie, struct err *err);
/* When the newest intent was made; 0 = never. */
int ca_store_last(struct ca_store *s, int64_t *ret_at, struct err *err);
/* Has this key been certified for another device (given name), or revoked as
 * compromised? NULL and false if not. */
int ca_store_key_use(struct ca_store *s, const uint8_t spki_sha256[32],
    const char *device, char **ret_other, bool *ret_compromised,
    struct err *err);
/* 1 when the key is on the block list, with its note (given); 0, -1. */
int ca_store_blocked(struct ca_store *s, const uint8_t spki_sha256[32],
    char **ret_note, struct err *err);
/* 1 new, 0 there already, -1. */
int ca_store_block(
    struct ca_store *s, const struct ca_blocked *b, struct err *err);
/* ERR_NOTFOUND. */
int ca_store_unblock(struct ca_store *s, const char *sha256, struct err *err);
int ca_store_blocked_list(
    struct ca_store *s, ca_blocked_fn *fn, void *cookie, struct err *err);
/* The device (given) that has a certificate of this key, not revoked and not
 * at its end; NULL. */
int ca_store_key_valid(struct ca_store *s, const uint8_t spki_sha256[32],
    int64_t now, char **ret_device, struct err *err);

/* Is this subject certified for another device than this one, not revoked, and
 * not at its end at this time? Then that device and the serial (given) name,
 * else both NULL. */
struct ca_use {
	const char *subject;
	const char *device;
	int64_t at;
};
int ca_store_subject_use(struct ca_store *s, const struct ca_use *u,
    char **ret_device, char **ret_serial, struct err *err);

/* ERR_NOTFOUND for a serial never intended; twice is success. */
int ca_store_revoke(struct ca_store *s, const char *serial, int reason,
    int64_t now, struct err *err);
/* A number that grows with every revocation. */
int ca_store_revocations(
    struct ca_store *s, int64_t *ret_count, struct err *err);
struct ca_revoked {
	const char *serial;
	int64_t at;
	int reason;
};
typedef void ca_revoked_fn(void *cookie, const struct ca_revoked *r);
/* Those of a line whose certificate ends at or after this time, in the order of
 * their ends. */
struct ca_revoked_of {
	int64_t line;
	int64_t ends_after;
};
int ca_store_revoked(struct ca_store *s, struct ca_revoked_of of,
    ca_revoked_fn *fn, void *cookie, struct err *err);

struct ca_crl_row {
	int64_t line;
	int64_t number;
	int64_t made_at;
	int64_t this_update;
	int64_t next_update;
	int64_t covers; /* ca_store_revocations() when it was made */
};
/* The newest of a line; number 0 when there is none. out may be NULL. */
int ca_store_get_crl(struct ca_store *s, int64_t line, struct ca_crl_row *ret,
    struct buf *out, struct err *err);
int ca_store_put_crl(struct ca_store *s, const struct ca_crl_row *row,
    const struct buf *der, struct err *err);

/* One row into *ret, whose columns are number, made_at, this_update,
 * next_update, covers and crl; the rows are done then. */
int ca_store_take_crl(struct db_rows *rows, int64_t line,
    struct ca_crl_row *ret, struct buf *out, struct err *err);

/* What is known about a serial number of a line. */
enum ca_known { CA_UNKNOWN, CA_INTENDED, CA_ISSUED, CA_REVOKED };
struct ca_status {
	enum ca_known known;
	int64_t at; /* of the intent; of the revocation */
	int reason; /* of the revocation */
};
int ca_store_status(struct ca_store *s, int64_t line, const char *serial,
    struct ca_status *ret, struct err *err);

/*
 * Of our roots, each by its name in URLs: the last list, as those above; what
 * they revoked; and what is answered about what they signed, which is made with
 * the list (store_root.c).
 */
int ca_store_get_root_crl(struct ca_store *s, const char *root,
    struct ca_crl_row *ret, struct buf *out, struct err *err);
/* In a transaction; answers to the one before are gone. */
int ca_store_put_root_crl(struct ca_store *s, const char *root,
    const struct ca_crl_row *row, const struct buf *der, struct err *err);
/* What a list covers that is made now: ca_crl_row.covers. */
int ca_store_root_covers(
    struct ca_store *s, const char *root, int64_t *ret, struct err *err);

#define CA_ROOT_ENTRIES_MAX 1024 /* of one list */
#define CA_ROOT_SERIAL_MAX 20	 /* bytes (RFC 5280, 4.1.2.2) */
struct ca_root_entry {
	const char *serial; /* hex, lower case */
	int64_t at;
	int reason;
	bool here; /* by us; else as an imported list has it */
};
/* In a transaction. One that is revoked already stays as it is. */
int ca_store_root_revoke(struct ca_store *s, const char *root,
    const struct ca_root_entry *e, struct err *err);
/* What imported lists said. */
int ca_store_root_forget(struct ca_store *s, const char *root, struct err *err);
typedef void ca_root_entry_fn(void *cookie, const struct ca_root_entry *e);
int ca_store_root_entries(struct ca_store *s, const char *root,
    ca_root_entry_fn *fn, void *cookie, struct err *err);
/* 1 and how it is revoked; 0 = it is not, -1. */
int ca_store_root_status(struct ca_store *s, const char *root,
    const char *serial, struct ca_status *ret, struct err *err);

struct ca_root_answer {
	char serial[2 * CA_ROOT_SERIAL_MAX + 1];
	int hash; /* NID of what the request names the root by */
	struct buf der;
};
int ca_store_put_root_answer(struct ca_store *s, const char *root,
    const struct ca_root_answer *a, struct err *err);
/* By serial and hash, appended; 1, 0 = there is none, -1. */
int ca_store_get_root_answer(struct ca_store *s, const char *root,
    const struct ca_root_answer *which, struct buf *out, struct err *err);

/* With its intent; keys whose certificate is at its end or lost are removed. */
int ca_store_add_responder(struct ca_store *s, const struct ca_intent *i,
    const char *issuer, const struct buf *sealed, struct err *err);
/* The issuer's responder that ends last, neither lost nor revoked, serial into
 * a buffer of this size; ERR_NOTFOUND when there is none. */
#define CA_SERIAL_TEXT 64
int ca_store_get_responder(struct ca_store *s, const char *issuer,
    char serial[CA_SERIAL_TEXT], struct buf *sealed, struct buf *der,
    struct err *err);
#endif
