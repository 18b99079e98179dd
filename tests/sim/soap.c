#include <assert.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* From bytes to bytes: sim_soap(), the envelope around an answer, and the
 * words a class uses to write into it. */

static const struct fw_prefixes usual = {
    "a", "b", "c", "d", "e", "f", "g", "h", "i"};

/* Legal XML prefixes that no recorded answer has. */
static void
scramble(struct fw_call *c)
{
	char *all[9];
	uint32_t seed = fw_random(c->d);
	size_t i;

	all[0] = c->px.soap;
	all[1] = c->px.addr;
	all[2] = c->px.wsman;
	all[3] = c->px.trust;
	all[4] = c->px.wss;
	all[5] = c->px.bind;
	all[6] = c->px.body;
	all[7] = c->px.item;
	all[8] = c->px.common;
	for (i = 0; i < 9; i++) {
		all[i][0] = (char)('a' + (seed + i * 5) % 23);
		all[i][1] = (char)('0' + i);
		all[i][2] = '\0';
	}
}

void
fw_envelope_open(struct fw_call *c, struct fw_text *t)
{
	const struct fw_prefixes *p = &c->px;

	fw_addf(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><%s:Envelope",
	    p->soap);
	fw_addf(t, " xmlns:%s=\"" NS_SOAP "\"", p->soap);
	fw_addf(t, " xmlns:%s=\"" NS_ADDR "\"", p->addr);
	fw_addf(t, " xmlns:%s=\"" NS_WSMAN "\"", p->wsman);
	fw_addf(t, " xmlns:%s=\"" NS_TRUST "\"", p->trust);
	fw_addf(t, " xmlns:%s=\"" NS_WSS "\"", p->wss);
	fw_addf(t, " xmlns:%s=\"" NS_CIMBINDING "\"", p->bind);
	if (c->body_ns != NULL)
		fw_addf(t, " xmlns:%s=\"%s\"", p->body, c->body_ns);
	if (c->item_ns != NULL)
		fw_addf(t, " xmlns:%s=\"%s\"", p->item, c->item_ns);
	if (c->common)
		fw_addf(t, " xmlns:%s=\"" NS_COMMON "\"",
		    c->item_ns != NULL ? p->common : p->item);
	fw_add(t, " xmlns:xsi=\"" NS_XSI "\">");
	fw_addf(t, "<%s:Header><%s:To>" NS_ANON "</%s:To><%s:RelatesTo>",
	    p->soap, p->addr, p->addr, p->addr);
	fw_add_escaped(t, c->relates_to != NULL ? c->relates_to : "0");
	fw_addf(t,
	    "</%s:RelatesTo><%s:Action %s:mustUnderstand=\"true\">%s</%s:Action>"
	    "<%s:MessageID>uuid:00000000-8086-8086-8086-%012X</%s:MessageID>",
	    p->addr, p->addr, p->soap, c->answer_action, p->addr, p->addr,
	    c->d->vol->message_id++, p->addr);
	if (c->uri != NULL)
		fw_addf(t, "<%s:ResourceURI>%s</%s:ResourceURI>", p->wsman,
		    c->cls_uri, p->wsman);
	fw_addf(t, "</%s:Header><%s:Body>", p->soap, p->soap);
}

void
fw_envelope_close(struct fw_call *c, struct fw_text *t)
{
	fw_addf(t, "</%s:Body></%s:Envelope>", c->px.soap, c->px.soap);
}

/* --- emitting ------------------------------------------------------------- */

/* In comparing mode nothing is written: a selector of this name has to have
 * this value. */
static bool
compare(struct fw_emit *e, const char *name, const char *value)
{
	const struct fw_node *k;

	if (e->match == NULL)
		return false;
	for (k = e->match->first; k != NULL; k = k->next) {
		if (strcmp(k->attr_name, name) != 0)
			continue;
		e->met++;
		if (strcmp(k->text, value) != 0)
			e->differs = true;
	}
	return true;
}

void
fw_emit_string(struct fw_emit *e, const char *name, const char *value)
{
	struct fw_text *t = &e->c->out;

	if (compare(e, name, value))
		return;
	fw_addf(t, "<%s:%s>", e->prefix, name);
	fw_add_escaped(t, value);
	fw_addf(t, "</%s:%s>", e->prefix, name);
}

void
fw_emit_uint(struct fw_emit *e, const char *name, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	fw_emit_string(e, name, text);
}

void
fw_emit_bool(struct fw_emit *e, const char *name, bool value)
{
	fw_emit_string(e, name, value ? "true" : "false");
}

void
fw_emit_base64(struct fw_emit *e, const char *name, const uint8_t *p, size_t n)
{
	char *text = fw_base64(p, n);

	fw_emit_string(e, name, text);
	free(text);
}

static void
compare_epr(struct fw_emit *e, const char *name, const struct fw_epr *epr)
{
	const struct fw_node *k, *ref;
	const char *value;
	char uri[160];

	snprintf(uri, sizeof(uri), "%s%s", epr->cls->prefix, epr->cls->name);
	for (k = e->match->first; k != NULL; k = k->next) {
		if (strcmp(k->attr_name, name) != 0)
			continue;
		e->met++;
		ref = fw_child(k, NS_ADDR, "EndpointReference");
		value = ref != NULL ? fw_epr(ref, uri, epr->sel[0].name) : NULL;
		if (value == NULL || strcmp(value, epr->sel[0].value) != 0)
			e->differs = true;
	}
}

