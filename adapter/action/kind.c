/* The kinds of actions, and what their settings may be. */
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "buf.h"
#include "clock.h"
#include "err.h"
#include "kind_internal.h"
#include "str.h"

#define SHOWN 64
#define NAMES_MAX 256 /* of all settings of a kind */
#define FILE_NAME_MAX 120
#define NUMBER_MAX 10000000
#define SPAN_MAX (INT64_C(3660) * CLOCK_DAY)

static const char *const pass_words[] = {"all", "succeeded", "failed", NULL};

static const struct setting query_settings[] = {
    {"query", SETTING_TEXT, true, NULL}, {.name = NULL}};
static const struct setting tag_settings[] = {
    {"tag", SETTING_TEXT, true, NULL}, {.name = NULL}};
static const struct setting task_settings[] = {
    {"task", SETTING_TEXT, true, NULL},
    {"pass", SETTING_WORD, false, pass_words}, {.name = NULL}};
static const struct setting profile_settings[] = {
    {"pass", SETTING_WORD, false, pass_words}, {.name = NULL}};
static const struct setting export_settings[] = {
    {"file", SETTING_TEXT, true, NULL}, {"query", SETTING_TEXT, false, NULL},
    {.name = NULL}};
static const struct setting mail_settings[] = {{"to", SETTING_TEXT, true, NULL},
    {"subject", SETTING_TEXT, false, NULL}, {"text", SETTING_TEXT, false, NULL},
    {"attach", SETTING_BOOL, false, NULL}, {.name = NULL}};
static const struct setting webhook_settings[] = {
    {"to", SETTING_TEXT, true, NULL}, {.name = NULL}};
static const struct setting purge_settings[] = {
    {"older-than", SETTING_SPAN, true, NULL}, {.name = NULL}};
static const struct setting no_settings[] = {{.name = NULL}};
static const struct setting foreign_settings[] = {
    {"command", SETTING_TEXT, true, NULL}, {"params", SETTING_MAP, false, NULL},
    {.name = NULL}};
/* Those of struct task_policy, by the names of the command line. */
static const struct setting policy_settings[] = {
    {"canary", SETTING_NUMBER, false, NULL},
    {"wave", SETTING_NUMBER, false, NULL},
    {"wave-percent", SETTING_NUMBER, false, NULL},
    {"max-failures", SETTING_NUMBER, false, NULL},
    {"max-failure-percent", SETTING_NUMBER, false, NULL},
    {"stop-after", SETTING_SPAN, false, NULL},
    {"parallel", SETTING_NUMBER, false, NULL},
    {"retries", SETTING_NUMBER, false, NULL},
    {"retry-wait", SETTING_SPAN, false, NULL}, {.name = NULL}};

static const struct kind kinds[ACTION_KINDS] = {
    [ACTION_QUERY] = {"run-query",
	"the rows of a saved query, or of a condition", query_settings, false,
	false, "query", ACCESS_BIT(ACCESS_QUERY_RUN)},
    [ACTION_APPLY_TAG] = {"apply-tag", "tag the rows", tag_settings, true,
	false, "tag", ACCESS_BIT(ACCESS_TAG_WRITE)},
    [ACTION_CLEAR_TAG] = {"clear-tag", "take the tag from the rows",
	tag_settings, true, false, "tag", ACCESS_BIT(ACCESS_TAG_WRITE)},
    [ACTION_TASK] = {"run-client-task", "a client task on the rows, waited for",
	task_settings, true, true, "task", ACCESS_BIT(ACCESS_TASK_RUN)},
    [ACTION_PROFILE] = {"enforce-profile",
	"bring the rows to the profile, waited for", profile_settings, true,
	true, NULL, ACCESS_BIT(ACCESS_TASK_RUN)},
    [ACTION_EXPORT] = {"export-report",
	"the rows, or a query of its own, as a CSV, JSON or HTML file",
	export_settings, false, false, "file",
	ACCESS_BIT(ACCESS_REPORT_WRITE) | ACCESS_BIT(ACCESS_QUERY_RUN)},
    [ACTION_MAIL] = {"send-email", "with the report above it attached",
	mail_settings, false, false, "to", ACCESS_BIT(ACCESS_MESSAGE_SEND)},
    [ACTION_WEBHOOK] = {"webhook",
	"tell a place of the configuration's \"forward\"", webhook_settings,
	false, false, "to", ACCESS_BIT(ACCESS_MESSAGE_SEND)},
    [ACTION_PURGE] = {"purge-log",
	"forget runs that ended; events stay, each proves the one before",
	purge_settings, false, false, "older-than",
	ACCESS_BIT(ACCESS_RUN_PURGE)},
    [ACTION_NOTHING] = {"nothing", "holds other actions together", no_settings,
	false, false, NULL, 0},
    [ACTION_FOREIGN] = {"epo-command",
	"a command of ePO that is kept, and cannot be run", foreign_settings,
	false, false, "command", 0},
};

