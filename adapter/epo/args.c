/* The arguments of a command, from its help line and what was sent. */
#include "args_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "mem.h"
#include "str.h"
#include "utf8.h"

#define FORMS_MAX 2
#define SLOTS_MAX ((size_t)2 * ARGS_MAX)
#define OUTPUT ":output"
#define TOKEN "orion.user.security.token"
#define PLACE "param"
#define VALUE_MAX ((size_t)1 << 20)
#define SHOWN 40

/* One argument as the line declares it. */
struct slot {
	char name[ARGS_NAME];
	bool must, named;
	unsigned form;
};

struct spec {
	struct slot slots[SLOTS_MAX]; /* one may be in both forms */
	size_t count;
	unsigned forms;
};

/* --- the line --- */

/* "[name=<>]" without its marks. */
static void
read_slot(const char *word, size_t len, struct slot *ret)
{
	ret->must = word[0] != '[';
	if (!ret->must) {
		word++;
		len -= 2;
	}
	ret->named = len > 3 && memcmp(word + len - 3, "=<>", 3) == 0;
	if (ret->named)
		len -= 3;
	assert(len < ARGS_NAME);
	memcpy(ret->name, word, len);
	ret->name[len] = '\0';
}

static void
read_spec(const char *line, struct spec *ret)
{
	size_t len;

	ret->count = 0;
	ret->forms = 1;
	for (; *line != '\0'; line += len + (line[len] == ' ' ? 1 : 0)) {
		len = strcspn(line, " ");
		if (len == 1 && *line == '/') {
			ret->forms++;
			continue;
		}
		assert(ret->count < SLOTS_MAX);
		read_slot(line, len, &ret->slots[ret->count]);
		ret->slots[ret->count++].form = ret->forms - 1;
	}
	assert(ret->forms <= FORMS_MAX);
}

/* --- names --- */

/* Spellings of one thing: which one the line has is what counts. */
static const char *const spellings[][3] = {
    {"names", "ids", "systemIds"},
    {"tagName", "tagID", "tag"},
    {"taskName", "taskId", NULL},
    {"taskLogId", "id", NULL},
};
#define SPELLINGS (sizeof(spellings) / sizeof(spellings[0]))

static bool
same_thing(const char *a, const char *b)
{
	size_t i, j;
	bool first, second;

	for (i = 0; i < SPELLINGS; i++) {
		first = second = false;
		for (j = 0; j < 3 && spellings[i][j] != NULL; j++) {
			first = first || str_ieq(spellings[i][j], a);
			second = second || str_ieq(spellings[i][j], b);
		}
		if (first && second)
			return true;
	}
	return false;
}

static int
find_name(const struct args *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (str_ieq(a->names[i], name))
			return (int)i;
	for (i = 0; i < a->count; i++)
		if (same_thing(a->names[i], name))
			return (int)i;
	return -1;
}

/* Each name once, in the line's order. */
static void
take_names(const struct spec *spec, struct args *ret)
{
	size_t i;

	for (i = 0; i < spec->count; i++) {
		if (find_name(ret, spec->slots[i].name) != -1)
			continue;
		assert(ret->count < ARGS_MAX);
		memcpy(
		    ret->names[ret->count++], spec->slots[i].name, ARGS_NAME);
	}
}

/* "param2": which that is; -1 for no place at all, -2 for one too many. */
static int
find_place(const struct spec *spec, const struct args *a, const char *name)
{
	int64_t place;
	size_t i;

	if (strncasecmp(name, PLACE, strlen(PLACE)) != 0 ||
	    str_int(name + strlen(PLACE), 1, INT32_MAX, &place) == -1)
		return -1;
	for (i = 0; i < spec->count; i++)
		if (!spec->slots[i].named && --place == 0)
			return find_name(a, spec->slots[i].name);
	return -2;
}

/* --- values --- */

static int
fail_name(
    const struct args *a, const char *line, const char *name, struct err *err)
{
	const char *names[ARGS_MAX];
	struct buf shown;
	char *near;
	size_t i;

	for (i = 0; i < a->count; i++)
		names[i] = a->names[i];
	near = str_near(name, names, a->count);
	buf_init(&shown, (size_t)4 * SHOWN);
	str_printable(&shown, name, strlen(name), SHOWN);
	if (near != NULL)
		(void)err_set(err, ERR_INVALID, "no argument \"%s\"; near: %s",
		    buf_text(&shown), near);
	else
		(void)err_set(err, ERR_INVALID,
		    "no argument \"%s\"; there are: %s", buf_text(&shown),
		    line[0] != '\0' ? line : "none");
	buf_free(&shown);
	free(near);
	return -1;
}

