#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "str.h"
#include "wsman.h"
#include "wsman_internal.h"

#define MAX_REASON 160 /* characters of a peer's text in an error */

struct wsman_reply {
	struct xml *xml;
	const struct xml_node *body; /* first element, or NULL */
	/* Copies of the item nodes, linked by us over all Pulls; what hangs
	 * below them is the trees'. */
	struct xml_node *items;
	size_t item_count;
	const char *context;
	struct wsman_reply *more; /* taken replies, for their trees */
};

/* --- faults --- */

/* Subcodes by local name; their namespaces differ between firmware versions
 * more than their names do. */
static const struct {
	const char *name;
	enum wsman_fault fault;
	enum err_kind kind;
} faults[] = {
    {"DestinationUnreachable", WSMAN_FAULT_DESTINATION_UNREACHABLE,
	ERR_NOTFOUND},
    {"AlreadyExists", WSMAN_FAULT_ALREADY_EXISTS, ERR_CONFLICT},
    {"InvalidRepresentation", WSMAN_FAULT_INVALID_REPRESENTATION, ERR_REFUSED},
    {"SchemaValidationError", WSMAN_FAULT_SCHEMA, ERR_REFUSED},
    {"QuotaLimit", WSMAN_FAULT_QUOTA, ERR_LIMIT},
    {"AccessDenied", WSMAN_FAULT_ACCESS_DENIED, ERR_DENIED},
    {"InvalidSelectors", WSMAN_FAULT_SELECTORS, ERR_REFUSED},
    {"InvalidEnumerationContext", WSMAN_FAULT_ENUMERATION_CONTEXT, ERR_REFUSED},
    {"ActionNotSupported", WSMAN_FAULT_ACTION, ERR_REFUSED},
    {"TimedOut", WSMAN_FAULT_TIMEOUT, ERR_LIMIT},
    {"InternalError", WSMAN_FAULT_INTERNAL, ERR_REFUSED},
};

/* Local part of Code/Subcode/Value, or of Code/Value when there is none. */
static const char *
fault_name(const struct xml_node *fault)
{
	const struct xml_node *code = xml_child(fault, NS_SOAP, "Code");
	const struct xml_node *sub, *value;
	const char *uri, *local;

	if (code == NULL)
		return "";
	sub = xml_child(code, NS_SOAP, "Subcode");
	value = xml_child(sub == NULL ? code : sub, NS_SOAP, "Value");
	if (value == NULL)
		return "";
	if (xml_qname(value, value->text, &uri, &local) != 0)
		return value->text;
	return local;
}

/* "http://.../faultDetail/MissingValues" -> "MissingValues"; "" without. */
static const char *
fault_detail(const struct xml_node *fault)
{
	const struct xml_node *detail = xml_child(fault, NS_SOAP, "Detail");
	const char *text, *slash;

	if (detail == NULL)
		return "";
	text = xml_child_text(detail, "FaultDetail");
	if (text == NULL)
		return "";
	slash = strrchr(text, '/');
	return slash == NULL ? text : slash + 1;
}

static int
fault_set(const struct xml_node *fault, struct err *err)
{
	const struct xml_node *reason = xml_child(fault, NS_SOAP, "Reason");
	const char *name = fault_name(fault);
	const char *detail = fault_detail(fault);
	const char *why = NULL;
	enum wsman_fault code = WSMAN_FAULT_OTHER;
	enum err_kind kind = ERR_REFUSED;
	struct buf text;
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (!str_eq(faults[i].name, name))
			continue;
		code = faults[i].fault;
		kind = faults[i].kind;
	}
	if (reason != NULL)
		why = xml_child_text(reason, "Text");
	buf_init(&text, 4 * MAX_REASON + 64);
	str_printable(&text, name, strlen(name), MAX_REASON / 2);
	if (!str_empty(why)) {
		buf_str(&text, ": ");
		str_printable(&text, why, strlen(why), MAX_REASON);
	}
	if (!str_empty(detail)) {
		buf_str(&text, " (");
		str_printable(&text, detail, strlen(detail), MAX_REASON / 4);
		buf_str(&text, ")");
	}
	err_native(err, kind, ERR_SOAP, (long)code, "device answered %s",
	    buf_text(&text));
	buf_free(&text);
	return -1;
}

