#ifndef QUERY_CONDITION_INTERNAL_H_
#define QUERY_CONDITION_INTERNAL_H_
#include "query_internal.h"
#include "query_key.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- operators.c: a row says which types it takes and how many arguments ---
 */

enum op_form {
	OP_LOGIC,   /* words of `sql` between conditions */
	OP_COMPARE, /* `sql` between column and value */
	OP_IN,
	OP_BETWEEN,
	OP_SUBNET,
	OP_BLANK,
	OP_STARTS,
	OP_ENDS,
	OP_CONTAINS,
	OP_OLDER,
	OP_NEWER,
	OP_NEWER_FULL,
	OP_TAG_APPLIED,
	OP_TAG_CONTAINS,
	OP_TAG_EXCLUDED,
	OP_CHILD,
	OP_BELOW
};

struct op {
	struct query_operator shown;
	enum op_form form;
	const char *sql;
	unsigned types;
	size_t min, max; /* arguments behind the column */
	bool contrary;
};

/* NULL with the complaint made. */
const struct op *cond_op(struct compile *c, const struct node *head);

/* Without a complaint; NULL is allowed. */
const struct op *cond_op_named(const char *name);

/* logic.c: and, or, not; head is the word. */
int cond_logic(struct compile *c, const struct op *op, const struct node *head);
/* How many places of the parser's stack they take around conditions. */
size_t cond_places(const struct node *node);
#define COND_PLACES_MAX 60 /* the others are for the rest of a statement */

/* One operator's condition under way. */
struct cond {
	struct compile *c;
	const struct op *op;
	const struct query_column *column;
	const struct node *args; /* behind the column */
};

/* --- literal.c: -1 (NULL) with the complaint made --- */

/* "Name is of type T: wanted ..., not ..."; -1. */
int literal_wrong(
    const struct cond *d, const struct node *node, const char *wanted);
int literal_number(const struct cond *d, const struct node *node,
    const char *wanted, int64_t *ret);
/* Of a column that holds numbers; a time in milliseconds. */
int literal_whole(const struct cond *d, const struct node *node, int64_t *ret);
/* Lower case, as columns are compared; of a keyed column the key; given. */
char *literal_text(const struct cond *d, const struct node *node);
char *literal_value(const struct cond *d, const struct node *node);

/* --- pieces of SQL into d->c->sql, and their parameters --- */

void cond_add(const struct cond *d, const char *sql);
/* The column as it is compared. */
void cond_column(const struct cond *d);

/* compare.c */
int cond_compare(const struct cond *d);
int cond_in(const struct cond *d);
int cond_between(const struct cond *d);
int cond_subnet(const struct cond *d);
int cond_age(const struct cond *d);
void cond_blank(const struct cond *d);
/* part.c */
int cond_part(const struct cond *d);
/* tree.c */
int cond_tags(const struct cond *d);
int cond_below(const struct cond *d);
#endif
