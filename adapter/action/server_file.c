#include "server_file.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "server_task.h"
#include "str.h"

#define JSON_DEPTH 40
#define SHOWN 64

static int
read_flag(
    struct json_object *value, const char *name, bool *ret, struct err *err)
{
	const char *text = json_object_get_string(value);

	*ret = str_ieq(text, "true") || str_ieq(text, "yes");
	if (*ret || str_ieq(text, "false") || str_ieq(text, "no"))
		return 0;
	return err_set(err, ERR_INVALID, "%s: wanted true or false", name);
}

static int
read_text(
    struct json_object *value, const char *name, char **slot, struct err *err)
{
	const char *text = json_object_get_string(value);

	if (!json_object_is_type(value, json_type_string))
		return err_set(err, ERR_INVALID, "%s: must be a text", name);
	mem_replace(slot, text[0] == '\0' ? NULL : text);
	return 0;
}

static int
read_member(struct server_task *t, const char *key, struct json_object *value,
    struct err *err)
{
	if (str_eq(key, "name"))
		return read_text(value, key, &t->name, err);
	if (str_eq(key, "description"))
		return read_text(value, key, &t->note, err);
	if (str_eq(key, "schedule"))
		return read_text(value, key, &t->schedule, err);
	if (str_eq(key, "enabled"))
		return read_flag(value, key, &t->enabled, err);
	if (str_eq(key, "overlap"))
		return read_flag(value, key, &t->overlap, err);
	if (!str_eq(key, "actions"))
		return err_set(err, ERR_INVALID,
		    "\"%.*s\" is not known; there are name, description, "
		    "schedule, enabled, overlap and actions",
		    SHOWN, key);
	mem_replace(&t->actions,
	    json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
	return 0;
}

int
server_file_read(const char *json, struct server_task *t, struct err *err)
{
	struct json_tokener *tokener;
	struct json_object *o;
	size_t len = strnlen(json, SERVER_FILE_MAX + 1);
	int rc = 0;

	if (len > SERVER_FILE_MAX)
		return err_set(
		    err, ERR_LIMIT, "more than %d bytes", SERVER_FILE_MAX);
	tokener = json_tokener_new_ex(JSON_DEPTH);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tokener, json, (int)len + 1);
	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach (o, key, value) {
			rc = read_member(t, key, value, err);
			if (rc != 0)
				break;
		}
	} else {
		rc = err_set(err, ERR_INVALID,
		    "must be \"name:\", \"actions:\" and so on");
	}
	(void)json_object_put(o);
	json_tokener_free(tokener);
	return rc;
}

static void
add_text(struct json_object *o, const char *key, const char *text)
{
	if (text != NULL)
		(void)json_object_object_add(
		    o, key, json_object_new_string(text));
}

void
server_file_write(const struct server_task *t, struct buf *out)
{
	struct json_object *o = json_object_new_object();
	struct json_object *actions = json_tokener_parse(t->actions);

	add_text(o, "name", t->name);
	add_text(o, "description", t->note);
	add_text(o, "schedule", t->schedule);
	(void)json_object_object_add(
	    o, "enabled", json_object_new_boolean(t->enabled));
	(void)json_object_object_add(
	    o, "overlap", json_object_new_boolean(t->overlap));
	(void)json_object_object_add(o, "actions", actions);
	buf_str(out,
	    json_object_to_json_string_ext(o,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		    JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_char(out, '\n');
	(void)json_object_put(o);
}
