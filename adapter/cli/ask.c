#include "ask.h"

#include <stdlib.h>

#include "choice.h"
#include "cli.h"
#include "clock.h"
#include "mem.h"
#include "str.h"

void
ask_set(struct ask *a, const struct store_saved *from)
{
	const char *const texts[ASK_TEXTS] = {from->name, from->note,
	    from->target, from->select, from->where, from->order, from->group,
	    from->chart};
	size_t i;

	for (i = 0; i < ASK_TEXTS; i++)
		mem_replace(&a->texts[i], texts[i]);
	a->saved = (struct store_saved){.id = from->id,
	    .name = a->texts[0],
	    .note = a->texts[1],
	    .target = a->texts[2],
	    .select = a->texts[3],
	    .where = a->texts[4],
	    .order = a->texts[5],
	    .group = a->texts[6],
	    .chart = a->texts[7]};
}

static int
take_saved(void *cookie, const struct store_saved *saved, struct err *err)
{
	struct ask *a = cookie;

	(void)err;
	ask_set(a, saved);
	return 0;
}

int
ask_word(struct cli *c, const char *word, struct ask *ret)
{
	struct store_saved condition = {.target = STORE_SYSTEMS, .where = word};
	struct err err = {.kind = ERR_NONE};

	if (word[0] == '(')
		ask_set(ret, &condition);
	else if (store_saved_find(
		     c->daemon.store, word, take_saved, ret, &err) != 0)
		return cli_fail(&err);
	return CODE_OK;
}

void
ask_options(const struct cli *c, const char *where, struct ask *ret)
{
	struct store_saved given = {.target = cli_text(c, "table"),
	    .note = cli_text(c, "description"),
	    .select = cli_text(c, "select"),
	    .where = where != NULL ? where : cli_text(c, "where"),
	    .order = cli_text(c, "order"),
	    .group = cli_text(c, "group"),
	    .chart = cli_text(c, "chart")};

	if (given.target == NULL)
		given.target = STORE_SYSTEMS;
	ask_set(ret, &given);
	ret->join = cli_text(c, "join");
}

void
ask_chart(struct ask *a, const char *kind)
{
	mem_replace(&a->texts[ASK_TEXTS - 1], kind);
	a->saved.chart = a->texts[ASK_TEXTS - 1];
}

void
ask_free(struct ask *a)
{
	size_t i;

	for (i = 0; i < ASK_TEXTS; i++)
		free(a->texts[i]);
}

int
ask_compile(
    const struct ask *a, const char *only, struct query **ret, struct err *err)
{
	struct query_text text = {.target = a->saved.target,
	    .select = a->saved.select,
	    .where = a->saved.where,
	    .order = a->saved.order,
	    .group = a->saved.group,
	    .join = a->join,
	    .only = only,
	    .top = a->top};

	return query_compile(store_graph(), &text, clock_now_ms(), ret, err);
}

static int
keep_id(void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	(void)n;
	(void)err;
	cli_ids_add(cookie, cells[0].number);
	return 0;
}

static int
find_ids(struct cli *c, const struct ask *a, struct cli_ids *ret_ids,
    struct err *err)
{
	const struct query_table *table =
	    query_table(store_graph(), a->saved.target);
	struct query *q = NULL;
	bool cut = false;
	int r;

	if (table != NULL && !table->devices)
		return err_set(err, ERR_INVALID,
		    "rows of %s are no devices: ask one of EPOLeafNode",
		    table->name);
	if (ask_compile(a, STORE_SYSTEM_ID, &q, err) != 0)
		return -1;
	r = store_query(c->daemon.store, q, keep_id, ret_ids, &cut, err);
	query_free(q);
	if (r == 0 && cut)
		return err_set(err, ERR_LIMIT,
		    "more than %d devices: let the query say (top N)",
		    QUERY_ROWS_DEFAULT);
	return r;
}

int
ask_ids(struct cli *c, const char *word, struct cli_ids *ret_ids)
{
	struct err err = {.kind = ERR_NONE};
	struct ask a = {.top = 0};
	int code = ask_word(c, word, &a);

	if (code == CODE_OK && find_ids(c, &a, ret_ids, &err) != 0)
		code = cli_fail(&err);
	ask_free(&a);
	return code;
}
