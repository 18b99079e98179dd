#ifndef ASK_H_
#define ASK_H_
#include <stdint.h>

#include "query.h"
#include "store.h"

struct cli;
struct cli_ids;

#define ASK_TEXTS 8

/* A query of the command line: a saved one, a condition, or its clauses. */
struct ask {
	struct store_saved saved; /* of the texts */
	char *texts[ASK_TEXTS];	  /* owned */
	int64_t top;		  /* 0: as it says itself */
	const char *join;	  /* borrowed */
};

/* word: the name or number of a saved query, or a condition in parentheses over
 * EPOLeafNode. CODE_OK, or the code with the complaint printed. */
int ask_word(struct cli *c, const char *word, struct ask *ret);
/* Copies of these. */
void ask_set(struct ask *a, const struct store_saved *from);
/* From --table, --select, ...; where: in place of --where, or NULL. */
void ask_options(const struct cli *c, const char *where, struct ask *ret);
/* This kind of chart in place of its own. */
void ask_chart(struct ask *a, const char *kind);
void ask_free(struct ask *a); /* safe on a zeroed one */
/* only: as in struct query_text, or NULL. */
int ask_compile(
    const struct ask *a, const char *only, struct query **ret, struct err *err);
/* The devices that are its rows, in its order. As ask_word(). */
int ask_ids(struct cli *c, const char *word, struct cli_ids *ret_ids);
#endif
