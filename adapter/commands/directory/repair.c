/* directory repair: what the hygiene run finds and a machine can put right. */
#include <stdlib.h>
#include <string.h>

#include "ad_repair.h"
#include "cli.h"
#include "clock.h"
#include "commands_directory_internal.h"
#include "device.h"
#include "mem.h"
#include "store.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define STALE (90 * CLOCK_DAY)
#define REPAIRS_MAX 10000 /* in one go; the next one does the rest */

struct repair_list {
	struct cli *c;
	struct repair *list;
	size_t count;
	size_t others;	/* not ours, and not named */
	size_t persons; /* of those chosen, for a person to repair */
	size_t left;	/* beyond REPAIRS_MAX */
	struct table *table;
	size_t failed;
};

static const struct table_column columns[] = {{"object", TABLE_STRING, 0, 24},
    {"code", TABLE_STRING, 0, 0}, {"device", TABLE_STRING, 2, 0},
    {"change", TABLE_STRING, 0, 24}, {"state", TABLE_STRING, 0, 0},
    {"evidence", TABLE_STRING, 1, 24}, {"error", TABLE_STRING, 0, 24}};

/* --- which findings --- */

static bool
is_code(const char *word)
{
	struct ad_audit_kind kind;
	size_t i;

	for (i = 0; ad_audit_kind(i, &kind); i++)
		if (str_eq(kind.code, word))
			return true;
	return false;
}

/* Arguments are codes or devices: is it one of those that are given, or is none
 * given? */
static bool
is_chosen(const struct cli *c, const char *word, bool codes)
{
	bool any = false;
	size_t i;

	for (i = 0; i < c->arg_count; i++) {
		if (is_code(c->args[i]) != codes)
			continue;
		any = true;
		if (word != NULL && str_ieq(c->args[i], word))
			return true;
	}
	return !any;
}

static bool
is_named(const struct cli *c, const char *object)
{
	const char *dn;
	size_t i;

	for (i = 0; (dn = cli_each(c, "dn", i)) != NULL; i++)
		if (str_ieq(dn, object))
			return true;
	return false;
}

static int
keep(void *cookie, const struct ad_audit_finding *f, struct err *err)
{
	struct repair_list *l = cookie;
	const struct cli *c = l->c;
	bool named = is_named(c, f->object);

	(void)err;
	if (!is_chosen(c, f->code, true) || !is_chosen(c, f->device, false) ||
	    (!named && cli_text(c, "dn") != NULL))
		return 0;
	if (!named && f->device == NULL && f->mark == NULL) {
		l->others++;
		return 0;
	}
	if (l->count == REPAIRS_MAX) {
		l->left++;
		return 0;
	}
	if (repair_make(f, cli_flag(c, "delete"), &l->list[l->count]))
		l->count++;
	else
		l->persons++;
	return 0;
}

static int
check_devices(const struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct device *device;
	size_t i;

	for (i = 0; i < c->arg_count; i++) {
		if (is_code(c->args[i]))
			continue;
		if (store_device_find(
			c->daemon.store, c->args[i], &device, &err) != 0)
			return cli_complain(cli_exit_of(&err),
			    "%s is neither a code of \"directory audit\" nor a "
			    "device",
			    c->args[i]);
		device_free(device);
	}
	return CODE_OK;
}

/* --- what becomes of them --- */

static void
write_row(struct table *t, const struct repair *r, const char *state,
    const char *error)
{
	char *change = repair_words(r);

	table_text(t, r->object);
	table_text(t, r->code);
	table_text(t, r->device);
	table_text(t, change);
	table_text(t, state);
	table_text(t, r->evidence);
	table_text(t, error);
	table_row(t);
	free(change);
}

static void
write_plan(const struct repair_list *l, struct table *t)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		write_row(t, &l->list[i], "planned", NULL);
	table_end(t);
}

static int
write_result(void *cookie, const struct repair *r, const struct err *how,
    struct err *err)
{
	struct repair_list *l = cookie;
	bool done = how->kind == ERR_NONE;

	(void)err;
	write_row(
	    l->table, r, done ? "done" : "failed", done ? NULL : how->text);
	l->failed += !done;
	return 0;
}

static bool
agreed(const struct repair_list *l)
{
	char *question;
	bool yes;

	if (!cli_flag(l->c, "yes"))
		write_plan(
		    l, cli_table_on(l->c, columns, COUNT(columns), stderr));
	question = mem_printf("make %zu change%s in Active Directory", l->count,
	    l->count == 1 ? "" : "s");
	yes = cli_confirm(l->c, question);
	free(question);
	return yes;
}

static int
make_changes(struct repair_list *l)
{
	const struct repair_job job = {.list = l->list,
	    .count = l->count,
	    .actor = cli_actor(),
	    .done = write_result,
	    .cookie = l};
	struct err err = {.kind = ERR_NONE};
	int rc;

	if (l->count == 0)
		return CODE_OK;
	if (!agreed(l))
		return CODE_REFUSED;
	l->table = cli_table(l->c, columns, COUNT(columns));
	rc = repair_run(&l->c->daemon, &job, &err);
	table_end(l->table);
	if (rc != 0)
		return cli_fail(&err);
	return l->failed > 0 ? CODE_PARTIAL : CODE_OK;
}

static void
note_rest(const struct repair_list *l)
{
	cli_note(l->c, "%zu to repair, %zu failed", l->count, l->failed);
	if (l->persons > 0)
		cli_note(l->c,
		    "%zu more are for a person: \"directory audit\" says what "
		    "to do",
		    l->persons);
	if (l->others > 0)
		cli_note(l->c,
		    "%zu on objects that are not ours were left: name them "
		    "with --dn",
		    l->others);
	if (l->left > 0)
		cli_note(l->c, "%zu more are left for the next time", l->left);
}

static int
audit(struct repair_list *l, const char *ou, struct err *err)
{
	const struct ad_audit how = {.ou = ou,
	    .stale = cli_span(l->c, "stale", STALE),
	    .found = keep,
	    .cookie = l};

	return ad_audit_run(&l->c->daemon, &how, err);
}

/* Of an object that is named, itself alone is looked at, wherever it is. */
static int
collect(struct repair_list *l, struct err *err)
{
	const char *ou = cli_text(l->c, "ou"), *dn;
	size_t i;
	int rc = 0;

	if (ou != NULL || cli_text(l->c, "dn") == NULL)
		return audit(l, ou, err);
	for (i = 0; rc == 0 && (dn = cli_each(l->c, "dn", i)) != NULL; i++)
		rc = audit(l, dn, err);
	return rc;
}

int
cmd_directory_repair(struct cli *c)
{
	struct repair_list l = {.c = c};
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_ENGINE, cli_actor());
	size_t i;

	if (code == CODE_OK)
		code = check_devices(c);
	if (code != CODE_OK)
		return code;
	l.list = mem_array(REPAIRS_MAX, sizeof(*l.list));
	if (collect(&l, &err) != 0)
		code = cli_fail(&err);
	else if (cli_flag(c, "plan"))
		write_plan(&l, cli_table(c, columns, COUNT(columns)));
	else
		code = make_changes(&l);
	if (err.kind == ERR_NONE)
		note_rest(&l);
	for (i = 0; i < l.count; i++)
		repair_clear(&l.list[i]);
	free(l.list);
	return code;
}
