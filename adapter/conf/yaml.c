#include "yaml_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "buf.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "str.h"

#define SHOWN_MAX ((size_t)40)
#define ERROR_MAX 1024

struct reader {
	yaml_parser_t parser;
	const char *file;
	size_t nodes;
	bool lines; /* a value may have several */
	struct err *err;
};

static int read_value(struct reader *r, const yaml_event_t *event,
    unsigned depth, struct conf_node **ret_node);

int
conf_yaml_error(
    struct err *err, const struct conf_mark *mark, const char *fmt, ...)
{
	char text[ERROR_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(err, ERR_INVALID, "%s:%zu:%zu: %s", mark->file,
	    mark->line, mark->column, text);
}

char *
conf_yaml_shown(const char *text)
{
	struct buf b;
	char *shown;

	buf_init(&b, SHOWN_MAX * 8);
	str_printable(&b, text, strlen(text), SHOWN_MAX);
	shown = mem_dup(buf_text(&b));
	buf_free(&b);
	return shown;
}

const struct conf_node *
conf_yaml_child(const struct conf_node *map, const char *key)
{
	const struct conf_node *n;

	for (n = map->child; n != NULL; n = n->next)
		if (str_eq(n->key, key))
			return n;
	return NULL;
}

void
conf_yaml_free(struct conf_node *node)
{
	struct conf_node *next;

	for (; node != NULL; node = next) {
		next = node->next;
		conf_yaml_free(node->child);
		free(node->key);
		free(node->text);
		free(node);
	}
}

static struct conf_mark
mark_of(const struct reader *r, const yaml_mark_t *m)
{
	struct conf_mark mark = {
	    .file = r->file, .line = m->line + 1, .column = m->column + 1};

	return mark;
}

static int
refuse(const struct reader *r, const yaml_event_t *event, const char *complaint)
{
	struct conf_mark mark = mark_of(r, &event->start_mark);

	return conf_yaml_error(r->err, &mark, "%s", complaint);
}

static int
next_event(struct reader *r, yaml_event_t *event)
{
	struct conf_mark mark;
	char *problem;

	if (yaml_parser_parse(&r->parser, event))
		return 0;
	mark = mark_of(r, &r->parser.problem_mark);
	problem = mem_dup(r->parser.problem != NULL ? r->parser.problem
						    : "not readable as YAML");
	conf_yaml_error(r->err, &mark, "%s", problem);
	free(problem);
	return -1;
}

/* What makes YAML more than maps, lists and text is not for configuration: it
 * hides where a value comes from. */
static int
refuse_decoration(const struct reader *r, const yaml_event_t *event,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		return refuse(r, event, "anchors (&name) are not allowed");
	if (tag != NULL)
		return refuse(r, event, "tags (!name) are not allowed");
	return 0;
}

static int
check_text(const struct reader *r, const yaml_event_t *event)
{
	const yaml_char_t *text = event->data.scalar.value;
	size_t i;

	for (i = 0; i < event->data.scalar.length; i++)
		if ((text[i] < 0x20 && (text[i] != '\n' || !r->lines)) ||
		    text[i] == 0x7f)
			return refuse(r, event,
			    r->lines ? "control characters are not allowed"
				     : "control characters and line breaks "
				       "are not allowed in a value");
	return 0;
}

static int
read_scalar(struct reader *r, const yaml_event_t *event, struct conf_node *node)
{
	if (refuse_decoration(r, event, event->data.scalar.anchor,
		event->data.scalar.tag) != 0)
		return -1;
	if (check_text(r, event) != 0)
		return -1;
	node->kind = CONF_SCALAR;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = mem_dup_len(
	    (const char *)event->data.scalar.value, event->data.scalar.length);
	return 0;
}

static int
read_list(struct reader *r, unsigned depth, struct conf_node *list)
{
	struct conf_node **end = &list->child;
	yaml_event_t event;
	int rc;

	list->kind = CONF_LIST;
	for (;;) {
		if (next_event(r, &event) != 0)
			return -1;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		rc = read_value(r, &event, depth + 1, end);
		yaml_event_delete(&event);
		if (rc != 0)
			return -1;
		end = &(*end)->next;
	}
}

static int
read_key(struct reader *r, const struct conf_node *map,
    const yaml_event_t *event, char **ret_key)
{
	const char *text;
	char *shown;

	if (event->type != YAML_SCALAR_EVENT)
		return refuse(r, event, "a key must be a word");
	if (refuse_decoration(r, event, event->data.scalar.anchor,
		event->data.scalar.tag) != 0)
		return -1;
	if (check_text(r, event) != 0)
		return -1;
	text = (const char *)event->data.scalar.value;
	if (conf_yaml_child(map, text) != NULL) {
		struct conf_mark mark = mark_of(r, &event->start_mark);

		shown = conf_yaml_shown(text);
		conf_yaml_error(r->err, &mark,
		    "%s: given twice (first in line %zu)", shown,
		    conf_yaml_child(map, text)->key_mark.line);
		free(shown);
		return -1;
	}
	*ret_key = mem_dup(text);
	return 0;
}

/* One "key: value" of a map, at *end. */
static int
read_pair(struct reader *r, const struct conf_node *map,
    const yaml_event_t *key_event, unsigned depth, struct conf_node **end)
{
	yaml_event_t event;
	char *key = NULL;
	int rc;

	if (read_key(r, map, key_event, &key) != 0)
		return -1;
	if (next_event(r, &event) != 0) {
		free(key);
		return -1;
	}
	rc = read_value(r, &event, depth, end);
	yaml_event_delete(&event);
	if (rc != 0) {
		free(key);
		return -1;
	}
	(*end)->key = key;
	(*end)->key_mark = mark_of(r, &key_event->start_mark);
	return 0;
}

static int
read_map(struct reader *r, unsigned depth, struct conf_node *map)
{
	struct conf_node **end = &map->child;
	yaml_event_t event;
	int rc;

	map->kind = CONF_MAP;
	for (;;) {
		if (next_event(r, &event) != 0)
			return -1;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		rc = read_pair(r, map, &event, depth + 1, end);
		yaml_event_delete(&event);
		if (rc != 0)
			return -1;
		end = &(*end)->next;
	}
}

static int
fill_value(struct reader *r, const yaml_event_t *event, unsigned depth,
    struct conf_node *node)
{
	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(r, event, node);
	if (event->type == YAML_SEQUENCE_START_EVENT) {
		if (refuse_decoration(r, event,
			event->data.sequence_start.anchor,
			event->data.sequence_start.tag) != 0)
			return -1;
		return read_list(r, depth, node);
	}
	if (event->type == YAML_MAPPING_START_EVENT) {
		if (refuse_decoration(r, event,
			event->data.mapping_start.anchor,
			event->data.mapping_start.tag) != 0)
			return -1;
		return read_map(r, depth, node);
	}
	return refuse(r, event, "aliases (*name) are not allowed");
}

static int
read_value(struct reader *r, const yaml_event_t *event, unsigned depth,
    struct conf_node **ret_node)
{
	struct conf_node *node;

