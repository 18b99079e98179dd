#ifndef CLI_H_
#define CLI_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "command.h"
#include "daemon.h"
#include "err.h"
#include "table.h"

struct api_client;
struct device;
struct intake_to;
struct secret;

/* --- one invocation --- */

#define CLI_MAX_VALUES 256

struct cli_value {
	const struct cli_option *option;
	const char *text; /* NULL for flags */
};

struct cli {
	const struct cli_program *program;
	const struct cli_command *command;
	struct cli_value values[CLI_MAX_VALUES];
	size_t value_count;
	char **args;
	size_t arg_count;
	const char *conf_file;
	const char *conf_origin; /* "option", "environment", "default" */
	enum table_format format;
	size_t width; /* tables fit into so many columns; 0: any */
	bool html;    /* in place of the format; only where it is allowed */
	bool colour, utf8, quiet, verbose;
	struct daemon daemon;
	const char *server; /* its URL; NULL: the store here (cli_remote.h) */
	struct api_client *remote; /* NULL: not connected yet */
};

/* Options by name; the last one given wins. */
bool cli_flag(const struct cli *c, const char *name);
const char *cli_text(const struct cli *c, const char *name); /* or NULL */
int64_t cli_count(const struct cli *c, const char *name, int64_t fallback);
int64_t cli_span(const struct cli *c, const char *name, int64_t fallback);
/* Unix seconds; of a span: that long ago. */
int64_t cli_since(const struct cli *c, const char *name, int64_t fallback);
/* The i-th use of an option that may be repeated; NULL after the last. */
const char *cli_each(const struct cli *c, const char *name, size_t i);

/* --- complaints --- */

/* "amtkeeper: ..." on stderr; returns code, so: return cli_complain(...). */
int cli_complain(int code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with the error's text, and the exit code of its kind. */
int cli_fail(const struct err *err);
/* Exit code of an error of a device. */
int cli_exit_of(const struct err *err);
/* A note on stderr, unless -q. */
void cli_note(const struct cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* --- parts --- */

/* Load and open c->daemon; CODE_OK or the code, complaint printed. */
int cli_load(struct cli *c);
int cli_open(struct cli *c, enum daemon_parts parts, const char *actor);
/* "cli:alice": who did it, for events; borrowed. */
const char *cli_actor(void);
/* Write an event of this command; device may be NULL. detail is JSON. */
int cli_event(struct cli *c, const struct device *device, const char *kind,
    const char *detail, struct err *err);
/* The end of a change that came to rc: committed; else all of it is undone, and
 * the complaint printed. Its exit code. */
int cli_commit(struct cli *c, int rc, struct err *err);
/* The same, with an event of it that has no device, as store_event_tell(). */
int cli_commit_event(struct cli *c, int rc, const char *kind, const char *key,
    const char *value, struct err *err);
/* As cli_event() for what takes devices in. */
struct intake_to cli_intake(const struct cli *c);

/* --- rows --- */

/* A table of this command's rows on stdout. */
struct table *cli_table(
    const struct cli *c, const struct table_column *columns, size_t count);
/* The same elsewhere. */
struct table *cli_table_on(const struct cli *c,
    const struct table_column *columns, size_t count, FILE *out);
/* table_row() of a scan: -1 when there is no use in going on, since the output
 * cannot be written. */
int cli_row(struct table *t, struct err *err);
/* The code of a scan that came to rc; what became of the output is said at the
 * end of the command. */
int cli_scanned(int rc, const struct err *err);
/* The same, and the end of its table; a person is told when it is empty. */
int cli_listed(
    const struct cli *c, struct table *t, int rc, const struct err *err);

/* --- asking a person --- */

/* A secret from --NAME FILE, "-" for stdin, or a prompt without echo; NULL with
 * the complaint printed. */
struct secret *cli_secret(
    const struct cli *c, const char *option, const char *prompt);
/* As a line, to a new file that only its owner can read. */
int cli_write_secret(
    const char *path, const struct secret *secret, struct err *err);
/* Ask before something that cannot be taken back: --yes, or "yes" typed on a
 * terminal. */
bool cli_confirm(const struct cli *c, const char *question);
#endif
