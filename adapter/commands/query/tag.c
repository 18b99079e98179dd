#include <json-c/json.h>

#include "api_client.h"
#include "choice.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_query_internal.h"
#include "device.h"
#include "records.h"
#include "store.h"
#include "tagging.h"

/*
 * Tags: words that a person or a query gives to devices, for other queries to
 * find.  All of a command is one transaction; each device whose tags changed
 * has its event.
 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct work {
	struct cli *c;
	const char *name;
	enum tagging_how how;
	struct tagging by;
	struct tagging_tag tag;
	size_t changed, same;
};

static struct tagging
tagging_of(const struct cli *c)
{
	return (struct tagging){c->daemon.store, cli_actor(), clock_now()};
}

static int
change_one(void *cookie, const struct device *d, struct err *err)
{
	struct work *w = cookie;
	bool changed = false;

	if (tagging_change(&w->by, w->how, &w->tag, d->id, &changed, err) != 0)
		return -1;
	w->changed += changed;
	w->same += !changed;
	return 0;
}

static void
tell_counts(const struct work *w)
{
	cli_note(w->c, "%s: %zu devices changed, %zu were so already", w->name,
	    w->changed, w->same);
}

/* The chosen devices; make: the tag need not be there yet. */
static int
change(struct work *w, bool make)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(w->c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	w->by = tagging_of(w->c);
	if ((make ? tagging_make(&w->by, w->name, &w->tag, &err)
		  : tagging_find(&w->by, w->name, &w->tag, &err)) != 0)
		return cli_fail(&err);
	if (cli_selected(w->c, 1))
		code = cli_select(w->c, 1, change_one, w);
	tagging_tag_clear(&w->tag);
	if (code == CODE_OK && store_commit(w->by.store, &err) != 0)
		code = cli_fail(&err);
	if (code == CODE_OK)
		tell_counts(w);
	else
		store_rollback(w->by.store);
	return code;
}

/* The same there: the answer says how many changed. */
static int
change_remote(struct work *w, const char *verb, struct json_object *body)
{
	struct api_client_path path;
	struct json_object *answer = NULL;
	struct err err = {.kind = ERR_NONE};
	int64_t changed = 0, same = 0;
	int code;

	api_client_path_init(&path, "tags");
	api_client_path_add(&path, w->name);
	api_client_path_add(&path, verb);
	code = cli_remote_post(w->c, &path, body, &answer);
	api_client_path_free(&path);
	if (code == CODE_OK &&
	    (cli_remote_int(answer, "changed", &changed, &err) != 0 ||
		cli_remote_int(answer, "same", &same, &err) != 0))
		code = cli_fail(&err);
	(void)json_object_put(answer);
	w->changed = (size_t)changed;
	w->same = (size_t)same;
	return code;
}

static int
make_remote(struct work *w)
{
	struct json_object *body = json_object_new_object();
	struct api_client_path path;
	int code;

	(void)json_object_object_add(
	    body, "name", json_object_new_string(w->name));
	api_client_path_init(&path, "tags");
	code = cli_remote_post(w->c, &path, body, NULL);
	api_client_path_free(&path);
	return code;
}

/* The devices are found first: without one, no tag is made either. */
static int
tag_remote(struct work *w, bool make, const char *verb)
{
	struct json_object *body = json_object_new_object();
	bool some = cli_selected(w->c, 1);
	int code = some ? cli_remote_choose(w->c, 1, body) : CODE_OK;

	if (code == CODE_OK && make)
		code = make_remote(w);
	if (code == CODE_OK && some)
		code = change_remote(w, verb, body);
	else
		(void)json_object_put(body);
	if (code == CODE_OK)
		tell_counts(w);
	return code;
}

static int
refuse_none(const struct cli *c)
{
	return cli_selected(c, 1)
	    ? CODE_OK
	    : cli_complain(CODE_REFUSED,
		  "no devices chosen: name some, or give --device, --reason, "
		  "--site, --query or --all");
}

int
cmd_tag_add(struct cli *c)
{
	struct work w = {.c = c, .name = c->args[0], .how = TAGGING_APPLY};

	return cli_remote(c) ? tag_remote(&w, true, "apply") : change(&w, true);
}

int
cmd_tag_exclude(struct cli *c)
{
	struct work w = {.c = c, .name = c->args[0], .how = TAGGING_EXCLUDE};
	int code = refuse_none(c);

	if (code != CODE_OK)
		return code;
	return cli_remote(c) ? tag_remote(&w, true, "exclude")
			     : change(&w, true);
}

int
cmd_tag_remove(struct cli *c)
{
	struct work w = {.c = c, .name = c->args[0], .how = TAGGING_CLEAR};
	int code = refuse_none(c);

	if (code != CODE_OK)
		return code;
	return cli_remote(c) ? tag_remote(&w, false, "clear")
			     : change(&w, false);
}

static int
delete_remote(struct cli *c)
{
	int code;

	if (!cli_confirm(c, "take this tag from every device"))
		return CODE_REFUSED;
	code = cli_remote_change(c, "DELETE", "tags", c->args[0], NULL);
	if (code == CODE_OK)
		cli_note(c, "%s: gone", c->args[0]);
	return code;
}

int
cmd_tag_delete(struct cli *c)
{
	struct tagging_tag tag = {.name = NULL};
	struct err err = {.kind = ERR_NONE};
	struct tagging by;
	int code;

	if (cli_remote(c))
		return delete_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	by = tagging_of(c);
	if (tagging_find(&by, c->args[0], &tag, &err) != 0)
		return cli_fail(&err);
	if (cli_confirm(c, "take this tag from every device"))
		code = cli_commit(c, tagging_remove(&by, &tag, &err), &err);
	else
		code = CODE_REFUSED;
	tagging_tag_clear(&tag);
	if (code == CODE_OK)
		cli_note(c, "%s: gone", c->args[0]);
	return code;
}

static const struct table_column list_columns[] = {{"id", TABLE_INT, 1, 0},
    {"name", TABLE_STRING, 0, 0}, {"devices", TABLE_INT, 0, 0},
    {"excluded", TABLE_INT, 2, 0}};
static const struct cli_remote_rows list_rows = {
    .columns = list_columns, .count = COUNT(list_columns)};

static int
list_one(void *cookie, const struct store_tag *tag, struct err *err)
{
	struct record r;

	record_tag(&r, tag);
	cli_record(cookie, &list_rows, &r);
	return cli_row(cookie, err);
}

static int
scan_all(struct store *s, struct table *t, struct err *err)
{
	return store_tag_scan(s, list_one, t, err);
}

int
cmd_tag_list(struct cli *c)
{
	return cli_list_all(c, "tags", false, &list_rows, scan_all);
}
