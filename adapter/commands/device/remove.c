#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "choice.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_device_internal.h"
#include "conf.h"
#include "device.h"
#include "hygiene.h"
#include "mem.h"
#include "remove_internal.h"
#include "revoke.h"
#include "store.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define COMMAND_MAX 8192
#define CESSATION 5 /* RFC 5280, 5.3.1: cessationOfOperation */

/*
 * A device leaves the fleet. With --revoke its certificates go too, and with
 * --disable-object or --delete-object its object in Active Directory, in an
 * order that a crash cannot spoil: the audit chain says what is to be done;
 * then, while the store is locked for the removal, so that nobody can begin a
 * change that would get it one more, each is revoked and the object's end is
 * made, and only then the removal is committed. Killed in between, the device
 * is still there and the same command finishes the work.
 */

/* --- certificates of a device that are valid still --- */

struct remove_left *
remove_left_new(struct remove_lefts *l)
{
	struct remove_left *left;

	l->all = mem_grow(l->all, l->count + 1, sizeof(*l->all));
	left = &l->all[l->count++];
	*left = (struct remove_left){.state = "valid"};
	return left;
}

static int
keep_left(void *cookie, const struct ca_cert *cert, struct err *err)
{
	struct remove_lefts *l = cookie;
	struct remove_left *left;

	(void)err;
	if (cert->revoked_at != 0 || cert->not_after <= l->now)
		return 0;
	left = remove_left_new(l);
	left->serial = mem_dup(cert->serial);
	left->issuer = mem_dup(cert->issuer);
	left->not_after = cert->not_after;
	return 0;
}

static void
lefts_free(struct remove_lefts *l)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		free(l->all[i].serial);
		free(l->all[i].issuer);
	}
	free(l->all);
	memset(l, 0, sizeof(*l));
}

/* None when there is no CA to ask. */
static int
find_lefts(struct cli *c, const char *name, struct remove_lefts *ret_lefts,
    struct err *err)
{
	ret_lefts->now = clock_now();
	if (c->daemon.ca == NULL)
		return 0;
	return ca_list(c->daemon.ca, &(struct ca_list_of){.device = name},
	    keep_left, ret_lefts, err);
}

/* --- what is told --- */

void
remove_gone_clear(struct remove_gone *g)
{
	lefts_free(&g->lefts);
	free(g->name);
	free(g->ad_dn);
}

/* What is to become of the object; NULL: it stays. */
static const char *
object_wish(const struct cli *c)
{
	if (cli_flag(c, "delete-object"))
		return "deleted";
	return cli_flag(c, "disable-object") ? "disabled" : NULL;
}

/* One device after the other, each with what leaves with it? */
static bool
takes_more(const struct cli *c)
{
	return cli_flag(c, "revoke") || object_wish(c) != NULL;
}

static const struct table_column columns[] = {{"device", TABLE_STRING, 0, 0},
    {"what", TABLE_STRING, 0, 0}, {"name", TABLE_STRING, 0, 16},
    {"state", TABLE_STRING, 0, 0}, {"until", TABLE_TIME, 1, 0},
    {"by_hand", TABLE_STRING, 0, 24}};

struct remainder {
	const char *what, *name, *state;
	int64_t until;
	char *by_hand; /* given */
};

static void
write_remainder(struct table *t, const char *device, const struct remainder *r)
{
	table_text(t, device);
	table_text(t, r->what);
	table_text(t, r->name);
	table_text(t, r->state);
	table_int(t, r->until);
	table_text(t, r->by_hand);
	table_row(t);
	free(r->by_hand);
}

static char *
revoke_by_hand(const struct cli *c, const struct remove_left *l)
{
	if (str_eq(l->state, "valid"))
		return mem_printf("amtkeeper ca revoke %s", l->serial);
	if (str_eq(l->state, "marked"))
		return revoke_there(c, l->issuer, l->serial);
	return NULL;
}

/* conf: NULL where the fleet is a server's, which does not say its own. */
static char *
delete_by_hand(const struct conf *conf, const char *dn)
{
	const char *host = conf == NULL ? NULL
	    : conf->dc != NULL		? conf->dc
					: conf->domain;
	struct buf command;
	char *text;

	buf_init(&command, COMMAND_MAX);
	buf_printf(&command, "ldapdelete -Y GSSAPI -H ldap://%s ",
	    host == NULL ? "DC" : host);
	str_quote(&command, dn);
	text = mem_dup(buf_text(&command));
	buf_free(&command);
	return text;
}

struct table *
remove_table(const struct cli *c)
{
	return cli_table(c, columns, COUNT(columns));
}

