#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* Faults as DSP0226 names them and as firmware was recorded to write them: the
 * prefixes are declared in another order than in an answer that went well, so
 * that the "e" of e:AlreadyExists is WS-Management here. */

#define ACTION_ADDR NS_ADDR "/fault"
#define ACTION_WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
#define ACTION_TRANSFER NS_TRANSFER "/fault"
#define ACTION_ENUM NS_ENUM "/fault"
#define FAULT_DETAIL "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"

enum whose { ADDR, WSMAN, TRANSFER, ENUM, SOAP };

static const struct {
	enum whose whose;
	const char *subcode, *reason, *detail;
	bool receiver;
} faults[] = {
    [FW_DESTINATION_UNREACHABLE] = {ADDR, "DestinationUnreachable",
	"No route can be determined to reach the destination role defined by "
	"the WSAddressing To.",
	NULL, false},
    [FW_ACTION_NOT_SUPPORTED] = {ADDR, "ActionNotSupported",
	"The action is not supported by the service.", NULL, false},
    [FW_HEADER_REQUIRED] = {ADDR, "MessageInformationHeaderRequired",
	"A required header was missing.", NULL, false},
    [FW_HEADER_INVALID] = {ADDR, "InvalidMessageInformationHeader",
	"A message information header is not valid and the message cannot be "
	"processed.",
	NULL, false},
    [FW_MUST_UNDERSTAND] = {SOAP, "MustUnderstand",
	"A mandatory SOAP header was not understood.", NULL, false},
    [FW_ALREADY_EXISTS] = {WSMAN, "AlreadyExists",
	"The sender attempted to create a resource which already exists.", NULL,
	false},
    [FW_INVALID_REPRESENTATION] = {TRANSFER, "InvalidRepresentation",
	"The XML content is not valid.", FAULT_DETAIL "InvalidValues", false},
    [FW_MISSING_VALUES] = {TRANSFER, "InvalidRepresentation",
	"The XML content is not valid.", FAULT_DETAIL "MissingValues", false},
    [FW_SCHEMA] = {WSMAN, "SchemaValidationError",
	"The supplied SOAP violates the corresponding XML schema definition.",
	NULL, false},
    [FW_QUOTA] = {WSMAN, "QuotaLimit",
	"The service is busy servicing other requests.", NULL, true},
    [FW_ACCESS_DENIED] = {WSMAN, "AccessDenied",
	"The sender was not authorized to access the resource.", NULL, false},
    [FW_INVALID_SELECTORS] = {WSMAN, "InvalidSelectors",
	"The Selectors for the resource were not valid.",
	FAULT_DETAIL "UnexpectedSelectors", false},
    [FW_INVALID_CONTEXT] = {ENUM, "InvalidEnumerationContext",
	"The supplied enumeration context is invalid.", NULL, true},
    [FW_FILTER] = {ENUM, "FilteringNotSupported",
	"Filtered enumeration is not supported.", NULL, false},
    [FW_ENCODING_LIMIT] = {WSMAN, "EncodingLimit",
	"An internal encoding limit was exceeded in a request or would be "
	"violated if the message was processed.",
	FAULT_DETAIL "MaxEnvelopeSize", false},
    [FW_UNSUPPORTED] = {WSMAN, "UnsupportedFeature",
	"The specified feature is not supported.", NULL, false},
    [FW_INTERNAL] = {WSMAN, "InternalError",
	"The service cannot comply with the request due to internal processing "
	"errors.",
	NULL, true},
};

static const struct {
	const char *action, *prefix;
} origins[] = {
    [ADDR] = {ACTION_ADDR, "b"},
    [WSMAN] = {ACTION_WSMAN, "e"},
    [TRANSFER] = {ACTION_TRANSFER, "d"},
    [ENUM] = {ACTION_ENUM, "c"},
    [SOAP] = {ACTION_ADDR, "a"},
};

static void
declare(struct fw_text *t)
{
	fw_add(t,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a:Envelope"
	    " xmlns:g=\"" NS_CIMBINDING "\" xmlns:f=\"" NS_EVENTING "\""
	    " xmlns:e=\"" NS_WSMAN "\" xmlns:d=\"" NS_TRANSFER "\""
	    " xmlns:c=\"" NS_ENUM "\" xmlns:b=\"" NS_ADDR "\""
	    " xmlns:a=\"" NS_SOAP "\" xmlns:h=\"" NS_TRUST "\""
	    " xmlns:i=\"" NS_WSS "\" xmlns:xsi=\"" NS_XSI "\">");
}

void
fw_fault_write(struct fw_call *c, enum fw_fault fault)
{
	enum whose whose = faults[fault].whose;
	struct fw_text t = {NULL, 0, 0};

	declare(&t);
	fw_add(&t, "<a:Header><b:To>" NS_ANON "</b:To><b:RelatesTo>");
	fw_add_escaped(&t, c->relates_to != NULL ? c->relates_to : "0");
	fw_addf(&t,
	    "</b:RelatesTo><b:Action a:mustUnderstand=\"true\">%s</b:Action>"
	    "<b:MessageID>uuid:00000000-8086-8086-8086-%012X</b:MessageID>"
	    "</a:Header><a:Body><a:Fault><a:Code>",
	    origins[whose].action, c->d->vol->message_id++);
	if (whose == SOAP) {
		/* SOAP 1.2 part 1, 5.4.6: a code of its own, no subcode */
		fw_addf(&t, "<a:Value>a:%s</a:Value>", faults[fault].subcode);
	} else {
		fw_addf(&t,
		    "<a:Value>a:%s</a:Value><a:Subcode><a:Value>%s:%s</a:Value>"
		    "</a:Subcode>",
		    faults[fault].receiver ? "Receiver" : "Sender",
		    origins[whose].prefix, faults[fault].subcode);
	}
	fw_addf(&t,
	    "</a:Code><a:Reason><a:Text xml:lang=\"en-US\">%s</a:Text>"
	    "</a:Reason><a:Detail>",
	    faults[fault].reason);
	if (faults[fault].detail != NULL)
		fw_addf(&t, "<e:FaultDetail>%s</e:FaultDetail>",
		    faults[fault].detail);
	fw_add(&t, "</a:Detail></a:Fault></a:Body></a:Envelope>");
	c->ret->status = 400;
	c->ret->body = t.p;
	c->ret->len = t.len;
}
