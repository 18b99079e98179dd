#ifndef RELATION_INTERNAL_H_
#define RELATION_INTERNAL_H_
#include "query.h"

/* Where rows of the query language come from; relation.c has their SQL. */
enum relation_source {
	RELATION_DEVICE, /* d */
	RELATION_BRANCH, /* b */
	RELATION_RUN,	 /* r */
	RELATION_ITEM,	 /* i */
	RELATION_MESSAGE /* m */
};

/* --- relation_run.c: runs, their items and messages --- */
#define RELATION_RUNS 23    /* columns */
#define RELATION_ITEMS 13   /* columns */
#define RELATION_LOG 12	    /* columns */
#define RELATION_MESSAGES 4 /* columns */
extern const struct query_column relation_runs[RELATION_RUNS];
extern const struct query_column relation_items[RELATION_ITEMS];
extern const struct query_column relation_log[RELATION_LOG];
extern const struct query_column relation_messages[RELATION_MESSAGES];
#endif
