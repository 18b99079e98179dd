#include "command.h"

#include <assert.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buf.h"
#include "cli_internal.h"
#include "clock.h"
#include "log.h"
#include "mem.h"
#include "output_internal.h"
#include "secret.h"
#include "shown.h"
#include "str.h"

#define DEFAULT_CONF "/etc/amtkeeper/amtkeeper.yaml"
#define CONF_VARIABLE "AMTKEEPER_CONFIG"
#define MAX_OPTIONS 48
#define WORDS_MAX 512
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

/* --- complaints about usage --- */

static int
complain_usage(const struct cli *c, const char *what, const char *word)
{
	const char *command = c->command == NULL ? "" : c->command->name;

	return cli_complain(CODE_USAGE, "%s: %s\ntry \"amtkeeper %s%s--help\"",
	    what, word, command, command[0] == '\0' ? "" : " ");
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

/* --- values --- */

static bool
is_word(const struct cli_option *o, const char *text)
{
	size_t i;

	for (i = 0; o->words[i] != NULL; i++)
		if (str_eq(o->words[i], text))
			return true;
	return false;
}

/* "--output must be one of table, json, csv"; given. */
static char *
words_of(const struct cli_option *o)
{
	struct buf text;
	char *words;
	size_t i;

	buf_init(&text, WORDS_MAX);
	buf_printf(&text, "--%s must be one of", o->name);
	for (i = 0; o->words[i] != NULL; i++)
		buf_printf(&text, "%s %s", i == 0 ? "" : ",", o->words[i]);
	words = mem_dup(buf_text(&text));
	buf_free(&text);
	return words;
}

/* "2h" ago, "2026-11-24" or "2026-11-24T10:00:00Z" as unix seconds. */
static int
parse_since(const char *text, int64_t *ret_at)
{
	int64_t span;
	char *day;
	int rc;

	if (clock_parse_span(text, &span) == 0) {
		*ret_at = clock_now() - span;
		return 0;
	}
	if (clock_parse(text, ret_at) == 0)
		return 0;
	day = mem_printf("%sT00:00:00Z", text);
	rc = clock_parse(day, ret_at);
	free(day);
	return rc;
}

static int
check_value(const struct cli *c, const struct cli_option *o, const char *text)
{
	char *wrong = NULL;
	int64_t value;

	if (o->kind == CLI_COUNT && str_int(text, 1, INT32_MAX, &value) != 0)
		wrong = mem_printf("--%s must be a number from 1", o->name);
	if (o->kind == CLI_SPAN && clock_parse_span(text, &value) != 0)
		wrong = mem_printf(
		    "--%s must be a time such as 90s, 15m or 30d", o->name);
	if (o->kind == CLI_SINCE && parse_since(text, &value) != 0)
		wrong = mem_printf("--%s must be a time such as 2h, 7d, "
				   "2026-11-24 or 2026-11-24T10:00:00Z",
		    o->name);
	if (o->kind == CLI_WORD && !is_word(o, text))
		wrong = words_of(o);
	if (wrong == NULL)
		return CODE_OK;
	(void)complain_usage(c, wrong, text);
	free(wrong);
	return CODE_USAGE;
}

static int
take_option(struct cli *c, const struct cli_option *o, const char *text)
{
	if (c->value_count == CLI_MAX_VALUES)
		return cli_complain(CODE_USAGE, "too many options");
	if (o->kind != CLI_FLAG && check_value(c, o, text) != CODE_OK)
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
			return complain_usage(
			    c, "unknown option", bad_word(argv, value, word));
		if (value == ':')
			return complain_usage(
			    c, "option without its value", argv[optind - 1]);
		if (take_option(c, option_of(g, value), optarg) != CODE_OK)
			return CODE_USAGE;
	}
}

bool
cli_flag(const struct cli *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->value_count; i++)
		if (str_eq(c->values[i].option->name, name))
			return true;
	return false;
}

const char *
cli_text(const struct cli *c, const char *name)
{
	const char *text = NULL;
	size_t i;

	for (i = 0; i < c->value_count; i++)
		if (str_eq(c->values[i].option->name, name))
			text = c->values[i].text;
	return text;
}

int64_t
cli_count(const struct cli *c, const char *name, int64_t fallback)
{
	const char *text = cli_text(c, name);

	if (text != NULL)
		(void)str_int(text, 1, INT32_MAX, &fallback);
	return fallback;
}

