#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware_fixture.h"

#define POOL 8 /* keys, when there is no file of them yet */

static void
new_device(struct fx *f, int major, int minor, const char *cert_name)
{
	const char *pool = getenv("SIM_KEY_POOL");
	struct sim_setup setup;

	memset(f, 0, sizeof(*f));
	memset(&setup, 0, sizeof(setup));
	assert_int_equal(
	    sim_key_pool(pool != NULL ? pool : "memory", 2048, POOL), 0);
	setup.major = major;
	setup.minor = minor;
	setup.build = 25;
	setup.uuid = "55e3ae13-bfd2-61bb-17a0-88aedd7037ea";
	setup.fqdn = FX_FQDN;
	setup.os_fqdn = FX_FQDN;
	setup.password = FX_PASSWORD;
	setup.ip = "127.100.0.1";
	setup.cert_name = cert_name;
	setup.not_before = fw_real_ms() / 1000 - 86400;
	setup.not_after = setup.not_before + 365 * 86400;
	assert_int_equal(sim_firmware_new(&f->d, &setup), 0);
	f->who.admin = true;
}

void
fx_new(struct fx *f, int major, int minor)
{
	new_device(f, major, minor, FX_FQDN);
}

void
fx_new_plain(struct fx *f, int major, int minor)
{
	new_device(f, major, minor, NULL);
}

static void
forget(struct fx *f)
{
	fw_xml_free(f->tree);
	f->tree = NULL;
	free(f->a.body);
	memset(&f->a, 0, sizeof(f->a));
}

void
fx_free(struct fx *f)
{
	forget(f);
	sim_firmware_free(&f->d);
}

void
fx_send(struct fx *f, const char *xml)
{
	forget(f);
	sim_soap(&f->d, &f->who, xml, strlen(xml), &f->a);
	assert_true(f->a.status == 200 || f->a.status == 400);
	if (f->a.body == NULL)
		return;
	assert_int_equal(strlen(f->a.body), f->a.len);
	f->tree = fw_xml_parse(f->a.body, f->a.len);
	assert_non_null(f->tree);
}

const char *
fx_uri(const char *cls)
{
	static char uri[200];
	const char *prefix = strncmp(cls, "AMT_", 4) == 0 ? URI_AMT
	    : strncmp(cls, "IPS_", 4) == 0		  ? URI_IPS
							  : URI_CIM;

	snprintf(uri, sizeof(uri), "%s%s", prefix, cls);
	return uri;
}

static void
add_action(struct fw_text *t, const char *operation, const char *cls)
{
	static const char *const transfer[] = {
	    "Get", "Put", "Create", "Delete"};
	static const char *const listing[] = {"Enumerate", "Pull", "Release"};
	size_t i;

	for (i = 0; i < 4; i++) {
		if (strcmp(transfer[i], operation) == 0)
			fw_addf(t, NS_TRANSFER "/%s", operation);
	}
	for (i = 0; i < 3; i++) {
		if (strcmp(listing[i], operation) == 0)
			fw_addf(t, NS_ENUM "/%s", operation);
	}
	if (strchr(operation, '/') != NULL)
		fw_addf(t, "%s%s", fx_uri(cls), strchr(operation, '/'));
}

static void
add_selectors(struct fw_text *t, const char *selectors)
{
	const char *equals;

	if (selectors == NULL)
		return;
	fw_add(t, "<w:SelectorSet>");
	equals = strchr(selectors, '=');
	if (selectors[0] == '<') {
		fw_add(t, selectors);
	} else {
		fw_add(t, "<w:Selector Name=\"");
		fw_addn(t, selectors, (size_t)(equals - selectors));
		fw_add(t, "\">");
		fw_add(t, equals + 1);
		fw_add(t, "</w:Selector>");
	}
	fw_add(t, "</w:SelectorSet>");
}

void
fx_op(struct fx *f, const char *operation, const char *cls,
    const char *selectors, const char *body)
{
	struct fw_text t = {NULL, 0, 0};

	fw_add(&t,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
	    "<Envelope xmlns=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDR
	    "\" xmlns:w=\"" NS_WSMAN "\" xmlns:n=\"" NS_ENUM "\"");
	fw_addf(&t, " xmlns:r=\"%s\"><Header><a:Action>", fx_uri(cls));
	add_action(&t, operation, cls);
	fw_addf(&t,
	    "</a:Action><a:To>/wsman</a:To><w:ResourceURI>%s</w:ResourceURI>"
	    "<a:MessageID>17</a:MessageID><a:ReplyTo><a:Address>" NS_ANON
	    "</a:Address></a:ReplyTo><w:OperationTimeout>PT60S"
	    "</w:OperationTimeout>",
	    fx_uri(cls));
	add_selectors(&t, selectors);
	fw_add(&t, "</Header><Body>");
	fw_add(&t, body != NULL ? body : "");
	fw_add(&t, "</Body></Envelope>");
	fx_send(f, t.p);
	fw_text_free(&t);
}

