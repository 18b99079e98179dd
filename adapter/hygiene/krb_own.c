/* What is ours: ticket, account, keytab, and LDAP with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "directory.h"
#include "errand.h"
#include "krb.h"
#include "krb_status_internal.h"
#include "mem.h"
#include "str.h"
#include "survey.h"

#define LDAP_SAMPLES 3
#define LDAP_GRAIN_MS 500 /* it says whole seconds */
#define SECOND_MS 1000
#define TYPES_MAX 128
#define KEYS_MAX 256
#define UF_NORMAL_ACCOUNT 0x200
#define UF_DONT_EXPIRE 0x10000
#define UF_NO_PREAUTH 0x400000
#define EXPIRING (14 * CLOCK_DAY)

struct own_errand {
	struct errand base;
	const struct conf *conf;
	struct survey *survey;
	struct hygiene_rows rows;
	int64_t kvno; /* of our account in the directory; 0: unknown */
	bool let_in;  /* the login went well */
	struct hygiene_rows *into;
};

static void
own_free(struct errand *base)
{
	struct own_errand *e = (void *)base;

	hygiene_rows_free(&e->rows);
	free(e);
}

static void
add_ticket(struct own_errand *e, struct krb *krb)
{
	struct hygiene_row *row =
	    hygiene_row_add(&e->rows, "ticket", e->conf->principal);
	struct krb_tgt tgt = {.principal = NULL};
	struct err err = {.kind = ERR_NONE};

	if (krb_tgt_read(krb, &tgt, &err) != 0) {
		hygiene_row_blame(row, HYGIENE_BAD,
		    err.kind == ERR_DENIED ? "login-refused" : "login-failed",
		    "%s", err.text);
		return;
	}
	e->let_in = true;
	row->enctypes = mem_dup(tgt.type);
	row->is.until = tgt.ends;
	row->is.renew_until = tgt.renew_until;
	if (!str_starts(tgt.type, "aes"))
		hygiene_row_blame(row, HYGIENE_WARNING, "ticket-weak",
		    "its key is no AES one; allow AES for our account "
		    "(msDS-SupportedEncryptionTypes 24), set its password and "
		    "make the keytab anew");
	krb_tgt_clear(&tgt);
}

/* A person's account ends with its password; a computer's does not. */
static void
judge_account(const struct directory_object *o, struct hygiene_row *row)
{
	char span[CLOCK_TEXT];
	int64_t left;

	if ((o->uac & UF_NO_PREAUTH) != 0)
		hygiene_row_blame(row, HYGIENE_WARNING, "account-no-preauth",
		    "anybody is given what its password can be guessed from: "
		    "clear \"Do not require Kerberos preauthentication\" "
		    "(userAccountControl 0x400000)");
	if ((o->uac & UF_NORMAL_ACCOUNT) == 0 ||
	    (o->uac & UF_DONT_EXPIRE) != 0 || o->max_age == 0)
		return;
	row->is.until = o->password_at + o->max_age;
	left = row->is.until - clock_now();
	if (o->password_at == 0 || left <= 0)
		hygiene_row_blame(row, HYGIENE_BAD, "account-password-expired",
		    "its password has expired or must be changed: no new "
		    "ticket comes any more; set a new one and make the keytab "
		    "anew, or let it never expire");
	else if (left < EXPIRING)
		hygiene_row_blame(row, HYGIENE_WARNING,
		    "account-password-expiring",
		    "its password expires in %s, and we stop then: set a new "
		    "one and make the keytab anew, or let it never expire",
		    clock_span(left, span));
}

/* Our own object, where we are an account of this domain by name. */
static void
add_account(struct own_errand *e, struct directory *directory)
{
	size_t len = strcspn(e->conf->principal, "@");
	char *account = mem_dup_len(e->conf->principal, len);
	struct directory_object o;
	struct err err = {.kind = ERR_NONE};
	struct hygiene_row *row;

	if (strchr(account, '/') == NULL) {
		row = hygiene_row_add(&e->rows, "account", account);
		if (directory_read(directory, account, &o, &err) != 0) {
			hygiene_row_blame(row, HYGIENE_WARNING,
			    "account-unread", "%s", err.text);
		} else {
			e->kvno = row->is.kvno = o.kvno;
			judge_account(&o, row);
			directory_object_clear(&o);
		}
	}
	free(account);
}

/* Best of several: the one with the shortest way. */
static int
ldap_time(struct directory *directory, struct hygiene_row *row, struct err *err)
{
	int64_t began, trip, offset = 0, best = INT64_MAX;
	int i;

	for (i = 0; i < LDAP_SAMPLES; i++) {
		began = clock_mono_ms();
		if (directory_time(directory, &offset, err) != 0)
			return -1;
		trip = clock_mono_ms() - began;
		if (trip >= best)
			continue;
		best = trip;
		row->is.offset_ms = offset;
	}
	row->is.timed = true;
	row->is.error_ms = LDAP_GRAIN_MS + (best + 1) / 2;
	return 0;
}

/* -1: refused, and the next would count once more. */
static int
add_ldap(
    struct own_errand *e, struct krb *krb, const struct survey_controller *c)
{
	struct hygiene_row *row = hygiene_row_add(&e->rows, "ldap", c->name);
	struct directory *directory = NULL;
	struct err err = {.kind = ERR_NONE};

	if (desk_open_directory(e->conf, c->name, krb, &directory, &err) != 0 ||
	    ldap_time(directory, row, &err) != 0)
		hygiene_row_blame(row, HYGIENE_BAD,
		    err.kind == ERR_DENIED ? "ldap-refused" : "ldap-failed",
		    "%s", err.text);
	else if (llabs(row->is.offset_ms - c->offset_ms) >
	    row->is.error_ms + c->error_ms + SECOND_MS)
		hygiene_row_blame(row, HYGIENE_WARNING, "ldap-clock",
		    "directory and KDC of this name have different clocks: "
		    "does the name lead to two machines?");
	if (directory != NULL && e->kvno == 0)
		add_account(e, directory);
	directory_close(directory);
	return err.kind == ERR_DENIED ? -1 : 0;
}

