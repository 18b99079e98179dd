#include "catalog.h"

#include <string.h>

#include <json-c/json.h>

#include "buf.h"
#include "engine.h"
#include "err.h"
#include "plan.h"
#include "str.h"

#define DEPTH_MAX 4

const char *const catalog_type_words[CATALOG_TYPES + 1] = {CATALOG_TYPE_NAMES};

static const struct {
	const char *alias, *help;
} types[CATALOG_TYPES] = {
    [CATALOG_MAINTENANCE] = {"AMT Maintenance",
	"the maintenance tasks of Intel SCS that are ticked"},
    [CATALOG_COLLECT] = {"Discovery and Reporting data collection",
	"read the firmware into the record, and diagnose"},
    [CATALOG_PROFILE] = {"Enforce AMT Firmware Configuration Policy",
	"bring everything that differs to the profile"},
};

const char *
catalog_type_name(enum catalog_type type)
{
	return catalog_type_words[type];
}

int
catalog_type_find(const char *word)
{
	int i;

	for (i = 0; i < CATALOG_TYPES; i++)
		if (str_ieq(catalog_type_words[i], word) ||
		    str_ieq(types[i].alias, word))
			return i;
	return -1;
}

/* --- reading --- */

static int
read_parts(struct json_object *list, unsigned *ret, struct err *err)
{
	struct json_object *item;
	const char *word;
	unsigned part;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return err_set(
		    err, ERR_INVALID, "settings: tasks must be a list");
	for (i = 0; i < json_object_array_length(list); i++) {
		item = json_object_array_get_idx(list, i);
		word = json_object_is_type(item, json_type_string)
		    ? json_object_get_string(item)
		    : "";
		part = play_part_find(word);
		if (part == 0)
			return err_set(err, ERR_INVALID,
			    "settings: %.64s is no maintenance task; there "
			    "are sync-clock, sync-network, "
			    "reissue-certificates, renew-ad-password and "
			    "renew-admin-password",
			    word);
		*ret |= part;
	}
	return 0;
}

static int
read_when(struct json_object *value, struct catalog_settings *s, bool *always,
    struct err *err)
{
	const char *word = json_object_is_type(value, json_type_string)
	    ? json_object_get_string(value)
	    : "";

	*always = str_ieq(word, "always");
	s->automatic = str_ieq(word, "automatic");
	if (*always || s->automatic || str_ieq(word, "needed"))
		return 0;
	return err_set(err, ERR_INVALID,
	    "settings: when must be needed, always or automatic");
}

static int
read_members(struct json_object *o, struct catalog_settings *s, struct err *err)
{
	bool always = false;

	json_object_object_foreach (o, key, value) {
		if (s->type == CATALOG_MAINTENANCE && str_eq(key, "tasks")) {
			if (read_parts(value, &s->parts, err) != 0)
				return -1;
		} else if (s->type == CATALOG_MAINTENANCE &&
		    str_eq(key, "when")) {
			if (read_when(value, s, &always, err) != 0)
				return -1;
		} else {
			return err_set(err, ERR_INVALID,
			    "settings: %s has no \"%.64s\"",
			    catalog_type_words[s->type], key);
		}
	}
	s->always = always ? s->parts : 0;
	if (s->type == CATALOG_MAINTENANCE && s->automatic == (s->parts != 0))
		return err_set(err, ERR_INVALID,
		    s->automatic ? "settings: automatic finds out by itself "
				   "which tasks are due: without \"tasks\""
				 : "settings: no task is ticked");
	return 0;
}

int
catalog_parse(const char *type, const char *json, struct catalog_settings *ret,
    struct err *err)
{
	struct catalog_settings s = {.parts = 0};
	struct json_tokener *tokener;
	struct json_object *o;
	int which = catalog_type_find(type), rc = -1;
	size_t len = strlen(json);

	if (which < 0)
		return err_set(err, ERR_INVALID,
		    "%.64s is no type of task; there are amt-maintenance, "
		    "collect-properties and enforce-profile",
		    type);
	s.type = (enum catalog_type)which;
	tokener = json_tokener_new_ex(DEPTH_MAX);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	/* With its NUL, which ends a text that could go on. */
	o = len >= INT32_MAX
	    ? NULL
	    : json_tokener_parse_ex(tokener, json, (int)len + 1);
	if (o == NULL || !json_object_is_type(o, json_type_object))
		(void)err_set(
		    err, ERR_INVALID, "settings: must be a JSON object");
	else
		rc = read_members(o, &s, err);
	(void)json_object_put(o);
	json_tokener_free(tokener);
	if (rc == 0)
		*ret = s;
	return rc;
}

/* --- writing --- */

static const char *
when_word(const struct catalog_settings *s)
{
	if (s->automatic)
		return "automatic";
	return s->always != 0 ? "always" : "needed";
}

static void
list_parts(const struct catalog_settings *s, const char *quote,
    const char *between, struct buf *out)
{
	bool first = true;
	size_t i;

	for (i = 0; i < PLAY_PARTS; i++) {
		if ((s->parts & (1U << i)) == 0)
			continue;
		buf_printf(out, "%s%s%s%s", first ? "" : between, quote,
		    play_part_name((enum play_part)(1U << i)), quote);
		first = false;
	}
}

void
catalog_write(const struct catalog_settings *s, struct buf *out)
{
	if (s->type != CATALOG_MAINTENANCE) {
		buf_str(out, "{}");
		return;
	}
	buf_str(out, "{");
	if (s->parts != 0) {
		buf_str(out, "\"tasks\":[");
		list_parts(s, "\"", ",", out);
		buf_str(out, "],");
	}
	buf_printf(out, "\"when\":\"%s\"}", when_word(s));
}

void
catalog_words(const struct catalog_settings *s, struct buf *out)
{
	if (s->type != CATALOG_MAINTENANCE) {
		buf_str(out, types[s->type].help);
	} else if (s->automatic) {
		buf_str(out, "whatever is due");
	} else {
		list_parts(s, "", ", ", out);
		buf_str(out, s->always != 0 ? " always" : " when needed");
	}
}

/* --- for the engine --- */

void
catalog_order(
    const struct catalog_settings *s, unsigned done, struct engine_order *ret)
{
	ret->mode = ENGINE_RUN;
	switch (s->type) {
	case CATALOG_COLLECT:
		ret->mode = ENGINE_LOOK;
		ret->play = NULL;
		return;
	case CATALOG_PROFILE:
		ret->play = play_find("enforce-profile");
		return;
	case CATALOG_MAINTENANCE:
	case CATALOG_TYPES:
		break;
	}
	ret->play = s->automatic ? play_find("auto")
				 : play_combine(s->parts, s->always & ~done);
}