void
remove_tell(const struct cli *c, struct table *t, const struct remove_gone *g)
{
	struct remainder r = {.what = "device", .state = g->state};
	const struct remove_left *l;
	size_t i;

	write_remainder(t, g->name, &r);
	for (i = 0; i < g->lefts.count; i++) {
		l = &g->lefts.all[i];
		r.what = "certificate";
		r.name = l->serial;
		r.state = l->state;
		r.until = l->not_after;
		r.by_hand = revoke_by_hand(c, l);
		write_remainder(t, g->name, &r);
	}
	if (str_empty(g->ad_dn))
		return;
	r.what = "ad-object";
	r.name = g->ad_dn;
	r.state = g->ad_state;
	r.until = 0;
	r.by_hand = str_eq(g->ad_state, "stays")
	    ? delete_by_hand(c->daemon.conf, g->ad_dn)
	    : NULL;
	write_remainder(t, g->name, &r);
}

/* {"valid":["01"],"revoked":["02"],"ad_object":"deleted","ad_dn":"CN=..."},
 * given. */
static char *
detail_of(const struct remove_gone *g)
{
	struct json_object *detail = json_object_new_object(), *list;
	const struct remove_left *l;
	char *text;
	size_t i;

	for (i = 0; i < g->lefts.count; i++) {
		l = &g->lefts.all[i];
		if (!json_object_object_get_ex(detail, l->state, &list)) {
			list = json_object_new_array();
			json_object_object_add(detail, l->state, list);
		}
		json_object_array_add(list, json_object_new_string(l->serial));
	}
	if (!str_empty(g->ad_dn)) {
		json_object_object_add(
		    detail, "ad_object", json_object_new_string(g->ad_state));
		json_object_object_add(
		    detail, "ad_dn", json_object_new_string(g->ad_dn));
	}
	text = mem_dup(
	    json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN));
	json_object_put(detail);
	return text;
}

static int
write_event(struct cli *c, const struct device *d, const char *kind,
    const struct remove_gone *g, struct err *err)
{
	char *detail = detail_of(g);
	int rc = cli_event(c, d, kind, detail, err);

	free(detail);
	return rc;
}

/* --- removing --- */

/* What would be done. */
static int
foresee(struct cli *c, const struct device *d, struct remove_gone *g,
    struct err *err)
{
	const char *wish = object_wish(c);
	size_t i;

	g->state = "to be removed";
	if (wish != NULL)
		g->ad_state = str_eq(wish, "deleted") ? "to be deleted"
						      : "to be disabled";
	if (find_lefts(c, d->name, &g->lefts, err) != 0)
		return -1;
	for (i = 0; cli_flag(c, "revoke") && i < g->lefts.count; i++)
		g->lefts.all[i].state = "to be revoked";
	return 0;
}

/* Before anything is done that stays done: who wants it, and what. */
static int
announce(struct cli *c, const struct device *d, struct err *err)
{
	struct remove_gone g = {.ad_dn = d->ad_dn, .ad_state = "stays"};
	int rc = foresee(c, d, &g, err);

	if (rc == 0 && (g.lefts.count > 0 || object_wish(c) != NULL))
		rc = write_event(c, d, "device.removing", &g, err);
	if (rc == 0)
		rc = store_commit(c->daemon.store, err);
	lefts_free(&g.lefts);
	return rc;
}

static int
revoke_lefts(struct cli *c, const struct device *d, struct remove_lefts *lefts,
    struct err *err)
{
	struct revoke_what r = {.reason = CESSATION};
	size_t i;
	bool told;

	for (i = 0; i < lefts->count; i++) {
		r.serial = lefts->all[i].serial;
		r.issuer = lefts->all[i].issuer;
		if (revoke_at_ca(c, d, &r, &told, err) != 0)
			return -1;
		lefts->all[i].state = told ? "revoked" : "marked";
	}
	return 0;
}

/* One that is not there any more has no end left to be made. */
static int
end_object(struct cli *c, const struct device *d, struct remove_gone *g,
    struct err *err)
{
	const char *wish = object_wish(c);
	char *dn = NULL;

	if (hygiene_retire(&c->daemon, d,
		str_eq(wish, "deleted") ? HYGIENE_DELETE_OBJECT
					: HYGIENE_DISABLE_OBJECT,
		&dn, err) == 0) {
		free(g->ad_dn);
		g->ad_dn = dn;
		g->ad_state = wish;
		return 0;
	}
	if (err->kind != ERR_NOTFOUND)
		return -1;
	err_clear(err);
	g->ad_state = "gone";
	return 0;
}

/* Up to the commit. The removal comes first: it is refused while a change is
 * under way, and nobody can begin one after it. */
