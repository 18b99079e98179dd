/*
 * Any request is answered, in the frame.  The first line is the command, each
 * further one an argument "name=value"; both may be anything.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "mem.h"
#include "str.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct fixture *fleet;

static void
end(void)
{
	void *state = fleet;

	(void)teardown(&state);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	void *state = NULL;

	(void)argc;
	(void)argv;
	if (setup(&state) != 0)
		abort();
	fleet = state;
	return atexit(end);
}

/* Cuts the text at its first end of line; what is behind it, or NULL. */
static char *
cut(char *text)
{
	char *end_of_line = strchr(text, '\n');

	if (end_of_line == NULL)
		return NULL;
	*end_of_line = '\0';
	return end_of_line + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct remote_arg args[REMOTE_ARGS_MAX];
	char *text = mem_dup_len((const char *)bytes, len), *line, *next;
	size_t n = 0;
	char *value;

	for (line = cut(text); line != NULL && n < REMOTE_ARGS_MAX;
	     line = next) {
		next = cut(line);
		value = strchr(line, '=');
		args[n].name = line;
		args[n].value = "";
		if (value != NULL) {
			*value = '\0';
			args[n].value = value + 1;
		}
		args[n].len = strlen(args[n].value);
		n++;
	}
	ask_list(fleet, text, args, n);
	if (fleet->failed)
		assert(str_starts(fleet->body, "Error ") &&
		    strstr(fleet->body, " :\r\n") == fleet->body + 7);
	else
		assert(str_starts(fleet->body, "OK:\r\n"));
	free(text);
	return 0;
}
