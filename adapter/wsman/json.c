#include <json-c/json.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "str.h"
#include "wsman.h"
#include "wsman_internal.h"

/*
 * XML to JSON without knowing the class:
 *
 *   text only               "text"; never a number or bool, so that nothing is
 *                           lost ("007", a host named "true")
 *   children                {"Name": value, ...}, repeated ones as arrays
 *   Datetime, Interval...   the text of the one child in the CIM common
 *                           namespace
 *   endpoint reference      {"ref": "CLASS", "selectors": {"Name": value}};
 *                           "ref" null for firmware's placeholder
 *   attributes              "@Name" beside "#text"; those in a namespace are
 *                           about the message and left out
 *   xsi:nil                 null
 *
 * The envelope becomes {"header": {...}, "body": {...}}, with "fault" in place
 * of "body" for a SOAP fault.
 */
#define NS_XSI "http://www.w3.org/2001/XMLSchema-instance"

static struct json_object *from_node(const struct xml_node *node);

static struct json_object *
text_json(const char *text)
{
	return json_object_new_string(text);
}

/* value is taken; a second one under the same name makes an array. */
static void
add(struct json_object *object, const char *name, struct json_object *value)
{
	struct json_object *old = NULL, *array;

	if (!json_object_object_get_ex(object, name, &old)) {
		json_object_object_add(object, name, value);
		return;
	}
	if (old != NULL && json_object_is_type(old, json_type_array)) {
		json_object_array_add(old, value);
		return;
	}
	array = json_object_new_array();
	json_object_array_add(array, json_object_get(old));
	json_object_array_add(array, value);
	json_object_object_add(object, name, array);
}

/* --- endpoint references --- */

static bool
is_reference(const struct xml_node *node)
{
	return xml_child(node, NS_ADDRESSING, "Address") != NULL &&
	    xml_child(node, NS_ADDRESSING, "ReferenceParameters") != NULL;
}

static struct json_object *
selector_json(const struct xml_node *selector)
{
	const struct xml_node *ref;

	ref = xml_child(selector, NS_ADDRESSING, "EndpointReference");
	if (ref != NULL)
		return from_node(ref);
	return text_json(selector->text);
}

static struct json_object *
reference_json(const struct xml_node *node)
{
	const struct xml_node *params, *set, *s;
	struct json_object *object = json_object_new_object();
	struct json_object *selectors = json_object_new_object();
	const char *uri, *slash, *name;

	params = xml_child(node, NS_ADDRESSING, "ReferenceParameters");
	uri = xml_child_text(params, "ResourceURI");
	if (str_empty(uri)) {
		json_object_object_add(object, "ref", NULL);
	} else {
		slash = strrchr(uri, '/');
		json_object_object_add(
		    object, "ref", text_json(slash == NULL ? uri : slash + 1));
	}
	set = xml_child(params, NS_WSMAN, "SelectorSet");
	s = set == NULL ? NULL : xml_child(set, NS_WSMAN, "Selector");
	for (; s != NULL; s = xml_again(s)) {
		name = xml_attr(s, "Name");
		add(selectors, name == NULL ? "" : name, selector_json(s));
	}
	json_object_object_add(object, "selectors", selectors);
	return object;
}

/* --- elements --- */

static bool
is_nil(const struct xml_node *node)
{
	const struct xml_attr *a;

	for (a = node->attrs; a != NULL; a = a->next)
		if (str_eq(a->uri, NS_XSI) && str_eq(a->name, "nil"))
			return str_eq(a->value, "true") ||
			    str_eq(a->value, "1");
	return false;
}

/* Has it attributes that belong to the value? */
static bool
has_attrs(const struct xml_node *node)
{
	const struct xml_attr *a;

	for (a = node->attrs; a != NULL; a = a->next)
		if (a->uri[0] == '\0')
			return true;
	return false;
}

/* <X><h:Datetime>text</h:Datetime></X> */
static const struct xml_node *
wrapped_time(const struct xml_node *node)
{
	const struct xml_node *c = node->child;

	if (c == NULL || c->next != NULL || c->child != NULL ||
	    !str_eq(c->uri, NS_COMMON))
		return NULL;
	return c;
}

static struct json_object *
object_json(const struct xml_node *node)
{
	struct json_object *object = json_object_new_object();
	const struct xml_attr *a;
	const struct xml_node *c;
	struct buf name;

	buf_init(&name, XML_MAX_BYTES);
	for (a = node->attrs; a != NULL; a = a->next) {
		if (a->uri[0] != '\0')
			continue;
		buf_reset(&name);
		buf_printf(&name, "@%s", a->name);
		json_object_object_add(
		    object, buf_text(&name), text_json(a->value));
	}
	buf_free(&name);
	if (node->text[0] != '\0')
		json_object_object_add(object, "#text", text_json(node->text));
	for (c = node->child; c != NULL; c = c->next)
		add(object, c->name, from_node(c));
	return object;
}

/* Depth is bounded by XML_MAX_DEPTH. NULL is JSON's null. */
static struct json_object *
from_node(const struct xml_node *node)
{
	const struct xml_node *time;

	if (is_nil(node))
		return NULL;
	if (is_reference(node))
		return reference_json(node);
	if (has_attrs(node))
		return object_json(node);
	time = wrapped_time(node);
	if (time != NULL)
		return text_json(time->text);
	if (node->child == NULL)
		return text_json(node->text);
	return object_json(node);
}

int
wsman_to_json(const void *bytes, size_t len, struct buf *out, struct err *err)
{
	struct json_object *object = NULL;
	struct wsman_parts parts;
	struct xml *xml = NULL;
	const char *text;
	size_t before = out->len;
	int rc = -1;

	if (xml_parse(bytes, len, &xml, err) != 0 ||
	    wsman_envelope(xml, 0, &parts, err) != 0)
		goto out;
	object = json_object_new_object();
	json_object_object_add(object, "header",
	    parts.header == NULL ? json_object_new_object()
				 : object_json(parts.header));
	if (parts.fault != NULL)
		json_object_object_add(
		    object, "fault", object_json(parts.fault));
	else
		json_object_object_add(object, "body", object_json(parts.body));
	text = json_object_to_json_string_ext(
	    object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (strlen(text) > out->max - before) {
		err_set(err, ERR_LIMIT, "JSON text is too long");
		goto out;
	}
	buf_str(out, text);
	rc = 0;
out:
	json_object_put(object);
	xml_free(xml);
	return rc;
}
