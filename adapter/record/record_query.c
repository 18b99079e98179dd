/* Queries, their words, and tags. */
#include "columns.h"
#include "query.h"
#include "records.h"
#include "store.h"

static const struct report_column record_query_kind_columns[] = {INT("id"),
    TEXT("name"), TEXT("description"), BOOL("own"), TEXT("table"),
    TEXT("select"), TEXT("where"), TEXT("order"), TEXT("group"), TEXT("chart")};
KIND(record_query_kind);

void
record_query(struct record *r, const struct store_saved *s)
{
	record_begin(r, &record_query_kind);
	record_int(r, s->id);
	record_text(r, s->name);
	record_text(r, s->note);
	record_int(r, s->id >= STORE_SAVED_OWN);
	record_text(r, s->target);
	record_text(r, s->select);
	record_text(r, s->where);
	record_text(r, s->order);
	record_text(r, s->group);
	record_text(r, s->chart);
}

static const struct report_column record_column_kind_columns[] = {
    TEXT("table"), TEXT("column"), TEXT("type"), TEXT("help")};
KIND(record_column_kind);

void
record_column(
    struct record *r, const struct query_table *t, const struct query_column *c)
{
	record_begin(r, &record_column_kind);
	record_text(r, t->name);
	record_text(r, c->name);
	record_text(r, query_type_name(c->type));
	record_text(r, c->help);
}

static const struct report_column record_operator_kind_columns[] = {
    TEXT("operator"), TEXT("arguments"), TEXT("clause"), TEXT("source"),
    TEXT("help")};
KIND(record_operator_kind);

void
record_operator(
    struct record *r, const char *clause, const struct query_operator *op)
{
	record_begin(r, &record_operator_kind);
	record_text(r, op->name);
	record_text(r, op->args);
	record_text(r, clause);
	record_text(r, op->documented ? "ePO" : "ours");
	record_text(r, op->help);
}

static const struct report_column record_tag_kind_columns[] = {
    INT("id"), TEXT("name"), INT("devices"), INT("excluded")};
KIND(record_tag_kind);

void
record_tag(struct record *r, const struct store_tag *t)
{
	record_begin(r, &record_tag_kind);
	record_int(r, t->id);
	record_text(r, t->name);
	record_int(r, t->devices);
	record_int(r, t->excluded);
}
