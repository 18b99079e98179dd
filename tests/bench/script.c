#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
grow(void *list, unsigned count, size_t size)
{
	/* In steps of powers of two. */
	if ((count & (count - 1)) != 0)
		return list;
	list = realloc(list, (count == 0 ? 1 : 2 * (size_t)count) * size);
	if (list == NULL)
		abort();
	return list;
}

static struct bench_transfer *
add_transfer(struct bench_steps *steps)
{
	steps->transfer =
	    grow(steps->transfer, steps->count, sizeof(*steps->transfer));
	steps->transfer[steps->count] = (struct bench_transfer){0};
	return &steps->transfer[steps->count++];
}

static struct bench_steps *
add_device(struct bench_script *script)
{
	script->device =
	    grow(script->device, script->count, sizeof(*script->device));
	script->device[script->count] = (struct bench_steps){0};
	return &script->device[script->count++];
}

static bool
take_flag(struct bench_transfer *t, char flag)
{
	switch (flag) {
	case 'n':
		return t->fresh = true;
	case 'l':
		return t->login = true;
	case 'f':
		return t->full = true;
	case 'e':
		return t->last = true;
	case 'x':
		return t->refuse = true;
	default:
		return false;
	}
}

static bool
take_word(struct bench_transfer *t, const char *word, unsigned requests)
{
	char *end;

	while (*word != '\0')
		if (*word >= '0' && *word <= '9') {
			t->request = (unsigned)strtoul(word, &end, 10);
			word = end;
		} else if (!take_flag(t, *word++)) {
			return false;
		}
	return t->request < requests;
}

void
bench_script_read(
    struct bench_script *script, const char *path, unsigned requests)
{
	struct bench_steps *steps;
	char *line = NULL, *word, *rest;
	size_t size = 0;
	FILE *f = fopen(path, "re");

	*script = (struct bench_script){0};
	while (f != NULL && getline(&line, &size, f) > 0) {
		steps = add_device(script);
		for (word = strtok_r(line, " \n", &rest); word != NULL;
		     word = strtok_r(NULL, " \n", &rest))
			if (!take_word(add_transfer(steps), word, requests)) {
				(void)fprintf(
				    stderr, "%s: cannot be %s\n", path, word);
				exit(2);
			}
	}
	free(line);
	if (f != NULL)
		(void)fclose(f);
	if (script->count == 0 || script->device[0].count == 0) {
		(void)fprintf(stderr, "%s: no script\n", path);
		exit(2);
	}
}

void
bench_script_make(struct bench_script *script, unsigned exchanges,
    unsigned connections, unsigned requests)
{
	struct bench_transfer *t;
	struct bench_steps *steps;
	unsigned i;

	*script = (struct bench_script){0};
	steps = add_device(script);
	for (i = 0; i < exchanges; i++) {
		t = add_transfer(steps);
		t->fresh = t->login = i == 0;
		t->last = (i + 1) * connections / exchanges !=
		    i * connections / exchanges;
		t->request = i % requests;
	}
}

void
bench_script_free(struct bench_script *script)
{
	unsigned i;

	for (i = 0; i < script->count; i++)
		free(script->device[i].transfer);
	free(script->device);
	*script = (struct bench_script){0};
}
