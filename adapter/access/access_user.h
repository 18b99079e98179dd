#ifndef ACCESS_USER_H_
#define ACCESS_USER_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct access_identity;
struct err;
struct secret;
struct store;

/*
 * Making and changing users, over the store alone (users.h has what is read).
 * Each writes its event into the audit chain and joins the store's transaction;
 * nothing is so before store_commit().  actor: "cli:NAME", "api:NAME".
 */
struct access_user {	  /* NULL: as it was, or none */
	const char *sets; /* by comma */
	const struct secret *password;
	const char *certificate; /* "": no more */
	const char *note;	 /* "": no more */
	const bool *enabled;
};

/* Can a user of this name be so? ERR_INVALID. */
int access_user_check(
    const char *name, const struct access_user *u, struct err *err);
/* Without a password only tokens and a certificate will do. ERR_INVALID for
 * names, sets and passwords that cannot be, ERR_CONFLICT when the name is
 * taken. */
int access_user_add(struct store *s, const char *actor, const char *name,
    const struct access_user *u, struct err *err);
/* A new password, other sets or being disabled end the user's sessions; a
 * password also ends a lock. ERR_NOTFOUND. */
int access_user_set(struct store *s, const char *actor, const char *name,
    const struct access_user *u, struct err *err);
int access_user_remove(
    struct store *s, const char *actor, const char *name, struct err *err);

/* A token for programs; *ret_token is given and shown this once only. life in
 * seconds, at most ACCESS_TOKEN_LIFE_MAX. */
#define ACCESS_TOKEN_LIFE (INT64_C(90) * 86400) /* unless it is said */
#define ACCESS_TOKEN_LIFE_MAX INT64_C(31536000)
#define ACCESS_TOKEN_NAME_MAX 100
struct access_token {
	const char *user, *name;
	int64_t life;
};
int access_token_add(struct store *s, const char *actor,
    const struct access_token *t, int64_t *ret_id, struct secret **ret_token,
    struct err *err);
int access_token_remove(struct store *s, const char *actor, const char *user,
    int64_t id, struct err *err);

/* For what goes on after the login: would who, who was let in at `since`, be so
 * still? Not once the user was changed, or the token or session is no more; not
 * when the store does not say so. On a worker, over its own store. */
bool access_still(struct store *s, const struct access_identity *who,
    int64_t since, int64_t now);
#endif
