#ifndef ACCESS_INTERNAL_H_
#define ACCESS_INTERNAL_H_
#include "access.h"

struct buf;

#define ACCESS_SHA256 32

/* --- hash.c: passwords at rest --- */

/* "scrypt$ln=15,r=8,p=3$SALT$HASH"; the parameters are kept with the hash, so
 * that stronger ones may come. About a quarter of a second and 32 MB. */
struct access_scrypt {
	int64_t ln, r, p;
};
#define ACCESS_HASH 256
extern struct access_scrypt access_scrypt; /* of new ones; tests weaken it */
int access_hash(
    const struct secret *password, char out[ACCESS_HASH], struct err *err);
/* Compare in constant time. hash NULL, or none of ours: false, and it takes as
 * long as one of a new password. */
bool access_hash_is(const char *hash, const struct secret *password);

/* --- header.c: what requests show --- */

enum access_shown {
	ACCESS_SHOWN_NOTHING,
	ACCESS_SHOWN_PASSWORD,
	ACCESS_SHOWN_KEY, /* a token, or a session's */
	ACCESS_SHOWN_NONSENSE
};
struct access_shown_as {
	char name[ACCESS_NAME];
	struct secret *secret; /* password or key; NULL; given */
};
/* An Authorization header; NULL: nothing. */
enum access_shown access_read_authorization(
    const char *header, struct access_shown_as *ret);
/* A Cookie header's session. */
enum access_shown access_read_cookie(
    const char *header, struct access_shown_as *ret);

/* --- gate.c: how often --- */

/* A bucket of permits per key, in bounded memory: with more keys than there is
 * room for, strangers share. */
#define ACCESS_GATE_KEY 512 /* bytes of a key that count */
struct gate;
struct gate *gate_new(int64_t permits, int64_t every_ms);
void gate_free(struct gate *g);
/* Take one: 0, or milliseconds until there is one again. */
int64_t gate_take(struct gate *g, const char *key, int64_t now_ms);
void gate_give(struct gate *g, const char *key);

/* --- random.c --- */

/* prefix and 64 hex digits. */
#define ACCESS_TOKEN_PREFIX "amtk_"
#define ACCESS_SESSION_PREFIX "amts_"
struct secret *access_random_key(const char *prefix, struct err *err);
void access_key_hash(const char *text, uint8_t out[ACCESS_SHA256]);
#endif