void
fw_emit_epr(struct fw_emit *e, const char *name, const struct fw_epr *epr)
{
	const struct fw_prefixes *p = &e->c->px;
	struct fw_text *t = &e->c->out;
	size_t i;

	if (e->match != NULL) {
		compare_epr(e, name, epr);
		return;
	}
	fw_addf(t, "<%s:%s><%s:Address>" NS_ANON "</%s:Address>", e->prefix,
	    name, p->addr, p->addr);
	fw_addf(t,
	    "<%s:ReferenceParameters><%s:ResourceURI>%s%s</%s:ResourceURI>"
	    "<%s:SelectorSet>",
	    p->addr, p->wsman, epr->cls->prefix, epr->cls->name, p->wsman,
	    p->wsman);
	for (i = 0; i < 2 && epr->sel[i].name != NULL; i++) {
		fw_addf(
		    t, "<%s:Selector Name=\"%s\">", p->wsman, epr->sel[i].name);
		fw_add_escaped(t, epr->sel[i].value);
		fw_addf(t, "</%s:Selector>", p->wsman);
	}
	fw_addf(t, "</%s:SelectorSet></%s:ReferenceParameters></%s:%s>",
	    p->wsman, p->addr, e->prefix, name);
}

bool
fw_emit_comparing(const struct fw_emit *e)
{
	return e->match != NULL;
}

const struct sim_login *
fw_emit_who(const struct fw_emit *e)
{
	return e->c->who;
}

/* --- a call --------------------------------------------------------------- */

void
fw_take_time(struct fw_call *c, int min, int max)
{
	uint32_t span = (uint32_t)(max - min) + 1;

	c->ret->delay_ms = min + (int)(fw_random(c->d) % span);
}

static void
finish(struct fw_call *c)
{
	struct fw_text t = {NULL, 0, 0};

	fw_envelope_open(c, &t);
	if (c->out.len > 0)
		fw_addn(&t, c->out.p, c->out.len);
	fw_envelope_close(c, &t);
	c->ret->status = 200;
	c->ret->body = t.p;
	c->ret->len = t.len;
}

/* DSP0226 11: no addressing, and the same for every caller. */
static bool
identify(struct fw_call *c)
{
	const struct fw_node *body = fw_child(c->tree, NS_SOAP, "Body");
	struct fw_text t = {NULL, 0, 0};

	if (!fw_is(c->tree, NS_SOAP, "Envelope") || body == NULL ||
	    body->first == NULL || !fw_is(body->first, NS_IDENTIFY, "Identify"))
		return false;
	snprintf(c->ret->method, sizeof(c->ret->method), "Identify");
	fw_add(&t,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	    "<a:Envelope xmlns:a=\"" NS_SOAP "\" xmlns:b=\"" NS_IDENTIFY
	    "\"><a:Header></a:Header><a:Body><b:IdentifyResponse>"
	    "<b:ProtocolVersion>" NS_WSMAN "</b:ProtocolVersion>"
	    "<b:ProductVendor>Intel(r)</b:ProductVendor>");
	fw_addf(&t, "<b:ProductVersion>AMT %d.%d.%d</b:ProductVersion>",
	    c->d->state.major, c->d->state.minor, c->d->state.build);
	fw_add(&t, "</b:IdentifyResponse></a:Body></a:Envelope>");
	c->ret->status = 200;
	c->ret->body = t.p;
	c->ret->len = t.len;
	return true;
}

void
sim_soap(struct sim_device *d, const struct sim_login *who, const char *xml,
    size_t len, struct sim_answer *ret)
{
	struct fw_call c;
	enum fw_fault fault;

	assert(d->vol != NULL); /* sim_firmware_boot() was called */
	memset(ret, 0, sizeof(*ret));
	memset(&c, 0, sizeof(c));
	c.d = d;
	c.who = who;
	c.ret = ret;
	c.version = fw_version(d);
	c.px = usual;
	if (d->vol->options.chaos)
		scramble(&c);
	fw_take_time(&c, 100, 300);
	snprintf(ret->method, sizeof(ret->method), "Unknown");
	c.tree = fw_xml_parse(xml, len);
	if (c.tree == NULL) {
		/* not SOAP at all: the HTTP layer's page, see sim.h */
		ret->status = 400;
		return;
	}
	if (identify(&c)) {
		fw_xml_free(c.tree);
		return;
	}
	fault = d->vol->network_off ? FW_INTERNAL : fw_header(&c);
	if (fault == FW_OK)
		fault = fw_operation(&c);
	if (fault == FW_OK) {
		finish(&c);
	} else {
		ret->effects = SIM_NONE;
		fw_fault_write(&c, fault);
	}
	ret->mutating = c.mutating;
	/* the transport's TLS looks at the same queue of errors */
	ERR_clear_error();
	fw_text_free(&c.out);
	fw_xml_free(c.tree);
}
