/* Consoles above us: how it goes with each. */
#include "columns.h"
#include "conf_epo.h"
#include "records.h"
#include "upstream.h"

static const struct report_column record_upstream_kind_columns[] = {
    TEXT("name"), TEXT("url"), TEXT("state"), TEXT("version"), TIME("good_at"),
    TIME("next_at"), INT("systems"), INT("devices"), INT("gone"),
    INT("problems"), INT("unsure"), INT("issues"), TEXT("error")};
KIND(record_upstream_kind);

void
record_upstream(struct record *r, const struct conf_epo *e,
    const struct upstream *u, const struct upstream_counts *n)
{
	record_begin(r, &record_upstream_kind);
	record_text(r, e->name);
	record_text(r, e->url);
	record_text(r, upstream_state_name(u->state));
	record_text(r, u->version);
	record_int(r, u->good_at);
	record_int(r, u->next_at);
	record_int(r, n->systems);
	record_int(r, n->devices);
	record_int(r, n->gone);
	record_int(r, n->problems);
	record_int(r, n->unsure);
	record_int(r, n->issues);
	record_text(r, u->error != NULL ? u->error : u->remarks);
}
