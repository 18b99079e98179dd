#ifndef COMMAND_H_
#define COMMAND_H_
#include <stddef.h>
#include <stdio.h>

struct cli;

/*
 * The command line: one table of commands drives parsing, --help, the man page
 * and the completion, so they cannot disagree.  This frame knows none of them
 * but "help" and "version"; the others are handed to it.
 */

/* What the process ends with.  Groups as in rpc-go: 1-19 basics, 20-69 input,
 * 70-99 connection, 100 and above operations. */
enum command_code {
	CODE_OK = 0,
	CODE_FAILED = 1,
	CODE_USAGE = 2,
	CODE_PARTIAL = 3,
	CODE_NOTHING = 4,
	CODE_REFUSED = 5,
	CODE_INTERRUPTED = 6,
	CODE_WARNED = 7,
	CODE_CONFIG = 10,
	CODE_STORE = 11,
	CODE_CA = 12,
	CODE_INPUT = 20,
	CODE_EXISTS = 21,
	CODE_UNREACHABLE = 70,
	CODE_DENIED = 71,
	CODE_UNTRUSTED = 72,
	CODE_UNKNOWN = 73,
	CODE_PROTOCOL = 101,
	CODE_DEVICE_REFUSED = 102
};

enum cli_kind {
	CLI_FLAG,
	CLI_TEXT,
	CLI_FILE,  /* text that completes as a file name */
	CLI_COUNT, /* a number from 1 */
	CLI_SPAN,  /* "30d" */
	CLI_SINCE, /* "30d" ago, or a time in RFC 3339, or its date */
	CLI_WORD   /* one of words */
};

/* Groups of options end with one without a name. */
struct cli_option {
	const char *name; /* "device": --device */
	char letter;	  /* or 0 */
	enum cli_kind kind;
	const char *arg; /* "PATTERN"; NULL for flags */
	const char *const *words;
	const char *help;
};

/* Groups of commands end with a row without a name. */
struct cli_command {
	const char *name; /* "device add" */
	const char *args; /* "NAME..." or "" */
	const char *summary;
	const char *text;			 /* paragraphs; "" */
	const struct cli_option *const *options; /* groups, NULL at the end */
	unsigned min_args, max_args;
	const char *const *examples; /* command lines and NULL */
	/* Does it: one of the codes above, the complaint printed. */
	int (*run)(struct cli *c);
};

/* What the first argument of some commands may be, for the completion. */
struct cli_first {
	const char *const *commands;   /* names; NULL at the end */
	const char *(*word)(size_t i); /* NULL after the last */
};

/* A section of the man page, in mdoc (mdoc.h). */
typedef void cli_section(FILE *out);

/* All that the frame is told. */
struct cli_program {
	/* In the order of the help, groups of one first word ("device add",
	 * "device list") side by side; NULL at the end. */
	const struct cli_command *const *groups;
	cli_section *const *sections; /* behind the commands; NULL at the end */
	const struct cli_first *first; /* NULL: none */
	const char *html; /* name of the command that has --output html */
};

/* Do what argv says; one of the codes. */
int command_main(int argc, char **argv, const struct cli_program *program);
#endif