/* --- envelope --- */

/* Faults to requests that firmware could not read, and answers to Identify
 * (DSP0226, 11), say nothing about the request. */
static bool
may_be_unrelated(const struct wsman_parts *parts)
{
	return parts->fault != NULL ||
	    xml_child(parts->body, NS_IDENTIFY, "IdentifyResponse") != NULL;
}

/* Is this the answer to our request? */
static int
check_relates(
    const struct wsman_parts *parts, uint64_t message_id, struct err *err)
{
	const struct xml_node *relates = NULL;
	int64_t got;

	if (parts->header != NULL)
		relates = xml_child(parts->header, NS_ADDRESSING, "RelatesTo");
	if (relates == NULL) {
		if (may_be_unrelated(parts))
			return 0;
		return err_set(err, ERR_PROTOCOL,
		    "envelope is no answer: it relates to no request");
	}
	if (message_id == 0)
		return 0;
	if (str_int(relates->text, 0, INT64_MAX, &got) == 0 &&
	    (uint64_t)got == message_id)
		return 0;
	return err_set(
	    err, ERR_PROTOCOL, "answer relates to another request than ours");
}

static int
no_envelope(const struct xml_node *root, struct err *err)
{
	struct buf name;

	buf_init(&name, 256);
	str_printable(&name, root->name, strlen(root->name), 40);
	err_set(err, ERR_PROTOCOL, "no SOAP 1.2 envelope but an element %s",
	    buf_text(&name));
	buf_free(&name);
	return -1;
}

int
wsman_envelope(const struct xml *xml, uint64_t message_id,
    struct wsman_parts *ret_parts, struct err *err)
{
	const struct xml_node *root = xml_root(xml);
	struct wsman_parts parts;

	if (!str_eq(root->name, "Envelope") || !str_eq(root->uri, NS_SOAP))
		return no_envelope(root, err);
	memset(&parts, 0, sizeof(parts));
	parts.header = xml_child(root, NS_SOAP, "Header");
	parts.body = xml_child(root, NS_SOAP, "Body");
	if (parts.body == NULL)
		return err_set(err, ERR_PROTOCOL, "SOAP envelope has no body");
	parts.fault = xml_child(parts.body, NS_SOAP, "Fault");
	if (check_relates(&parts, message_id, err) != 0)
		return -1;
	*ret_parts = parts;
	return 0;
}

/* Copies of the nodes from first on, behind the items we have. */
static int
add_items(
    struct wsman_reply *reply, const struct xml_node *first, struct err *err)
{
	const struct xml_node *n;
	size_t count = reply->item_count, i;

	for (n = first; n != NULL; n = n->next)
		count++;
	if (count > WSMAN_MAX_ITEMS)
		return err_set(err, ERR_LIMIT,
		    "enumeration has more than %d items", WSMAN_MAX_ITEMS);
	if (count == reply->item_count)
		return 0;
	reply->items = mem_grow(reply->items, count, sizeof(*reply->items));
	for (i = reply->item_count, n = first; n != NULL; n = n->next)
		reply->items[i++] = *n;
	for (i = 0; i < count; i++)
		reply->items[i].next =
		    i + 1 < count ? &reply->items[i + 1] : NULL;
	reply->item_count = count;
	return 0;
}

