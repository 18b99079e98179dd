#include "server_xml.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "action.h"
#include "buf.h"
#include "clock.h"
#include "err.h"
#include "kind_internal.h"
#include "mem.h"
#include "schedule.h"
#include "str.h"
#include "xml.h"

#define ROOT "list"
#define TASK "scheduled-task"
#define CHAIN "command-chain"
#define PARAMS "commmand-params" /* as the product spells it */
#define PARAMS_TOO "command-params"
#define GOES_ON "amtkeeper.on-failure"
#define CHAIN_DEPTH_MAX (ACTION_DEPTH_MAX + 1)
#define SHOWN 64

/* --- what commands are called there --- */

static const struct name {
	const char *command;
	enum action_kind kind;
	const char *main; /* what the kind's main setting is called */
} names[] = {
    /* The first of each is written. */
    {"core.executeQuery", ACTION_QUERY, "query"},
    {"core.executeQuery", ACTION_QUERY, "queryId"},
    {"query.runQuery", ACTION_QUERY, "queryId"},
    {"system.applyTag", ACTION_APPLY_TAG, "tagName"},
    {"system.clearTag", ACTION_CLEAR_TAG, "tagName"},
    {"clienttask.run", ACTION_TASK, "taskName"},
    {"clienttask.run", ACTION_TASK, "taskId"},
    {"amt.enforceProfile", ACTION_PROFILE, NULL},
    {"amt.exportReport", ACTION_EXPORT, "file"},
    {"amt.sendEmail", ACTION_MAIL, "to"},
    {"amt.webhook", ACTION_WEBHOOK, "to"},
    {"tasklog.purge", ACTION_PURGE, "older-than"},
    {"scheduler.noop", ACTION_NOTHING, NULL},
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const struct name *
name_of(enum action_kind kind)
{
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (names[i].kind == kind)
			return &names[i];
	return NULL;
}

/* --- in --- */

/* Parameters as texts by name. A value may be of another type than <string>;
 * one that is none (<null/>) leaves its parameter out. */
static struct json_object *
read_params(const struct xml_node *chain)
{
	const struct xml_node *params = xml_child(chain, NULL, PARAMS);
	const struct xml_node *entry, *key, *value;
	struct json_object *o = json_object_new_object();

	if (params == NULL)
		params = xml_child(chain, NULL, PARAMS_TOO);
	entry = params == NULL ? NULL : xml_child(params, NULL, "entry");
	for (; entry != NULL; entry = xml_again(entry)) {
		key = entry->child;
		value = key == NULL ? NULL : key->next;
		if (value != NULL && !str_eq(value->name, "null"))
			(void)json_object_object_add(
			    o, key->text, json_object_new_string(value->text));
	}
	return o;
}

/* The parameters under our names, but for how it goes on; checked. NULL: they
 * are not what this action takes. */
static struct json_object *
settings_of(const struct name *n, struct json_object *params)
{
	const struct kind *kind = action_kind(n->kind);
	struct json_object *given = json_object_new_object(), *settings;
	struct err ignored;

	json_object_object_foreach (params, key, value) {
		if (str_eq(key, GOES_ON))
			continue;
		(void)json_object_object_add(given,
		    n->main != NULL && str_eq(key, n->main) ? kind->main : key,
		    json_object_get(value));
	}
	settings = action_settings_read(kind, given, &ignored);
	(void)json_object_put(given);
	return settings;
}

static struct json_object *
foreign(const char *command, struct json_object *params)
{
	struct json_object *settings = json_object_new_object();
	struct json_object *copy = json_object_new_object();

	json_object_object_foreach (params, key, value)
		if (!str_eq(key, GOES_ON))
			(void)json_object_object_add(
			    copy, key, json_object_get(value));
	(void)json_object_object_add(
	    settings, "command", json_object_new_string(command));
	(void)json_object_object_add(settings, "params", copy);
	return settings;
}

/* A new entry of the list, and whether there are rows below it. */
static struct json_object *
read_command(const char *command, struct json_object *params, bool *rows)
{
	struct json_object *entry = json_object_new_object();
	struct json_object *settings = NULL, *goes_on = NULL;
	enum action_kind kind = ACTION_FOREIGN;
	size_t i;

	for (i = 0; i < NAMES && settings == NULL; i++) {
		if (!str_ieq(names[i].command, command) ||
		    (action_kind(names[i].kind)->rows && !*rows))
			continue;
		settings = settings_of(&names[i], params);
		kind = names[i].kind;
	}
	if (settings == NULL) {
		settings = foreign(command, params);
		kind = ACTION_FOREIGN;
	}
	*rows = *rows || kind == ACTION_QUERY || kind == ACTION_FOREIGN;
	(void)json_object_object_add(entry, action_kind_name(kind), settings);
	if (json_object_object_get_ex(params, GOES_ON, &goes_on))
		(void)json_object_object_add(
		    entry, "on-failure", json_object_get(goes_on));
	return entry;
}

static int read_chains(const struct xml_node *first, bool rows, size_t depth,
    struct json_object *list, struct err *err);

static int
read_chain(const struct xml_node *chain, bool rows, size_t depth,
    struct json_object *list, struct err *err)
{
	const char *command = xml_child_text(chain, "command-name");
	const struct xml_node *children = xml_child(chain, NULL, "children");
	struct json_object *params, *entry, *below;

	if (str_empty(command))
		return err_set(
		    err, ERR_INVALID, "a " CHAIN " without command-name");
	params = read_params(chain);
	entry = read_command(command, params, &rows);
	(void)json_object_put(params);
	(void)json_object_array_add(list, entry);
	if (children == NULL || xml_child(children, NULL, CHAIN) == NULL)
		return 0;
	below = json_object_new_array();
	(void)json_object_object_add(entry, "then", below);
	return read_chains(
	    xml_child(children, NULL, CHAIN), rows, depth + 1, below, err);
}

static int
read_chains(const struct xml_node *first, bool rows, size_t depth,
    struct json_object *list, struct err *err)
{
	const struct xml_node *chain;

	if (depth > CHAIN_DEPTH_MAX)
		return err_set(
		    err, ERR_LIMIT, "commands deeper than %d", CHAIN_DEPTH_MAX);
	for (chain = first; chain != NULL; chain = xml_again(chain))
		if (read_chain(chain, rows, depth, list, err) != 0)
			return -1;
	return 0;
}

/* Those under one scheduler.noop are what it is about. */
static struct json_object *
unwrapped(struct json_object *list)
{
	struct json_object *root = json_object_array_length(list) == 1
	    ? json_object_array_get_idx(list, 0)
	    : NULL;
	struct json_object *below = NULL;

	if (root != NULL &&
	    json_object_object_get_ex(
		root, action_kind_name(ACTION_NOTHING), NULL) &&
	    json_object_object_get_ex(root, "then", &below))
		return below;
	return list;
}

static int
read_actions(
    const struct xml_node *node, struct server_task *t, struct err *err)
{
	struct json_object *list = json_object_new_array();
	struct action_tree tree = {.count = 0};
	struct buf text;
	int rc;

	rc = read_chains(xml_child(node, NULL, CHAIN), false, 1, list, err);
	if (rc == 0)
		rc = action_tree_parse(
		    json_object_to_json_string_ext(unwrapped(list),
			JSON_C_TO_STRING_PLAIN |
			    JSON_C_TO_STRING_NOSLASHESCAPE),
		    &tree, err);
	(void)json_object_put(list);
	if (rc != 0)
		return -1;
	buf_init(&text, SERVER_TREE_MAX);
	action_tree_write(&tree, &text);
	if (text.over)
		rc = err_set(err, ERR_LIMIT, "actions: more than %d bytes",
		    SERVER_TREE_MAX);
	t->actions = mem_dup(buf_text(&text));
	buf_free(&text);
	action_tree_free(&tree);
	return rc;
}

static int
read_schedule(
    const struct xml_node *node, struct server_task *t, struct err *err)
{
	const char *text = xml_child_text(node, "schedule");
	const char *start = xml_child_text(node, "start-date");
	const char *end = xml_child_text(node, "end-date");
	int64_t now = clock_now();
	struct schedule *s = NULL;

	if (str_empty(text))
		return 0;
	if (schedule_from_epo(
		text, start, str_empty(end) ? NULL : end, now, &s, err) != 0)
		return -1;
	t->schedule = mem_dup(schedule_text(s));
	/* What is over there is not to run here, and is no mistake either. */
	t->enabled = t->enabled && schedule_runs(s, now, NULL) == 0;
	schedule_free(s);
	return 0;
}

/* Does it name a query or a client task by the number that it has there? */
static bool
has_numbers(const struct xml_node *node)
{
	const struct xml_node *child;
	const char *value;

	if (str_eq(node->name, "entry") && node->child != NULL &&
	    node->child->next != NULL &&
	    (str_eq(node->child->text, "queryId") ||
		str_eq(node->child->text, "taskId"))) {
		value = node->child->next->text;
		return value[0] != '\0' &&
		    value[strspn(value, "0123456789")] == '\0';
	}
	for (child = node->child; child != NULL; child = child->next)
		if (has_numbers(child))
			return true;
	return false;
}

static int
read_task(const struct xml_node *node, size_t place, server_xml_fn *fn,
    void *cookie, struct err *err)
{
	const char *name = xml_child_text(node, "name");
	const char *note = xml_child_text(node, "description");
	struct server_task t = {.id = 0};
	int rc;

	if (str_empty(name))
		return err_set(
		    err, ERR_INVALID, TASK " %zu has no name", place);
	t.name = mem_dup(name);
	t.note = str_empty(note) ? NULL : mem_dup(note);
	/* Numbers of there may be others' here: a person is to look first. */
	t.enabled = str_ieq(xml_child_text(node, "enabled"), "true") &&
	    !has_numbers(node);
	t.overlap = str_ieq(xml_child_text(node, "overlap"), "true");
	rc = read_actions(node, &t, err);
	if (rc == 0)
		rc = read_schedule(node, &t, err);
	if (rc == 0)
		rc = fn(cookie, &t, err);
	if (rc != 0)
		(void)err_context(err, "\"%.*s\"", SHOWN, name);
	server_task_clear(&t);
	return rc;
}

int
server_xml_read(const void *bytes, size_t len, server_xml_fn *fn, void *cookie,
    struct err *err)
{
	const struct xml_node *root, *node;
	struct xml *xml = NULL;
	size_t place = 0;
	int rc = 0;

	if (xml_parse(bytes, len, &xml, err) != 0) {
		if (err != NULL) /* a file, and not a peer's answer */
			err->kind = ERR_INVALID;
		return -1;
	}
	root = xml_root(xml);
	node = str_eq(root->name, ROOT) ? xml_child(root, NULL, TASK)
	    : str_eq(root->name, TASK)	? root
					: NULL;
	if (node == NULL)
		rc = err_set(err, ERR_INVALID,
		    "wanted <" ROOT "> with <" TASK
		    ">, as ePO exports server tasks");
	for (; rc == 0 && node != NULL; node = xml_again(node))
		rc = read_task(node, ++place, fn, cookie, err);
	xml_free(xml);
	return rc;
}

/* --- out --- */

static void
write_element(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "<%s>", name);
	buf_xml(out, text);
	buf_printf(out, "</%s>", name);
}

