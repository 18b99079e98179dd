#ifndef QUERY_H_
#define QUERY_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * The query language of ePO's Web API: S-expressions over a declared graph of
 * tables in, one SQL statement with parameters out.  No I/O; nothing a user
 * wrote ever stands in the SQL, which is put together from the declared texts
 * alone.  query_operator() and query_function() have all words.
 *
 *   where   (where (and (eq AMT_CustomProps.FullyConfigured true)
 *             (contains AMT_CustomProps.LastErrorMessage "Failed to enforce")))
 *   select  (select (top 10) EPOLeafNode.NodeName (count))
 *   group   (group (month AMT_CustomProps.CertExpires))
 *   order   (order (desc AMT_CustomProps.CertExpires) EPOLeafNode.NodeName)
 *
 * The outer word may be left out, white space is free (a comma is some), case
 * does not matter, and a column of the target may go without its table. Texts
 * compare without regard to ASCII case. A comparison with what is not known is
 * false, and its contrary true.
 *
 * Errors are ERR_INVALID or ERR_LIMIT: clause, character and what would do.
 */
#define QUERY_TEXT_MAX 65536 /* bytes of a clause */
#define QUERY_DEPTH_MAX 64   /* a little less where many stand side by side */
#define QUERY_NODES_MAX 4000
#define QUERY_COLUMNS_MAX 200
#define QUERY_ROWS_DEFAULT 100000 /* without (top N) */
#define QUERY_ROWS_MAX 10000000

/* --- what there is: declared by who owns the tables --- */

enum query_type {
	QUERY_TEXT,
	QUERY_INT,
	QUERY_BOOL,
	QUERY_TIME,  /* unix seconds; ISO 8601, or milliseconds in a query */
	QUERY_LIST,  /* words parted by commas */
	QUERY_STATE, /* a number with the words of column->words */
	QUERY_TAGS,  /* shown as a text; its operators are the tags' own */
	QUERY_GROUP, /* the number of a node in the tree of groups */
	/* Texts that compare and sort by their key (query_key.h). */
	QUERY_VERSION,
	QUERY_IPV4,
	QUERY_IPV6,
	QUERY_TYPE_COUNT
};

struct query_column {
	const char *name;
	enum query_type type;
	const char *sql;
	/* When it has a value, in SQL; NULL: when the above is not NULL. Said
	 * with every condition, so that a partial index can serve it. */
	const char *given;
	const char *help;
	const char *const *words; /* of 0, 1, ...; NULL at the end */
	const char *key;	  /* of a version or address: its key, in SQL */
};

struct query_table {
	const char *name;
	const char *help;
	unsigned source; /* into the graph's; tables of one source share rows */
	bool devices;	 /* a row is a device */
	const struct query_column *columns;
	size_t count;
};

/* Each row of a has at most one of b, which has any number of a. */
struct query_relation {
	unsigned a, b;	/* sources */
	const char *on; /* SQL */
	bool named;	/* join "*" does not lead from b to a */
};

struct query_graph {
	const char *const *sources; /* "device AS d" */
	size_t source_count;
	const struct query_table *tables;
	size_t table_count;
	const struct query_relation *relations;
	size_t relation_count;
	/* Beginnings of EXISTS for tag operators, each to be ended by one of
	 * the three keys (a parameter each) or nothing, and ")". */
	const char *tag_applied, *tag_excluded;
	const char *tag_by_name, *tag_by_id, *tag_containing;
	/* "...IN (" id ")" below: the group with this id and all under it. */
	const char *group_below;
};

const struct query_table *query_table(
    const struct query_graph *g, const char *name);
const char *query_type_name(enum query_type type); /* "string", as in ePO */
bool query_type_is_text(enum query_type type); /* else its values are numbers */

struct query_operator {
	const char *name;
	const char *args; /* "COLUMN TEXT" */
	const char *help;
	bool documented; /* by ePO, or seen in use; else: our reading */
};
/* Of conditions, and of the other clauses; NULL behind the last. */
const struct query_operator *query_operator(size_t i);
const struct query_operator *query_function(size_t i);
bool query_operator_takes(size_t i, enum query_type type);

/* --- a query --- */

/* NULL: left out. */
struct query_text {
	const char *target; /* a table */
	const char *select, *where, *order, *group;
	const char *join; /* tables by comma, "*": for a select left out */
	const char *only; /* in place of others: this column, no value twice */
	int64_t top;	  /* 0: what select says */
	int64_t only_is;  /* of `only`, this number alone; 0: any */
};

struct query;
int query_compile(const struct query_graph *g, const struct query_text *text,
    int64_t now_ms, struct query **ret_query, struct err *err);
void query_free(struct query *q);

struct query_value {
	char *text; /* NULL: the number */
	int64_t number;
};
enum query_made {
	QUERY_MADE_COLUMN,
	QUERY_MADE_PART, /* of a time: sorts as text or number does */
	QUERY_MADE_OVER	 /* the rows of a group: count, min, ... */
};
struct query_output {
	char *name; /* "EPOLeafNode.NodeName", "count" */
	enum query_type type;
	enum query_made made;
	const struct query_column *column; /* whose values; NULL: nobody's */
};
const char *query_sql(const struct query *q);
unsigned query_sources(const struct query *q); /* a bit each */
const struct query_value *query_values(const struct query *q, size_t *ret_n);
const struct query_output *query_outputs(const struct query *q, size_t *ret_n);
/* Rows to take. When the query did not say so itself the SQL yields one more,
 * which means that it was cut: *ret_cut. */
int64_t query_rows(const struct query *q, bool *ret_cuts);
#endif
