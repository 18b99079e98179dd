/*
 * The domain's Kerberos for a person.  First everybody is asked what needs no
 * password; then we log in once, and only when that went well at each
 * controller: a key that is refused counts against the account.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "directory.h"
#include "errand.h"
#include "hygiene.h"
#include "krb.h"
#include "mem.h"
#include "our_clock.h"
#include "str.h"
#include "survey.h"

#define LDAP_SAMPLES 3
#define LDAP_GRAIN_MS 500 /* it says whole seconds */
#define SECOND_MS 1000
#define TEXT_MAX 400
#define TYPES_MAX 128
#define KEYS_MAX 256
#define UF_NORMAL_ACCOUNT 0x200
#define UF_DONT_EXPIRE 0x10000
#define UF_NO_PREAUTH 0x400000
#define EXPIRING (14 * CLOCK_DAY)

/* --- rows, kept until all is known --- */

struct row {
	struct hygiene_krb_row is; /* without its texts */
	char *name, *enctypes, *text;
};

struct rows {
	struct row *list;
	size_t count, room;
};

/* Finding and text are given later, by blame(). */
static struct row *
add_row(struct rows *rows, const char *part, const char *name)
{
	struct row *row;

	if (rows->count == rows->room) {
		rows->room = (rows->room + 8) * 2;
		rows->list =
		    mem_grow(rows->list, rows->room, sizeof(*rows->list));
	}
	row = &rows->list[rows->count++];
	memset(row, 0, sizeof(*row));
	row->is.part = part;
	row->name = mem_dup(name);
	return row;
}

__attribute__((format(printf, 4, 5))) static void
blame(struct row *row, enum hygiene_level level, const char *code,
    const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	row->is.level = level;
	row->is.code = code;
	mem_replace(&row->text, text);
}

static void
rows_free(struct rows *rows)
{
	struct row *row;

	while (rows->count > 0) {
		row = &rows->list[--rows->count];
		free(row->name);
		free(row->enctypes);
		free(row->text);
	}
	free(rows->list);
	memset(rows, 0, sizeof(*rows));
}

/* --- each KDC, and the clocks --- */

static void
add_kdc(const struct daemon *d, const struct survey *s,
    const struct survey_controller *c, struct rows *rows)
{
	struct row *row = add_row(rows, "kdc", c->name);
	char span[CLOCK_TEXT];

	if (c->err.kind != ERR_NONE) {
		blame(row,
		    survey_answered(s) > 0 ? HYGIENE_WARNING : HYGIENE_BAD,
		    "kdc-unreachable",
		    "%s; is it up, is TCP port 88 open? one that is gone for "
		    "good must leave the DNS (SRV)",
		    c->err.text);
		return;
	}
	row->is.timed = true;
	row->is.offset_ms = c->offset_ms;
	row->is.error_ms = c->error_ms;
	row->enctypes = mem_dup(c->types);
	if (llabs(c->offset_ms) >= d->conf->clock_limit * SECOND_MS)
		blame(row, HYGIENE_BAD, "kdc-clock",
		    "its clock and ours differ by %s: see the row of clocks",
		    clock_span(c->offset_ms / SECOND_MS, span));
	else if (strstr(c->types, "aes") == NULL)
		blame(row, HYGIENE_WARNING, "kdc-weak",
		    "it offers our account no AES key; allow AES for it "
		    "(msDS-SupportedEncryptionTypes 24) and set its password "
		    "anew");
}

static const struct survey_controller *
first_answered(const struct survey *s)
{
	const struct survey_controller *c;
	size_t i;

	for (i = 0; (c = survey_controller(s, i)) != NULL; i++)
		if (c->err.kind == ERR_NONE)
			return c;
	return NULL;
}