/* EnumerateResponse and PullResponse: context and items. */
static int
take_enumeration(struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *body = reply->body, *n;

	if (body == NULL || !str_eq(body->uri, NS_ENUMERATION))
		return 0;
	n = xml_child(body, NS_ENUMERATION, "EnumerationContext");
	if (n != NULL && n->text[0] != '\0' &&
	    xml_child(body, NS_ENUMERATION, "EndOfSequence") == NULL)
		reply->context = n->text;
	n = xml_child(body, NS_ENUMERATION, "Items");
	return n == NULL ? 0 : add_items(reply, n->child, err);
}

int
wsman_decode(const void *bytes, size_t len, uint64_t message_id,
    struct wsman_reply **ret_reply, struct err *err)
{
	struct wsman_reply *reply = mem_alloc(sizeof(*reply));
	struct wsman_parts parts = {0};
	int rc = -1;

	if (xml_parse(bytes, len, &reply->xml, err) != 0 ||
	    wsman_envelope(reply->xml, message_id, &parts, err) != 0)
		goto out;
	if (parts.fault != NULL) {
		fault_set(parts.fault, err);
		goto out;
	}
	assert(parts.body != NULL);
	reply->body = parts.body->child;
	if (take_enumeration(reply, err) != 0)
		goto out;
	*ret_reply = reply;
	reply = NULL;
	rc = 0;
out:
	wsman_reply_free(reply);
	return rc;
}

int
wsman_reply_append(
    struct wsman_reply *reply, struct wsman_reply *next, struct err *err)
{
	next->more = reply->more;
	reply->more = next;
	reply->context = next->context;
	return add_items(reply, next->items, err);
}

void
wsman_reply_free(struct wsman_reply *reply)
{
	struct wsman_reply *more;

	for (; reply != NULL; reply = more) {
		more = reply->more;
		xml_free(reply->xml);
		free(reply->items);
		free(reply);
	}
}

/* --- looking --- */

const struct xml_node *
wsman_body(const struct wsman_reply *reply)
{
	return reply->body;
}

const struct xml_node *
wsman_items(const struct wsman_reply *reply)
{
	return reply->items;
}

const char *
wsman_context(const struct wsman_reply *reply)
{
	return reply->context;
}

/* Codes that a later try may not meet again: NOT_READY,
 * RNG_GENERATION_IN_PROGRESS, PKI_GENERATING_KEYS, OPERATION_IN_PROGRESS. */
static bool
is_passing(int64_t status)
{
	return status == 2 || status == 47 || status == 2061 || status == 2082;
}

int
wsman_return_value(const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *body = reply->body;
	const char *text = NULL;
	struct buf method;
	int64_t status;
	char name[32];

	if (body != NULL)
		text = xml_child_text(body, "ReturnValue");
	if (text == NULL || str_int(text, 0, INT32_MAX, &status) != 0)
		return err_set(err, ERR_PROTOCOL,
		    "answer to a method call has no ReturnValue");
	if (status == 0)
		return 0;
	buf_init(&method, 256);
	str_printable(&method, body->name, strcspn(body->name, "_"), 60);
	err_native(err, is_passing(status) ? ERR_LIMIT : ERR_REFUSED, ERR_PT,
	    (long)status, "device answered %s to %s (PT_STATUS %ld)",
	    wsman_pt_name((long)status, name), buf_text(&method), (long)status);
	buf_free(&method);
	return -1;
}

const char *
wsman_ref_selector(const struct xml_node *ref, const char *name)
{
	const struct xml_node *n;

	if (name == NULL)
		name = "InstanceID";
	n = xml_child(ref, NS_ADDRESSING, "EndpointReference");
	if (n != NULL)
		ref = n;
	n = xml_child(ref, NS_ADDRESSING, "ReferenceParameters");
	if (n != NULL)
		n = xml_child(n, NS_WSMAN, "SelectorSet");
	if (n != NULL)
		n = xml_child(n, NS_WSMAN, "Selector");
	for (; n != NULL; n = xml_again(n))
		if (str_eq(xml_attr(n, "Name"), name))
			return n->text;
	return NULL;
}
