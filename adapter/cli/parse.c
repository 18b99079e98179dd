/* What argv says, by the tables. */
#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli_internal.h"
#include "command_rows.h"
#include "log.h"
#include "shown.h"
#include "str.h"

#define DEFAULT_CONF "/etc/amtkeeper/amtkeeper.yaml"
#define CONF_VARIABLE "AMTKEEPER_CONFIG"
#define MAX_OPTIONS 48
#define FIRST_OPTION 256 /* getopt values of options, above all letters */

/* The options of one getopt run, in getopt's words. */
struct getopts {
	const struct cli_option *options[MAX_OPTIONS];
	struct option longs[MAX_OPTIONS + 1];
	char letters[2 * MAX_OPTIONS + 3];
	size_t count;
};

/* --- what getopt wants --- */

static void
add_options(struct getopts *g, const struct cli_option *o)
{
	size_t len;

	for (; o->name != NULL; o++) {
		assert(g->count < MAX_OPTIONS);
		g->options[g->count] = o;
		g->longs[g->count].name = o->name;
		g->longs[g->count].has_arg =
		    o->kind == CLI_FLAG ? no_argument : required_argument;
		g->longs[g->count].val = FIRST_OPTION + (int)g->count;
		if (o->letter != '\0') {
			len = strlen(g->letters);
			g->letters[len] = o->letter;
			g->letters[len + 1] = o->kind == CLI_FLAG ? '\0' : ':';
		}
		g->count++;
	}
}

static const struct cli_option *
option_of(const struct getopts *g, int value)
{
	size_t i;

	if (value >= FIRST_OPTION)
		return g->options[value - FIRST_OPTION];
	for (i = 0; i < g->count; i++)
		if (g->options[i]->letter == (char)value)
			return g->options[i];
	return NULL;
}

/* The word getopt stumbled over. */
static const char *
bad_word(char **argv, int value, char out[3])
{
	if (optopt != 0 && optopt < FIRST_OPTION && value == '?') {
		out[0] = '-';
		out[1] = (char)optopt;
		out[2] = '\0';
		return out;
	}
	return argv[optind - 1];
}

static int
take_option(struct cli *c, const struct cli_option *o, const char *text)
{
	if (c->value_count == CLI_MAX_VALUES)
		return cli_complain(CODE_USAGE, "too many options");
	if (o->kind != CLI_FLAG && cli_check_value(c, o, text) != CODE_OK)
		return CODE_USAGE;
	c->values[c->value_count].option = o;
	c->values[c->value_count].text = o->kind == CLI_FLAG ? NULL : text;
	c->value_count++;
	return CODE_OK;
}

/* Options of argv by g into *c. optind is behind the last one then. */
static int
take_options(struct cli *c, struct getopts *g, int argc, char **argv)
{
	char word[3];
	int value;

	optind = 0; /* glibc: start anew */
	opterr = 0;
	for (;;) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): no threads yet */
		value = getopt_long(argc, argv, g->letters, g->longs, NULL);
		if (value == -1)
			return CODE_OK;
		if (value == '?')
			return cli_complain_usage(
			    c, "unknown option", bad_word(argv, value, word));
		if (value == ':')
			return cli_complain_usage(
			    c, "option without its value", argv[optind - 1]);
		if (take_option(c, option_of(g, value), optarg) != CODE_OK)
			return CODE_USAGE;
	}
}

/* --- the whole line --- */

static int
take_arguments(struct cli *c, char **args, size_t count)
{
	c->args = args;
	c->arg_count = count;
	if (count < c->command->min_args)
		return cli_complain_usage(
		    c, "missing argument", c->command->args);
	if (count > c->command->max_args)
		return cli_complain_usage(
		    c, "unexpected argument", args[c->command->max_args]);
	return CODE_OK;
}

/* Columns of the terminal tables go to; 0 when they go elsewhere, or all is
 * wanted: what a script reads never depends on a window. */
static size_t
screen_width(const struct cli *c)
{
	struct winsize size;

	if (cli_flag(c, "wide") || !isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

static void
apply_globals(struct cli *c)
{
	static const char *const formats[] = {"table", "json", "csv"};
	const char *output = cli_text(c, "output");
	const char *variable;
	size_t i;

	/* NOLINTBEGIN(concurrency-mt-unsafe): no threads yet */
	variable = getenv(CONF_VARIABLE);
	c->colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL &&
	    !cli_flag(c, "no-color");
	/* NOLINTEND(concurrency-mt-unsafe) */
	c->conf_file = cli_text(c, "config");
	c->conf_origin = "option";
	if (c->conf_file == NULL) {
		c->conf_file = str_empty(variable) ? DEFAULT_CONF : variable;
		c->conf_origin =
		    str_empty(variable) ? "default" : "environment";
	}
	c->html = str_eq(output, "html");
	for (i = 0; i < 3 && output != NULL; i++)
		if (str_eq(output, formats[i]))
			c->format = (enum table_format)i;
	c->utf8 = shown_utf8();
	c->width = screen_width(c);
	c->quiet = cli_flag(c, "quiet");
	c->verbose = cli_flag(c, "verbose");
	if (c->verbose)
		log_set_level(LOG_TRACE);
	else if (c->quiet)
		log_set_level(LOG_ERROR);
}

/* As most programs answer it: whatever else is asked. */
static int
take_version(struct cli *c)
{
	c->command = cli_command_find(c->program, "version");
	c->arg_count = 0;
	apply_globals(c);
	return CODE_OK;
}

int
cli_parse(struct cli *c, int argc, char **argv)
{
	struct getopts before = {.letters = "+:"}, all = {.letters = ":"};
	const struct cli_option *const *group;
	int code, at, words;

	/* Global options may stand before the command ... */
	add_options(&before, cli_globals);
	add_options(&before, cli_server_options);
	code = take_options(c, &before, argc, argv);
	if (code != CODE_OK)
		return code;
	at = optind;
	if (cli_flag(c, "version"))
		return take_version(c);
	if (at >= argc) {
		cli_help(cli_flag(c, "help") ? stdout : stderr, c->program);
		return cli_flag(c, "help") ? CODE_OK : CODE_USAGE;
	}
	code = cli_take_command(c, argc, argv, at, &words);
	if (code != CODE_OK || c->command == NULL)
		return code;
	/* ... and everything else anywhere behind it. */
	add_options(&all, cli_globals);
	add_options(&all, cli_server_options);
	for (group = c->command->options; *group != NULL; group++)
		if (*group != cli_server_options)
			add_options(&all, *group);
	at += words - 1;
	argv[at] = argv[0];
	code = take_options(c, &all, argc - at, argv + at);
	if (code != CODE_OK)
		return code;
	if (cli_flag(c, "version"))
		return take_version(c);
	if (cli_flag(c, "help")) {
		cli_help_command(stdout, c->command);
		c->command = NULL;
		return CODE_OK;
	}
	apply_globals(c);
	if (c->html && !str_eq(c->command->name, c->program->html))
		return cli_complain(CODE_USAGE,
		    "--output html is for the command \"%s\"",
		    c->program->html);
	code = cli_remote_take(c);
	return code != CODE_OK ? code
			       : take_arguments(c, argv + at + optind,
				     (size_t)(argc - at - optind));
}
