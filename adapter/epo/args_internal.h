#ifndef EPO_ARGS_INTERNAL_H_
#define EPO_ARGS_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>

#include "remote.h"

/*
 * Arguments by the line that core.help shows:
 *
 *   names        must be there; by name, or by its place as param1, ...
 *   [all]        may be left out
 *   target=<>    by name only
 *   A / B        either the arguments of A or those of B
 *
 * Names have no case, and some have a second spelling.
 */
#define ARGS_MAX 16 /* of one command */
#define ARGS_NAME 32

struct args {
	size_t count;
	char names[ARGS_MAX][ARGS_NAME];
	const struct remote_arg *values[ARGS_MAX]; /* NULL: left out */
	enum remote_output output;
};

/* What the request says, sorted by the line; texts borrowed from the request.
 * ERR_INVALID says what would do. */
int args_read(const char *line, const struct remote_request *request,
    struct args *ret, struct err *err);
/* The value; NULL when it was left out or is empty. */
const char *args_text(const struct args *a, const char *name);
/* It was sent, be it empty. */
bool args_given(const struct args *a, const char *name);
#endif
