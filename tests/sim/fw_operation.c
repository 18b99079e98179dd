#include <stdio.h>
#include <string.h>

#include "fw_internal.h"

/* Which operation, whether this caller may, on which instance: WS-Transfer
 * (Get, Put, Create, Delete) and methods. */

bool
fw_may(const struct fw_call *c, uint32_t realms)
{
	return c->who->admin || (c->who->realms & (realms | REALM_PT)) != 0;
}

void
fw_set_action(struct fw_call *c, const char *base, const char *name)
{
	snprintf(
	    c->answer_action, sizeof(c->answer_action), "%s/%s", base, name);
}

void
fw_changed(struct fw_call *c)
{
	c->d->state.dirty = true;
}

/* Firmware allows so many flash writes in an hour: PT_SUCCESS or 38. */
static int
flash_ready(struct fw_call *c)
{
	struct sim_volatile *v = c->d->vol;
	int64_t now = fw_real_ms() / 1000;

	if (now - v->hour_from >= 3600 || now < v->hour_from) {
		v->hour_from = now;
		v->hour_writes = 0;
	}
	return v->hour_writes < v->options.writes ? PT_SUCCESS
						  : PT_FLASH_WRITE_LIMIT;
}

/* What was refused is not written. */
static void
flash_written(struct fw_call *c)
{
	c->d->vol->hour_writes++;
	c->d->state.flash_writes++;
	fw_changed(c);
}

/* --- instances ------------------------------------------------------------ */

void
fw_instance(
    struct fw_call *c, const struct fw_class *cls, size_t i, const char *prefix)
{
	struct fw_emit e = {c, prefix, NULL, 0, false};

	fw_addf(&c->out, "<%s:%s>", prefix, cls->name);
	cls->show(&e, c->d, i);
	fw_addf(&c->out, "</%s:%s>", prefix, cls->name);
}

static size_t
selector_count(const struct fw_node *set)
{
	const struct fw_node *k;
	size_t count = 0;

	for (k = set->first; k != NULL; k = k->next)
		count++;
	return count;
}

enum fw_fault
fw_select(struct fw_call *c, size_t *ret_index)
{
	struct fw_emit e = {c, "", c->selectors, 0, false};
	struct fw_node none;
	bool named = false;
	size_t i, want, count;

	memset(&none, 0, sizeof(none));
	if (c->selectors == NULL)
		e.match = &none;
	want = selector_count(e.match);
	count = 0;
	for (i = 0; c->cls->show(&e, c->d, i); i++) {
		count++;
		if (e.met == want)
			named = true;
		if (want > 0 && e.met == want && !e.differs) {
			*ret_index = i;
			return FW_OK;
		}
		e.met = 0;
		e.differs = false;
	}
	if (want > 0 && count > 0)
		return named ? FW_DESTINATION_UNREACHABLE
			     : FW_INVALID_SELECTORS;
	if (count == 0)
		return FW_DESTINATION_UNREACHABLE;
	*ret_index = 0;
	return count == 1 ? FW_OK : FW_INVALID_SELECTORS;
}

/* --- WS-Transfer ---------------------------------------------------------- */

static void
answer_instance(struct fw_call *c, size_t i, const char *action)
{
	c->body_ns = c->cls_uri;
	c->common = c->cls->common;
	fw_set_action(c, NS_TRANSFER, action);
	fw_instance(c, c->cls, i, c->px.body);
}

static enum fw_fault
do_get(struct fw_call *c)
{
	enum fw_fault fault;
	size_t i;

	if (c->cls->show == NULL)
		return FW_ACTION_NOT_SUPPORTED;
	if (c->body != NULL)
		return FW_SCHEMA;
	fault = fw_select(c, &i);
	if (fault == FW_OK)
		answer_instance(c, i, "GetResponse");
	return fault;
}

/* Keys cannot be changed: they are what the selector said, or the only
 * instance there is. */