static void
judge_clocks(const struct daemon *d, const struct survey *s, struct row *row)
{
	struct err err = {.kind = ERR_NONE};
	int64_t spread_ms = survey_spread_ms(s);
	char span[CLOCK_TEXT];
	struct buf uses;

	buf_init(&uses, TYPES_MAX);
	our_clock_spoils(d, row->is.offset_ms, &uses);
	if (our_clock_judge(d->conf, row->is.offset_ms, &err) != 0) {
		our_clock_blame(d->conf, s, row->is.offset_ms, &err);
		blame(row, HYGIENE_BAD, "clock-off", "%s%s%s", err.text,
		    uses.len > 0 ? "; too far for " : "", buf_text(&uses));
	} else if (spread_ms >= d->conf->clock_limit * SECOND_MS) {
		blame(row, HYGIENE_BAD, "clock-spread",
		    "the domain controllers' clocks are %s apart: correct "
		    "those that differ from ours",
		    clock_span(spread_ms / SECOND_MS, span));
	} else if (uses.len > 0) {
		blame(row, HYGIENE_WARNING, "clock-off", "too far for %s",
		    buf_text(&uses));
	}
	buf_free(&uses);
}

static void
add_clocks(const struct daemon *d, const struct survey *s, struct rows *rows)
{
	const struct survey_controller *c = first_answered(s);
	struct row *row;

	if (c == NULL)
		return;
	row = add_row(rows, "clock", "ours");
	row->is.timed = true;
	row->is.offset_ms = c->offset_ms;
	row->is.error_ms = c->error_ms;
	judge_clocks(d, s, row);
}

/* --- what is ours: ticket, account, keytab, and LDAP with them --- */

struct own_errand {
	struct errand base;
	const struct conf *conf;
	struct survey *survey;
	struct rows rows;
	int64_t kvno; /* of our account in the directory; 0: unknown */
	bool let_in;  /* the login went well */
	struct rows *into;
};

static void
own_free(struct errand *base)
{
	struct own_errand *e = (void *)base;

	rows_free(&e->rows);
	free(e);
}

static void
add_ticket(struct own_errand *e, struct krb *krb)
{
	struct row *row = add_row(&e->rows, "ticket", e->conf->principal);
	struct krb_tgt tgt = {.principal = NULL};
	struct err err = {.kind = ERR_NONE};

	if (krb_tgt_read(krb, &tgt, &err) != 0) {
		blame(row, HYGIENE_BAD,
		    err.kind == ERR_DENIED ? "login-refused" : "login-failed",
		    "%s", err.text);
		return;
	}
	e->let_in = true;
	row->enctypes = mem_dup(tgt.type);
	row->is.until = tgt.ends;
	row->is.renew_until = tgt.renew_until;
	if (!str_starts(tgt.type, "aes"))
		blame(row, HYGIENE_WARNING, "ticket-weak",
		    "its key is no AES one; allow AES for our account "
		    "(msDS-SupportedEncryptionTypes 24), set its password and "
		    "make the keytab anew");
	krb_tgt_clear(&tgt);
}

