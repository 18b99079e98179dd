#ifndef CONF_OPTION_INTERNAL_H_
#define CONF_OPTION_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "clock.h"
#include "conf.h"

struct buf;
struct conf_node;
struct conf_table;
struct err;

/*
 * One row per option; parser, defaults, ranges, `config show` and the example
 * files are made from the rows, so they cannot disagree.
 */
enum conf_type {
	CONF_TEXT,
	CONF_PATH, /* relative ones are relative to the file's folder */
	CONF_WORD, /* one of words */
	CONF_INT,
	CONF_SPAN, /* seconds, written "15m" */
	CONF_BOOL,
	CONF_ITEMS /* a list of maps, each by the table items */
};

struct conf_option {
	const char *key; /* "run.parallel": section and name */
	enum conf_type type;
	size_t offset;	      /* of the struct's member */
	const char *fallback; /* as written in a file; NULL: not set */
	int64_t min, max;     /* CONF_INT, CONF_SPAN */
	const char *const *words;
	/* CONF_TEXT: what is wrong with it, or NULL when nothing is. */
	const char *(*check)(const char *text);
	const struct conf_table *items; /* CONF_ITEMS */
	size_t count_offset;		/* CONF_ITEMS: the size_t member */
	const char *help;
};

struct conf_table {
	const struct conf_option *options;
	size_t count;
	size_t size;	   /* of the struct the offsets are in */
	const char *title; /* first comment of the example */
};

/* An entry of "epo", and rules over several of its options (conf_epo.c). */
extern const struct conf_table conf_epo_table;
int conf_epo_check(
    const struct conf *c, const struct conf_node *roots, struct err *err);

#define CONF_MAX_ITEMS 64
#define CONF_MAX_TEXT 1024
#define CONF_MAX_KEY 64
#define CONF_RANGE_TEXT 104

/* folder is what CONF_PATHs are relative to; NULL leaves them as written. */
void conf_option_defaults(
    const struct conf_table *t, void *base, const char *folder);
/* Set what the tree says. */
int conf_option_apply(const struct conf_table *t, void *base,
    const struct conf_node *root, const char *folder, struct err *err);
void conf_option_free(const struct conf_table *t, void *base);
/* "1 to 4000", "10s to 1d" */
void conf_option_range(const struct conf_option *o, char out[CONF_RANGE_TEXT]);
/* The name in the section (NULL: top level) a mistyped word may stand for, put
 * in out; NULL when none is near. */
const char *conf_option_near(const struct conf_table *t, const char *section,
    const char *word, char out[CONF_MAX_KEY]);
/* What the chain of trees sets key to, the last one winning; NULL. */
const struct conf_node *conf_option_node(
    const struct conf_node *roots, const char *key);
/* As conf_entries(); roots as read from files, NULL: all are defaults. */
void conf_option_entries(const struct conf_table *t, const void *base,
    const struct conf_node *roots, conf_entry_fn *fn, void *cookie);
/* Seconds as a person writes them: "15m". */
void conf_option_span(int64_t seconds, char out[CLOCK_TEXT]);
/* "default 64, 1 to 4000": as much as the row knows. */
void conf_option_note(const struct conf_option *o, struct buf *out);
/* Commented file; rows named in settings are written as values, the others as
 * comments with their default. */
void conf_option_example(const struct conf_table *t,
    const struct conf_setting *settings, size_t count, FILE *out);
/* A complaint about key with the place it was set at, looked for in the chain
 * of trees from the last to the first: "file:line:column: key: ...". */
int conf_option_error(const struct conf_node *roots, const char *key,
    const char *file, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
#endif
