/*
 * Any bytes as a query string, or as a form of the Content-Type in their first
 * line, are arguments within their limits, or an error with a text.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "http_args_internal.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check(const struct http_arg_list *list)
{
	const struct http_arg *a;
	size_t i;

	assert(list->count <= HTTP_ARGS_MAX);
	for (i = 0; i < list->count; i++) {
		a = &list->args[i];
		assert(a->name[0] != '\0');
		assert(strlen(a->name) <= HTTP_ARG_NAME_MAX);
		assert(a->value[a->len] == '\0');
		assert(a->file != NULL || strlen(a->value) == a->len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct http_arg_list *list = http_arg_list_new();
	const uint8_t *line = len == 0 ? NULL : memchr(bytes, '\n', len);
	struct err err = {.kind = ERR_NONE};
	char *type;
	int rc;

	if (line == NULL) {
		rc = http_args_urlencoded(
		    list, (const char *)bytes, len, "query string", &err);
	} else {
		type = mem_dup_len((const char *)bytes, (size_t)(line - bytes));
		rc = http_args_body(list, type, line + 1,
		    len - (size_t)(line + 1 - bytes), &err);
		free(type);
	}
	assert(rc == 0 || err.text[0] != '\0');
	check(list);
	http_arg_list_free(list);
	return 0;
}