/* A person's account ends with its password; a computer's does not. */
static void
judge_account(const struct directory_object *o, struct row *row)
{
	char span[CLOCK_TEXT];
	int64_t left;

	if ((o->uac & UF_NO_PREAUTH) != 0)
		blame(row, HYGIENE_WARNING, "account-no-preauth",
		    "anybody is given what its password can be guessed from: "
		    "clear \"Do not require Kerberos preauthentication\" "
		    "(userAccountControl 0x400000)");
	if ((o->uac & UF_NORMAL_ACCOUNT) == 0 ||
	    (o->uac & UF_DONT_EXPIRE) != 0 || o->max_age == 0)
		return;
	row->is.until = o->password_at + o->max_age;
	left = row->is.until - clock_now();
	if (o->password_at == 0 || left <= 0)
		blame(row, HYGIENE_BAD, "account-password-expired",
		    "its password has expired or must be changed: no new "
		    "ticket comes any more; set a new one and make the keytab "
		    "anew, or let it never expire");
	else if (left < EXPIRING)
		blame(row, HYGIENE_WARNING, "account-password-expiring",
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
	struct row *row;

	if (strchr(account, '/') == NULL) {
		row = add_row(&e->rows, "account", account);
		if (directory_read(directory, account, &o, &err) != 0) {
			blame(row, HYGIENE_WARNING, "account-unread", "%s",
			    err.text);
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
ldap_time(struct directory *directory, struct row *row, struct err *err)
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
	struct row *row = add_row(&e->rows, "ldap", c->name);
	struct directory *directory = NULL;
	struct err err = {.kind = ERR_NONE};

	if (desk_open_directory(e->conf, c->name, krb, &directory, &err) != 0 ||
	    ldap_time(directory, row, &err) != 0)
		blame(row, HYGIENE_BAD,
		    err.kind == ERR_DENIED ? "ldap-refused" : "ldap-failed",
		    "%s", err.text);
	else if (llabs(row->is.offset_ms - c->offset_ms) >
	    row->is.error_ms + c->error_ms + SECOND_MS)
		blame(row, HYGIENE_WARNING, "ldap-clock",
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
judge_key(const struct own_errand *e, const struct keys *keys, struct row *row)
{
	enum hygiene_level level = e->let_in ? HYGIENE_WARNING : HYGIENE_BAD;

	if (e->kvno != 0 && row->is.kvno < e->kvno && !have_key(e, keys))
		blame(row, level, "keytab-old",
		    "the account has key version %lld: its password was set "
		    "anew; make the keytab again, it is picked up at once",
		    (long long)e->kvno);
	else if (e->kvno != 0 && row->is.kvno > e->kvno)
		blame(row, level, "keytab-ahead",
		    "the account has key version %lld at this controller: a "
		    "change that has not arrived there, or another domain's "
		    "keytab",
		    (long long)e->kvno);
	else if (strstr(row->enctypes, "aes") == NULL)
		blame(row, HYGIENE_WARNING, "keytab-weak",
		    "no AES key; make the keytab again with all types");
}

static void
add_keytab(struct own_errand *e)
{
	struct keys *keys = mem_alloc(sizeof(*keys));
	struct err err = {.kind = ERR_NONE};
	struct row *row;
	bool ours = false, mine;
	size_t i;

	if (krb_keytab_scan(e->conf->keytab, take_key, keys, &err) != 0)
		blame(add_row(&e->rows, "keytab", e->conf->principal),
		    HYGIENE_BAD, "keytab-unreadable", "%s", err.text);
	for (i = 0; i < keys->count; i++) {
		mine = str_ieq(keys->list[i].principal, e->conf->principal);
		row = add_row(&e->rows, "keytab", keys->list[i].principal);
		row->is.kvno = keys->list[i].kvno;
		row->enctypes = mem_dup(keys->list[i].types);
		if (mine)
			judge_key(e, keys, row);
		ours = ours || mine;
	}
	if (!ours && err.kind == ERR_NONE)
		blame(add_row(&e->rows, "keytab", e->conf->principal),
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
	const struct survey_controller *first = first_answered(e->survey);

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

static int
look_at_own(
    struct daemon *d, struct survey *s, struct rows *own, struct err *err)
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

/* --- all of it --- */

static int
tell(const struct rows *rows, hygiene_krb_row_fn *fn, void *cookie,
    struct err *err)
{
	struct hygiene_krb_row row;
	size_t i;

	for (i = 0; i < rows->count; i++) {
		row = rows->list[i].is;
		row.name = rows->list[i].name;
		row.enctypes = rows->list[i].enctypes;
		row.text = rows->list[i].text;
		if (fn(cookie, &row, err) != 0)
			return -1;
	}
	return 0;
}

int
hygiene_krb_status(
    struct daemon *d, hygiene_krb_row_fn *fn, void *cookie, struct err *err)
{
	const struct survey_controller *c;
	struct rows rows = {.count = 0}, own = {.count = 0};
	struct survey *s;
	size_t i;
	int rc;

	if (!d->conf->directory)
		return err_set(err, ERR_NOTFOUND,
		    "Active Directory is not configured (directory:)");
	s = survey_make(d, err);
	if (s == NULL)
		return -1;
	for (i = 0; (c = survey_controller(s, i)) != NULL; i++)
		add_kdc(d, s, c, &rows);
	add_clocks(d, s, &rows);
	rc = look_at_own(d, s, &own, err);
	if (rc == 0)
		rc = tell(&rows, fn, cookie, err);
	if (rc == 0)
		rc = tell(&own, fn, cookie, err);
	rows_free(&rows);
	rows_free(&own);
	survey_free(s);
	return rc;
}
