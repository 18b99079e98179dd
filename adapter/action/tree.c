/* A tree of actions from its text, and back. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "action.h"
#include "buf.h"
#include "clock.h"
#include "err.h"
#include "kind_internal.h"
#include "mem.h"
#include "str.h"

#define GOES_ON "on-failure"
#define BELOW "then"
#define SHOWN 64
#define JSON_DEPTH (4 * ACTION_DEPTH_MAX)
#define PLAIN (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

void
action_tree_free(struct action_tree *t)
{
	server_actions_free(t->actions, t->count);
	memset(t, 0, sizeof(*t));
}

/* --- in --- */

struct reading {
	struct action_tree tree;
	size_t depth;
};

static int read_list(struct reading *r, struct json_object *list,
    int64_t parent, struct err *err);

/* Which of the members is the action itself. */
static int
read_members(struct json_object *o, int *ret_kind, struct json_object **ret,
    bool *ret_goes_on, struct err *err)
{
	json_object_object_foreach (o, key, value) {
		const char *text = json_object_get_string(value);

		if (str_eq(key, BELOW))
			continue;
		if (str_eq(key, GOES_ON)) {
			*ret_goes_on = str_eq(text, "continue");
			if (!*ret_goes_on && !str_eq(text, "stop"))
				return err_set(err, ERR_INVALID,
				    GOES_ON ": wanted stop or continue");
			continue;
		}
		if (*ret_kind >= 0)
			return err_set(err, ERR_INVALID,
			    "\"%s\" and \"%.*s\": one action an entry",
			    action_kind_name((enum action_kind) * ret_kind),
			    SHOWN, key);
		*ret_kind = action_kind_find(key);
		if (*ret_kind < 0)
			return err_set(err, ERR_INVALID,
			    "\"%.*s\" is no action; \"server-task actions\" "
			    "has them",
			    SHOWN, key);
		*ret = value;
	}
	return *ret_kind >= 0
	    ? 0
	    : err_set(err, ERR_INVALID, "an entry without an action");
}

static int
read_action(struct reading *r, struct json_object *o, int64_t parent,
    int64_t *ret_at, struct err *err)
{
	struct json_object *given = NULL, *settings;
	struct server_action *a;
	bool goes_on = false;
	int kind = -1;

	if (!json_object_is_type(o, json_type_object))
		return err_set(
		    err, ERR_INVALID, "an entry must be \"action: settings\"");
	if (read_members(o, &kind, &given, &goes_on, err) != 0)
		return -1;
	settings = action_settings_read(
	    action_kind((enum action_kind)kind), given, err);
	if (settings == NULL)
		return err_context(
		    err, "%s", action_kind_name((enum action_kind)kind));
	if (goes_on)
		(void)json_object_object_add(
		    settings, GOES_ON, json_object_new_string("continue"));
	*ret_at = (int64_t)r->tree.count;
	a = &r->tree.actions[r->tree.count++];
	a->at = *ret_at;
	a->parent = parent;
	a->kind = mem_dup(action_kind_name((enum action_kind)kind));
	a->settings = mem_dup(json_object_to_json_string_ext(settings, PLAIN));
	(void)json_object_put(settings);
	if (action_kind((enum action_kind)kind)->rows &&
	    action_above(r->tree.actions, a->at, ACTION_QUERY) < 0 &&
	    action_above(r->tree.actions, a->at, ACTION_FOREIGN) < 0)
		return err_set(err, ERR_INVALID,
		    "%s: has no rows: put it under a run-query", a->kind);
	return 0;
}

static int
read_entry(
    struct reading *r, struct json_object *o, int64_t parent, struct err *err)
{
	struct json_object *below = NULL;
	size_t number = r->tree.count + 1;
	int64_t at = 0;

	if (r->tree.count == SERVER_ACTIONS_MAX)
		return err_set(
		    err, ERR_LIMIT, "more than %d actions", SERVER_ACTIONS_MAX);
	if (read_action(r, o, parent, &at, err) != 0)
		return err_context(err, "action %zu", number);
	if (!json_object_object_get_ex(o, BELOW, &below))
		return 0;
	return read_list(r, below, at, err);
}

static int
read_list(struct reading *r, struct json_object *list, int64_t parent,
    struct err *err)
{
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return err_set(
		    err, ERR_INVALID, "actions: must be a list of them");
	if (r->depth == ACTION_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "actions: deeper than %d",
		    ACTION_DEPTH_MAX);
	r->depth++;
	for (i = 0; i < json_object_array_length(list); i++)
		if (read_entry(r, json_object_array_get_idx(list, i), parent,
			err) != 0)
			return -1;
	r->depth--;
	return 0;
}