static int
take_out(struct cli *c, const struct device *d, struct remove_gone *g,
    struct err *err)
{
	if (store_device_remove(c->daemon.store, d->id, err) != 0 ||
	    find_lefts(c, d->name, &g->lefts, err) != 0)
		return -1;
	if (object_wish(c) != NULL && end_object(c, d, g, err) != 0)
		return -1;
	if (cli_flag(c, "revoke") && revoke_lefts(c, d, &g->lefts, err) != 0)
		return -1;
	g->state = "removed";
	return write_event(c, d, "device.removed", g, err);
}

static int
remove_one(
    struct cli *c, int64_t id, struct remove_gone *ret_gone, struct err *err)
{
	bool more = takes_more(c);
	struct device *d = NULL;
	int rc;

	if (store_device_get(c->daemon.store, id, &d, err) != 0)
		return -1;
	ret_gone->name = mem_dup(d->name);
	ret_gone->ad_dn = mem_dup(d->ad_dn);
	ret_gone->ad_state = "stays";
	if (cli_flag(c, "dry-run")) {
		rc = foresee(c, d, ret_gone, err);
	} else {
		rc = more ? announce(c, d, err) : 0;
		if (rc == 0)
			rc = take_out(c, d, ret_gone, err);
		if (rc == 0 && more)
			rc = store_commit(c->daemon.store, err);
	}
	if (rc != 0)
		(void)err_context(err, "%s", d->name);
	device_free(d);
	return rc;
}

/* How many are gone for good; those after them are not. */
static size_t
remove_each(struct cli *c, const struct cli_ids *ids, struct remove_gone *gone,
    struct err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < ids->count; i++)
		rc = remove_one(c, ids->ids[i], &gone[i], err);
	if (rc == 0 && store_commit(c->daemon.store, err) == 0)
		return ids->count;
	store_rollback(c->daemon.store);
	if (!takes_more(c))
		return 0; /* all of them or none */
	return rc == 0 ? i : i - 1;
}

static int
remove_all(struct cli *c, const struct cli_ids *ids)
{
	struct remove_gone *gone = mem_array(ids->count, sizeof(*gone));
	struct err err = {.kind = ERR_NONE};
	size_t i, done = remove_each(c, ids, gone, &err);
	struct table *t = remove_table(c);

	for (i = 0; i < ids->count; i++) {
		if (i < done)
			remove_tell(c, t, &gone[i]);
		remove_gone_clear(&gone[i]);
	}
	free(gone);
	table_end(t);
	if (!cli_flag(c, "dry-run"))
		cli_note(c, "%zu devices removed", done);
	return err.kind == ERR_NONE ? CODE_OK : cli_fail(&err);
}

/* The CA is needed to revoke; else it only says what stays valid. */
static int
open_parts(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code;

	if (cli_flag(c, "revoke"))
		return cli_open(c, DAEMON_CA, NULL);
	code = cli_load(c);
	if (code != CODE_OK ||
	    daemon_open(&c->daemon, DAEMON_CA, NULL, &err) == 0)
		return code;
	if (c->daemon.store == NULL)
		return cli_complain(CODE_STORE, "%s", err.text);
	if (c->daemon.ca == NULL)
		cli_note(c, "which certificates stay valid is not known: %s",
		    err.text);
	return CODE_OK;
}

bool
remove_confirmed(struct cli *c, size_t count)
{
	const char *wish = object_wish(c);
	char *question;
	bool result;

	if (cli_flag(c, "dry-run"))
		return true;
	question = mem_printf(
	    "remove %zu devices, forget their passwords%s%s%s", count,
	    cli_flag(c, "revoke") ? ", revoke their certificates" : "",
	    wish == NULL		  ? ""
		: str_eq(wish, "deleted") ? ", delete"
					  : ", disable",
	    wish == NULL ? "" : " their objects in Active Directory");
	result = cli_confirm(c, question);
	free(question);
	return result;
}

int
cmd_device_remove(struct cli *c)
{
	struct cli_ids ids = {.count = 0};
	int code;

	if (!cli_selected(c, 0))
		return cli_complain(
		    CODE_USAGE, "name the devices, or give --all");
	if (cli_flag(c, "disable-object") && cli_flag(c, "delete-object"))
		return cli_complain(CODE_USAGE,
		    "--disable-object and --delete-object exclude each other");
	if (cli_remote(c))
		return remove_remote(c);
	code = open_parts(c);
	if (code == CODE_OK)
		code = cli_select_ids(c, 0, &ids);
	if (code == CODE_OK)
		code = remove_confirmed(c, ids.count) ? remove_all(c, &ids)
						      : CODE_REFUSED;
	free(ids.ids);
	return code;
}
