#include "passwords_internal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cli.h"
#include "csv_table.h"
#include "err.h"
#include "file.h"
#include "intake.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

enum column { COLUMN_NAME, COLUMN_PASSWORD, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"name", "password"};

struct entry {
	const char *name, *password; /* in the bytes */
	size_t line;
	bool asked;
};

struct passwords {
	const char *file;
	struct buf bytes;
	struct entry *entries; /* by name once loaded */
	size_t count, room;
	size_t bad;
};

static void
complain(struct passwords *p, size_t line, const char *text)
{
	(void)cli_complain(CODE_INPUT, "%s:%zu: %s", p->file, line, text);
	p->bad++;
}

static void
add_entry(struct passwords *p, const struct csv_table *t)
{
	struct entry *e;

	if (p->count == p->room) {
		p->room = (p->room + 8) * 2;
		p->entries = mem_grow(p->entries, p->room, sizeof(*e));
	}
	e = &p->entries[p->count++];
	e->name = csv_table_value(t, COLUMN_NAME);
	e->password = csv_table_value(t, COLUMN_PASSWORD);
	e->line = t->row.line;
	e->asked = false;
}

static void
take_row(struct passwords *p, const struct csv_table *t)
{
	struct err err = {.kind = ERR_NONE};
	struct secret *password;
	const char *text;

	if (t->row.bad != NULL) {
		complain(p, t->row.line, t->row.bad);
		return;
	}
	if (!str_is_fqdn(csv_table_value(t, COLUMN_NAME))) {
		complain(p, t->row.line, "name: must be a DNS name");
		return;
	}
	text = csv_table_value(t, COLUMN_PASSWORD);
	password = secret_new(text, strlen(text));
	if (intake_check_password(password, &err) != 0)
		complain(p, t->row.line, err.text);
	else
		add_entry(p, t);
	secret_free(password);
}

static int
by_name(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;

	return strcasecmp(one->name, other->name);
}

static void
check_twice(struct passwords *p)
{
	const struct entry *one, *other;
	char *text;
	size_t i;

	for (i = 1; i < p->count; i++) {
		one = &p->entries[i - 1];
		other = &p->entries[i];
		if (by_name(one, other) != 0)
			continue;
		text = mem_printf("name: is on line %zu too",
		    one->line < other->line ? one->line : other->line);
		complain(
		    p, one->line < other->line ? other->line : one->line, text);
		free(text);
	}
}

static void
read_rows(struct passwords *p)
{
	struct csv_table t = {
	    .file = p->file, .names = column_names, .count = COLUMN_COUNT};
	struct err err = {.kind = ERR_NONE};

	if (csv_table_open(&t, (char *)p->bytes.data, p->bytes.len, &err) !=
	    0) {
		(void)cli_complain(CODE_INPUT, "%s", err.text);
		p->bad++;
		return;
	}
	if (t.places[COLUMN_PASSWORD] < 0) {
		complain(p, t.row.line, "there is no column \"password\"");
		return;
	}
	while (csv_table_next(&t) == 1)
		take_row(p, &t);
	if (p->count > 0)
		qsort(p->entries, p->count, sizeof(*p->entries), by_name);
	check_twice(p);
}

struct passwords *
passwords_load(const char *file)
{
	struct passwords *p = mem_alloc(sizeof(*p));
	struct err err = {.kind = ERR_NONE};

	p->file = file;
	buf_init(&p->bytes, CSV_MAX_BYTES);
	if (file_read_private(file, CSV_MAX_BYTES, &p->bytes, &err) != 0) {
		(void)cli_complain(CODE_INPUT, "%s", err.text);
		p->bad++;
	} else {
		read_rows(p);
	}
	if (p->bad == 0)
		return p;
	passwords_free(p);
	return NULL;
}

const char *
passwords_find(struct passwords *p, const char *name)
{
	const struct entry key = {.name = name};
	struct entry *e = NULL;

	if (p->count > 0)
		e = bsearch(
		    &key, p->entries, p->count, sizeof(*p->entries), by_name);
	if (e == NULL)
		return NULL;
	e->asked = true;
	return e->password;
}

size_t
passwords_unasked(const struct passwords *p)
{
	size_t i, unasked = 0;

	for (i = 0; i < p->count; i++) {
		if (p->entries[i].asked)
			continue;
		unasked++;
		(void)cli_complain(CODE_INPUT,
		    "%s:%zu: no good line of the import names %s", p->file,
		    p->entries[i].line, p->entries[i].name);
	}
	return unasked;
}

void
passwords_free(struct passwords *p)
{
	if (p == NULL)
		return;
	buf_free(&p->bytes); /* wipes */
	free(p->entries);
	free(p);
}
