/* What was shown at the beginning of what takes long. */
#include "access.h"
#include "access_user.h"
#include "err.h"
#include "users.h"

struct look {
	const struct access_identity *who;
	int64_t now;
	bool found;
};

static int
look_at(void *cookie, const struct store_key *k, struct err *err)
{
	struct look *l = cookie;

	(void)err;
	if (k->id == l->who->key &&
	    (k->expires_at == 0 || l->now < k->expires_at))
		l->found = true;
	return 0;
}

static bool
has_key(struct store *s, const struct access_identity *who, int64_t now)
{
	struct look l = {.who = who, .now = now};
	struct err err = {.kind = ERR_NONE};

	if (who->means != ACCESS_TOKEN && who->means != ACCESS_SESSION)
		return true;
	return store_key_scan(s, who->user,
		   who->means == ACCESS_TOKEN ? STORE_KEY_TOKEN
					      : STORE_KEY_SESSION,
		   look_at, &l, &err) == 0 &&
	    l.found;
}

bool
access_still(struct store *s, const struct access_identity *who, int64_t since,
    int64_t now)
{
	struct store_user u = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	bool good;

	if (store_user_get(s, who->user, &u, &err) != 0)
		return false;
	good = u.enabled && u.changed_at <= since && has_key(s, who, now);
	store_user_clear(&u);
	return good;
}
