/* Parsing of command lines, by table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "cli_internal.h"
#include "commands.h"

#define MAX_WORDS 16

struct line {
	char *copy;
	char *words[MAX_WORDS + 1]; /* in copy; getopt moves them about */
	int count;
};

static void
split(struct line *l, const char *text)
{
	static char program[] = "amtkeeper";
	char *word, *rest;

	memset(l, 0, sizeof(*l));
	l->copy = strdup(text);
	assert_non_null(l->copy);
	rest = l->copy;
	l->words[l->count++] = program;
	while (text[0] != '\0' && (word = strsep(&rest, " ")) != NULL) {
		assert_true(l->count < MAX_WORDS);
		l->words[l->count++] = word;
	}
}

/* Complaints and help are not what is looked at here. */
static int
parse_silently(struct cli *c, int argc, char **argv)
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	int null = open("/dev/null", O_WRONLY);
	int code;

	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	code = cli_parse(c, argc, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	close(null);
	return code;
}

static const struct {
	const char *line;
	int code;
	const char *command; /* NULL: none is to be run */
	size_t args;
} cases[] = {
    {"version", CODE_OK, "version", 0},
    {"device list", CODE_OK, "device list", 0},
    {"device list a b c", CODE_OK, "device list", 3},
    {"run auto", CODE_OK, "run", 1},
    {"run auto -d a --device=b pc1", CODE_OK, "run", 2},
    {"-o json -c x run auto", CODE_OK, "run", 1},
    {"run auto -o json -c x", CODE_OK, "run", 1},
    {"device import -", CODE_OK, "device import", 1},
    {"device remove -- -x", CODE_OK, "device remove", 1},
    {"wsman get a B c=d", CODE_OK, "wsman get", 3},
    {"--help", CODE_OK, NULL, 0},
    {"device --help", CODE_OK, NULL, 0},
    {"run --help", CODE_OK, NULL, 0},
    {"run auto -h", CODE_OK, NULL, 0},
    {"--help run", CODE_OK, NULL, 0},
    {"", CODE_USAGE, NULL, 0},
    {"device", CODE_USAGE, NULL, 0},
    {"devic list", CODE_USAGE, NULL, 0},
    {"device lis", CODE_USAGE, NULL, 0},
    {"version x", CODE_USAGE, NULL, 0},
    {"run", CODE_USAGE, NULL, 0},
    {"device add", CODE_USAGE, NULL, 0},
    {"device add a b", CODE_USAGE, NULL, 0},
    {"run auto --frob", CODE_USAGE, NULL, 0},
    {"run auto -Z", CODE_USAGE, NULL, 0},
    {"--frob run auto", CODE_USAGE, NULL, 0},
    {"run auto --site", CODE_USAGE, NULL, 0},
    {"run auto -o", CODE_USAGE, NULL, 0},
    {"run auto -o xml", CODE_USAGE, NULL, 0},
    {"run auto --limit 0", CODE_USAGE, NULL, 0},
    {"run auto --limit x", CODE_USAGE, NULL, 0},
    {"run auto --yes", CODE_USAGE, NULL, 0},
    {"ca list --expiring soon", CODE_USAGE, NULL, 0},
    {"events --since 2h", CODE_OK, "events", 0},
    {"events --since 2026-11-24", CODE_OK, "events", 0},
    {"events --since 2026-11-24T10:00:00+01:00", CODE_OK, "events", 0},
    {"events --since yesterday", CODE_USAGE, NULL, 0},
    {"events --since 2026-13-24", CODE_USAGE, NULL, 0},
    {"events --last 0", CODE_USAGE, NULL, 0},
    {"run auto --all=yes", CODE_USAGE, NULL, 0},
};

static void
parses(void **state)
{
	struct line l;
	size_t i;
	int code;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cli c = {.program = commands()};

		split(&l, cases[i].line);
		code = parse_silently(&c, l.count, l.words);
		if (code != cases[i].code)
			fail_msg("\"%s\": code %d", cases[i].line, code);
		if (code == CODE_OK && cases[i].command == NULL)
			assert_null(c.command);
		if (code == CODE_OK && cases[i].command != NULL) {
			assert_string_equal(c.command->name, cases[i].command);
			assert_int_equal(c.arg_count, cases[i].args);
		}
		free(l.copy);
	}
}