static int
look_own(struct own_errand *e, const struct survey_controller *first,
    struct err *err)
{
	const struct survey_controller *c;
	struct krb *krb = NULL;
	int rc = 0;
	size_t i;

	if (desk_open_krb(e->conf, first->name, e->conf->keytab, &krb, err) !=
	    0)
		return -1;
	add_ticket(e, krb);
	for (i = 0; rc == 0 && e->let_in; i++) {
		c = survey_controller(e->survey, i);
		if (c == NULL)
			break;
		if (c->err.kind == ERR_NONE)
			rc = add_ldap(e, krb, c);
	}
	krb_close(krb);
	return 0;
}

/* --- the keytab --- */

struct keys {
	struct {
		char *principal;
		int64_t kvno;
		char types[TYPES_MAX];
	} list[KEYS_MAX];
	size_t count;
};

static int
take_key(void *cookie, const struct krb_entry *entry, struct err *err)
{
	struct keys *keys = cookie;
	size_t i, len;

	(void)err;
	for (i = 0; i < keys->count; i++)
		if (keys->list[i].kvno == entry->kvno &&
		    str_eq(keys->list[i].principal, entry->principal))
			break;
	if (i == KEYS_MAX)
		return 0; /* enough to look at */
	if (i == keys->count) {
		keys->list[i].principal = mem_dup(entry->principal);
		keys->list[i].kvno = entry->kvno;
		keys->count++;
	}
	len = strlen(keys->list[i].types);
	(void)snprintf(keys->list[i].types + len, TYPES_MAX - len, "%s%s",
	    len > 0 ? "," : "", entry->type);
	return 0;
}

/* Do we have the key that the directory says is the account's? */
static bool
have_key(const struct own_errand *e, const struct keys *keys)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (str_ieq(keys->list[i].principal, e->conf->principal) &&
		    keys->list[i].kvno == e->kvno)
			return true;
	return false;
}

static void
judge_key(const struct own_errand *e, const struct keys *keys,
    struct hygiene_row *row)
{
	enum hygiene_level level = e->let_in ? HYGIENE_WARNING : HYGIENE_BAD;

	if (e->kvno != 0 && row->is.kvno < e->kvno && !have_key(e, keys))
		hygiene_row_blame(row, level, "keytab-old",
		    "the account has key version %lld: its password was set "
		    "anew; make the keytab again, it is picked up at once",
		    (long long)e->kvno);
	else if (e->kvno != 0 && row->is.kvno > e->kvno)
		hygiene_row_blame(row, level, "keytab-ahead",
		    "the account has key version %lld at this controller: a "
		    "change that has not arrived there, or another domain's "
		    "keytab",
		    (long long)e->kvno);
	else if (strstr(row->enctypes, "aes") == NULL)
		hygiene_row_blame(row, HYGIENE_WARNING, "keytab-weak",
		    "no AES key; make the keytab again with all types");
}

static void
add_keytab(struct own_errand *e)
{
	struct keys *keys = mem_alloc(sizeof(*keys));
	struct err err = {.kind = ERR_NONE};
	struct hygiene_row *row;
	bool ours = false, mine;
	size_t i;

	if (krb_keytab_scan(e->conf->keytab, take_key, keys, &err) != 0)
		hygiene_row_blame(
		    hygiene_row_add(&e->rows, "keytab", e->conf->principal),
		    HYGIENE_BAD, "keytab-unreadable", "%s", err.text);
	for (i = 0; i < keys->count; i++) {
		mine = str_ieq(keys->list[i].principal, e->conf->principal);
		row = hygiene_row_add(
		    &e->rows, "keytab", keys->list[i].principal);
		row->is.kvno = keys->list[i].kvno;
		row->enctypes = mem_dup(keys->list[i].types);
		if (mine)
			judge_key(e, keys, row);
		ours = ours || mine;
	}
	if (!ours && err.kind == ERR_NONE)
		hygiene_row_blame(
		    hygiene_row_add(&e->rows, "keytab", e->conf->principal),
		    HYGIENE_BAD, "keytab-no-key",
		    "%s has no key of ours; is directory.principal right?",
		    e->conf->keytab);
	while (keys->count > 0)
		free(keys->list[--keys->count].principal);
	free(keys);
}

static int
call_own(void *cookie, struct krb *desk, struct directory *directory,
    struct err *err)
{
	struct own_errand *e = cookie;
	const struct survey_controller *first = hygiene_krb_first(e->survey);

	(void)desk;
	(void)directory;
	/* A keytab that may not be used is its own row's to say. */
	if (first != NULL && look_own(e, first, err) != 0)
		err_clear(err);
	add_keytab(e);
	return 0;
}

static void
give_own(struct errand *base)
{
	struct own_errand *e = (void *)base;

	*e->into = e->rows;
	memset(&e->rows, 0, sizeof(e->rows));
}

int
hygiene_krb_own(struct daemon *d, struct survey *s, struct hygiene_rows *own,
    struct err *err)
{
	struct own_errand *e = mem_alloc(sizeof(*e));
	struct daemon_wait wait = {.loop = d->loop};

	e->base.need = DESK_NONE;
	e->base.call = call_own;
	e->base.give = give_own;
	e->base.free = own_free;
	e->conf = d->conf;
	e->survey = s;
	e->into = own;
	errand_send(d->ports->directory.self, &e->base, daemon_waited, &wait);
	return daemon_await(&wait, err);
}