static void
write_entry(struct buf *out, const char *key, const char *value)
{
	buf_str(out, "<entry>");
	write_element(out, "string", key);
	write_element(out, "string", value);
	buf_str(out, "</entry>");
}

static void
write_entries(struct buf *out, struct json_object *settings, const char *from,
    const char *to)
{
	json_object_object_foreach (settings, key, value)
		if (!str_eq(key, "on-failure"))
			write_entry(out,
			    from != NULL && str_eq(key, from) ? to : key,
			    json_object_get_string(value));
}

static void
write_params(
    struct buf *out, const struct server_action *a, const struct name *n)
{
	struct json_object *settings = json_tokener_parse(a->settings);
	struct json_object *params = NULL;

	buf_str(out, "<" PARAMS ">");
	if (n != NULL)
		write_entries(
		    out, settings, action_kind(n->kind)->main, n->main);
	else if (json_object_object_get_ex(settings, "params", &params))
		write_entries(out, params, NULL, NULL);
	if (action_goes_on(a))
		write_entry(out, GOES_ON, "continue");
	buf_str(out, "</" PARAMS ">");
	(void)json_object_put(settings);
}

static void
write_chain(struct buf *out, const struct action_tree *t, size_t at)
{
	const struct server_action *a = &t->actions[at];
	int kind = action_kind_find(a->kind);
	const struct name *n =
	    kind < 0 ? NULL : name_of((enum action_kind)kind);
	char *command =
	    n != NULL ? mem_dup(n->command) : action_text(a, "command");
	size_t i;

	buf_str(out, "<" CHAIN ">");
	write_element(out, "command-name", command);
	write_params(out, a, n);
	buf_str(out, "<children>");
	for (i = at + 1; i < t->count; i++)
		if (t->actions[i].parent == (int64_t)at)
			write_chain(out, t, i);
	buf_str(out, "</children></" CHAIN ">\n");
	free(command);
}

