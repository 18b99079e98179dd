#ifndef QUERY_CLAUSE_INTERNAL_H_
#define QUERY_CLAUSE_INTERNAL_H_
#include "query_internal.h"

#define QUERY_SQL_MAX ((size_t)1024 * 1024)

/* --- clause.c: a clause, and the items behind its outer word if it is there */

struct clause {
	struct node *root;
	const struct node *items; /* NULL: nothing was said */
};

/* Sets c->clause to the name. The root is to be freed. */
int clause_read(
    struct compile *c, const char *name, const char *text, struct clause *ret);

/* The parts of the statement. */
struct parts {
	struct clause select, where, order, group;
	struct buf list, where_sql, group_sql, order_sql;
	bool grouped;			 /* there is a group clause */
	bool aggregates;		 /* or the rows are one group */
	bool once;			 /* no row twice */
	const struct query_column *only; /* all there is in a row */
	int64_t top;
};

void clause_comma(struct buf *out);

/* --- term.c: what select, order and group name --- */

struct function;
struct term {
	const struct function *function; /* NULL: the column itself */
	enum query_made made;
	const struct query_table *table;   /* NULL: of (count) */
	const struct query_column *column; /* the same */
};

/* A column, or a function of one. */
int term_read(struct compile *c, const struct node *node, struct term *ret);
/* Is it about the rows of a group? Without a complaint when it is nothing. */
bool term_is_over(const struct node *node);
void term_sql(struct buf *out, const struct term *t);
/* What it is sorted by. over: of the rows of a group. */
void term_order_sql(struct buf *out, const struct term *t, bool over);
/* The name is given. */
void term_output(const struct term *t, struct query_output *ret);

/* --- select.c, order.c --- */

int clause_select(
    struct compile *c, struct parts *p, const struct query_text *text);
/* One column in place of all that were selected. */
int clause_only(struct compile *c, struct parts *p, const char *name);
int clause_group(struct compile *c, struct parts *p);
/* With groups only what makes them, or is taken over their rows. */
int clause_check_grouped(struct compile *c, const struct parts *p,
    const struct node *node, const struct term *t);
int clause_order(struct compile *c, struct parts *p);
#endif
