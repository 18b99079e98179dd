#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "str.h"
#include "wsman.h"
#include "wsman_internal.h"

/*
 * Requests in the shape that every firmware version is known to take: header
 * children in this order, prefixes a (addressing) and w (WS-Management)
 * declared once, the class's own namespace at its element.
 */
#define TIMEOUT "PT60S" /* firmware raises anything below 30 s to 30 s */
#define MAX_CLASS 96
#define PULL_ELEMENTS "999"
#define PULL_CHARACTERS "99999"

static const struct {
	const char *prefix;
	const char *uri;
} schemas[] = {
    {"AMT_", WSMAN_NS_AMT},
    {"IPS_", WSMAN_NS_IPS},
    {"CIM_", WSMAN_NS_CIM},
};

/* By enum wsman_verb; NULL: made from class and method. */
static const char *const actions[] = {
    [WSMAN_GET] = NS_TRANSFER "/Get",
    [WSMAN_PUT] = NS_TRANSFER "/Put",
    [WSMAN_CREATE] = NS_TRANSFER "/Create",
    [WSMAN_DELETE] = NS_TRANSFER "/Delete",
    [WSMAN_ENUMERATE] = NS_ENUMERATION "/Enumerate",
    [WSMAN_PULL] = NS_ENUMERATION "/Pull",
    [WSMAN_INVOKE] = NULL,
    [WSMAN_IDENTIFY] = NULL,
};

