/* Who may come in, with what, and what for. */
#include "access.h"
#include "access_user.h"
#include "columns.h"
#include "records.h"
#include "users.h"

static const struct report_column record_user_kind_columns[] = {INT("id"),
    TEXT("name"), TEXT("note"), LIST("sets"), TEXT("certificate"),
    BOOL("enabled"), BOOL("password"), TIME("created_at"), TIME("changed_at"),
    TIME("login_at")};
KIND(record_user_kind);

void
record_user(struct record *r, const struct store_user *u)
{
	record_begin(r, &record_user_kind);
	record_int(r, u->id);
	record_text(r, u->name);
	record_text(r, u->note);
	record_text(r, u->sets);
	record_text(r, u->certificate);
	record_int(r, u->enabled);
	record_int(r, u->hash != NULL);
	record_int(r, u->created_at);
	record_int(r, u->changed_at);
	record_int(r, u->login_at);
}

static const struct report_column record_set_kind_columns[] = {
    TEXT("name"), TEXT("description"), LIST("rights")};
KIND(record_set_kind);

void
record_set(struct record *r, const struct access_set *set)
{
	record_begin(r, &record_set_kind);
	record_text(r, set->name);
	record_text(r, set->help);
	record_given(r, access_rights_text(set->rights));
}

#define TOKEN                                                                  \
	INT("id"), TEXT("user"), TEXT("name"), TIME("created_at"),             \
	    TIME("used_at"), TIME("expires_at")

static void
put_token(struct record *r, const char *user, const struct store_key *k)
{
	record_int(r, k->id);
	record_text(r, user);
	record_text(r, k->name);
	record_int(r, k->created_at);
	record_int(r, k->used_at);
	record_int(r, k->expires_at);
}

static const struct report_column record_token_kind_columns[] = {TOKEN};
KIND(record_token_kind);

void
record_token(struct record *r, const char *user, const struct store_key *k)
{
	record_begin(r, &record_token_kind);
	put_token(r, user, k);
}

static const struct report_column record_new_token_kind_columns[] = {
    TOKEN, TEXT("token")};
KIND(record_new_token_kind);

void
record_new_token(struct record *r, const char *user, const struct store_key *k,
    const char *token)
{
	record_begin(r, &record_new_token_kind);
	put_token(r, user, k);
	record_text(r, token);
}
