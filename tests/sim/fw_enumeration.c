#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* WS-Enumeration as firmware does it: few short-lived contexts, each good for
 * one Pull, plain enumeration only (DSP0226 8). */

static const struct fw_class *
part_of(const struct fw_class *cls, size_t part)
{
	if (cls->parts == NULL)
		return part == 0 ? cls : NULL;
	return cls->parts[part];
}

static bool
exists(struct fw_call *c, const struct fw_class *cls, size_t i)
{
	struct fw_node none;
	struct fw_emit e = {c, "", &none, 0, false};

	memset(&none, 0, sizeof(none));
	return cls->show(&e, c->d, i);
}

static void
expire(struct sim_volatile *v)
{
	int64_t now = fw_real_ms() / 1000;
	size_t i;

	for (i = 0; i < FW_MAX_ENUMS; i++) {
		if (now - v->enums[i].made > FW_ENUM_SECONDS)
			v->enums[i].used = false;
	}
}

/* Eight digits: a little-endian counter, the rest zero. */
static void
context_text(char text[40], uint32_t id)
{
	snprintf(text, 40, "%02X%02X%02X%02X-0000-0000-0000-000000000000",
	    id & 255, id >> 8 & 255, id >> 16 & 255, id >> 24);
}

static void
emit_context(struct fw_call *c, struct fw_enum *en)
{
	char text[40];

	en->id = c->d->vol->enum_id++;
	context_text(text, en->id);
	fw_addf(&c->out, "<%s:EnumerationContext>%s</%s:EnumerationContext>",
	    c->px.body, text, c->px.body);
}

static struct fw_enum *
find(struct fw_call *c)
{
	const char *text = fw_text(c->body, "EnumerationContext");
	struct sim_volatile *v = c->d->vol;
	char want[40];
	size_t i;

	expire(v);
	for (i = 0; text != NULL && i < FW_MAX_ENUMS; i++) {
		context_text(want, v->enums[i].id);
		if (v->enums[i].used && v->enums[i].cls == c->cls &&
		    strcmp(want, text) == 0)
			return &v->enums[i];
	}
	return NULL;
}

static enum fw_fault
enumerate_body(const struct fw_node *body)
{
	const struct fw_node *k;

	if (body == NULL || !fw_is(body, NS_ENUM, "Enumerate"))
		return FW_SCHEMA;
	for (k = body->first; k != NULL; k = k->next) {
		if (fw_is(k, NS_ENUM, "Filter") || fw_is(k, NS_WSMAN, "Filter"))
			return FW_FILTER;
		if (strcmp(k->ns, NS_WSMAN) == 0)
			return FW_UNSUPPORTED;
		if (!fw_is(k, NS_ENUM, "Expires") &&
		    !fw_is(k, NS_ENUM, "EndTo"))
			return FW_SCHEMA;
	}
	return FW_OK;
}

enum fw_fault
fw_enumerate(struct fw_call *c)
{
	enum fw_fault fault = enumerate_body(c->body);
	struct sim_volatile *v = c->d->vol;
	size_t i;

	if (fault != FW_OK)
		return fault;
	if (c->selectors != NULL)
		return FW_INVALID_SELECTORS;
	expire(v);
	for (i = 0; i < FW_MAX_ENUMS && v->enums[i].used; i++)
		;
	if (i == FW_MAX_ENUMS)
		return FW_QUOTA;
	memset(&v->enums[i], 0, sizeof(v->enums[i]));
	v->enums[i].used = true;
	v->enums[i].cls = c->cls;
	v->enums[i].made = fw_real_ms() / 1000;
	c->body_ns = NS_ENUM;
	fw_set_action(c, NS_ENUM, "EnumerateResponse");
	fw_addf(&c->out, "<%s:EnumerateResponse>", c->px.body);
	emit_context(c, &v->enums[i]);
	fw_addf(&c->out, "</%s:EnumerateResponse>", c->px.body);
	return FW_OK;
}

static enum fw_fault
pull_body(const struct fw_node *body, uint32_t *ret_max)
{
	const struct fw_node *k;
	uint64_t n;

	*ret_max = UINT32_MAX;
	if (body == NULL || !fw_is(body, NS_ENUM, "Pull") ||
	    body->first == NULL)
		return FW_SCHEMA;
	for (k = body->first; k != NULL; k = k->next) {
		if (fw_is(k, NS_ENUM, "EnumerationContext"))
			continue;
		if (fw_is(k, NS_ENUM, "MaxTime"))
			continue;
		if (!fw_is(k, NS_ENUM, "MaxElements") &&
		    !fw_is(k, NS_ENUM, "MaxCharacters"))
			return FW_SCHEMA;
		if (fw_number(k->text, UINT32_MAX, &n) != 0 || n == 0)
			return FW_SCHEMA;
		if (strcmp(k->name, "MaxElements") == 0)
			*ret_max = (uint32_t)n;
	}
	return FW_OK;
}

/* Items of one Pull; true when there are more. */
static bool
items(struct fw_call *c, struct fw_enum *en, uint32_t max)
{
	const struct fw_class *cls;
	uint32_t done = 0;

	for (; (cls = part_of(en->cls, en->part)) != NULL; en->part++) {
		for (; exists(c, cls, en->next); en->next++) {
			if (done == max)
				return true;
			fw_instance(c, cls, en->next, c->px.item);
			done++;
		}
		en->next = 0;
	}
	return false;
}

/* What an abstract class's items are depends; each recorded answer had items
 * of one class, declared on the envelope. */
static void
declare_items(struct fw_call *c, const struct fw_enum *en)
{
	const struct fw_class *cls = part_of(en->cls, en->part);

	if (cls == NULL)
		abort(); /* an enumeration stands on a part it has */
	snprintf(
	    c->item_uri, sizeof(c->item_uri), "%s%s", cls->prefix, cls->name);
	c->item_ns = c->item_uri;
	c->common = cls->common;
}

enum fw_fault
fw_pull(struct fw_call *c)
{
	int split = c->d->vol->options.split;
	struct fw_enum *en;
	enum fw_fault fault;
	uint32_t max;

	fault = pull_body(c->body, &max);
	if (fault != FW_OK)
		return fault;
	en = find(c);
	if (en == NULL)
		return FW_INVALID_CONTEXT;
	if (split > 0 && (uint32_t)split < max)
		max = (uint32_t)split;
	c->body_ns = NS_ENUM;
	declare_items(c, en);
	fw_set_action(c, NS_ENUM, "PullResponse");
	fw_addf(&c->out, "<%s:PullResponse><%s:Items>", c->px.body, c->px.body);
	en->used = items(c, en, max);
	fw_addf(&c->out, "</%s:Items>", c->px.body);
	if (en->used)
		emit_context(c, en);
	else
		fw_addf(&c->out, "<%s:EndOfSequence></%s:EndOfSequence>",
		    c->px.body, c->px.body);
	fw_addf(&c->out, "</%s:PullResponse>", c->px.body);
	return FW_OK;
}

enum fw_fault
fw_release(struct fw_call *c)
{
	struct fw_enum *en;

	if (c->body == NULL || !fw_is(c->body, NS_ENUM, "Release"))
		return FW_SCHEMA;
	en = find(c);
	if (en == NULL)
		return FW_INVALID_CONTEXT;
	en->used = false;
	fw_set_action(c, NS_ENUM, "ReleaseResponse");
	return FW_OK;
}