int
fx_call(struct fx *f, const char *cls, const char *method, const char *params)
{
	struct fw_text t = {NULL, 0, 0};
	char operation[128];
	uint64_t value;

	snprintf(operation, sizeof(operation), "%s/%s", cls, method);
	fw_addf(&t, "<r:%s_INPUT>", method);
	fw_add(&t, params != NULL ? params : "");
	fw_addf(&t, "</r:%s_INPUT>", method);
	fx_op(f, operation, cls, NULL, t.p);
	fw_text_free(&t);
	if (f->a.status != 200)
		return FX_FAULT;
	assert_int_equal(
	    fw_number(fx_text(f, "ReturnValue"), 10000, &value), 0);
	return (int)value;
}

void
fx_get(struct fx *f, const char *cls, const char *selectors)
{
	fx_op(f, "Get", cls, selectors, NULL);
	assert_int_equal(f->a.status, 200);
}

bool
fx_put(struct fx *f, const char *cls, const char *selectors, const char *props)
{
	struct fw_text t = {NULL, 0, 0};

	fw_addf(&t, "<r:%s>", cls);
	fw_add(&t, props);
	fw_addf(&t, "</r:%s>", cls);
	fx_op(f, "Put", cls, selectors, t.p);
	fw_text_free(&t);
	return f->a.status == 200;
}

size_t
fx_list(struct fx *f, const char *cls)
{
	const struct fw_node *k;
	char pull[256];
	size_t items = 0;
	int rounds;

	fx_op(f, "Enumerate", cls, NULL, "<n:Enumerate/>");
	assert_int_equal(f->a.status, 200);
	for (rounds = 0; rounds < 100; rounds++) {
		snprintf(pull, sizeof(pull),
		    "<n:Pull><n:EnumerationContext>%s</n:EnumerationContext>"
		    "</n:Pull>",
		    fx_text(f, "EnumerationContext"));
		fx_op(f, "Pull", cls, NULL, pull);
		assert_int_equal(f->a.status, 200);
		for (k = fx_node(f, "Items")->first; k != NULL; k = k->next)
			items++;
		if (fx_node(f, "EndOfSequence") != NULL)
			return items;
	}
	fail_msg("no end of sequence");
	return 0;
}

/* --- looking at the answer ------------------------------------------------ */

static const struct fw_node *
search(const struct fw_node *n, const char *name)
{
	const struct fw_node *found = NULL;

	for (; n != NULL && found == NULL; n = n->next)
		found = strcmp(n->name, name) == 0 ? n : search(n->first, name);
	return found;
}

static size_t
search_all(const struct fw_node *n, const char *name)
{
	size_t count = 0;

	for (; n != NULL; n = n->next)
		count += (strcmp(n->name, name) == 0 ? 1 : 0) +
		    search_all(n->first, name);
	return count;
}

const struct fw_node *
fx_node(const struct fx *f, const char *name)
{
	const struct fw_node *body;

	if (f->tree == NULL)
		return NULL;
	body = fw_child(f->tree, NS_SOAP, "Body");
	assert_non_null(body);
	return search(body->first, name);
}

const char *
fx_text(const struct fx *f, const char *name)
{
	const struct fw_node *n = fx_node(f, name);

	return n != NULL ? n->text : "(absent)";
}

size_t
fx_count(const struct fx *f, const char *name)
{
	return search_all(fw_child(f->tree, NS_SOAP, "Body")->first, name);
}

const char *
fx_fault(const struct fx *f)
{
	const struct fw_node *n = fx_node(f, "Code");
	const struct fw_node *sub;
	const char *text, *colon;

	if (n == NULL)
		return "";
	sub = fw_child(n, NS_SOAP, "Subcode");
	text = fw_text(sub != NULL ? sub : n, "Value");
	colon = strchr(text, ':');
	return colon != NULL ? colon + 1 : text;
}

char *
fx_epr(
    const char *name, const char *cls, const char *selector, const char *value)
{
	struct fw_text t = {NULL, 0, 0};

	fw_addf(&t,
	    "<r:%s><a:Address>" NS_ANON "</a:Address><a:ReferenceParameters>"
	    "<w:ResourceURI>%s</w:ResourceURI><w:SelectorSet>",
	    name, fx_uri(cls));
	fw_addf(&t,
	    "<w:Selector Name=\"%s\">%s</w:Selector></w:SelectorSet>"
	    "</a:ReferenceParameters></r:%s>",
	    selector, value, name);
	return t.p;
}
