/* Which command it is. */
#include <stdlib.h>
#include <string.h>

#include "cli_internal.h"
#include "mem.h"
#include "str.h"

const struct cli_command *
cli_command_at(const struct cli_program *program, size_t i)
{
	const struct cli_command *const *group, *row;

	for (group = program->groups; *group != NULL; group++)
		for (row = *group; row->name != NULL; row++)
			if (i-- == 0)
				return row;
	for (row = cli_own_commands; row->name != NULL; row++)
		if (i-- == 0)
			return row;
	return NULL;
}

const struct cli_command *
cli_command_find(const struct cli_program *program, const char *name)
{
	const struct cli_command *command;
	size_t i;

	for (i = 0; (command = cli_command_at(program, i)) != NULL; i++)
		if (str_eq(command->name, name))
			return command;
	return NULL;
}

static bool
is_group(const struct cli *c, const char *word)
{
	const struct cli_command *command;
	size_t i, len = strlen(word);

	for (i = 0; (command = cli_command_at(c->program, i)) != NULL; i++)
		if (strncmp(command->name, word, len) == 0 &&
		    command->name[len] == ' ')
			return true;
	return false;
}

int
cli_complain_usage(const struct cli *c, const char *what, const char *word)
{
	const char *command = c->command == NULL ? "" : c->command->name;

	return cli_complain(CODE_USAGE, "%s: %s\ntry \"amtkeeper %s%s--help\"",
	    what, word, command, command[0] == '\0' ? "" : " ");
}

static bool
is_help(const char *word)
{
	return str_eq(word, "--help") || str_eq(word, "-h");
}

int
cli_take_command(struct cli *c, int argc, char **argv, int at, int *ret_words)
{
	char *name = mem_dup(argv[at]), *longer, *group = NULL;
	int words = 1, code = CODE_OK;
	bool asked = false;

	while (is_group(c, name) && at + words < argc) {
		asked = is_help(argv[at + words]);
		if (asked)
			break;
		longer = mem_printf("%s %s", name, argv[at + words]);
		/* "query NAME" beside "query list". */
		if (cli_command_find(c->program, name) != NULL &&
		    !is_group(c, longer) &&
		    cli_command_find(c->program, longer) == NULL) {
			free(longer);
			break;
		}
		words++;
		free(group);
		group = name;
		name = longer;
	}
	if (is_group(c, name) && cli_command_find(c->program, name) == NULL) {
		cli_help_group(asked ? stdout : stderr, c->program, name);
		code = asked ? CODE_OK : CODE_USAGE;
	} else {
		c->command = cli_command_find(c->program, name);
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