const struct kind *
action_kind(enum action_kind kind)
{
	return &kinds[kind];
}

const char *
action_kind_name(enum action_kind kind)
{
	return kinds[kind].name;
}

const char *
action_kind_help(enum action_kind kind)
{
	return kinds[kind].help;
}

uint64_t
action_rights(const struct server_action *a)
{
	int kind = action_kind_find(a->kind);

	return kind < 0 ? ACCESS_ALL : kinds[kind].rights;
}

int
action_kind_find(const char *name)
{
	int i;

	for (i = 0; i < ACTION_KINDS; i++)
		if (str_ieq(kinds[i].name, name))
			return i;
	return -1;
}

/* --- one setting --- */

static struct json_object *
read_text(struct json_object *value, const char *name, struct err *err)
{
	const char *text;
	size_t i, len;

	if (!json_object_is_type(value, json_type_string)) {
		(void)err_set(err, ERR_INVALID, "%s: must be a text", name);
		return NULL;
	}
	text = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	if (len == 0 || len > ACTION_TEXT_MAX) {
		(void)err_set(err, ERR_INVALID, "%s: wanted 1 to %d bytes",
		    name, ACTION_TEXT_MAX);
		return NULL;
	}
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 && text[i] != '\n' &&
		    text[i] != '\t') {
			(void)err_set(err, ERR_INVALID,
			    "%s: has a control character", name);
			return NULL;
		}
	return json_object_get(value);
}

static struct json_object *
read_number(struct json_object *value, const struct setting *s, struct err *err)
{
	const char *text = json_object_get_string(value);
	bool span = s->type == SETTING_SPAN;
	int64_t number = -1;

	if (text != NULL &&
	    (json_object_is_type(value, json_type_string) ||
		json_object_is_type(value, json_type_int)) &&
	    (span ? clock_parse_span(text, &number)
		  : str_int(text, 0, NUMBER_MAX, &number)) == 0 &&
	    number >= 0 && number <= SPAN_MAX)
		return json_object_new_int64(number);
	(void)err_set(err, ERR_INVALID, "%s: wanted %s", s->name,
	    span ? "a time such as 90s, 15m, 36h or 30d" : "a number");
	return NULL;
}

static struct json_object *
read_bool(struct json_object *value, const char *name, struct err *err)
{
	const char *text = json_object_get_string(value);

	if (json_object_is_type(value, json_type_boolean))
		return json_object_get(value);
	if (str_ieq(text, "true") || str_ieq(text, "yes"))
		return json_object_new_boolean(true);
	if (str_ieq(text, "false") || str_ieq(text, "no"))
		return json_object_new_boolean(false);
	(void)err_set(err, ERR_INVALID, "%s: wanted true or false", name);
	return NULL;
}

static struct json_object *
read_word(struct json_object *value, const struct setting *s, struct err *err)
{
	const char *text = json_object_get_string(value);
	size_t i;

	for (i = 0; s->words[i] != NULL; i++)
		if (str_ieq(text, s->words[i]))
			return json_object_new_string(s->words[i]);
	(void)err_set(err, ERR_INVALID, "%s: wanted %s, %s or %s", s->name,
	    s->words[0], s->words[1], s->words[2]);
	return NULL;
}

/* Texts by name, as they came. */
static struct json_object *
read_map(struct json_object *value, const char *name, struct err *err)
{
	struct json_object *map = json_object_new_object();

	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach (value, key, item) {
			if (!json_object_is_type(item, json_type_string) ||
			    strlen(key) > ACTION_TEXT_MAX)
				goto bad;
			(void)json_object_object_add(
			    map, key, json_object_get(item));
		}
		return map;
	}
bad:
	(void)err_set(err, ERR_INVALID, "%s: wanted texts by name", name);
	(void)json_object_put(map);
	return NULL;
}