static int
read_output(const char *word, enum remote_output *ret, struct err *err)
{
	static const char *const words[] = {[REMOTE_TERSE] = "terse",
	    [REMOTE_VERBOSE] = "verbose",
	    [REMOTE_JSON] = "json",
	    [REMOTE_XML] = "xml"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_ieq(words[i], word)) {
			*ret = (enum remote_output)i;
			return 0;
		}
	return err_set(
	    err, ERR_INVALID, OUTPUT ": wanted terse, verbose, json or xml");
}

static int
take_value(const struct spec *spec, const char *line,
    const struct remote_arg *arg, struct args *a, struct err *err)
{
	int at;

	if (str_ieq(arg->name, TOKEN) || str_eq(arg->name, "_"))
		return 0; /* "_" keeps caches away */
	if (str_ieq(arg->name, OUTPUT))
		return read_output(arg->value, &a->output, err);
	at = find_name(a, arg->name);
	if (at == -1)
		at = find_place(spec, a, arg->name);
	if (at == -2)
		return err_set(err, ERR_INVALID,
		    "%.20s: not so many arguments; there are: %s", arg->name,
		    line[0] != '\0' ? line : "none");
	if (at == -1)
		return fail_name(a, line, arg->name, err);
	if (arg->len > VALUE_MAX)
		return err_set(err, ERR_LIMIT, "%s: longer than %zu bytes",
		    a->names[at], VALUE_MAX);
	if (a->values[at] != NULL)
		return err_set(
		    err, ERR_INVALID, "%s: given twice", a->names[at]);
	a->values[at] = arg;
	return 0;
}

/* Without a NUL, and UTF-8: a command may hand it on as a text. */
static int
check_text(const struct args *a, size_t at, struct err *err)
{
	const struct remote_arg *arg = a->values[at];
	size_t from, step;
	uint32_t point;

	for (from = 0; from < arg->len; from += step) {
		step = arg->value[from] == '\0'
		    ? 0
		    : utf8_next(arg->value + from, arg->len - from, &point);
		if (step == 0)
			return err_set(err, ERR_INVALID,
			    "%s, byte %zu: no UTF-8 text", a->names[at],
			    from + 1);
	}
	return 0;
}

/* What a form lacks; NULL: nothing. */
static const struct slot *
missing(const struct spec *spec, const struct args *a, unsigned form)
{
	const struct slot *slot;
	size_t i;

	for (i = 0; i < spec->count; i++) {
		slot = &spec->slots[i];
		if (slot->form == form && slot->must &&
		    a->values[find_name(a, slot->name)] == NULL)
			return slot;
	}
	return NULL;
}

static int
check_complete(const struct spec *spec, const char *line, const struct args *a,
    struct err *err)
{
	const struct slot *slot = missing(spec, a, 0);
	unsigned form;

	if (slot == NULL)
		return 0;
	for (form = 1; form < spec->forms; form++)
		if (missing(spec, a, form) == NULL)
			return 0;
	return err_set(
	    err, ERR_INVALID, "%s is missing; wanted: %s", slot->name, line);
}

int
args_read(const char *line, const struct remote_request *request,
    struct args *ret, struct err *err)
{
	struct spec spec;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	read_spec(line, &spec);
	take_names(&spec, ret);
	if (request->arg_count > REMOTE_ARGS_MAX)
		return err_set(
		    err, ERR_LIMIT, "more than %d arguments", REMOTE_ARGS_MAX);
	for (i = 0; i < request->arg_count; i++)
		if (take_value(&spec, line, &request->args[i], ret, err) == -1)
			return -1;
	for (i = 0; i < ret->count; i++)
		if (ret->values[i] != NULL && check_text(ret, i, err) == -1)
			return -1;
	return check_complete(&spec, line, ret, err);
}

static const struct remote_arg *
value_of(const struct args *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (str_eq(a->names[i], name))
			return a->values[i];
	assert(false && "an argument of the command's line");
	return NULL;
}

const char *
args_text(const struct args *a, const char *name)
{
	const struct remote_arg *arg = value_of(a, name);

	return arg == NULL || arg->len == 0 ? NULL : arg->value;
}

bool
args_given(const struct args *a, const char *name)
{
	return value_of(a, name) != NULL;
}
