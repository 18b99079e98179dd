/* S-expressions: text in, nodes with their places out; all within limits. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "query_internal.h"
#include "str.h"
#include "utf8.h"

struct reader {
	const char *clause, *text;
	size_t at, nodes;
	size_t counted, places; /* bytes, and the characters they are */
	struct err *err;
};

int
sexp_fail(const char *clause, size_t at, struct err *err, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(
	    err, ERR_INVALID, "%s, character %zu: %s", clause, at, text);
}

const char *
sexp_shown(const struct node *node, char out[4 * SHOWN_MAX])
{
	struct buf text;

	if (node->kind == NODE_LIST)
		return "an expression";
	buf_init(&text, (size_t)4 * SHOWN_MAX - 1);
	str_printable(&text, node->text, strlen(node->text), SHOWN_MAX);
	(void)snprintf(out, (size_t)4 * SHOWN_MAX, "%s", buf_text(&text));
	buf_free(&text);
	return out;
}

size_t
sexp_count(const struct node *node)
{
	size_t n;

	for (n = 0; node != NULL; node = node->next)
		n++;
	return n;
}

const char *
sexp_head(const struct node *node)
{
	const struct node *head = node->kind == NODE_LIST ? node->child : NULL;

	return head != NULL && head->kind == NODE_WORD ? head->text : NULL;
}

void
sexp_free(struct node *node)
{
	struct node *next;

	for (; node != NULL; node = next) {
		next = node->next;
		sexp_free(node->child); /* no deeper than the limit */
		free(node->text);
		free(node);
	}
}

/* --- reading --- */

static bool
is_blank(char c)
{
	return c == ' ' || c == ',' || (c >= '\t' && c <= '\r');
}

static bool
is_plain(char c)
{
	return c != '\0' && c != '(' && c != ')' && c != '"' && c != '\'' &&
	    !is_blank(c);
}

static void
skip_blanks(struct reader *r)
{
	while (is_blank(r->text[r->at]))
		r->at++;
}

/* The character it is at, from 1. */
static size_t
place_of(struct reader *r)
{
	for (; r->counted < r->at; r->counted++)
		if (((unsigned char)r->text[r->counted] & 0xc0) != 0x80)
			r->places++;
	return r->places + 1;
}

static struct node *
node_new(struct reader *r, enum node_kind kind)
{
	struct node *node;

	if (++r->nodes > QUERY_NODES_MAX) {
		(void)sexp_fail(r->clause, place_of(r), r->err,
		    "more than %d words and expressions", QUERY_NODES_MAX);
		if (r->err != NULL)
			r->err->kind = ERR_LIMIT;
		return NULL;
	}
	node = mem_alloc(sizeof(*node));
	node->kind = kind;
	node->at = place_of(r);
	return node;
}

/* A backslash stands for itself but before a quote or another one: paths of
 * groups have many. */
static struct node *
read_string(struct reader *r)
{
	char quote = r->text[r->at];
	struct node *node = node_new(r, NODE_STRING);
	struct buf text;
	const char *at;

	if (node == NULL)
		return NULL;
	buf_init(&text, QUERY_TEXT_MAX);
	for (at = r->text + r->at + 1; *at != quote && *at != '\0'; at++) {
		if (*at == '\\' && at[1] != '\0' &&
		    strchr("\\\"'", at[1]) != NULL)
			at++;
		buf_char(&text, *at);
	}
	node->text = mem_dup(buf_text(&text));
	buf_free(&text);
	if (*at == '\0') {
		(void)sexp_fail(r->clause, node->at, r->err,
		    "the text that begins here has no closing %c", quote);
		sexp_free(node);
		return NULL;
	}
	r->at = (size_t)(at + 1 - r->text);
	return node;
}

static struct node *
read_word(struct reader *r)
{
	struct node *node = node_new(r, NODE_WORD);
	size_t from = r->at;

	if (node == NULL)
		return NULL;
	while (is_plain(r->text[r->at]))
		r->at++;
	node->text = mem_dup_len(r->text + from, r->at - from);
	if (str_int(node->text, INT64_MIN, INT64_MAX, &node->number) == 0)
		node->kind = NODE_NUMBER;
	return node;
}

static int read_items(struct reader *r, struct node *list, size_t depth);

static struct node *
read_list(struct reader *r, size_t depth)
{
	struct node *node;

	if (depth >= QUERY_DEPTH_MAX) {
		(void)sexp_fail(r->clause, place_of(r), r->err,
		    "nested more than %d deep", QUERY_DEPTH_MAX);
		if (r->err != NULL)
			r->err->kind = ERR_LIMIT;
		return NULL;
	}
	node = node_new(r, NODE_LIST);
	if (node == NULL)
		return NULL;
	r->at++;
	if (read_items(r, node, depth + 1) == -1) {
		sexp_free(node);
		return NULL;
	}
	if (r->text[r->at] != ')') {
		(void)sexp_fail(r->clause, node->at, r->err,
		    "the parenthesis that opens here is never closed");
		sexp_free(node);
		return NULL;
	}
	r->at++;
	return node;
}

/* All items up to a closing parenthesis or the end. */
static int
read_items(struct reader *r, struct node *list, size_t depth)
{
	struct node **tail = &list->child;
	char c;

	for (;;) {
		skip_blanks(r);
		c = r->text[r->at];
		if (c == '\0' || c == ')')
			return 0;
		if (c == '(')
			*tail = read_list(r, depth);
		else if (c == '"' || c == '\'')
			*tail = read_string(r);
		else
			*tail = read_word(r);
		if (*tail == NULL)
			return -1;
		tail = &(*tail)->next;
	}
}

static int
check_text(const char *clause, const char *text, struct err *err)
{
	size_t len = strnlen(text, QUERY_TEXT_MAX + 1), at, step, place = 1;
	uint32_t point;

	if (len > QUERY_TEXT_MAX)
		return err_set(err, ERR_LIMIT,
		    "%s, character %d: longer than so many bytes", clause,
		    QUERY_TEXT_MAX);
	for (at = 0; at < len; at += step, place++) {
		step = utf8_next(text + at, len - at, &point);
		if (step == 0)
			return sexp_fail(clause, place, err, "not UTF-8");
	}
	return 0;
}

int
sexp_parse(const char *clause, const char *text, struct node **ret_root,
    struct err *err)
{
	struct reader r = {.clause = clause, .text = text, .err = err};
	struct node *root;

	if (check_text(clause, text, err) == -1)
		return -1;
	root = mem_alloc(sizeof(*root));
	root->at = 1;
	if (read_items(&r, root, 0) == 0) {
		if (text[r.at] == '\0') {
			*ret_root = root;
			return 0;
		}
		(void)sexp_fail(clause, place_of(&r), err,
		    "a parenthesis closes that none opened");
	}
	sexp_free(root);
	return -1;
}