static struct json_object *
read_setting(
    const struct setting *s, struct json_object *value, struct err *err)
{
	switch (s->type) {
	case SETTING_TEXT:
		return read_text(value, s->name, err);
	case SETTING_NUMBER:
	case SETTING_SPAN:
		return read_number(value, s, err);
	case SETTING_BOOL:
		return read_bool(value, s->name, err);
	case SETTING_WORD:
		return read_word(value, s, err);
	case SETTING_MAP:
		break;
	}
	return read_map(value, s->name, err);
}

/* --- all of an action --- */

static const struct setting *
find(const struct kind *kind, const char *name)
{
	const struct setting *s;

	for (s = kind->settings; s->name != NULL; s++)
		if (str_eq(s->name, name))
			return s;
	for (s = policy_settings; kind->policy && s->name != NULL; s++)
		if (str_eq(s->name, name))
			return s;
	return NULL;
}

static void
fail_name(const struct kind *kind, const char *name, struct err *err)
{
	const struct setting *const rows[] = {
	    kind->settings, kind->policy ? policy_settings : no_settings};
	const struct setting *s;
	struct buf all;
	size_t i;

	buf_init(&all, NAMES_MAX);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (s = rows[i]; s->name != NULL; s++)
			buf_printf(
			    &all, "%s%s", all.len == 0 ? "" : ", ", s->name);
	(void)err_set(err, ERR_INVALID, "has no \"%.*s\"; it has %s", SHOWN,
	    name, all.len == 0 ? "no settings" : buf_text(&all));
	buf_free(&all);
}

/* No braces but those. */
static bool
placeholders_known(const char *name)
{
	while (*(name += strcspn(name, "{}")) != '\0') {
		if (!str_starts(name, "{date}") && !str_starts(name, "{run}"))
			return false;
		name = strchr(name, '}') + 1;
	}
	return true;
}

int
action_file_check(const char *name, struct err *err)
{
	static const char *const ends[] = {".csv", ".json", ".html", NULL};
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_.{}";
	size_t len = strlen(name), i;

	if (len > FILE_NAME_MAX || name[0] == '.' ||
	    name[strspn(name, plain)] != '\0' || !placeholders_known(name))
		return err_set(err, ERR_INVALID,
		    "file: letters, digits, - _ . {date} and {run}, at most "
		    "%d; the folder is the configuration's report.folder",
		    FILE_NAME_MAX);
	for (i = 0; ends[i] != NULL; i++)
		if (len > strlen(ends[i]) &&
		    str_eq(name + len - strlen(ends[i]), ends[i]))
			return 0;
	return err_set(
	    err, ERR_INVALID, "file: must end in .csv, .json or .html");
}

static int
check_values(struct json_object *o, struct err *err)
{
	struct json_object *v;

	if (json_object_object_get_ex(o, "file", &v) &&
	    action_file_check(json_object_get_string(v), err) != 0)
		return -1;
	if (json_object_object_get_ex(o, "older-than", &v) &&
	    json_object_get_int64(v) < ACTION_PURGE_MIN)
		return err_set(
		    err, ERR_INVALID, "older-than: wanted a week or more");
	return 0;
}

static int
check_needed(const struct kind *kind, struct json_object *o, struct err *err)
{
	const struct setting *s;

	for (s = kind->settings; s->name != NULL; s++)
		if (s->needed && !json_object_object_get_ex(o, s->name, NULL))
			return err_set(
			    err, ERR_INVALID, "\"%s\" is missing", s->name);
	return check_values(o, err);
}

struct json_object *
action_settings_read(
    const struct kind *kind, struct json_object *given, struct err *err)
{
	struct json_object *ret = json_object_new_object(), *own;
	const struct setting *s;

	if (given != NULL && !json_object_is_type(given, json_type_object) &&
	    !(json_object_is_type(given, json_type_string) &&
		json_object_get_string_len(given) == 0)) {
		(void)err_set(
		    err, ERR_INVALID, "its settings must be \"name: value\"");
		goto bad;
	}
	if (json_object_is_type(given, json_type_object)) {
		json_object_object_foreach (given, key, value) {
			s = find(kind, key);
			if (s == NULL) {
				fail_name(kind, key, err);
				goto bad;
			}
			own = read_setting(s, value, err);
			if (own == NULL)
				goto bad;
			(void)json_object_object_add(ret, s->name, own);
		}
	}
	if (check_needed(kind, ret, err) == 0)
		return ret;
bad:
	(void)json_object_put(ret);
	return NULL;
}
