/* core.listUsers. */
#include <string.h>

#include "commands_internal.h"
#include "str.h"
#include "users.h"

struct search {
	struct out *out;
	const char *set; /* NULL: all */
};

/* One of the words between commas. */
static bool
has_set(const char *sets, const char *set)
{
	size_t len;

	for (; *sets != '\0'; sets += len + (sets[len] == ',' ? 1 : 0)) {
		sets += strspn(sets, " ");
		len = strcspn(sets, ",");
		if (len == strlen(set) && strncasecmp(sets, set, len) == 0)
			return true;
	}
	return false;
}

static int
write_user(void *cookie, const struct store_user *u, struct err *err)
{
	const struct search *s = cookie;

	(void)err;
	if (s->set != NULL && (u->sets == NULL || !has_set(u->sets, s->set)))
		return 0;
	out_row(s->out, "user");
	out_int(s->out, "id", u->id);
	out_text(s->out, "name", u->name);
	out_bool(s->out, "disabled", !u->enabled);
	out_text(s->out, "permissionSets", u->sets);
	out_text(s->out, "notes", u->note);
	out_time(s->out, "created", u->created_at);
	out_time(s->out, "lastLogin", u->login_at);
	out_row_end(s->out);
	return 0;
}

int
remote_list_users(struct call *c, struct err *err)
{
	struct search s = {.out = &c->out, .set = call_text(c, "permSetName")};
	int r;

	out_list(&c->out, false);
	r = store_user_scan(c->store, write_user, &s, err);
	out_list_end(&c->out);
	return r;
}
