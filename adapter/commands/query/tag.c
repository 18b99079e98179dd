#include <json-c/json.h>

#include "api_client.h"
#include "choice.h"
#include "cli.h"
#include "cli_remote.h"
#include "commands_query_internal.h"
#include "device.h"
#include "records.h"
#include "store.h"

/*
 * Tags: words that a person or a query gives to devices, for other queries to
 * find.  All of a command is one transaction; each device whose tags changed
 * has its event.
 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef int change_fn(struct store *s, int64_t device, int64_t tag,
    bool *ret_changed, struct err *err);

struct tagging {
	struct cli *c;
	const char *name, *event;
	change_fn *change;
	int64_t tag;
	size_t changed, same;
};

static int
tell(struct cli *c, const struct device *d, const char *kind, const char *tag,
    struct err *err)
{
	struct json_object *detail = json_object_new_object();
	int rc;

	json_object_object_add(detail, "tag", json_object_new_string(tag));
	rc = cli_event(
	    c, d, kind, json_object_to_json_string_ext(detail, 0), err);
	json_object_put(detail);
	return rc;
}

static int
change_one(void *cookie, const struct device *d, struct err *err)
{
	struct tagging *t = cookie;
	bool changed = false;

	if (t->change(t->c->daemon.store, d->id, t->tag, &changed, err) != 0)
		return -1;
	t->changed += changed;
	t->same += !changed;
	return changed ? tell(t->c, d, t->event, t->name, err) : 0;
}

static void
tell_counts(const struct tagging *t)
{
	cli_note(t->c, "%s: %zu devices changed, %zu were so already", t->name,
	    t->changed, t->same);
}

/* The chosen devices; make: the tag need not be there yet. */
static int
change(struct tagging *t, bool make)
{
	struct store *s;
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(t->c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	s = t->c->daemon.store;
	if ((make ? store_tag_take(s, t->name, &t->tag, &err)
		  : store_tag_find(s, t->name, &t->tag, &err)) != 0)
		return cli_fail(&err);
	if (cli_selected(t->c, 1))
		code = cli_select(t->c, 1, change_one, t);
	if (code == CODE_OK && store_commit(s, &err) != 0)
		code = cli_fail(&err);
	if (code == CODE_OK)
		tell_counts(t);
	else
		store_rollback(s);
	return code;
}

/* The same there: the answer says how many changed. */
static int
change_remote(struct tagging *t, const char *verb, struct json_object *body)
{
	struct api_client_path path;
	struct json_object *answer = NULL;
	struct err err = {.kind = ERR_NONE};
	int64_t changed = 0, same = 0;
	int code;

	api_client_path_init(&path, "tags");
	api_client_path_add(&path, t->name);
	api_client_path_add(&path, verb);
	code = cli_remote_post(t->c, &path, body, &answer);
	api_client_path_free(&path);
	if (code == CODE_OK &&
	    (cli_remote_int(answer, "changed", &changed, &err) != 0 ||
		cli_remote_int(answer, "same", &same, &err) != 0))
		code = cli_fail(&err);
	(void)json_object_put(answer);
	t->changed = (size_t)changed;
	t->same = (size_t)same;
	return code;
}

static int
make_remote(struct tagging *t)
{
	struct json_object *body = json_object_new_object();
	struct api_client_path path;
	int code;

	(void)json_object_object_add(
	    body, "name", json_object_new_string(t->name));
	api_client_path_init(&path, "tags");
	code = cli_remote_post(t->c, &path, body, NULL);
	api_client_path_free(&path);
	return code;
}

/* The devices are found first: without one, no tag is made either. */
static int
tag_remote(struct tagging *t, bool make, const char *verb)
{
	struct json_object *body = json_object_new_object();
	bool some = cli_selected(t->c, 1);
	int code = some ? cli_remote_choose(t->c, 1, body) : CODE_OK;

	if (code == CODE_OK && make)
		code = make_remote(t);
	if (code == CODE_OK && some)
		code = change_remote(t, verb, body);
	else
		(void)json_object_put(body);
	if (code == CODE_OK)
		tell_counts(t);
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
	struct tagging t = {.c = c,
	    .name = c->args[0],
	    .event = "tag.applied",
	    .change = store_tag_apply};

	return cli_remote(c) ? tag_remote(&t, true, "apply") : change(&t, true);
}

int
cmd_tag_exclude(struct cli *c)
{
	struct tagging t = {.c = c,
	    .name = c->args[0],
	    .event = "tag.excluded",
	    .change = store_tag_exclude};
	int code = refuse_none(c);

	if (code != CODE_OK)
		return code;
	return cli_remote(c) ? tag_remote(&t, true, "exclude")
			     : change(&t, true);
}

int
cmd_tag_remove(struct cli *c)
{
	struct tagging t = {.c = c,
	    .name = c->args[0],
	    .event = "tag.cleared",
	    .change = store_tag_clear};
	int code = refuse_none(c);

	if (code != CODE_OK)
		return code;
	return cli_remote(c) ? tag_remote(&t, false, "clear")
			     : change(&t, false);
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
	struct err err = {.kind = ERR_NONE};
	int64_t tag = 0;
	int code, rc;

	if (cli_remote(c))
		return delete_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	if (store_tag_find(c->daemon.store, c->args[0], &tag, &err) != 0)
		return cli_fail(&err);
	if (!cli_confirm(c, "take this tag from every device"))
		return CODE_REFUSED;
	rc = store_tag_remove(c->daemon.store, tag, &err);
	if (rc == 0)
		rc = tell(c, NULL, "tag.deleted", c->args[0], &err);
	code = cli_commit(c, rc, &err);
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
