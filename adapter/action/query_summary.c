#include "query_summary_internal.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "query_uri_internal.h"
#include "report.h"
#include "str.h"

#define NOTE_MAX 400
#define NAME_SHOWN 60

struct reading {
	bool sums, counts; /* orion.sum.query, and by counting */
	char *group;	   /* columns, parted by blanks; NULL */
	const char *order; /* "asc", "desc", "az", "za"; NULL */
	const char *chart;
	struct buf note;
};

/* --- what was said --- */

static void
note(struct reading *r, const char *what, const char *text)
{
	buf_str(&r->note, r->note.len > 0 ? "; " : "");
	buf_str(&r->note, what);
	str_printable(&r->note, text, strlen(text), NAME_SHOWN);
}

/* "pie.pie": what stands before the dot. */
static void
take_type(struct reading *r, const char *value)
{
	char *kind = mem_dup_len(value, strcspn(value, "."));
	enum report_drawing drawing;

	if (str_ieq(kind, "table"))
		r->chart = NULL;
	else if (report_drawing_find(kind, &drawing, NULL) == 0)
		r->chart = report_drawing_name(drawing);
	else
		note(r, "drawn as bars, not as ", kind);
	free(kind);
}

static void
take_group(struct reading *r, const char *value)
{
	char *at;

	mem_replace(&r->group, value);
	for (at = r->group; *at != '\0'; at++)
		if (*at == ':')
			*at = ' ';
}

static void
take_order(struct reading *r, const char *value)
{
	static const char *const known[] = {"asc", "desc", "az", "za"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_ieq(value, known[i])) {
			r->order = known[i];
			return;
		}
	note(r, "not in the order ", value);
}

static void
take_parameter(struct reading *r, const char *name, const char *value)
{
	if (str_eq(name, "orion.query.type"))
		take_type(r, value);
	else if (str_eq(name, "orion.sum.query"))
		r->sums = str_ieq(value, "true");
	else if (str_eq(name, "orion.sum.group.by"))
		take_group(r, value);
	else if (str_eq(name, "orion.sum.order"))
		take_order(r, value);
	else if (str_eq(name, "orion.sum.aggregation"))
		r->counts = str_ieq(value, "count");
	else if (name[0] != '\0')
		note(r, "not taken: ", name);
}

/* --- clauses --- */

static void
make_clauses(const struct reading *r, struct query_summary *ret)
{
	bool by_group = str_eq(r->order, "az") || str_eq(r->order, "za");
	bool down = str_eq(r->order, "desc") || str_eq(r->order, "za");
	char *first = mem_dup_len(r->group, strcspn(r->group, " "));

	ret->select = mem_printf("(select %s (count))", r->group);
	ret->group = mem_printf("(group %s)", r->group);
	if (r->order != NULL)
		ret->order = mem_printf("(order (%s %s))",
		    down ? "desc" : "asc", by_group ? first : "(count)");
	free(first);
}

void
query_summary_read(const char *uri, struct query_summary *ret)
{
	const char *at = query_uri_begin(uri);
	struct reading r = {.counts = true};
	char *name, *value;

	memset(ret, 0, sizeof(*ret));
	buf_init(&r.note, NOTE_MAX);
	while (query_uri_next(&at, &name, &value)) {
		take_parameter(&r, name, value);
		free(name);
		free(value);
	}
	if (r.sums && r.counts && !str_empty(r.group))
		make_clauses(&r, ret);
	else if (r.sums)
		note(&r, "its rows were taken: ",
		    r.counts ? "no grouping that is understood"
			     : "it does not count");
	ret->chart = r.chart;
	ret->note = r.note.len > 0 ? mem_dup(buf_text(&r.note)) : NULL;
	free(r.group);
	buf_free(&r.note);
}

void
query_summary_clear(struct query_summary *s)
{
	free(s->select);
	free(s->group);
	free(s->order);
	free(s->note);
	memset(s, 0, sizeof(*s));
}