int64_t
cli_span(const struct cli *c, const char *name, int64_t fallback)
{
	const char *text = cli_text(c, name);

	if (text != NULL)
		(void)clock_parse_span(text, &fallback);
	return fallback;
}

int64_t
cli_since(const struct cli *c, const char *name, int64_t fallback)
{
	const char *text = cli_text(c, name);

	if (text != NULL)
		(void)parse_since(text, &fallback);
	return fallback;
}

const char *
cli_each(const struct cli *c, const char *name, size_t i)
{
	size_t at;

	for (at = 0; at < c->value_count; at++)
		if (str_eq(c->values[at].option->name, name) && i-- == 0)
			return c->values[at].text;
	return NULL;
}

/* --- which command --- */

static bool
is_group(const char *word)
{
	const struct cli_command *commands;
	size_t i, count, len = strlen(word);

	commands = cli_commands(&count);
	for (i = 0; i < count; i++)
		if (strncmp(commands[i].name, word, len) == 0 &&
		    commands[i].name[len] == ' ')
			return true;
	return false;
}

static const struct cli_command *
find_command(const char *name)
{
	const struct cli_command *commands;
	size_t i, count;

	commands = cli_commands(&count);
	for (i = 0; i < count; i++)
		if (str_eq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static bool
is_help(const char *word)
{
	return str_eq(word, "--help") || str_eq(word, "-h");
}

/* argv[at] is the first word; groups take further ones ("ca template list").
 * *ret_words: how many of them the command has. */
static int
take_command(struct cli *c, int argc, char **argv, int at, int *ret_words)
{
	char *name = mem_dup(argv[at]), *longer, *group = NULL;
	int words = 1, code = CODE_OK;
	bool asked = false;

	while (is_group(name) && at + words < argc) {
		asked = is_help(argv[at + words]);
		if (asked)
			break;
		longer = mem_printf("%s %s", name, argv[at + words]);
		/* "query NAME" beside "query list". */
		if (find_command(name) != NULL && !is_group(longer) &&
		    find_command(longer) == NULL) {
			free(longer);
			break;
		}
		words++;
		free(group);
		group = name;
		name = longer;
	}
	if (is_group(name) && find_command(name) == NULL) {
		cli_help_group(asked ? stdout : stderr, name);
		code = asked ? CODE_OK : CODE_USAGE;
	} else {
		c->command = find_command(name);
		if (c->command == NULL)
			code = cli_complain(CODE_USAGE,
			    "unknown command: %s\ntry \"amtkeeper %s%s--help\"",
			    name, group == NULL ? "" : group,
			    group == NULL ? "" : " ");
	}
	free(group);
	free(name);
	*ret_words = words;
	return code;
}

static int
take_arguments(struct cli *c, char **args, size_t count)
{
	c->args = args;
	c->arg_count = count;
	if (count < c->command->min_args)
		return complain_usage(c, "missing argument", c->command->args);
	if (count > c->command->max_args)
		return complain_usage(
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
	c->command = find_command("version");
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
	add_options(&before, cli_globals());
	code = take_options(c, &before, argc, argv);
	if (code != CODE_OK)
		return code;
	at = optind;
	if (cli_flag(c, "version"))
		return take_version(c);
	if (at >= argc) {
		cli_help(cli_flag(c, "help") ? stdout : stderr);
		return cli_flag(c, "help") ? CODE_OK : CODE_USAGE;
	}
	code = take_command(c, argc, argv, at, &words);
	if (code != CODE_OK || c->command == NULL)
		return code;
	/* ... and everything else anywhere behind it. */
	add_options(&all, cli_globals());
	for (group = c->command->options; *group != NULL; group++)
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
	if (c->html && c->command->run != cmd_query)
		return cli_complain(
		    CODE_USAGE, "--output html is for the command \"query\"");
	return take_arguments(
	    c, argv + at + optind, (size_t)(argc - at - optind));
}

int
command_main(int argc, char **argv)
{
	struct cli c = {.command = NULL};
	int code;

	/* A reader that goes away (head, a pager) is a failed write, not a
	 * death in the middle of a change. */
	(void)signal(SIGPIPE, SIG_IGN);
	output_init();
	secret_process_init();
	code = cli_parse(&c, argc, argv);
	if (code == CODE_OK && c.command != NULL)
		code = c.command->run(&c);
	daemon_close(&c.daemon);
	return output_end(code);
}
