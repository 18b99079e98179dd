/*
 * What is made from the command table and committed must be what the table
 * says now:
 *
 *   tests/golden/cli/help.txt         amtkeeper --help
 *   tests/golden/cli/help-run.txt     amtkeeper run --help
 *   contrib/man/amtkeeper.1           amtkeeper help --man
 *   contrib/completions/amtkeeper.bash  amtkeeper help --completion
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cli_internal.h"
#include "commands.h"
#include "err.h"
#include "file.h"

#define FILE_MAX (1024 * 1024)

static void
help_run(FILE *out, const struct cli_program *program)
{
	cli_help_command(out, cli_command_find(program, "run"));
}

static void
same(void (*write)(FILE *out, const struct cli_program *program),
    const char *file, const char *how)
{
	struct err err = {0};
	struct buf kept;
	char *now = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&now, &len);

	assert_non_null(out);
	write(out, commands());
	fclose(out);
	buf_init(&kept, FILE_MAX);
	if (file_read(file, FILE_MAX, &kept, &err) != 0)
		fail_msg("%s", err.text);
	if (strcmp(buf_text(&kept), now) != 0)
		fail_msg("%s is not current: amtkeeper %s", file, how);
	buf_free(&kept);
	free(now);
}

static void
help_is_current(void **state)
{
	(void)state;
	same(cli_help, TESTS_DIR "/golden/cli/help.txt", "--help");
	same(help_run, TESTS_DIR "/golden/cli/help-run.txt", "run --help");
}

static void
man_page_is_current(void **state)
{
	(void)state;
	same(cli_man, TESTS_DIR "/../contrib/man/amtkeeper.1", "help --man");
}

static void
completion_is_current(void **state)
{
	(void)state;
	same(cli_completion, TESTS_DIR "/../contrib/completions/amtkeeper.bash",
	    "help --completion");
}

/* Every command's help fits a terminal and names its options. */
static void
help_fits(void **state)
{
	const struct cli_command *command;
	char *text, *line, *rest;
	size_t i, len;
	FILE *out;

	(void)state;
	for (i = 0; (command = cli_command_at(commands(), i)) != NULL; i++) {
		text = NULL;
		out = open_memstream(&text, &len);
		assert_non_null(out);
		cli_help_command(out, command);
		fclose(out);
		assert_non_null(strstr(text, command->summary));
		rest = text;
		while ((line = strsep(&rest, "\n")) != NULL)
			if (strlen(line) > 100 &&
			    strncmp(line, "  amtkeeper ", 12) != 0)
				fail_msg("%s: %s", command->name, line);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(help_is_current),
	    cmocka_unit_test(man_page_is_current),
	    cmocka_unit_test(completion_is_current),
	    cmocka_unit_test(help_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
