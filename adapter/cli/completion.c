#include <string.h>

#include "cli_internal.h"

/*
 * Completion for bash, from the tables: the words of the command so far choose
 * a row of a case, the row has its options.  contrib/completions has the
 * output.
 */

/* Does the command begin with the first len characters of name, and go on? */
static bool
goes_on(const struct cli_command *command, const char *name, size_t len)
{
	return strncmp(command->name, name, len) == 0 &&
	    command->name[len] == ' ';
}

/* The words that follow the first len characters of name, each once: commands
 * of one group stand together in the table. */
static void
write_next_words(
    FILE *out, const struct cli_program *program, const char *name, size_t len)
{
	const struct cli_command *command;
	const char *word, *before = "";
	size_t i, word_len, before_len = 0;

	for (i = 0; (command = cli_command_at(program, i)) != NULL; i++) {
		if (len > 0 && !goes_on(command, name, len))
			continue;
		word = command->name + (len > 0 ? len + 1 : 0);
		word_len = strcspn(word, " ");
		if (word_len == before_len &&
		    strncmp(word, before, word_len) == 0)
			continue;
		(void)fprintf(out, "%s%.*s", before_len == 0 ? "" : " ",
		    (int)word_len, word);
		before = word;
		before_len = word_len;
	}
}

static void
write_option_words(FILE *out, const struct cli_option *options)
{
	for (; options->name != NULL; options++)
		(void)fprintf(out, " --%s", options->name);
}

/* A row for each group the command is the first of. */
static void
write_groups_of(FILE *out, const struct cli_program *program, size_t at)
{
	const char *name = cli_command_at(program, at)->name;
	const char *space = strchr(name, ' ');
	size_t len;

	for (; space != NULL; space = strchr(space + 1, ' ')) {
		len = (size_t)(space - name);
		if (at > 0 &&
		    goes_on(cli_command_at(program, at - 1), name, len))
			continue;
		(void)fprintf(out, "\t\"%.*s\") words=\"", (int)len, name);
		write_next_words(out, program, name, len);
		(void)fputs("\" ;;\n", out);
	}
}

static void
write_groups(FILE *out, const struct cli_program *program)
{
	size_t i;

	for (i = 0; cli_command_at(program, i) != NULL; i++)
		write_groups_of(out, program, i);
}

static void
write_commands(FILE *out, const struct cli_program *program)
{
	const struct cli_command *command;
	const struct cli_option *const *group;
	size_t i;

	for (i = 0; (command = cli_command_at(program, i)) != NULL; i++) {
		(void)fprintf(out, "\t\"%s\") options=\"", command->name);
		for (group = command->options; *group != NULL; group++)
			write_option_words(out, *group);
		(void)fputs("\" ;;\n", out);
	}
}

static void
write_values_of(FILE *out, const struct cli_option *options)
{
	size_t i;

	for (; options->name != NULL; options++) {
		if (options->kind == CLI_FILE) {
			(void)fprintf(out,
			    "\t--%s) COMPREPLY=($(compgen -f -- \"$cur\"))\n"
			    "\t\treturn ;;\n",
			    options->name);
			continue;
		}
		if (options->kind != CLI_WORD)
			continue;
		(void)fprintf(
		    out, "\t--%s) COMPREPLY=($(compgen -W \"", options->name);
		for (i = 0; options->words[i] != NULL; i++)
			(void)fprintf(
			    out, "%s%s", i == 0 ? "" : " ", options->words[i]);
		(void)fputs("\" -- \"$cur\"))\n\t\treturn ;;\n", out);
	}
}

static bool
seen_before(const struct cli_program *program, size_t at,
    const struct cli_option *group)
{
	const struct cli_option *const *g;
	size_t i;

	for (i = 0; i < at; i++)
		for (g = cli_command_at(program, i)->options; *g != NULL; g++)
			if (*g == group)
				return true;
	return false;
}

static void
write_values(FILE *out, const struct cli_program *program)
{
	const struct cli_command *command;
	const struct cli_option *const *group;
	size_t i;

	write_values_of(out, cli_globals);
	for (i = 0; (command = cli_command_at(program, i)) != NULL; i++)
		for (group = command->options; *group != NULL; group++)
			if (!seen_before(program, i, *group))
				write_values_of(out, *group);
}

/* A row of the words that follow some commands. */
static void
write_first(FILE *out, const struct cli_first *first)
{
	const char *const *name, *word;
	size_t i;

	if (first == NULL)
		return;
	for (name = first->commands; *name != NULL; name++)
		(void)fprintf(
		    out, "%s%s", name == first->commands ? "\t" : "|", *name);
	(void)fputs(") words=\"", out);
	for (i = 0; (word = first->word(i)) != NULL; i++)
		(void)fprintf(out, "%s%s", i == 0 ? "" : " ", word);
	(void)fputs("\" ;;\n", out);
}

/* With such a word behind them they still are these commands. */
static void
write_first_commands(FILE *out, const struct cli_first *first)
{
	const char *const *name;

	if (first == NULL)
		return;
	for (name = first->commands; *name != NULL; name++)
		(void)fprintf(out, "\t%s\\ *) command=%s ;;\n", *name, *name);
}

void
cli_completion(FILE *out, const struct cli_program *program)
{
	(void)fputs("# bash completion for amtkeeper; made by \"amtkeeper help "
		    "--completion\"\n"
		    "_amtkeeper()\n{\n"
		    "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
		    "\tlocal prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		    "\tlocal word command= words= options=\n"
		    "\tCOMPREPLY=()\n"
		    "\tcase $prev in\n",
	    out);
	write_values(out, program);
	(void)fputs("\tesac\n"
		    "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		    "\t\tcase $word in\n"
		    "\t\t-*) ;;\n"
		    "\t\t*) command=\"${command:+$command }$word\" ;;\n"
		    "\t\tesac\n"
		    "\tdone\n"
		    "\tcase $command in\n"
		    "\t'') words=\"",
	    out);
	write_next_words(out, program, "", 0);
	(void)fputs("\" ;;\n", out);
	write_groups(out, program);
	write_first(out, program->first);
	(void)fputs("\tesac\n"
		    "\tcase $command in\n",
	    out);
	write_first_commands(out, program->first);
	(void)fputs("\tesac\n"
		    "\tcase $command in\n",
	    out);
	write_commands(out, program);
	(void)fputs("\tesac\n"
		    "\tif [[ $cur == -* ]]; then\n"
		    "\t\twords=\"$options",
	    out);
	write_option_words(out, cli_globals);
	(void)fputs("\"\n"
		    "\tfi\n"
		    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		    "}\n"
		    "complete -o default -F _amtkeeper amtkeeper\n",
	    out);
}
