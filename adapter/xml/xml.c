#include <assert.h>
#include <expat.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "str.h"
#include "xml.h"

/* Beside the limits of the header: expat copies the namespace URI in front of
 * every name, so a long URI used often would cost far more than its bytes. */
#define MAX_URI 512
#define MAX_URIS 64
#define CHUNK 8192
#define SPARE_BYTES 65536 /* a longer document's parser has grown too large */
#define SEPARATOR '\n'	  /* cannot be in a URI; expat refuses it there */

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t bytes[];
};

struct xml {
	struct chunk *chunks;
	const struct xml_node *root;
};

/* An element whose end was not seen yet. */
struct open {
	struct xml_node *node;
	struct xml_node *last; /* child */
	struct buf text;
};

struct builder {
	XML_Parser parser;
	struct xml *xml;
	struct err *err;
	bool failed;
	struct open open[XML_MAX_DEPTH];
	size_t depth;
	size_t nodes; /* elements, attributes, prefixes */
	const char *uris[MAX_URIS];
	size_t uri_count;
	struct xml_attr *prefixes; /* declared just before the next element */
};

/* --- memory --- */

static void *
arena_take(struct xml *xml, size_t size)
{
	struct chunk *c = xml->chunks;
	size_t room;
	void *at;

	size =
	    (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (c == NULL || c->size - c->used < size) {
		room = size > CHUNK ? size : CHUNK;
		c = mem_alloc(sizeof(*c) + room);
		c->size = room;
		c->next = xml->chunks;
		xml->chunks = c;
	}
	at = (char *)c->bytes + c->used;
	c->used += size;
	return at;
}

static const char *
arena_text(struct xml *xml, const char *text, size_t len)
{
	char *copy = arena_take(xml, len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

/* --- building --- */

static void
fail(struct builder *b, const char *what)
{
	if (b->failed)
		return;
	b->failed = true;
	err_set(b->err, ERR_PROTOCOL, "XML refused: %s", what);
	XML_StopParser(b->parser, XML_FALSE);
}

/* Another element, attribute or prefix: is there room? */
static bool
count(struct builder *b)
{
	if (b->failed)
		return false;
	if (++b->nodes > XML_MAX_NODES) {
		fail(b, "too many elements");
		return false;
	}
	return true;
}

/* The one copy of this URI; NULL when there are too many. */
static const char *
intern(struct builder *b, const char *uri, size_t len)
{
	size_t i;

	for (i = 0; i < b->uri_count; i++)
		if (strncmp(b->uris[i], uri, len) == 0 &&
		    b->uris[i][len] == '\0')
			return b->uris[i];
	if (len > MAX_URI || b->uri_count == MAX_URIS) {
		fail(b, "too many or too long namespaces");
		return NULL;
	}
	b->uris[b->uri_count] = arena_text(b->xml, uri, len);
	return b->uris[b->uri_count++];
}

/* "URI\nlocal" or "local". */
static int
split_name(struct builder *b, const char *full, const char **ret_uri,
    const char **ret_name)
{
	const char *sep = strchr(full, SEPARATOR);
	const char *local = sep == NULL ? full : sep + 1;
	const char *uri = "";

	if (sep != NULL)
		uri = intern(b, full, (size_t)(sep - full));
	if (uri == NULL)
		return -1;
	*ret_uri = uri;
	*ret_name = arena_text(b->xml, local, strlen(local));
	return 0;
}

static void
on_prefix(void *cookie, const XML_Char *prefix, const XML_Char *uri)
{
	struct builder *b = cookie;
	struct xml_attr *attr;

	if (!count(b))
		return;
	if (uri == NULL)
		uri = "";
	if (prefix == NULL)
		prefix = "";
	attr = arena_take(b->xml, sizeof(*attr));
	attr->uri = "";
	attr->name = arena_text(b->xml, prefix, strlen(prefix));
	attr->value = intern(b, uri, strlen(uri));
	if (attr->value == NULL)
		return;
	attr->next = b->prefixes;
	b->prefixes = attr;
}

static int
add_attrs(struct builder *b, struct xml_node *node, const XML_Char **pairs)
{
	struct xml_attr *attr, *last = NULL;

	for (; *pairs != NULL; pairs += 2) {
		if (!count(b))
			return -1;
		attr = arena_take(b->xml, sizeof(*attr));
		if (split_name(b, pairs[0], &attr->uri, &attr->name) != 0)
			return -1;
		attr->value = arena_text(b->xml, pairs[1], strlen(pairs[1]));
		attr->next = NULL;
		if (last == NULL)
			node->attrs = attr;
		else
			last->next = attr;
		last = attr;
	}
	return 0;
}

static void
hang_in(struct builder *b, struct xml_node *node)
{
	struct open *parent;

	if (b->depth == 0) {
		b->xml->root = node;
		return;
	}
	parent = &b->open[b->depth - 1];
	node->parent = parent->node;
	if (parent->last == NULL)
		parent->node->child = node;
	else
		parent->last->next = node;
	parent->last = node;
}

static void
on_start(void *cookie, const XML_Char *name, const XML_Char **attrs)
{
	struct builder *b = cookie;
	struct xml_node *node;
	struct open *open;

	if (!count(b))
		return;
	if (b->depth == XML_MAX_DEPTH) {
		fail(b, "nested too deep");
		return;
	}
	node = arena_take(b->xml, sizeof(*node));
	memset(node, 0, sizeof(*node));
	node->text = "";
	node->prefixes = b->prefixes;
	b->prefixes = NULL;
	if (split_name(b, name, &node->uri, &node->name) != 0 ||
	    add_attrs(b, node, attrs) != 0)
		return;
	hang_in(b, node);
	open = &b->open[b->depth++];
	open->node = node;
	open->last = NULL;
	buf_reset(&open->text);
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
on_end(void *cookie, const XML_Char *name)
{
	struct builder *b = cookie;
	struct open *open;
	const uint8_t *text;
	size_t len;

	(void)name;
	if (b->failed)
		return;
	assert(b->depth > 0);
	open = &b->open[--b->depth];
	text = open->text.data;
	len = open->text.len;
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	while (len > 0 && is_blank(*text)) {
		text++;
		len--;
	}
	if (len > 0)
		open->node->text = arena_text(b->xml, (const char *)text, len);
}

static void
on_text(void *cookie, const XML_Char *text, int len)
{
	struct builder *b = cookie;

	if (!b->failed && b->depth > 0)
		buf_add(&b->open[b->depth - 1].text, text, (size_t)len);
}

static void
on_doctype(void *cookie, const XML_Char *name, const XML_Char *system,
    const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	fail(cookie, "it has a document type");
}

/* A parser that has done its work: making one costs half as much as a usual
 * answer. */
static _Atomic(XML_Parser) spare;

/* UTF-8 whatever the prolog says: firmware sends nothing else. */
static XML_Parser
parser_take(void)
{
	XML_Parser parser = atomic_exchange(&spare, NULL);

	if (parser == NULL || XML_ParserReset(parser, "UTF-8") != XML_TRUE) {
		XML_ParserFree(parser);
		parser = XML_ParserCreateNS("UTF-8", SEPARATOR);
	}
	assert(parser != NULL);
	return parser;
}

static void
parser_give(XML_Parser parser)
{
	XML_ParserFree(atomic_exchange(&spare, parser));
}

static void
builder_init(struct builder *b, struct err *err)
{
	size_t i;

	memset(b, 0, sizeof(*b));
	b->err = err;
	b->xml = mem_alloc(sizeof(*b->xml));
	for (i = 0; i < XML_MAX_DEPTH; i++)
		buf_init(&b->open[i].text, XML_MAX_BYTES);
	b->parser = parser_take();
	XML_SetUserData(b->parser, b);
	XML_SetElementHandler(b->parser, on_start, on_end);
	XML_SetCharacterDataHandler(b->parser, on_text);
	XML_SetStartNamespaceDeclHandler(b->parser, on_prefix);
	XML_SetStartDoctypeDeclHandler(b->parser, on_doctype);
}

/* Returns the tree, NULL after a failure. */
static struct xml *
builder_finish(struct builder *b, size_t len)
{
	struct xml *xml = b->xml;
	size_t i;

	if (b->failed) {
		xml_free(xml);
		xml = NULL;
	}
	for (i = 0; i < XML_MAX_DEPTH; i++)
		buf_free(&b->open[i].text);
	if (xml != NULL && len <= SPARE_BYTES)
		parser_give(b->parser);
	else
		XML_ParserFree(b->parser);
	return xml;
}

int
xml_parse(const void *bytes, size_t len, struct xml **ret_xml, struct err *err)
{
	const char *at = bytes;
	struct builder b;
	struct xml *xml;

	if (len > XML_MAX_BYTES)
		return err_set(err, ERR_PROTOCOL,
		    "XML refused: %zu bytes are more than %zu", len,
		    XML_MAX_BYTES);
	while (len > 0 && is_blank((uint8_t)*at)) {
		at++;
		len--;
	}
	builder_init(&b, err);
	if (XML_Parse(b.parser, at, (int)len, XML_TRUE) != XML_STATUS_OK &&
	    !b.failed) {
		b.failed = true;
		err_set(err, ERR_PROTOCOL, "not XML: %s at line %lu",
		    XML_ErrorString(XML_GetErrorCode(b.parser)),
		    (unsigned long)XML_GetCurrentLineNumber(b.parser));
	}
	xml = builder_finish(&b, len);
	if (xml == NULL)
		return -1;
	*ret_xml = xml;
	return 0;
}

const struct xml_node *
xml_root(const struct xml *xml)
{
	return xml->root;
}

void
xml_free(struct xml *xml)
{
	struct chunk *c;

	if (xml == NULL)
		return;
	while ((c = xml->chunks) != NULL) {
		xml->chunks = c->next;
		free(c);
	}
	free(xml);
}

/* --- looking --- */

const struct xml_node *
xml_child(const struct xml_node *node, const char *uri, const char *name)
{
	const struct xml_node *c;

	for (c = node->child; c != NULL; c = c->next)
		if (str_eq(c->name, name) &&
		    (uri == NULL || str_eq(c->uri, uri)))
			return c;
	return NULL;
}

const struct xml_node *
xml_again(const struct xml_node *node)
{
	const struct xml_node *n;

	for (n = node->next; n != NULL; n = n->next)
		if (str_eq(n->name, node->name) && str_eq(n->uri, node->uri))
			return n;
	return NULL;
}

const char *
xml_child_text(const struct xml_node *node, const char *name)
{
	const struct xml_node *c = xml_child(node, NULL, name);

	return c == NULL ? NULL : c->text;
}

const char *
xml_attr(const struct xml_node *node, const char *name)
{
	const struct xml_attr *a;

	for (a = node->attrs; a != NULL; a = a->next)
		if (str_eq(a->name, name))
			return a->value;
	return NULL;
}

/* What prefix (len characters) stands for at this element; NULL if nothing. */
static const char *
lookup_prefix(const struct xml_node *node, const char *prefix, size_t len)
{
	const struct xml_attr *p;

	for (; node != NULL; node = node->parent)
		for (p = node->prefixes; p != NULL; p = p->next)
			if (strncmp(p->name, prefix, len) == 0 &&
			    p->name[len] == '\0')
				return p->value;
	return NULL;
}

int
xml_qname(const struct xml_node *node, const char *text, const char **ret_uri,
    const char **ret_local)
{
	const char *colon = strchr(text, ':');
	const char *uri;

	uri = lookup_prefix(
	    node, text, colon == NULL ? 0 : (size_t)(colon - text));
	if (uri == NULL) {
		if (colon != NULL)
			return -1;
		uri = ""; /* no default namespace: in none */
	}
	*ret_uri = uri;
	*ret_local = colon == NULL ? text : colon + 1;
	return 0;
}