static void
write_tree(struct buf *out, const struct action_tree *t)
{
	size_t i, roots = 0;
	bool wrap;

	for (i = 0; i < t->count; i++)
		roots += t->actions[i].parent < 0;
	wrap = roots != 1 ||
	    str_eq(t->actions[0].kind, action_kind_name(ACTION_NOTHING));
	if (wrap)
		buf_str(out,
		    "<" CHAIN "><command-name>scheduler.noop</command-name>"
		    "<" PARAMS "></" PARAMS "><children>\n");
	for (i = 0; i < t->count; i++)
		if (t->actions[i].parent < 0)
			write_chain(out, t, i);
	if (wrap)
		buf_str(out, "</children></" CHAIN ">\n");
}

static void
write_date(struct buf *out, const char *name, int64_t at)
{
	char text[CLOCK_TEXT];

	(void)clock_text(at == 0 ? 1 : at, text);
	text[10] = ' ';
	text[19] = '\0';
	buf_printf(out, "<%s>%s.0 UTC</%s>\n", name, text, name);
}

/* Days are ours, and those of who reads them. */
static void
write_dates(
    struct buf *out, const struct server_task *t, const struct schedule *s)
{
	int64_t first = s == NULL ? -1 : schedule_first_day(s, t->created_at);
	int64_t last = s == NULL ? -1 : schedule_last_day(s);

