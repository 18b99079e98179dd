/* Permission sets, and tokens of users. */
#include <stdlib.h>

#include "access_user.h"
#include "api_internal.h"
#include "mem.h"
#include "records.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "users.h"

/* --- permission sets --- */

int
api_sets_list(struct api_call *c, struct err *err)
{
	const struct access_set *set;
	size_t i;

	api_page_begin(c, &api_set_row);
	for (i = 0; (set = access_set(i)) != NULL; i++) {
		record_set(&c->row, set);
		if (api_row_end(c, err) != 0)
			return -1;
	}
	api_page_end(c, NULL);
	return 0;
}

/* --- tokens --- */

static int
write_token(void *cookie, const struct store_key *k, struct err *err)
{
	struct api_call *c = cookie;

	record_token(&c->row, c->match.segments[0], k);
	return api_row_end(c, err);
}

static int
find_user(struct api_call *c, int64_t *ret_id, struct err *err)
{
	struct store_user u = {.id = 0};

	if (store_user_find(c->store, c->match.segments[0], &u, err) != 0)
		return -1;
	*ret_id = u.id;
	store_user_clear(&u);
	return 0;
}

/* They are few: STORE_KEYS_PER_USER. */
int
api_tokens_list(struct api_call *c, struct err *err)
{
	int64_t user = 0;

	if (find_user(c, &user, err) != 0)
		return -1;
	api_page_begin(c, &api_token_row);
	if (store_key_scan(
		c->store, user, STORE_KEY_TOKEN, write_token, c, err) != 0)
		return -1;
	api_page_end(c, NULL);
	return 0;
}

struct made {
	struct api_call *c;
	int64_t id;
	const struct secret *token;
};

static int
write_made(void *cookie, const struct store_key *k, struct err *err)
{
	struct made *m = cookie;

	if (k->id != m->id)
		return 0;
	record_new_token(
	    &m->c->row, m->c->match.segments[0], k, secret_text(m->token));
	return api_row_end(m->c, err);
}

/* The one answer that shows it; it is kept nowhere. */
int
api_tokens_add(struct api_call *c, struct err *err)
{
	const struct access_token t = {.user = c->match.segments[0],
	    .name = api_body_text(c, "name"),
	    .life = api_body_int(c, "life", ACCESS_TOKEN_LIFE)};
	struct secret *token = NULL;
	struct made m = {.c = c};
	int64_t user = 0;
	int r;

	if (find_user(c, &user, err) != 0 ||
	    access_token_add(c->store, c->actor, &t, &m.id, &token, err) != 0)
		return -1;
	m.token = token;
	api_row_begin(c, &api_new_token_row);
	r = store_key_scan(
	    c->store, user, STORE_KEY_TOKEN, write_made, &m, err);
	secret_free(token);
	return r;
}

int
api_tokens_remove(struct api_call *c, struct err *err)
{
	int64_t id = 0;

	if (api_number(c, 1, &id, err) != 0)
		return -1;
	return access_token_remove(
	    c->store, c->actor, c->match.segments[0], id, err);
}
