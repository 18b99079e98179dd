#include <string.h>

#include "fw_internal.h"

/* The SOAP header: DSP0226 5.4 (addressing), R5.1-x, 6.x, and what Intel's
 * guide says about the parts firmware does not know. */

#define MIN_ENVELOPE 50000

static const struct {
	const char *ns, *name;
} known[] = {
    {NS_ADDR, "Action"},
    {NS_ADDR, "To"},
    {NS_ADDR, "MessageID"},
    {NS_ADDR, "ReplyTo"},
    {NS_ADDR, "FaultTo"},
    {NS_ADDR, "From"},
    {NS_WSMAN, "ResourceURI"},
    {NS_WSMAN, "OperationTimeout"},
    {NS_WSMAN, "SelectorSet"},
    {NS_WSMAN, "MaxEnvelopeSize"},
};

static bool
is_known(const struct fw_node *n)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (fw_is(n, known[i].ns, known[i].name))
			return true;
	}
	return false;
}

static enum fw_fault
judge_all(const struct fw_node *header)
{
	const struct fw_node *k, *o;

	for (k = header->first; k != NULL; k = k->next) {
		if (fw_is(k, NS_WSMAN, "FragmentTransfer"))
			return FW_UNSUPPORTED;
		if (!is_known(k)) {
			if (k->must_understand)
				return FW_MUST_UNDERSTAND;
			continue;
		}
		for (o = k->next; o != NULL; o = o->next) {
			if (fw_is(o, k->ns, k->name))
				return FW_SCHEMA;
		}
	}
	return FW_OK;
}

/* "/wsman", or an absolute URL with this path. */
static bool
to_ok(const char *to)
{
	size_t len = strlen(to);

	if (strcmp(to, "/wsman") == 0)
		return true;
	if (strncmp(to, "http://", 7) != 0 && strncmp(to, "https://", 8) != 0)
		return false;
	return len > 6 && strcmp(to + len - 6, "/wsman") == 0;
}

/* PT60S, PT60.000S, PT1M, P0DT1H: only the form is judged, the firmware waits
 * 30 seconds at least whatever it says. */
static bool
duration_ok(const char *s)
{
	bool digit = false;

	if (s[0] != 'P' || s[1] == '\0')
		return false;
	for (s++; *s != '\0'; s++) {
		if (*s >= '0' && *s <= '9')
			digit = true;
		else if (strchr("YMDTHS.", *s) == NULL)
			return false;
	}
	return digit;
}

static enum fw_fault
optional(const struct fw_node *header)
{
	const struct fw_node *n;
	uint64_t size = MIN_ENVELOPE;

	n = fw_child(header, NS_WSMAN, "OperationTimeout");
	if (n != NULL && !duration_ok(n->text))
		return FW_SCHEMA;
	n = fw_child(header, NS_WSMAN, "MaxEnvelopeSize");
	if (n != NULL && fw_number(n->text, UINT32_MAX, &size) != 0)
		return FW_SCHEMA;
	if (n != NULL && size < MIN_ENVELOPE)
		return FW_ENCODING_LIMIT;
	return FW_OK;
}

static enum fw_fault
selectors(struct fw_call *c, const struct fw_node *header)
{
	const struct fw_node *set, *k, *o;

	set = fw_child(header, NS_WSMAN, "SelectorSet");
	if (set == NULL)
		return FW_OK;
	for (k = set->first; k != NULL; k = k->next) {
		if (!fw_is(k, NS_WSMAN, "Selector") || k->attr_name == NULL)
			return FW_SCHEMA;
		for (o = k->next; o != NULL; o = o->next) {
			if (o->attr_name != NULL &&
			    strcmp(o->attr_name, k->attr_name) == 0)
				return FW_INVALID_SELECTORS;
		}
	}
	c->selectors = set->first != NULL ? set : NULL;
	return FW_OK;
}

static enum fw_fault
addressing(struct fw_call *c, const struct fw_node *header)
{
	const struct fw_node *action, *to, *uri, *reply, *address;

	action = fw_child(header, NS_ADDR, "Action");
	to = fw_child(header, NS_ADDR, "To");
	uri = fw_child(header, NS_WSMAN, "ResourceURI");
	reply = fw_child(header, NS_ADDR, "ReplyTo");
	if (action == NULL || action->text[0] == '\0' || to == NULL ||
	    c->relates_to == NULL || reply == NULL)
		return FW_HEADER_REQUIRED;
	address = fw_child(reply, NS_ADDR, "Address");
	if (address == NULL)
		return FW_HEADER_INVALID;
	if (strcmp(address->text, NS_ANON) != 0)
		return FW_UNSUPPORTED;
	if (uri == NULL || uri->text[0] == '\0' || !to_ok(to->text))
		return FW_DESTINATION_UNREACHABLE;
	c->action = action->text;
	c->uri = uri->text;
	return FW_OK;
}

static enum fw_fault
body(struct fw_call *c)
{
	const struct fw_node *b = fw_child(c->tree, NS_SOAP, "Body");

	if (b == NULL || b != c->tree->last)
		return FW_SCHEMA;
	if (b->first != b->last)
		return FW_SCHEMA;
	c->body = b->first;
	return FW_OK;
}

enum fw_fault
fw_header(struct fw_call *c)
{
	const struct fw_node *header, *id;
	enum fw_fault fault;

	if (!fw_is(c->tree, NS_SOAP, "Envelope"))
		return FW_SCHEMA;
	header = fw_child(c->tree, NS_SOAP, "Header");
	if (header == NULL)
		return FW_HEADER_REQUIRED;
	id = fw_child(header, NS_ADDR, "MessageID");
	if (id != NULL && id->text[0] != '\0')
		c->relates_to = id->text;
	fault = judge_all(header);
	if (fault == FW_OK)
		fault = addressing(c, header);
	if (fault == FW_OK)
		fault = optional(header);
	if (fault == FW_OK)
		fault = selectors(c, header);
	if (fault == FW_OK)
		fault = body(c);
	return fault;
}
