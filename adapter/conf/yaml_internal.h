#ifndef CONF_YAML_INTERNAL_H_
#define CONF_YAML_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>

struct err;

/*
 * The part of YAML we speak, as a tree: one document of maps, lists and
 * scalars.  Anchors, aliases, tags, directives and further documents are
 * refused, so is a key given twice in one map.  Every scalar is text here; the
 * option tables give it a type, so "off" and "1e3" never surprise anyone.
 */
#define CONF_MAX_BYTES ((size_t)1024 * 1024)
#define CONF_MAX_DEPTH 24
#define CONF_MAX_NODES 10000

enum conf_kind { CONF_SCALAR, CONF_MAP, CONF_LIST };

struct conf_mark {
	const char *file; /* borrowed from whoever had it parsed */
	size_t line, column;
};

struct conf_node {
	enum conf_kind kind;
	struct conf_mark mark;
	char *key; /* in a map */
	struct conf_mark key_mark;
	char *text;  /* of a scalar */
	bool quoted; /* '' is a value, nothing at all is none */
	struct conf_node *child, *next;
};

/* *ret_root (given) is always a map; an empty document is an empty one. file is
 * for messages and must outlive the tree. lines: a value may have several. */
int conf_yaml_parse(const char *file, const void *bytes, size_t len, bool lines,
    struct conf_node **ret_root, struct err *err);
int conf_yaml_load(
    const char *file, bool lines, struct conf_node **ret_root, struct err *err);
void conf_yaml_free(struct conf_node *node); /* NULL is allowed */
/* The child with this key; NULL. */
const struct conf_node *conf_yaml_child(
    const struct conf_node *map, const char *key);
/* ERR_INVALID with "file:line:column: ..."; returns -1. */
int conf_yaml_error(struct err *err, const struct conf_mark *mark,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Text from a file, fit for a message: at most 40 characters, given. */
char *conf_yaml_shown(const char *text);
#endif
