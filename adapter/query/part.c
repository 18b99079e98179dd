/* Conditions about a part of a text, or a word of a list. */
#include <stdlib.h>

#include "condition_internal.h"
#include "mem.h"

static int64_t
characters(const char *text)
{
	int64_t n;

	for (n = 0; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
	return n;
}

static void
add_word(const struct cond *d, const char *text)
{
	char *word = mem_printf(",%s,", text);

	buf_printf(&d->c->sql, "instr(',' || lower(%s) || ',', ?) > 0",
	    d->column->sql);
	value_text(d->c->q, word);
	free(word);
}

/* The part of the column at one end, or anywhere. */
static void
add_part(const struct cond *d, const char *text)
{
	struct query *q = d->c->q;

	cond_add(d, d->op->form == OP_CONTAINS ? "instr(" : "substr(");
	cond_column(d);
	if (d->op->form == OP_CONTAINS) {
		cond_add(d, ", ?) > 0");
	} else if (d->op->form == OP_STARTS) {
		cond_add(d, ", 1, ?) = ?");
		value_int(q, characters(text));
	} else {
		cond_add(d, ", ?) = ?");
		value_int(q, -characters(text));
	}
	value_text(q, text);
}

int
cond_part(const struct cond *d)
{
	char *text = literal_text(d, d->args);
	int r = 0;

	if (text == NULL)
		return -1;
	if (text[0] == '\0')
		r = sexp_fail(d->c->clause, d->args->at, d->c->err,
		    "an empty text is part of every one; isBlank finds those "
		    "without any");
	else if (d->column->type == QUERY_LIST)
		add_word(d, text);
	else
		add_part(d, text);
	free(text);
	return r;
}
