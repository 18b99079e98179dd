#ifndef QUERY_REMOTE_INTERNAL_H_
#define QUERY_REMOTE_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>

#include "report.h"

struct ask;
struct cli;
struct err;
struct query;
struct query_output;
struct table;
struct table_column;

/* --- how an answer is written, wherever it is from (query.c) --- */

/* For people: names without their table, and what gives way; given. */
struct table_column *query_columns(
    const struct query_output *outputs, size_t count);
int query_put(struct table *t, const struct report_cell *cells, size_t count,
    struct err *err);
/* Without its columns. */
struct report_conf query_report(const struct cli *c, const struct ask *ask);

/* --- of a service elsewhere (cli_remote.h); codes as there --- */

/* As ask_word(): its saved queries. */
int query_remote_word(struct cli *c, const char *word, struct ask *ret);
/* Under the name of the first argument; with --replace in place of another. */
int query_remote_save(struct cli *c, const struct ask *ask);
/* Asked there, its rows written here: q, which is the same query, says what its
 * columns are. *ret_cut: there are more. */
int query_remote(
    struct cli *c, const struct ask *ask, const struct query *q, bool *ret_cut);
#endif