	if (depth > CONF_MAX_DEPTH)
		return refuse(r, event, "nested too deeply");
	if (++r->nodes > CONF_MAX_NODES)
		return refuse(r, event, "too many values in one file");
	node = mem_alloc(sizeof(*node));
	node->mark = mark_of(r, &event->start_mark);
	if (fill_value(r, event, depth, node) != 0) {
		conf_yaml_free(node);
		return -1;
	}
	*ret_node = node;
	return 0;
}

static struct conf_node *
empty_map(const struct reader *r)
{
	struct conf_node *map = mem_alloc(sizeof(*map));

	map->kind = CONF_MAP;
	map->mark.file = r->file;
	map->mark.line = 1;
	map->mark.column = 1;
	return map;
}

/* A file of comments only has a document without content, or none at all. */
static bool
is_nothing(const struct conf_node *node)
{
	return node == NULL ||
	    (node->kind == CONF_SCALAR && !node->quoted &&
		str_empty(node->text));
}

static int
start_document(struct reader *r, const yaml_event_t *event)
{
	if (event->data.document_start.version_directive != NULL ||
	    event->data.document_start.tag_directives.start !=
		event->data.document_start.tag_directives.end)
		return refuse(r, event, "directives (%) are not allowed");
	return 0;
}

/* Events of the stream down to its end; *root is set once. */
static int
read_stream(struct reader *r, struct conf_node **root)
{
	yaml_event_t event;
	bool end = false;
	int rc = 0;

	while (!end && rc == 0) {
		if (next_event(r, &event) != 0)
			return -1;
		end = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_DOCUMENT_START_EVENT && *root != NULL)
			rc = refuse(r, &event,
			    "a second document (---) is not allowed");
		else if (event.type == YAML_DOCUMENT_START_EVENT)
			rc = start_document(r, &event);
		else if (!end && event.type != YAML_STREAM_START_EVENT &&
		    event.type != YAML_DOCUMENT_END_EVENT)
			rc = read_value(r, &event, 0, root);
		yaml_event_delete(&event);
	}
	return rc;
}

int
conf_yaml_parse(const char *file, const void *bytes, size_t len, bool lines,
    struct conf_node **ret_root, struct err *err)
{
	struct reader r = {.file = file, .lines = lines, .err = err};
	struct conf_node *root = NULL;
	int rc = -1;

	if (len > CONF_MAX_BYTES)
		return err_set(err, ERR_LIMIT,
		    "%s: longer than the %zu bytes a file may have", file,
		    CONF_MAX_BYTES);
	if (!yaml_parser_initialize(&r.parser))
		return err_set(err, ERR_BUG, "%s: no YAML parser", file);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, bytes, len);

	if (read_stream(&r, &root) != 0)
		goto out;
	if (is_nothing(root)) {
		conf_yaml_free(root);
		root = empty_map(&r);
	}
	if (root->kind != CONF_MAP) {
		conf_yaml_error(
		    err, &root->mark, "the file must be \"key: value\" lines");
		goto out;
	}
	*ret_root = root;
	root = NULL;
	rc = 0;
out:
	conf_yaml_free(root);
	yaml_parser_delete(&r.parser);
	return rc;
}

int
conf_yaml_load(
    const char *file, bool lines, struct conf_node **ret_root, struct err *err)
{
	struct buf bytes;
	int rc;

	buf_init(&bytes, CONF_MAX_BYTES);
	rc = file_read(file, CONF_MAX_BYTES, &bytes, err);
	if (rc == 0)
		rc = conf_yaml_parse(
		    file, bytes.data, bytes.len, lines, ret_root, err);
	buf_free(&bytes);
	return rc;
}
