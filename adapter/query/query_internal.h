#ifndef QUERY_INTERNAL_H_
#define QUERY_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "query.h"

/* --- S-expressions (sexp.c) --- */

enum node_kind { NODE_LIST, NODE_STRING, NODE_NUMBER, NODE_WORD };

struct node {
	enum node_kind kind;
	size_t at;  /* character in its clause, from 1 */
	char *text; /* NULL in lists */
	int64_t number;
	struct node *child; /* of a list */
	struct node *next;
};

/* A list of what stands in the text, which need not be one expression. */
int sexp_parse(const char *clause, const char *text, struct node **ret_root,
    struct err *err);
void sexp_free(struct node *node); /* NULL is allowed */
/* Nodes behind this one, and itself. */
size_t sexp_count(const struct node *node);
/* The word a list begins with; NULL when it is no such list. */
const char *sexp_head(const struct node *node);
/* "where, character 12: ..."; -1. */
int sexp_fail(const char *clause, size_t at, struct err *err, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));
/* For messages: what the node says, printable and short. */
#define SHOWN_MAX 48
const char *sexp_shown(const struct node *node, char out[4 * SHOWN_MAX]);

/* --- one query on its way --- */

struct query {
	char *sql;
	struct query_value *values; /* texts owned */
	size_t value_count, value_room;
	struct query_output *outputs;
	size_t output_count;
	unsigned sources;
	int64_t rows;
	bool cuts;
};

struct compile {
	const struct query_graph *graph;
	const struct query_table *target;
	const char *clause; /* for messages */
	struct query *q;
	struct buf sql;	  /* of the part that is being made */
	unsigned sources; /* used so far, a bit each */
	int64_t now_ms;
	struct err *err;
};

/* Compared and sorted by its key? */
bool column_keyed(const struct query_column *column);
/* NULL with the complaint made. */
const struct query_table *table_find(
    struct compile *c, const struct node *node, const char *name);
/* The column of a word "Table.Column"; marks its source as used. */
int column_find(struct compile *c, const struct node *node,
    const struct query_table **ret_table, const struct query_column **ret);
/* Its value where none is NULL. */
void column_sql(struct buf *out, const struct query_column *column);

void value_text(struct query *q, const char *text);
void value_int(struct query *q, int64_t number);

/* A condition into c->sql (condition.c). */
int condition_make(struct compile *c, const struct node *node);
#endif
