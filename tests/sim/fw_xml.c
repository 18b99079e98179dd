#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* Requests as a tree. Expat resolves the namespaces and hands names over as
 * "uri|local": firmware too looks at names, never at prefixes. */

struct reader {
	XML_Parser parser;
	struct fw_node *root, *at;
	size_t nodes, depth;
	struct fw_text text;
	bool bad;
};

static void
refuse(struct reader *r)
{
	r->bad = true;
	XML_StopParser(r->parser, XML_FALSE);
}

static void
attributes(struct fw_node *n, const XML_Char **attrs)
{
	for (; attrs[0] != NULL; attrs += 2) {
		if (strcmp(attrs[0], "Name") == 0 && n->attr_name == NULL)
			n->attr_name = fw_strndup(attrs[1], strlen(attrs[1]));
		if (strcmp(attrs[0], NS_SOAP "|mustUnderstand") == 0)
			n->must_understand = strcmp(attrs[1], "true") == 0 ||
			    strcmp(attrs[1], "1") == 0;
	}
}

/* Text before a child element belongs to nobody: only leaves have values. */
static void
settle_text(struct reader *r, struct fw_node *n)
{
	const char *from = r->text.p != NULL ? r->text.p : "";
	size_t len = r->text.len;

	while (len > 0 && strchr(" \t\r\n", from[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr(" \t\r\n", from[0]) != NULL) {
		from++;
		len--;
	}
	free(n->text);
	n->text = fw_strndup(from, len);
	r->text.len = 0;
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attrs)
{
	struct reader *r = arg;
	struct fw_node *n;
	const char *bar = strchr(name, '|');

	if (r->bad)
		return;
	if (++r->depth > FW_MAX_DEPTH || ++r->nodes > FW_MAX_NODES) {
		refuse(r);
		return;
	}
	n = fw_alloc(sizeof(*n));
	n->ns = fw_strndup(name, bar != NULL ? (size_t)(bar - name) : 0);
	name = bar != NULL ? bar + 1 : name;
	n->name = fw_strndup(name, strlen(name));
	n->text = fw_strndup("", 0);
	attributes(n, attrs);
	n->parent = r->at;
	if (r->at == NULL)
		r->root = n;
	else if (r->at->last == NULL)
		r->at->first = r->at->last = n;
	else
		r->at->last = r->at->last->next = n;
	r->at = n;
	r->text.len = 0;
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct reader *r = arg;

	(void)name;
	if (r->bad || r->at == NULL)
		return;
	settle_text(r, r->at);
	r->at = r->at->parent;
	r->depth--;
}

static void XMLCALL
on_text(void *arg, const XML_Char *s, int len)
{
	struct reader *r = arg;

	if (r->bad)
		return;
	if (r->text.len + (size_t)len > FW_MAX_TEXT) {
		refuse(r);
		return;
	}
	fw_addn(&r->text, s, (size_t)len);
}

static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid,
    const XML_Char *pubid, int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	refuse(arg);
}

struct fw_node *
fw_xml_parse(const char *xml, size_t len)
{
	struct reader r;
	enum XML_Status status;

	memset(&r, 0, sizeof(r));
	if (len == 0 || len > FW_MAX_REQUEST)
		return NULL;
	r.parser = XML_ParserCreateNS(NULL, '|');
	if (r.parser == NULL)
		abort();
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	status = XML_Parse(r.parser, xml, (int)len, 1);
	XML_ParserFree(r.parser);
	fw_text_free(&r.text);
	if (status != XML_STATUS_OK || r.bad) {
		fw_xml_free(r.root);
		return NULL;
	}
	return r.root;
}

void
fw_xml_free(struct fw_node *n)
{
	struct fw_node *next;

	for (; n != NULL; n = next) {
		next = n->next;
		fw_xml_free(n->first);
		free(n->ns);
		free(n->name);
		free(n->text);
		free(n->attr_name);
		free(n);
	}
}

bool
fw_is(const struct fw_node *n, const char *ns, const char *name)
{
	return strcmp(n->ns, ns) == 0 && strcmp(n->name, name) == 0;
}

const struct fw_node *
fw_child(const struct fw_node *n, const char *ns, const char *name)
{
	const struct fw_node *k;

	for (k = n->first; k != NULL; k = k->next) {
		if (fw_is(k, ns, name))
			return k;
	}
	return NULL;
}

const char *
fw_text(const struct fw_node *n, const char *name)
{
	const struct fw_node *k = fw_child(n, n->ns, name);

	return k != NULL ? k->text : NULL;
}

bool
fw_bool(const struct fw_node *n, const char *name, bool absent)
{
	const char *text = fw_text(n, name);

	return text != NULL ? strcmp(text, "true") == 0 : absent;
}

uint32_t
fw_uint(const struct fw_node *n, const char *name, uint32_t absent)
{
	const char *text = fw_text(n, name);
	uint64_t value;

	if (text == NULL || fw_number(text, UINT32_MAX, &value) != 0)
		return absent;
	return (uint32_t)value;
}

size_t
fw_count(const struct fw_node *n, const char *name)
{
	const struct fw_node *k;
	size_t count = 0;

	for (k = n->first; k != NULL; k = k->next)
		count += fw_is(k, n->ns, name) ? 1 : 0;
	return count;
}
