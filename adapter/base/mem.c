#include "mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
checked(void *p)
{
	if (p == NULL) {
		(void)fputs("amtkeeper: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
mem_alloc(size_t size)
{
	return checked(calloc(1, size));
}

void *
mem_array(size_t count, size_t size)
{
	return checked(calloc(count > 0 ? count : 1, size));
}

void *
mem_grow(void *old, size_t count, size_t size)
{
	return checked(reallocarray(old, count > 0 ? count : 1, size));
}

char *
mem_dup(const char *text)
{
	return text == NULL ? NULL : checked(strdup(text));
}

char *
mem_dup_len(const char *text, size_t len)
{
	char *copy = mem_array(len + 1, 1);

	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

void *
mem_copy(const void *bytes, size_t len)
{
	void *copy = NULL;

	if (len > 0) {
		copy = mem_array(len, 1);
		memcpy(copy, bytes, len);
	}
	return copy;
}

char *
mem_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return checked(text);
}

void
mem_replace(char **slot, const char *text)
{
	char *copy = mem_dup(text);

	free(*slot);
	*slot = copy;
}

void
mem_release(void)
{
	(void)malloc_trim(0);
}
