#ifndef ACTION_KIND_INTERNAL_H_
#define ACTION_KIND_INTERNAL_H_
#include <stdbool.h>

#include <json-c/json.h>

#include "action.h"

struct err;

/* One row per kind: reader, writer and help are made from it. */
enum setting_type {
	SETTING_TEXT,
	SETTING_NUMBER,
	SETTING_SPAN, /* kept in seconds */
	SETTING_BOOL,
	SETTING_WORD,
	SETTING_MAP
};

struct setting {
	const char *name;
	enum setting_type type;
	bool needed;
	const char *const *words;
};

struct kind {
	const char *name, *help;
	const struct setting *settings; /* NULL name at the end */
	bool rows;			/* needs a query above it */
	bool policy;			/* as a run of a client task */
	const char *main; /* the setting that says what it is about */
	uint64_t rights;  /* of who may order it (access.h) */
};
const struct kind *action_kind(enum action_kind kind);

/* The settings of one, checked: a new object. */
struct json_object *action_settings_read(
    const struct kind *kind, struct json_object *given, struct err *err);
/* A report's name: one of ours, nothing that leads elsewhere. */
int action_file_check(const char *name, struct err *err);
#endif