	write_date(
	    out, "start-date", first < 0 ? t->created_at : first * CLOCK_DAY);
	if (last >= 0)
		write_date(out, "end-date", (last + 1) * CLOCK_DAY - 1);
}

static void
write_times(struct buf *out, const struct server_task *t)
{
	struct schedule *s = NULL;
	struct buf uri;

	if (t->schedule != NULL)
		(void)schedule_parse(t->schedule, &s, NULL);
	write_dates(out, t, s);
	if (t->schedule == NULL)
		return;
	buf_init(&uri, SCHEDULE_TEXT_MAX);
	if (s == NULL || schedule_to_epo(s, &uri, NULL) != 0) {
		buf_reset(&uri);
		buf_str(&uri, t->schedule);
	}
	write_element(out, "schedule", buf_text(&uri));
	buf_char(out, '\n');
	schedule_free(s);
	buf_free(&uri);
}

void
server_xml_begin(struct buf *out)
{
	buf_str(
	    out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" ROOT ">\n");
}

int
server_xml_write(const struct server_task *t, struct buf *out, struct err *err)
{
	struct action_tree tree = {.count = 0};

	if (action_tree_parse(t->actions, &tree, err) != 0)
		return -1;
	buf_str(out, "<" TASK ">");
	write_element(out, "name", t->name);
	write_element(out, "description", t->note == NULL ? "" : t->note);
	buf_str(out, "<type>NORMAL</type>");
	write_element(out, "enabled", t->enabled ? "true" : "false");
	if (t->overlap)
		write_element(out, "overlap", "true");
	buf_char(out, '\n');
	write_times(out, t);
	write_tree(out, &tree);
	buf_str(out, "</" TASK ">\n");
	action_tree_free(&tree);
	return 0;
}

void
server_xml_end(struct buf *out)
{
	buf_str(out, "</" ROOT ">\n");
}
