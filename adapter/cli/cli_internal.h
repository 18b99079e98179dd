#ifndef CLI_INTERNAL_H_
#define CLI_INTERNAL_H_
#include "cli.h"

/* --- the tables --- */

/* The i-th command of a program, as they stand in the help; the frame's own
 * come last. NULL behind them. */
const struct cli_command *cli_command_at(
    const struct cli_program *program, size_t i);
/* By its whole name; NULL when there is none. */
const struct cli_command *cli_command_find(
    const struct cli_program *program, const char *name);
/* "version" and "help" (own.c). */
extern const struct cli_command cli_own_commands[];

/* Of every command. */
extern const struct cli_option cli_globals[];

struct cli_exit {
	int code;
	const char *name, *help;
};
const struct cli_exit *cli_exits(size_t *ret_count);

/* --- one invocation --- */

/* Fill *c, which has its program, from argv: CODE_OK and c->command set, or an
 * exit code with the complaint already on stderr, or CODE_OK and c->command
 * NULL when --help or the like was answered. */
int cli_parse(struct cli *c, int argc, char **argv);

/* Parts of it. "what: word", and where there is help. CODE_USAGE. */
int cli_complain_usage(const struct cli *c, const char *what, const char *word);
/* argv[at] is the first word of a command; groups take further ones ("ca
 * template list"). *ret_words: how many of them it has. As cli_parse(). */
int cli_take_command(
    struct cli *c, int argc, char **argv, int at, int *ret_words);
/* May text be the value of o? CODE_OK, or CODE_USAGE. */
int cli_check_value(
    const struct cli *c, const struct cli_option *o, const char *text);

/* --- another machine (remote.c) --- */

/* Has it cli_server_options? */
bool cli_remote_able(const struct cli_command *command);
/* Takes --server, or the environment's: do these options go together, and with
 * the command? CODE_OK, or CODE_USAGE with the complaint printed. */
int cli_remote_take(struct cli *c);
void cli_remote_close(struct cli *c);
/* Has a column with this number nothing to say? none may be NULL. */
struct cli_remote_none;
bool cli_is_none(
    const struct cli_remote_none *none, const char *name, int64_t number);

/* --- which devices (choice.c) --- */

/* Is --reason, when given, a finding? CODE_OK, or CODE_USAGE, said. */
int cli_check_reason(const struct cli *c);
/* No device matches that pattern (NULL: any name), --reason and --site:
 * CODE_NOTHING, said. */
int cli_complain_none(const struct cli *c, const char *pattern);
/* Was this number there before? */
struct cli_marks {
	unsigned char *seen; /* a bit per id; freed by the caller */
	size_t size;
};
bool cli_marked(struct cli_marks *marks, int64_t id);

/* --- help --- */

void cli_help(FILE *out, const struct cli_program *program);
void cli_help_group(
    FILE *out, const struct cli_program *program, const char *group);
void cli_help_command(FILE *out, const struct cli_command *command);
void cli_man(FILE *out, const struct cli_program *program);
void cli_completion(FILE *out, const struct cli_program *program);
#endif
