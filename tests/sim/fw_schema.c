#include <string.h>

#include "fw_internal.h"

/* Firmware checks a body against its class before anything else happens: an
 * unknown or empty element, a value of the wrong type, the words a scripting
 * client writes for "nothing", all end in one fault. */

static const struct fw_prop *
find(const struct fw_prop *props, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(props[i].name, name) == 0)
			return &props[i];
	}
	return NULL;
}

static bool
number_ok(const char *text, uint64_t max)
{
	uint64_t value;

	return fw_number(text, max, &value) == 0;
}

static bool
string_ok(const struct fw_prop *prop, const char *text)
{
	size_t max = prop->max != 0 ? prop->max : FW_TEXT_SIZE - 1;

	return strlen(text) <= max && strcmp(text, "undefined") != 0 &&
	    strcmp(text, "null") != 0;
}

static bool
epr_ok(const struct fw_node *n)
{
	const struct fw_node *param;
	const struct fw_node *uri, *set, *k;

	if (fw_child(n, NS_ADDR, "Address") == NULL)
		return false;
	param = fw_child(n, NS_ADDR, "ReferenceParameters");
	if (param == NULL)
		return false;
	uri = fw_child(param, NS_WSMAN, "ResourceURI");
	set = fw_child(param, NS_WSMAN, "SelectorSet");
	if (uri == NULL || uri->text[0] == '\0' || set == NULL)
		return false;
	for (k = set->first; k != NULL; k = k->next) {
		if (!fw_is(k, NS_WSMAN, "Selector") || k->attr_name == NULL)
			return false;
	}
	return set->first != NULL;
}

static bool
value_ok(const struct fw_prop *prop, const struct fw_node *n)
{
	if (prop->type == T_EPR)
		return epr_ok(n);
	if (n->first != NULL || n->text[0] == '\0')
		return false;
	switch (prop->type) {
	case T_BOOL:
		return strcmp(n->text, "true") == 0 ||
		    strcmp(n->text, "false") == 0;
	case T_U8:
		return number_ok(n->text, UINT8_MAX);
	case T_U16:
		return number_ok(n->text, UINT16_MAX);
	case T_U32:
		return number_ok(n->text, UINT32_MAX);
	case T_BASE64:
		return fw_is_base64(n->text);
	case T_STRING:
	case T_EPR:
		break;
	}
	return string_ok(prop, n->text);
}

enum fw_fault
fw_check(const struct fw_node *n, const struct fw_prop *props, size_t count,
    unsigned version, bool ordered)
{
	const struct fw_prop *prop, *before = NULL;
	const struct fw_node *k;
	size_t i;

	for (k = n->first; k != NULL; k = k->next) {
		prop = find(props, count, k->name);
		if (prop == NULL || strcmp(k->ns, n->ns) != 0 ||
		    prop->since > version || !value_ok(prop, k))
			return FW_SCHEMA;
		if ((prop->flags & P_ARRAY) == 0 && fw_count(n, k->name) > 1)
			return FW_SCHEMA;
		if (ordered && before != NULL && prop < before)
			return FW_SCHEMA;
		before = prop;
	}
	for (i = 0; i < count; i++) {
		if ((props[i].flags & P_REQUIRED) != 0 &&
		    fw_count(n, props[i].name) == 0)
			return ordered ? FW_SCHEMA : FW_MISSING_VALUES;
	}
	return FW_OK;
}

const char *
fw_epr(const struct fw_node *epr, const char *uri, const char *selector)
{
	const struct fw_node *param, *res, *set, *k;

	param = fw_child(epr, NS_ADDR, "ReferenceParameters");
	res = param != NULL ? fw_child(param, NS_WSMAN, "ResourceURI") : NULL;
	set = param != NULL ? fw_child(param, NS_WSMAN, "SelectorSet") : NULL;
	if (res == NULL || set == NULL || strcmp(res->text, uri) != 0)
		return NULL;
	for (k = set->first; k != NULL; k = k->next) {
		if (k->attr_name != NULL && strcmp(k->attr_name, selector) == 0)
			return k->text;
	}
	return NULL;
}