static void
keeps_values(void **state)
{
	char *argv[] = {(char[]){"amtkeeper"}, (char[]){"-o"}, (char[]){"csv"},
	    (char[]){"run"}, (char[]){"auto"}, (char[]){"-d"}, (char[]){"a*"},
	    (char[]){"--site=x"}, (char[]){"pc1"}, (char[]){"--device"},
	    (char[]){"b"}, (char[]){"--limit"}, (char[]){"7"}, (char[]){"-nq"},
	    NULL};
	struct cli c = {.program = commands()};

	(void)state;
	assert_int_equal(parse_silently(&c, 14, argv), CODE_OK);
	assert_int_equal(c.format, TABLE_CSV);
	assert_true(c.quiet);
	assert_false(c.verbose);
	assert_true(cli_flag(&c, "dry-run"));
	assert_false(cli_flag(&c, "all"));
	assert_string_equal(cli_text(&c, "site"), "x");
	assert_null(cli_text(&c, "reason"));
	assert_string_equal(cli_each(&c, "device", 0), "a*");
	assert_string_equal(cli_each(&c, "device", 1), "b");
	assert_null(cli_each(&c, "device", 2));
	assert_int_equal(cli_count(&c, "limit", 1), 7);
	assert_int_equal(cli_count(&c, "after", 3), 3);
	assert_int_equal(c.arg_count, 2);
	assert_string_equal(c.args[1], "pc1");
	assert_true(cli_selected(&c, 1));
}

static void
finds_its_configuration(void **state)
{
	char *plain[] = {(char[]){"amtkeeper"}, (char[]){"version"}, NULL};
	char *given[] = {(char[]){"amtkeeper"}, (char[]){"version"},
	    (char[]){"-c"}, (char[]){"f"}, NULL};
	struct cli c = {.program = commands()};

	(void)state;
	unsetenv("AMTKEEPER_CONFIG");
	assert_int_equal(parse_silently(&c, 2, plain), CODE_OK);
	assert_string_equal(c.conf_file, "/etc/amtkeeper/amtkeeper.yaml");
	setenv("AMTKEEPER_CONFIG", "e", 1);
	plain[1] = (char[]){"version"};
	assert_int_equal(parse_silently(&c, 2, plain), CODE_OK);
	assert_string_equal(c.conf_file, "e");
	assert_int_equal(parse_silently(&c, 4, given), CODE_OK);
	assert_string_equal(c.conf_file, "f");
	unsetenv("AMTKEEPER_CONFIG");
}

/* Rules of the table itself. */
static void
table_is_sound(void **state)
{
	const struct cli_program *program = commands();
	const struct cli_command *command;
	const struct cli_option *const *group;
	size_t i, j;

	(void)state;
	for (i = 0; (command = cli_command_at(program, i)) != NULL; i++) {
		assert_non_null(command->run);
		assert_true(command->min_args <= command->max_args);
		assert_int_equal(
		    command->args[0] == '\0', command->max_args == 0);
		for (j = 0; j < i; j++)
			assert_string_not_equal(
			    command->name, cli_command_at(program, j)->name);
		for (group = command->options; *group != NULL; group++)
			for (j = 0; (*group)[j].name != NULL; j++)
				assert_int_equal((*group)[j].kind == CLI_FLAG,
				    (*group)[j].arg == NULL);
	}
	assert_non_null(cli_command_find(program, program->html));
	for (i = 0; program->first->commands[i] != NULL; i++)
		assert_non_null(
		    cli_command_find(program, program->first->commands[i]));
}

static void
errors_have_codes(void **state)
{
	struct err err = {.kind = ERR_UNREACHABLE};

	(void)state;
	assert_int_equal(cli_exit_of(&err), CODE_UNREACHABLE);
	err.kind = ERR_DENIED;
	assert_int_equal(cli_exit_of(&err), CODE_DENIED);
	err.kind = ERR_REFUSED;
	assert_int_equal(cli_exit_of(&err), CODE_REFUSED);
	err.domain = ERR_PT;
	assert_int_equal(cli_exit_of(&err), CODE_DEVICE_REFUSED);
	err.domain = ERR_OURS;
	err.kind = ERR_BUG;
	assert_int_equal(cli_exit_of(&err), CODE_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses),
	    cmocka_unit_test(keeps_values),
	    cmocka_unit_test(finds_its_configuration),
	    cmocka_unit_test(table_is_sound),
	    cmocka_unit_test(errors_have_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