static enum fw_fault
check_keys(struct fw_call *c, size_t i)
{
	struct fw_node set;
	struct fw_emit e = {c, "", &set, 0, false};
	const struct fw_node *k;
	struct fw_node sel[4];
	size_t n = 0, p;

	memset(&set, 0, sizeof(set));
	memset(sel, 0, sizeof(sel));
	for (p = 0; p < c->cls->prop_count && n < 4; p++) {
		if ((c->cls->props[p].flags & P_KEY) == 0)
			continue;
		k = fw_child(c->body, c->body->ns, c->cls->props[p].name);
		if (k == NULL)
			continue;
		sel[n].attr_name = k->name;
		sel[n].text = k->text;
		if (n > 0)
			sel[n - 1].next = &sel[n];
		n++;
	}
	set.first = n > 0 ? sel : NULL;
	c->cls->show(&e, c->d, i);
	return e.differs ? FW_INVALID_REPRESENTATION : FW_OK;
}

static enum fw_fault
do_put(struct fw_call *c)
{
	enum fw_fault fault;
	size_t i = 0;

	if (c->cls->put == NULL)
		return FW_ACTION_NOT_SUPPORTED;
	if (c->body == NULL || !fw_is(c->body, c->cls_uri, c->cls->name))
		return FW_SCHEMA;
	fault = fw_check(
	    c->body, c->cls->props, c->cls->prop_count, c->version, false);
	if (fault == FW_OK)
		fault = fw_select(c, &i);
	if (fault == FW_OK)
		fault = check_keys(c, i);
	if (fault == FW_OK && flash_ready(c) != PT_SUCCESS)
		fault = FW_QUOTA;
	if (fault == FW_OK)
		fault = c->cls->put(c, i, c->body);
	if (fault != FW_OK)
		return fault;
	flash_written(c);
	answer_instance(c, i, "PutResponse");
	return fault;
}

static enum fw_fault
do_create(struct fw_call *c)
{
	enum fw_fault fault;

	if (c->cls->create == NULL)
		return FW_ACTION_NOT_SUPPORTED;
	if (c->body == NULL || !fw_is(c->body, c->cls_uri, c->cls->name))
		return FW_SCHEMA;
	fault = fw_check(
	    c->body, c->cls->props, c->cls->prop_count, c->version, false);
	if (fault == FW_OK && flash_ready(c) != PT_SUCCESS)
		fault = FW_QUOTA;
	if (fault == FW_OK)
		fault = c->cls->create(c, c->body);
	if (fault == FW_OK)
		flash_written(c);
	c->body_ns = NS_TRANSFER;
	fw_set_action(c, NS_TRANSFER, "CreateResponse");
	return fault;
}

static enum fw_fault
do_delete(struct fw_call *c)
{
	enum fw_fault fault;
	size_t i;

	if (c->cls->remove == NULL)
		return FW_ACTION_NOT_SUPPORTED;
	if (c->body != NULL)
		return FW_SCHEMA;
	fault = fw_select(c, &i);
	if (fault == FW_OK && flash_ready(c) != PT_SUCCESS)
		fault = FW_QUOTA;
	if (fault == FW_OK)
		fault = c->cls->remove(c, i);
	if (fault == FW_OK)
		flash_written(c);
	fw_set_action(c, NS_TRANSFER, "DeleteResponse");
	return fault;
}

/* --- methods -------------------------------------------------------------- */

struct fw_emit
fw_output(struct fw_call *c)
{
	struct fw_emit e = {c, c->px.body, NULL, 0, false};

	return e;
}

/* What firmware puts where an EPR would be had the method worked. */
static void
placeholder(struct fw_call *c, const char *name)
{
	const struct fw_prefixes *p = &c->px;

	fw_addf(&c->out,
	    "<%s:%s><%s:Address>default</%s:Address><%s:ReferenceParameters>"
	    "<%s:ResourceURI></%s:ResourceURI><%s:SelectorSet></%s:SelectorSet>"
	    "</%s:ReferenceParameters></%s:%s>",
	    p->body, name, p->addr, p->addr, p->addr, p->wsman, p->wsman,
	    p->wsman, p->wsman, p->addr, p->body, name);
}

static enum fw_fault
check_input(struct fw_call *c, const struct fw_method *m)
{
	char input[80];
	size_t ignored;

	snprintf(input, sizeof(input), "%s_INPUT", m->name);
	if (c->body == NULL || !fw_is(c->body, c->cls_uri, input))
		return FW_SCHEMA;
	if (c->selectors != NULL && fw_select(c, &ignored) != FW_OK)
		return FW_DESTINATION_UNREACHABLE;
	return fw_check(c->body, m->in, m->in_count, c->version, true);
}

