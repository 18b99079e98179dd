#ifndef WSMAN_INTERNAL_H_
#define WSMAN_INTERNAL_H_
#include <stdint.h>

struct err;
struct wsman_reply;
struct xml;
struct xml_node;

/* Namespaces of the envelope (SOAP 1.2, DSP0226 1.0). */
#define NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define NS_ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define NS_WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
#define NS_TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define NS_ENUMERATION "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define NS_COMMON "http://schemas.dmtf.org/wbem/wscim/1/common"
#define NS_IDENTIFY                                                            \
	"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"

struct wsman_parts {
	const struct xml_node *header; /* NULL: an answer that needs none */
	const struct xml_node *body;
	const struct xml_node *fault; /* NULL: none */
};
/* The parts of an answer: a SOAP 1.2 envelope that relates to a request
 * (WS-Addressing 3.2), so a request is not taken for an answer. message_id 0:
 * to any request. */
int wsman_envelope(const struct xml *xml, uint64_t message_id,
    struct wsman_parts *ret_parts, struct err *err);

/* Items of all Pulls of one enumeration, at most. */
#define WSMAN_MAX_ITEMS 1000

/* For the session, which pulls until the end: next's items go behind those of
 * reply, and next's context becomes reply's. next is taken (also on failure);
 * ERR_LIMIT when there are too many. */
int wsman_reply_append(
    struct wsman_reply *reply, struct wsman_reply *next, struct err *err);
#endif
