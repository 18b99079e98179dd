#ifndef CLI_REMOTE_H_
#define CLI_REMOTE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api_client_path;
struct api_client_request;
struct buf;
struct cli;
struct err;
struct json_object;
struct table;
struct table_column;

/*
 * --server: what a command does by the API of a service elsewhere
 * (api_client.h), with the rows, tables and exit codes it has for the store
 * here.  A command that can has cli_server_options; its handler asks
 * cli_remote() before it opens anything.  The connection is made with the first
 * question and lasts for the command.
 */

/* Is it a server that is asked? */
bool cli_remote(const struct cli *c);
/* CODE_USAGE, said, when one of these options (NULL behind the last) is given:
 * the API has nothing like it. */
int cli_remote_refuse(const struct cli *c, const char *const *options);

/* --- asking; CODE_OK or the code, with the complaint printed --- */

/* *ret_answer: to be put; NULL for an answer that says nothing. May be NULL. */
int cli_remote_ask(struct cli *c, const struct api_client_request *request,
    struct json_object **ret_answer);
/* Before the two that follow: files are read, nothing is sent. */
int cli_remote_open(struct cli *c);
/* The same as cli_remote_ask(), and cli_remote_scan(): 0 or -1, and *err in
 * place of a complaint. */
int cli_remote_try(struct cli *c, const struct api_client_request *request,
    struct json_object **ret_answer, struct err *err);
/* As cli_remote_try(): the row of this number. */
int cli_remote_look(struct cli *c, const char *what, int64_t id,
    struct json_object **ret_row, struct err *err);
/* A body with this number alone; without any when it is 0. */
struct json_object *cli_remote_number(const char *name, int64_t number);
/* The end of an answer; NULL is allowed. */
void cli_remote_put(struct json_object *answer);
/* Of what is named below a word: GET; PATCH, DELETE and so on, with a body
 * (taken; NULL: none). */
int cli_remote_get(struct cli *c, const char *what, const char *name,
    struct json_object **ret_answer);
int cli_remote_change(struct cli *c, const char *method, const char *what,
    const char *name, struct json_object *body);
/* POST, done once, though its answer be lost; body as above. */
int cli_remote_post(struct cli *c, const struct api_client_path *path,
    struct json_object *body, struct json_object **ret_answer);

/* As api_client_file(). */
int cli_remote_file(struct cli *c, const struct api_client_path *path,
    const char *type, struct buf *ret);

typedef int cli_remote_row_fn(
    void *cookie, struct json_object *row, struct err *err);
struct cli_remote_list {
	const struct api_client_path *path;
	bool paged;	   /* it takes limit and cursor */
	bool sparse;	   /* as in struct api_client_list */
	const char *after; /* begin behind this cursor; NULL: at the first */
	size_t limit;	   /* of rows; 0: none */
};
int cli_remote_read(struct cli *c, const struct cli_remote_list *list,
    cli_remote_row_fn *row, void *cookie, struct err *err);
/* As api_client_list(). */
int cli_remote_scan(struct cli *c, const struct cli_remote_list *list,
    cli_remote_row_fn *row, void *cookie);

/* --- rows for a table, of what is here and elsewhere --- */

/* What a number says that has nothing to say. */
struct cli_remote_none {
	const char *name; /* of the column; NULL at the end */
	int64_t number;
};
struct cli_remote_rows {
	const struct table_column *columns; /* named as the members */
	size_t count;
	/* Of a row in which this is null no truth is known; or NULL. */
	const char *known;
	const struct cli_remote_none *none; /* or NULL */
	/* Before anything is read of a row: what is here said otherwise is made
	 * so; or NULL. */
	int (*prepare)(struct json_object *row, struct err *err);
	bool blocks; /* each row as one (table_set_blocks()) */
};
/* The cells of the same row, of a record here (records.h), which is cleared. */
struct record;
void cli_record(
    struct table *t, const struct cli_remote_rows *rows, struct record *r);
/* A row into t, or no part of it. ERR_PROTOCOL: a member is missing or wrong;
 * or what writing came to. */
int cli_remote_row(struct table *t, const struct cli_remote_rows *rows,
    struct json_object *row, struct err *err);
/* A table that begins with its first row, or at its end when all is well: what
 * fails at once writes nothing. */
struct cli_remote_fill {
	struct cli *c;
	const struct cli_remote_rows *rows;
	struct table *table; /* NULL at first */
};
/* A cli_remote_row_fn; cookie: struct cli_remote_fill. */
int cli_remote_add(void *cookie, struct json_object *row, struct err *err);
/* Of questions that came to this code; returns it. */
int cli_remote_end(struct cli_remote_fill *f, int code);
/* All of a list as the command's table. */
int cli_remote_table(struct cli *c, const struct cli_remote_list *list,
    const struct cli_remote_rows *rows);
/* What is there under this one word, or --limit of it; paged as above. */
int cli_remote_all(struct cli *c, const char *what, bool paged,
    const struct cli_remote_rows *rows);
/* The whole list command: that, or scan of the store here, which gives the same
 * rows to the table. */
struct store;
typedef int cli_scan_fn(struct store *s, struct table *t, struct err *err);
int cli_list_all(struct cli *c, const char *what, bool paged,
    const struct cli_remote_rows *rows, cli_scan_fn *scan);
/* One row: of what is named below a word. */
int cli_remote_one(struct cli *c, const char *what, const char *name,
    const struct cli_remote_rows *rows);

/* --- of an object --- */

/* ERR_PROTOCOL: it is not there. Texts are borrowed. */
int cli_remote_text(
    struct json_object *o, const char *name, const char **ret, struct err *err);
int cli_remote_int(
    struct json_object *o, const char *name, int64_t *ret, struct err *err);

/* --- which devices (choice.h) --- */

/* As cli_select(): row for each chosen one, once. --query does not go. */
int cli_remote_select(
    struct cli *c, size_t first, cli_remote_row_fn *row, void *cookie);
/* row for each chosen one of a list that is of devices, and numbers none: one
 * name or pattern at most. */
int cli_remote_select_of(struct cli *c, size_t first, const char *what,
    cli_remote_row_fn *row, void *cookie);
/* The chosen ones as the command's table. */
int cli_remote_chosen(
    struct cli *c, size_t first, const struct cli_remote_rows *rows);
/* {"devices": [...]} or {"query": ...}, whichever was chosen, for a body. */
int cli_remote_choose(struct cli *c, size_t first, struct json_object *body);
#endif
