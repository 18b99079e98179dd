/* What certificates are made by: templates, and other CAs over bridges. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "bridge_issue.h"
#include "ca.h"
#include "conf.h"
#include "device.h"
#include "plan.h"
#include "port.h"
#include "profile.h"
#include "records_ca.h"
#include "str.h"

#define LINES_MAX 8192

/* --- templates --- */

static int
write_template(
    struct api_call *c, const struct profile_template *t, struct err *err)
{
	const struct ca_template template = port_template(t);
	struct ca_template_facts facts;

	ca_template_facts(c->ca, &template, c->now, &facts);
	record_template(&c->row, c->policy->profile, t, &facts);
	return api_row_end(c, err);
}

int
api_templates_list(struct api_call *c, struct err *err)
{
	const struct profile *p = c->policy->profile;
	size_t i;

	if (api_need_ca(c, err) != 0)
		return -1;
	api_page_begin(c, &api_template_row);
	for (i = 0; i < p->template_count; i++)
		if (write_template(c, &p->templates[i], err) != 0)
			return -1;
	api_page_end(c, NULL);
	return 0;
}

/* A row for each line of the lint. */
static int
write_problems(
    struct api_call *c, const struct profile_template *t, struct err *err)
{
	const struct ca_template template = port_template(t);
	struct buf lines;
	char *rest, *line;
	int r = 0;

	buf_init(&lines, LINES_MAX);
	(void)ca_template_check(c->ca, &template, c->now, &lines, NULL);
	rest = (char *)lines.data;
	while (r == 0 && (line = strsep(&rest, "\n")) != NULL) {
		if (line[0] == '\0')
			continue;
		record_problem(&c->row, t->name, line);
		r = api_row_end(c, err);
	}
	buf_free(&lines);
	return r;
}

int
api_templates_check(struct api_call *c, struct err *err)
{
	const struct profile *p = c->policy->profile;
	size_t i;

	if (api_need_ca(c, err) != 0)
		return -1;
	api_page_begin(c, &api_problem_row);
	for (i = 0; i < p->template_count; i++)
		if (write_problems(c, &p->templates[i], err) != 0)
			return -1;
	api_page_end(c, NULL);
	return 0;
}

/* --- bridges --- */

int
api_bridges_list(struct api_call *c, struct err *err)
{
	size_t i;

	if (api_need_ca(c, err) != 0)
		return -1;
	api_page_begin(c, &api_bridge_row);
	for (i = 0; i < c->conf->bridge_count; i++)
		if (record_bridge(&c->row, c->ca, c->policy->profile,
			&c->conf->bridges[i], err) != 0 ||
		    api_row_end(c, err) != 0)
			return -1;
	api_page_end(c, NULL);
	return 0;
}

static int
write_pending(void *cookie, const struct ca_bridge_row *row, struct err *err)
{
	struct api_call *c = cookie;

	record_pending(&c->row, row);
	return api_row_end(c, err);
}

int
api_pending_list(struct api_call *c, struct err *err)
{
	if (api_need_ca(c, err) != 0)
		return -1;
	api_page_begin(c, &api_pending_row);
	if (ca_bridge_list(c->ca, write_pending, c, err) != 0)
		return -1;
	api_page_end(c, NULL);
	return 0;
}

int
api_pending_hasten(struct api_call *c, struct err *err)
{
	struct device *d = NULL;
	int r;

	if (api_need_ca(c, err) != 0 || api_device(c, 0, &d, err) != 0)
		return -1;
	r = api_event(c, d, "certificate.hastened", NULL, NULL, err);
	if (r == 0)
		r = ca_bridge_hasten(c->ca, d->name, err);
	device_free(d);
	return r;
}
