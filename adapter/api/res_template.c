/* What certificates are made by: templates, and other CAs over bridges. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "bridge_issue.h"
#include "ca.h"
#include "clock.h"
#include "conf.h"
#include "device.h"
#include "plan.h"
#include "port.h"
#include "profile.h"
#include "str.h"

#define LINES_MAX 8192

/* --- templates --- */

static int
write_template(
    struct api_call *c, const struct profile_template *t, struct err *err)
{
	const struct ca_template template = port_template(t);
	struct ca_template_facts facts;
	char validity[CLOCK_TEXT], renew[CLOCK_TEXT], back[CLOCK_TEXT];

	ca_template_facts(c->ca, &template, c->now, &facts);
	api_put_text(c, t->name);
	api_put_text(c, clock_span(t->validity, validity));
	api_put_text(c, clock_span(t->renew_before, renew));
	api_put_text(c, clock_span(t->backdate, back));
	api_put_text(c, t->key);
	api_put_text(c, facts.key);
	api_put_text(c, t->usages);
	api_put_text(c, facts.usage);
	api_put_int(c, t->short_name);
	api_put_int(c, t->address);
	api_put_int(c, t->upn);
	api_put_int(c, t->sid);
	api_put_int(c, t->underscore);
	api_put_int(c, t->max_size);
	api_put_int(c, facts.largest);
	api_put_text(c, t->issuer_end);
	api_put_int(c, facts.ends);
	api_put_int(c, str_eq(t->name, c->policy->profile->template_name));
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
		api_put_text(c, t->name);
		api_put_text(c, line);
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

static int
write_bridge(struct api_call *c, const struct conf_bridge *b, struct err *err)
{
	const struct profile_template *t =
	    profile_tls_template(c->policy->profile);
	int64_t waiting = 0;

	if (ca_bridge_waiting(c->ca, b->name, &waiting, err) != 0)
		return -1;
	api_put_text(c, b->name);
	api_put_text(c, b->kind);
	api_put_text(c, b->url);
	api_put_text(c, str_eq(t->issuer, b->name) ? t->name : NULL);
	api_put_int(c, waiting);
	return api_row_end(c, err);
}

int
api_bridges_list(struct api_call *c, struct err *err)
{
	size_t i;

	if (api_need_ca(c, err) != 0)
		return -1;
	api_page_begin(c, &api_bridge_row);
	for (i = 0; i < c->conf->bridge_count; i++)
		if (write_bridge(c, &c->conf->bridges[i], err) != 0)
			return -1;
	api_page_end(c, NULL);
	return 0;
}

static int
write_pending(void *cookie, const struct ca_bridge_row *row, struct err *err)
{
	struct api_call *c = cookie;

	api_put_text(c, row->device);
	api_put_text(c, row->names);
	api_put_text(c, row->bridge);
	api_put_text(c, row->state);
	api_put_text(c, row->request_id);
	api_put_int(c, row->made_at);
	api_put_int(c, row->tries);
	api_put_int(c, row->retry_at);
	api_put_text(c, row->text);
	api_put_text(c, row->key);
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
