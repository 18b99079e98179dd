#include "verdicts.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "file.h"
#include "mem.h"
#include "str.h"

#define FILE_MAX (1u << 20)
#define NAMES_MAX 1000

/* Up to the next "|" or the end, without the blanks around it. */
static char *
take_field(char **at)
{
	char *from = *at + strspn(*at, " "), *end = from + strcspn(from, "|");

	*at = *end == '\0' ? end : end + 1;
	while (end > from && end[-1] == ' ')
		end--;
	*end = '\0';
	return from;
}

size_t
verdicts_read(const char *file, const struct verdict **ret)
{
	struct verdict *list = mem_array(NAMES_MAX, sizeof(*list));
	char *line, *next;
	size_t count = 0;
	struct buf text;
	struct err err;

	buf_init(&text, FILE_MAX);
	if (file_read(file, FILE_MAX, &text, &err) != 0)
		fail_msg("%s", err.text);
	for (line = mem_dup(buf_text(&text)); *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		if (*line == '#' || *line == '\0')
			continue;
		assert_true(count < NAMES_MAX);
		list[count].name = take_field(&line);
		list[count].says = take_field(&line);
		list[count++].why = take_field(&line);
	}
	buf_free(&text);
	*ret = list;
	return count;
}

const struct verdict *
verdicts_find(const struct verdict *list, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (str_eq(list[i].name, name))
			return &list[i];
	return NULL;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t
vectors_list(const char *folder, const char *end, const char *const **ret)
{
	const char **names = mem_array(NAMES_MAX, sizeof(*names));
	size_t count = 0, len, tail = strlen(end);
	DIR *d = opendir(folder);
	struct dirent *e;

	if (d == NULL)
		fail_msg(
		    "no %s: python3-cryptography-vectors brings it", folder);
	while ((e = readdir(d)) != NULL) {
		len = strlen(e->d_name);
		if (e->d_name[0] == '.' || len < tail ||
		    strcmp(e->d_name + len - tail, end) != 0)
			continue;
		assert_true(count < NAMES_MAX);
		names[count++] = mem_dup(e->d_name);
	}
	(void)closedir(d);
	assert_true(count > 0);
	qsort(names, count, sizeof(*names), by_text);
	*ret = names;
	return count;
}

void
vectors_read(const char *folder, const char *name, struct buf *out)
{
	char *path = mem_printf("%s/%s", folder, name);
	struct err err;

	if (file_read(path, FILE_MAX, out, &err) != 0)
		fail_msg("%s", err.text);
	free(path);
}