int
action_tree_parse(const char *json, struct action_tree *ret, struct err *err)
{
	struct reading r = {.depth = 0};
	struct json_tokener *tokener;
	struct json_object *o;
	size_t len = strnlen(json, SERVER_TREE_MAX + 1);
	int rc = -1;

	if (len > SERVER_TREE_MAX)
		return err_set(err, ERR_LIMIT, "actions: more than %d bytes",
		    SERVER_TREE_MAX);
	tokener = json_tokener_new_ex(JSON_DEPTH);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	/* With its NUL, which ends a text that could go on. */
	o = json_tokener_parse_ex(tokener, json, (int)len + 1);
	r.tree.actions = mem_array(SERVER_ACTIONS_MAX, sizeof(*r.tree.actions));
	if (o == NULL)
		(void)err_set(err, ERR_INVALID, "actions: no JSON (%s)",
		    json_tokener_error_desc(json_tokener_get_error(tokener)));
	else
		rc = read_list(&r, o, -1, err);
	if (rc == 0 && r.tree.count == 0)
		rc = err_set(err, ERR_INVALID, "actions: none");
	(void)json_object_put(o);
	json_tokener_free(tokener);
	if (rc == 0)
		*ret = r.tree;
	else
		action_tree_free(&r.tree);
	return rc;
}

/* --- out --- */

static struct json_object *
read_settings(const struct server_action *a)
{
	struct json_object *o = json_tokener_parse(a->settings);

	return o != NULL ? o : json_object_new_object();
}

static struct json_object *
write_list(const struct action_tree *t, int64_t parent)
{
	struct json_object *list = json_object_new_array(), *o, *below;
	const struct server_action *a;
	bool goes_on;
	size_t i;

	for (i = 0; i < t->count; i++) {
		a = &t->actions[i];
		if (a->parent != parent)
			continue;
		goes_on = action_goes_on(a);
		o = read_settings(a);
		json_object_object_del(o, GOES_ON);
		below = o;
		o = json_object_new_object();
		(void)json_object_object_add(o, a->kind, below);
		if (goes_on)
			(void)json_object_object_add(
			    o, GOES_ON, json_object_new_string("continue"));
		below = write_list(t, a->at);
		if (json_object_array_length(below) > 0)
			(void)json_object_object_add(o, BELOW, below);
		else
			(void)json_object_put(below);
		(void)json_object_array_add(list, o);
	}
	return list;
}

void
action_tree_write(const struct action_tree *t, struct buf *out)
{
	struct json_object *list = write_list(t, -1);

	buf_str(out, json_object_to_json_string_ext(list, PLAIN));
	(void)json_object_put(list);
}

/* --- one action --- */

char *
action_text(const struct server_action *a, const char *name)
{
	struct json_object *o = read_settings(a), *v = NULL;
	char *text = NULL;

	if (json_object_object_get_ex(o, name, &v))
		text = mem_dup(json_object_get_string(v));
	(void)json_object_put(o);
	return text;
}

int64_t
action_number(const struct server_action *a, const char *name, int64_t fallback)
{
	struct json_object *o = read_settings(a), *v = NULL;
	int64_t number = fallback;

	if (json_object_object_get_ex(o, name, &v))
		number = json_object_get_int64(v);
	(void)json_object_put(o);
	return number;
}

bool
action_goes_on(const struct server_action *a)
{
	char *text = action_text(a, GOES_ON);
	bool yes = str_eq(text, "continue");

	free(text);
	return yes;
}

char *
action_words(const struct server_action *a)
{
	int kind = action_kind_find(a->kind);
	char *about = NULL, *words, span[CLOCK_TEXT];

	if (kind == ACTION_PURGE)
		about = mem_dup(clock_span(
		    action_number(a, "older-than", ACTION_PURGE_MIN), span));
	else if (kind >= 0 && action_kind((enum action_kind)kind)->main != NULL)
		about =
		    action_text(a, action_kind((enum action_kind)kind)->main);
	words = mem_printf("%s%s%.200s", a->kind, about == NULL ? "" : " ",
	    about == NULL ? "" : about);
	free(about);
	return words;
}

void
action_tree_words(const char *json, struct buf *out)
{
	struct action_tree tree = {.count = 0};
	char *one;
	size_t i;

	if (action_tree_parse(json, &tree, NULL) != 0)
		return;
	for (i = 0; i < tree.count; i++) {
		one = action_words(&tree.actions[i]);
		buf_printf(out, "%s%s%s", i == 0 ? "" : "; ", one,
		    action_kind_find(tree.actions[i].kind) == ACTION_FOREIGN
			? " (not runnable)"
			: "");
		free(one);
	}
	action_tree_free(&tree);
}

int64_t
action_above(
    const struct server_action *actions, int64_t at, enum action_kind kind)
{
	for (at = actions[at].parent; at >= 0; at = actions[at].parent)
		if (str_eq(actions[at].kind, action_kind_name(kind)))
			return at;
	return -1;
}