static enum fw_fault
do_method(struct fw_call *c, const struct fw_method *m)
{
	struct fw_emit e = fw_output(c);
	enum fw_fault fault;
	char name[96];
	int status = PT_SUCCESS;

	fault = check_input(c, m);
	if (fault != FW_OK)
		return fault;
	fw_take_time(c, m->ms_min != 0 ? m->ms_min : 100,
	    m->ms_max != 0 ? m->ms_max : 300);
	if (m->mutating)
		status = flash_ready(c);
	if (status == PT_SUCCESS)
		status = m->run(c, c->body);
	if (status == PT_SUCCESS && m->mutating)
		flash_written(c);
	if (status != PT_SUCCESS) {
		c->out.len = 0;
		c->ret->effects = SIM_NONE;
		if (m->out_epr != NULL)
			placeholder(c, m->out_epr);
	}
	fw_emit_uint(&e, "ReturnValue", (uint32_t)status);
	c->body_ns = c->cls_uri;
	snprintf(name, sizeof(name), "%s%s", m->name,
	    m->plain_action ? "" : "Response");
	fw_set_action(c, c->cls_uri, name);
	return FW_OK;
}

/* The element around the output, once it is known. */
static void
wrap_output(struct fw_call *c, const struct fw_method *m)
{
	struct fw_text whole = {NULL, 0, 0};

	fw_addf(&whole, "<%s:%s_OUTPUT>", c->px.body, m->name);
	fw_addn(&whole, c->out.p, c->out.len);
	fw_addf(&whole, "</%s:%s_OUTPUT>", c->px.body, m->name);
	fw_text_free(&c->out);
	c->out = whole;
}

static const struct fw_method *
find_method(const struct fw_call *c)
{
	size_t len = strlen(c->uri), i;
	const struct fw_method *m;

	if (strncmp(c->action, c->uri, len) != 0 || c->action[len] != '/')
		return NULL;
	for (i = 0; i < c->cls->method_count; i++) {
		m = &c->cls->methods[i];
		if (strcmp(m->name, c->action + len + 1) == 0 &&
		    m->since <= c->version)
			return m;
	}
	return NULL;
}

/* --- dispatch ------------------------------------------------------------- */

static const struct {
	const char *action, *name;
	enum fw_fault (*run)(struct fw_call *c);
	bool mutating;
} operations[] = {
    {NS_TRANSFER "/Get", "Get", do_get, false},
    {NS_TRANSFER "/Put", "Put", do_put, true},
    {NS_TRANSFER "/Create", "Create", do_create, true},
    {NS_TRANSFER "/Delete", "Delete", do_delete, true},
    {NS_ENUM "/Enumerate", "Enumerate", fw_enumerate, false},
    {NS_ENUM "/Pull", "Pull", fw_pull, false},
    {NS_ENUM "/Release", "Release", fw_release, false},
};

static void
name_it(struct fw_call *c, const char *operation, bool mutating)
{
	char name[128];

	snprintf(name, sizeof(name), "%s.%s", c->cls->name, operation);
	fw_copy(c->ret->method, sizeof(c->ret->method), name);
	c->mutating = mutating;
}

enum fw_fault
fw_operation(struct fw_call *c)
{
	const struct fw_method *m;
	enum fw_fault fault;
	size_t i;

	c->cls = fw_class_find(c->uri, c->version);
	if (c->cls == NULL)
		return FW_DESTINATION_UNREACHABLE;
	snprintf(c->cls_uri, sizeof(c->cls_uri), "%s%s", c->cls->prefix,
	    c->cls->name);
	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(operations[i].action, c->action) != 0)
			continue;
		name_it(c, operations[i].name, operations[i].mutating);
		if (!fw_may(c,
			operations[i].mutating ? c->cls->write : c->cls->read))
			return FW_ACCESS_DENIED;
		return operations[i].run(c);
	}
	m = find_method(c);
	if (m == NULL)
		return FW_ACTION_NOT_SUPPORTED;
	name_it(c, m->name, m->mutating);
	if (!fw_may(c, m->realms))
		return FW_ACCESS_DENIED;
	fault = do_method(c, m);
	if (fault == FW_OK)
		wrap_output(c, m);
	return fault;
}
