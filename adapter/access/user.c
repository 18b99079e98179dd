/* Making and changing users. */
#include "access_user.h"

#include <stdio.h>
#include <string.h>

#include "access_internal.h"
#include "clock.h"
#include "err.h"
#include "login_internal.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "users.h"

static const char *const kinds[] = {
    "subject:", "email:", "upn:", "dns:", "uri:"};

static int
check_certificate(const char *name, struct err *err)
{
	size_t i;

	if (str_empty(name))
		return 0;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_starts(name, kinds[i]) &&
		    name[strlen(kinds[i])] != '\0')
			return 0;
	return err_set(err, ERR_INVALID,
	    "certificate: wanted \"subject:CN=...\", \"email:...\", "
	    "\"upn:...\", \"dns:...\" or \"uri:...\"");
}

static int
check_name(const char *name, struct err *err)
{
	if (strlen(name) < ACCESS_NAME && strchr(name, ':') == NULL)
		return 0;
	return err_set(err, ERR_INVALID,
	    "a user's name has fewer than %d bytes and no colon, which HTTP "
	    "has behind it",
	    ACCESS_NAME);
}

static int
check_password(const struct secret *password, struct err *err)
{
	size_t len;

	(void)secret_bytes(password, &len);
	if (len >= ACCESS_PASSWORD_MIN && len <= ACCESS_PASSWORD_MAX &&
	    strlen(secret_text(password)) == len)
		return 0;
	return err_set(err, ERR_INVALID, "a password has %d to %d bytes",
	    ACCESS_PASSWORD_MIN, ACCESS_PASSWORD_MAX);
}

int
access_user_check(
    const char *name, const struct access_user *u, struct err *err)
{
	uint64_t rights;

	if (check_name(name, err) != 0 ||
	    check_certificate(u->certificate, err) != 0 ||
	    (u->sets != NULL &&
		access_set_rights(u->sets, &rights, err) != 0) ||
	    (u->password != NULL && check_password(u->password, err) != 0))
		return -1;
	return 0;
}

/* *hash has room for one. */
static int
apply(struct store_user *row, const struct access_user *u,
    char hash[ACCESS_HASH], struct err *err)
{
	if (access_user_check(row->name, u, err) != 0)
		return -1;
	if (u->sets != NULL)
		mem_replace(&row->sets, u->sets);
	if (u->certificate != NULL)
		mem_replace(&row->certificate,
		    u->certificate[0] == '\0' ? NULL : u->certificate);
	if (u->note != NULL)
		mem_replace(&row->note, u->note[0] == '\0' ? NULL : u->note);
	if (u->enabled != NULL)
		row->enabled = *u->enabled;
	if (u->password == NULL)
		return 0;
	if (access_hash(u->password, hash, err) != 0)
		return -1;
	mem_replace(&row->hash, hash);
	return 0;
}

static int
note(struct store *s, const char *kind, const char *actor,
    const struct store_user *row, const struct access_user *u, struct err *err)
{
	return access_event(s, kind, actor, err, "user", row->name, "sets",
	    row->sets, "enabled", row->enabled ? "yes" : "no", "password",
	    u->password != NULL ? "changed" : NULL, "certificate",
	    row->certificate, (char *)NULL);
}

int
access_user_add(struct store *s, const char *actor, const char *name,
    const struct access_user *u, struct err *err)
{
	struct store_user row = {.enabled = true};
	char hash[ACCESS_HASH];
	int64_t id;
	int rc = -1;

	row.name = mem_dup(name);
	if (u->sets == NULL)
		(void)err_set(err, ERR_INVALID,
		    "a user needs a permission set; \"user sets\" has them");
	else if (apply(&row, u, hash, err) == 0)
		rc = store_user_add(s, &row, clock_now(), &id, err);
	if (rc == 0)
		rc = note(s, "user.added", actor, &row, u, err);
	store_user_clear(&row);
	return rc;
}

int
access_user_set(struct store *s, const char *actor, const char *name,
    const struct access_user *u, struct err *err)
{
	struct store_user row = {.id = 0};
	char hash[ACCESS_HASH];
	int rc;

	if (store_user_find(s, name, &row, err) != 0)
		return -1;
	rc = apply(&row, u, hash, err);
	if (rc == 0)
		rc = store_user_save(s, &row, clock_now(), err);
	if (rc == 0 && u->password != NULL)
		rc = store_failure_clear(s, row.name, err);
	if (rc == 0 && (u->password != NULL || u->sets != NULL || !row.enabled))
		rc = store_key_remove_all(s, row.id, STORE_KEY_SESSION, err);
	if (rc == 0)
		rc = note(s, "user.changed", actor, &row, u, err);
	store_user_clear(&row);
	return rc;
}

int
access_user_remove(
    struct store *s, const char *actor, const char *name, struct err *err)
{
	struct store_user row = {.id = 0};
	int rc;

	if (store_user_find(s, name, &row, err) != 0)
		return -1;
	rc = store_user_remove(s, row.id, err);
	if (rc == 0)
		rc = access_event(s, "user.removed", actor, err, "user",
		    row.name, (char *)NULL);
	store_user_clear(&row);
	return rc;
}

/* --- tokens --- */

static int
check_token(const struct access_token *t, struct err *err)
{
	if (str_empty(t->name) || strlen(t->name) > ACCESS_TOKEN_NAME_MAX)
		return err_set(err, ERR_INVALID,
		    "a token needs a name of at most %d bytes",
		    ACCESS_TOKEN_NAME_MAX);
	if (t->life < 1 || t->life > ACCESS_TOKEN_LIFE_MAX)
		return err_set(err, ERR_INVALID,
		    "a token lives for at least a second and at most a year");
	return 0;
}

int
access_token_add(struct store *s, const char *actor,
    const struct access_token *t, int64_t *ret_id, struct secret **ret_token,
    struct err *err)
{
	struct store_user row = {.id = 0};
	struct store_key key = {.kind = STORE_KEY_TOKEN};
	uint8_t sha256[ACCESS_SHA256];
	struct secret *token = NULL;
	int64_t now = clock_now(), id = 0;
	char number[24];
	int rc;

	if (check_token(t, err) != 0 ||
	    store_user_find(s, t->user, &row, err) != 0)
		return -1;
	key.user = row.id;
	key.name = mem_dup(t->name);
	key.expires_at = now + t->life;
	token = access_random_key(ACCESS_TOKEN_PREFIX, err);
	rc = token == NULL ? -1 : 0;
	if (rc == 0) {
		access_key_hash(secret_text(token), sha256);
		rc = store_key_add(s, &key, sha256, now, &id, err);
	}
	if (rc == 0) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)id);
		rc = access_event(s, "token.added", actor, err, "user",
		    row.name, "token", number, "name", t->name, (char *)NULL);
	}
	store_key_clear(&key);
	store_user_clear(&row);
	if (rc != 0) {
		secret_free(token);
		return -1;
	}
	*ret_id = id;
	*ret_token = token;
	return 0;
}

int
access_token_remove(struct store *s, const char *actor, const char *user,
    int64_t id, struct err *err)
{
	struct store_user row = {.id = 0};
	char number[24];
	int rc;

	if (store_user_find(s, user, &row, err) != 0)
		return -1;
	(void)snprintf(number, sizeof(number), "%lld", (long long)id);
	rc = store_key_remove(s, row.id, id, err);
	if (rc == 0)
		rc = access_event(s, "token.removed", actor, err, "user",
		    row.name, "token", number, (char *)NULL);
	store_user_clear(&row);
	return rc;
}
