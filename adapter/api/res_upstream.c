/* consoles above us: how it goes with each. */
#include "api_internal.h"
#include "conf.h"
#include "conf_epo.h"
#include "records.h"
#include "upstream.h"

static int
list_one(struct api_call *c, const struct conf_epo *e, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct upstream_counts counts = {0};
	struct upstream u = {0};
	int r = 0;

	if (upstream_find(c->store, e->name, &u, &why) == 0) {
		r = upstream_count(c->store, u.id, &counts, err);
	} else if (why.kind != ERR_NOTFOUND) { /* else: never spoken to */
		*err = why;
		r = -1;
	}
	if (r == 0) {
		record_upstream(&c->row, e, &u, &counts);
		r = api_row_end(c, err);
	}
	upstream_clear(&u);
	return r;
}

int
api_upstreams_list(struct api_call *c, struct err *err)
{
	size_t i;

	api_page_begin(c, &api_upstream_row);
	for (i = 0; i < c->conf->epo_count; i++)
		if (list_one(c, &c->conf->epos[i], err) != 0)
			return -1;
	api_page_end(c, NULL);
	return 0;
}
