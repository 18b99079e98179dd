#ifndef USERS_H_
#define USERS_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct secret;
struct store;

/*
 * Who may come in from outside, and with what.  What permission sets are, and
 * how a password is judged, is adapter/access's business; here they are texts.
 * No password is kept, and no token: only what can tell that one is right.
 *
 * Structs own their texts; *_clear() frees those and leaves it zeroed.  Writes
 * join the store's transaction.
 */
#define STORE_USERS_MAX 10000
#define STORE_KEYS_PER_USER 64	 /* of each kind; the oldest makes room */
#define STORE_FAILURES_MAX 10000 /* names; the oldest makes room */
#define STORE_SHA256 32

struct store_user {
	int64_t id;
	char *name;	   /* unique without regard to ASCII case */
	char *note;	   /* or NULL */
	char *sets;	   /* names of permission sets, by comma */
	char *hash;	   /* of the password; NULL: none will do */
	char *certificate; /* "subject:CN=...", "upn:..."; unique; or NULL */
	bool enabled;
	int64_t created_at, changed_at;
	int64_t login_at; /* by password; 0: never */
};
void store_user_clear(struct store_user *u);

/* id and times are set here. ERR_CONFLICT when name or certificate is
 * another's. */
int store_user_add(struct store *s, const struct store_user *u, int64_t now,
    int64_t *ret_id, struct err *err);
/* All but id, created_at and login_at. ERR_NOTFOUND, ERR_CONFLICT. */
int store_user_save(
    struct store *s, const struct store_user *u, int64_t now, struct err *err);
int store_user_login(struct store *s, int64_t id, int64_t now, struct err *err);
/* With all its keys. ERR_NOTFOUND. */
int store_user_remove(struct store *s, int64_t id, struct err *err);
/* ERR_NOTFOUND. */
int store_user_find(
    struct store *s, const char *name, struct store_user *ret, struct err *err);
int store_user_get(
    struct store *s, int64_t id, struct store_user *ret, struct err *err);
int store_user_by_certificate(struct store *s, const char *certificate,
    struct store_user *ret, struct err *err);
/* By name; fn may not write, its -1 stops and returns. */
typedef int store_user_fn(
    void *cookie, const struct store_user *u, struct err *err);
int store_user_scan(
    struct store *s, store_user_fn *fn, void *cookie, struct err *err);

/* --- keys: what somebody holds in place of a password --- */
enum store_key_kind { STORE_KEY_TOKEN = 1, STORE_KEY_SESSION };
struct store_key {
	int64_t id;
	int64_t user;
	enum store_key_kind kind;
	char *name; /* of a token; where a session came from */
	int64_t created_at, used_at;
	int64_t expires_at; /* 0: never */
};
void store_key_clear(struct store_key *k);

/* sha256 is that of the text that its holder shows. */
int store_key_add(struct store *s, const struct store_key *k,
    const uint8_t sha256[STORE_SHA256], int64_t now, int64_t *ret_id,
    struct err *err);
/* ERR_NOTFOUND; also one that has expired is found. */
int store_key_find(struct store *s, const uint8_t sha256[STORE_SHA256],
    struct store_key *ret, struct err *err);
int store_key_used(struct store *s, int64_t id, int64_t now, struct err *err);
/* ERR_NOTFOUND: not this user's. */
int store_key_remove(
    struct store *s, int64_t user, int64_t id, struct err *err);
/* All of a kind, by which a changed password ends sessions. */
int store_key_remove_all(
    struct store *s, int64_t user, enum store_key_kind kind, struct err *err);
/* What expired before now, and sessions not used since idle. */
int store_key_purge(
    struct store *s, int64_t now, int64_t idle, struct err *err);
typedef int store_key_fn(
    void *cookie, const struct store_key *k, struct err *err);
/* user 0: of all. By user and id; fn may not write. */
int store_key_scan(struct store *s, int64_t user, enum store_key_kind kind,
    store_key_fn *fn, void *cookie, struct err *err);

/* --- failed logins, by name, whether or not there is such a user --- */
struct store_failure {
	int64_t count, last_at;
	int64_t locked_until; /* 0: not locked */
};
/* All zero when there is none. */
int store_failure_get(struct store *s, const char *name,
    struct store_failure *ret, struct err *err);
int store_failure_put(struct store *s, const char *name,
    const struct store_failure *f, struct err *err);
int store_failure_clear(struct store *s, const char *name, struct err *err);

/* --- our own certificates, their keys sealed --- */
/* name is that of the server; chain is PEM. *ret_key is given. ERR_NOTFOUND. */
int store_own_get(struct store *s, const char *name, struct buf *chain,
    struct secret **ret_key, struct err *err);
int store_own_put(struct store *s, const char *name, const struct buf *chain,
    const struct secret *key, int64_t now, struct err *err);
#endif