static bool
is_word(const char *text)
{
	size_t i;

	if (text == NULL || text[0] == '\0')
		return false;
	for (i = 0; text[i] != '\0'; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return false;
	return i <= MAX_CLASS;
}

int
wsman_uri(struct buf *out, const char *class_name, struct err *err)
{
	size_t i;

	for (i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
		if (class_name == NULL ||
		    !str_starts(class_name, schemas[i].prefix))
			continue;
		if (!is_word(class_name + strlen(schemas[i].prefix)))
			break;
		buf_str(out, schemas[i].uri);
		buf_str(out, class_name);
		return 0;
	}
	return err_set(err, ERR_INVALID,
	    "class name is neither AMT_, IPS_ nor CIM_ and a word");
}

/* --- bodies --- */

/* The URI of a class that our own code names. */
static void
own_uri(struct buf *out, const char *class_name)
{
	int rc = wsman_uri(out, class_name, NULL);

	assert(rc == 0);
	(void)rc;
}

void
wsman_open(struct buf *out, const char *class_name, const char *element)
{
	assert(is_word(element));
	buf_printf(out, "<r:%s xmlns:r=\"", element);
	own_uri(out, class_name);
	buf_str(out, "\">");
}

void
wsman_text(struct buf *out, const char *name, const char *value)
{
	if (str_empty(value))
		return;
	assert(is_word(name));
	buf_printf(out, "<r:%s>", name);
	buf_xml(out, value);
	buf_printf(out, "</r:%s>", name);
}

void
wsman_int(struct buf *out, const char *name, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	wsman_text(out, name, text);
}

static void
put_selector(struct buf *out, const char *name, const char *value)
{
	buf_str(out, "<w:Selector Name=\"");
	buf_xml(out, name);
	buf_str(out, "\">");
	buf_xml(out, value);
	buf_str(out, "</w:Selector>");
}

void
wsman_ref(struct buf *out, const char *name, const char *class_name,
    const char *selector, const char *value)
{
	assert(is_word(name));
	buf_printf(out,
	    "<r:%s><a:Address>" WSMAN_ANONYMOUS "</a:Address>"
	    "<a:ReferenceParameters><w:ResourceURI>",
	    name);
	own_uri(out, class_name);
	buf_str(out, "</w:ResourceURI><w:SelectorSet>");
	put_selector(out, selector, value);
	buf_printf(
	    out, "</w:SelectorSet></a:ReferenceParameters></r:%s>", name);
}

void
wsman_close(struct buf *out, const char *element)
{
	assert(is_word(element));
	buf_printf(out, "</r:%s>", element);
}

/* Start tag; names come from expat, so they are names. */
static void
copy_tag(struct buf *out, const struct xml_node *node, const char *own)
{
	const struct xml_attr *a;

	if (str_eq(node->uri, own)) {
		buf_printf(out, "<r:%s", node->name);
	} else {
		buf_printf(out, "<%s xmlns=\"", node->name);
		buf_xml(out, node->uri);
		buf_char(out, '"');
	}
	/* Attributes in a namespace (mustUnderstand, xsi:type) are about the
	 * message they came in. */
	for (a = node->attrs; a != NULL; a = a->next) {
		if (a->uri[0] != '\0')
			continue;
		buf_printf(out, " %s=\"", a->name);
		buf_xml(out, a->value);
		buf_char(out, '"');
	}
	buf_char(out, '>');
}

/* Depth is bounded by XML_MAX_DEPTH. */
static void
copy_node(struct buf *out, const struct xml_node *node, const char *own)
{
	const struct xml_node *c;

	if (node->child == NULL && node->text[0] == '\0')
		return; /* firmware refuses empty elements */
	copy_tag(out, node, own);
	buf_xml(out, node->text);
	for (c = node->child; c != NULL; c = c->next)
		copy_node(out, c, own);
	buf_printf(
	    out, "</%s%s>", str_eq(node->uri, own) ? "r:" : "", node->name);
}

void
wsman_copy(struct buf *out, const struct xml_node *instance,
    wsman_edit_fn *edit, void *cookie)
{
	const struct xml_node *c;

	for (c = instance->child; c != NULL; c = c->next)
		if (edit == NULL || edit(cookie, out, c))
			copy_node(out, c, instance->uri);
}

/* --- envelope --- */

static int
check(const struct wsman_request *r, struct err *err)
{
	if (r->verb == WSMAN_INVOKE && !is_word(r->method))
		return err_set(
		    err, ERR_INVALID, "a method call needs the method's name");
	if ((r->verb == WSMAN_PUT || r->verb == WSMAN_CREATE) &&
	    str_empty(r->body))
		return err_set(
		    err, ERR_INVALID, "Put and Create need an instance");
	if (r->verb == WSMAN_PULL && str_empty(r->context))
		return err_set(
		    err, ERR_INVALID, "Pull needs an enumeration context");
	return 0;
}

static void
put_body(struct buf *out, const struct wsman_request *r)
{
	if (r->body != NULL) {
		buf_str(out, r->body);
		return;
	}
	if (r->verb == WSMAN_ENUMERATE) {
		buf_str(out, "<Enumerate xmlns=\"" NS_ENUMERATION "\"/>");
	} else if (r->verb == WSMAN_PULL) {
		buf_str(out,
		    "<Pull xmlns=\"" NS_ENUMERATION "\"><EnumerationContext>");
		buf_xml(out, r->context);
		buf_str(out,
		    "</EnumerationContext>"
		    "<MaxElements>" PULL_ELEMENTS "</MaxElements>"
		    "<MaxCharacters>" PULL_CHARACTERS "</MaxCharacters>"
		    "</Pull>");
	} else if (r->verb == WSMAN_INVOKE) {
		buf_printf(out, "<r:%s_INPUT xmlns:r=\"", r->method);
		own_uri(out, r->class_name);
		buf_str(out, "\"/>");
	}
}

static void
put_action(struct buf *out, const struct wsman_request *r, const char *uri)
{
	buf_str(out, "<a:Action>");
	if (r->verb == WSMAN_INVOKE)
		buf_printf(out, "%s/%s", uri, r->method);
	else
		buf_str(out, actions[r->verb]);
	buf_str(out, "</a:Action>");
}

static void
put_selectors(struct buf *out, const char *const *pair)
{
	if (pair == NULL || pair[0] == NULL)
		return;
	buf_str(out, "<w:SelectorSet>");
	for (; pair[0] != NULL; pair += 2)
		put_selector(out, pair[0], pair[1]);
	buf_str(out, "</w:SelectorSet>");
}

/* Identify has no header (DSP0226, 11). */
static void
put_identify(struct buf *out)
{
	buf_str(out,
	    "<Envelope xmlns=\"" NS_SOAP "\"><Header/><Body>"
	    "<Identify xmlns=\"" NS_IDENTIFY "\"/></Body></Envelope>");
}

int
wsman_encode(struct buf *out, const struct wsman_request *request,
    uint64_t message_id, struct err *err)
{
	struct buf uri;
	int rc = -1;

	buf_init(&uri, 256);
	buf_str(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>");
	if (request->verb == WSMAN_IDENTIFY) {
		put_identify(out);
		rc = 0;
		goto out;
	}
	if (check(request, err) != 0 ||
	    wsman_uri(&uri, request->class_name, err) != 0)
		goto out;
	buf_str(out,
	    "<Envelope xmlns=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDRESSING
	    "\" xmlns:w=\"" NS_WSMAN "\"><Header>");
	put_action(out, request, buf_text(&uri));
	buf_printf(out,
	    "<a:To>/wsman</a:To><w:ResourceURI>%s</w:ResourceURI>"
	    "<a:MessageID>%" PRIu64 "</a:MessageID>"
	    "<a:ReplyTo><a:Address>" WSMAN_ANONYMOUS "</a:Address></a:ReplyTo>"
	    "<w:OperationTimeout>" TIMEOUT "</w:OperationTimeout>",
	    buf_text(&uri), message_id);
	put_selectors(out, request->selectors);
	buf_str(out, "</Header><Body>");
	put_body(out, request);
	buf_str(out, "</Body></Envelope>");
	rc = 0;
out:
	if (rc == 0 && out->over)
		rc = err_set(err, ERR_LIMIT, "request is too long");
	buf_free(&uri);
	return rc;
}
