/*
 * MS-WSTEP, the messages of the certificate enrolment web service: WS-Trust 1.3
 * in SOAP 1.2 with WS-Addressing 1.0, a user by WS-Security's UsernameToken.
 */
#include <ctype.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ces_internal.h"
#include "clock.h"
#include "secret.h"
#include "str.h"
#include "utf8.h"
#include "xml.h"

#define NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define NS_ADDRESSING "http://www.w3.org/2005/08/addressing"
#define NS_TRUST "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
#define NS_WSS "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
#define NS_SECURITY NS_WSS "wssecurity-secext-1.0.xsd"
#define NS_UTILITY NS_WSS "wssecurity-utility-1.0.xsd"
#define NS_CONTEXT "http://schemas.xmlsoap.org/ws/2006/12/authorization"
#define NS_ENROLL "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"

#define ACTION_ENROLL NS_ENROLL "/RST/wstep"
#define ACTION_POLICY CA_CES_NS_POLICY "/IPolicy/GetPolicies"
#define TYPE_X509 NS_WSS "x509-token-profile-1.0#X509v3"
#define TYPE_PASSWORD NS_WSS "username-token-profile-1.0#PasswordText"
#define ENCODING NS_SECURITY "#base64binary"

#define LIFE 300 /* seconds that a message with a password is good for */

/* --- writing --- */

void
ca_ces_name_message(char ret[CA_CES_ID_MAX])
{
	uint8_t b[16];
	char hex[2 * sizeof(b) + 1];

	if (RAND_bytes(b, sizeof(b)) != 1)
		abort();
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* RFC 4122, 4.4 */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	str_hex(b, sizeof(b), hex);
	(void)snprintf(ret, CA_CES_ID_MAX, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s",
	    hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* XML has no way to write a control character. */
const char *
ca_ces_password_check(const struct secret *password)
{
	size_t len, n;
	const uint8_t *at = secret_bytes(password, &len);
	uint32_t point = 0;

	if (len == 0)
		return "the password is empty";
	for (; len > 0; at += n, len -= n) {
		n = utf8_next(at, len, &point);
		if (n == 0)
			return "the password is not UTF-8";
		if (point < 0x20 || point == 0x7f || point == 0xfffe ||
		    point == 0xffff)
			return "the password holds a control character";
	}
	return NULL;
}

static void
write_security(const struct ca_ces_call *call, struct buf *out)
{
	char from[CLOCK_TEXT], to[CLOCK_TEXT];

	if (call->user == NULL)
		return;
	buf_printf(out,
	    "<o:Security s:mustUnderstand=\"1\" xmlns:o=\"" NS_SECURITY
	    "\" xmlns:u=\"" NS_UTILITY "\"><u:Timestamp><u:Created>%s"
	    "</u:Created><u:Expires>%s</u:Expires></u:Timestamp>"
	    "<o:UsernameToken><o:Username>",
	    clock_text(call->now, from), clock_text(call->now + LIFE, to));
	buf_xml(out, call->user);
	buf_str(out, "</o:Username><o:Password Type=\"" TYPE_PASSWORD "\">");
	buf_xml(out, secret_text(call->password));
	buf_str(out, "</o:Password></o:UsernameToken></o:Security>");
}

static void
write_head(const struct ca_ces_call *call, const char *action, struct buf *out)
{
	buf_printf(out,
	    "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDRESSING "\">"
	    "<s:Header><a:Action s:mustUnderstand=\"1\">%s</a:Action>"
	    "<a:MessageID>%s</a:MessageID>"
	    "<a:ReplyTo><a:Address>" NS_ADDRESSING "/anonymous</a:Address>"
	    "</a:ReplyTo><a:To s:mustUnderstand=\"1\">",
	    action, call->id);
	buf_xml(out, call->url);
	buf_str(out, "</a:To>");
	write_security(call, out);
	buf_str(out,
	    "</s:Header><s:Body xmlns:xsi=\""
	    "http://www.w3.org/2001/XMLSchema-instance\">");
}

static void
write_tail(struct buf *out)
{
	buf_str(out, "</s:Body></s:Envelope>");
}

static void
open_request(const struct ca_ces_call *call, const char *type, struct buf *out)
{
	write_head(call, ACTION_ENROLL, out);
	buf_printf(out,
	    "<RequestSecurityToken xmlns=\"" NS_TRUST "\">"
	    "<TokenType>" TYPE_X509 "</TokenType>"
	    "<RequestType>%s</RequestType>",
	    type);
}

static void
close_request(struct buf *out)
{
	buf_str(out, "</RequestSecurityToken>");
	write_tail(out);
}

void
ca_ces_write_request(const struct ca_ces_call *call, struct ca_span csr,
    const char *template_name, struct buf *out)
{
	open_request(call, NS_TRUST "/Issue", out);
	buf_str(out,
	    "<BinarySecurityToken ValueType=\"" NS_ENROLL "#PKCS10\""
	    " EncodingType=\"" ENCODING "\" xmlns=\"" NS_SECURITY "\">");
	str_base64(out, csr.p, csr.len);
	buf_str(out, "</BinarySecurityToken>");
	if (template_name != NULL) {
		buf_str(out,
		    "<AdditionalContext xmlns=\"" NS_CONTEXT "\">"
		    "<ContextItem Name=\"CertificateTemplate\"><Value>");
		buf_xml(out, template_name);
		buf_str(out, "</Value></ContextItem></AdditionalContext>");
	}
	close_request(out);
}

void
ca_ces_write_query(
    const struct ca_ces_call *call, const char *request_id, struct buf *out)
{
	open_request(call, NS_ENROLL "/QueryTokenStatus", out);
	buf_str(out, "<RequestID xmlns=\"" NS_ENROLL "\">");
	buf_xml(out, request_id);
	buf_str(out, "</RequestID>");
	close_request(out);
}

void
ca_ces_write_policies(const struct ca_ces_call *call, struct buf *out)
{
	write_head(call, ACTION_POLICY, out);
	buf_str(out,
	    "<GetPolicies xmlns=\"" CA_CES_NS_POLICY "\">"
	    "<client><lastUpdate xsi:nil=\"true\"/>"
	    "<preferredLanguage xsi:nil=\"true\"/></client>"
	    "<requestFilter><policyOIDs xsi:nil=\"true\"/>"
	    "<clientVersion xsi:nil=\"true\"/>"
	    "<serverVersion xsi:nil=\"true\"/></requestFilter></GetPolicies>");
	write_tail(out);
}

/* --- faults --- */

/* The peer's words, printable, at most CA_BRIDGE_WORDS of them. */
static void
read_words(const struct xml_node *node, struct buf *out)
{
	const char *text = node == NULL ? "" : node->text;

	str_printable(out, text, strlen(text), CA_BRIDGE_WORDS);
}

/* Which of ours is wrong, by the fault's subcode; NULL: another matter. */
static const char *
judge_subcode(const char *uri, const char *name)
{
	if (str_eq(uri, NS_SECURITY) || str_eq(name, "AccessDenied"))
		return "the service refuses our login, or its time: compare "
		       "user, password and clocks";
	if (str_eq(uri, NS_ADDRESSING))
		return "there is no such service at this url";
	return NULL;
}

static const char *
judge_codes(const struct xml_node *code)
{
	const char *uri = "", *name = "";
	const struct xml_node *value, *sub;

	value = xml_child(code, NS_SOAP, "Value");
	if (value != NULL && xml_qname(value, value->text, &uri, &name) == 0 &&
	    (str_eq(name, "MustUnderstand") || str_eq(name, "VersionMismatch")))
		return "what is at this url does not speak this protocol";
	sub = xml_child(code, NS_SOAP, "Subcode");
	value = sub == NULL ? NULL : xml_child(sub, NS_SOAP, "Value");
	if (value == NULL || xml_qname(value, value->text, &uri, &name) != 0)
		return NULL;
	return judge_subcode(uri, name);
}

/* An HRESULT, as xs:int; 0: none that can be read. */
static uint32_t
read_code(const struct xml_node *detail)
{
	const char *text = xml_child_text(detail, "ErrorCode");
	int64_t code = 0;

	if (text != NULL)
		(void)str_int(text, INT32_MIN, UINT32_MAX, &code);
	return (uint32_t)code;
}

static void
read_fault(const struct xml_node *fault, struct ca_bridge_answer *ret)
{
	const struct xml_node *code, *reason, *detail;
	const char *why = NULL, *denied;
	struct buf words;

	buf_init(&words, 4 * CA_BRIDGE_WORDS + 4);
	code = xml_child(fault, NS_SOAP, "Code");
	reason = xml_child(fault, NS_SOAP, "Reason");
	detail = xml_child(fault, NS_SOAP, "Detail");
	if (reason != NULL)
		read_words(xml_child(reason, NS_SOAP, "Text"), &words);
	if (detail != NULL)
		detail = xml_child(
		    detail, NS_ENROLL, "CertificateEnrollmentWSDetail");
	if (detail == NULL && code != NULL)
		why = judge_codes(code);
	if (why != NULL) {
		ca_bridge_answer_set(ret, CA_BRIDGE_MISCONFIGURED, "%s%s%s",
		    why, words.len > 0 ? ": " : "", buf_text(&words));
	} else if (detail != NULL) {
		denied = xml_child_text(detail, "InvalidRequest");
		ca_ces_judge(read_code(detail),
		    str_eq(denied, "true") || str_eq(denied, "1"),
		    buf_text(&words), ret);
	} else {
		ca_ces_judge(0, false, buf_text(&words), ret);
	}
	buf_free(&words);
}

const struct xml_node *
ca_ces_open(const struct xml *xml, const char *id, struct ca_bridge_answer *ret,
    const char **ret_why)
{
	const struct xml_node *root = xml_root(xml), *head, *body, *fault;
	const char *relates = NULL;

	*ret_why = NULL;
	if (!str_eq(root->name, "Envelope") || !str_eq(root->uri, NS_SOAP) ||
	    (body = xml_child(root, NS_SOAP, "Body")) == NULL) {
		*ret_why = "it is no SOAP message";
		return NULL;
	}
	head = xml_child(root, NS_SOAP, "Header");
	if (head != NULL)
		relates = xml_child_text(head, "RelatesTo");
	if (relates != NULL && !str_eq(relates, id)) {
		*ret_why = "it answers another message";
		return NULL;
	}
	fault = xml_child(body, NS_SOAP, "Fault");
	if (fault == NULL)
		return body;
	read_fault(fault, ret);
	return NULL;
}

/* --- answers --- */

static bool
ends_in(const char *text, const char *end)
{
	size_t len = text == NULL ? 0 : strlen(text), n = strlen(end);

	return len >= n && str_eq(text + len - n, end);
}

static void
take_cert(struct ca_span der, struct ca_bridge_pick *pick)
{
	const unsigned char *p = der.p;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);

	if (cert != NULL && p == der.p + der.len)
		ca_bridge_pick(pick, cert);
	X509_free(cert);
	ERR_clear_error();
}

/* What a token holds for our key goes to the pick. NULL, or what is wrong. */
static const char *
read_token(const struct xml_node *token, struct ca_bridge_pick *pick)
{
	const char *type = xml_attr(token, "ValueType"), *why = NULL;
	struct buf der;

	buf_init(&der, CA_BRIDGE_ANSWER_MAX);
	if (str_unbase64(&der, token->text) != 0 || der.len == 0 || der.over)
		why = "a token is no base64";
	else if (ends_in(type, "#X509v3"))
		take_cert(ca_der_bytes(&der), pick);
	else if (ends_in(type, "#PKCS7"))
		why = ca_bridge_each_cert(
		    ca_der_bytes(&der), true, ca_bridge_pick, pick);
	else
		why = "a token is of a type that is not known";
	buf_free(&der);
	return why;
}

static bool
read_id(const struct xml_node *response, char ret[CA_BRIDGE_ID_MAX + 1])
{
	const struct xml_node *node =
	    xml_child(response, NS_ENROLL, "RequestID");
	const char *text = node == NULL ? "" : node->text;
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (!isgraph((unsigned char)text[i]))
			return false;
	if (i == 0 || i > CA_BRIDGE_ID_MAX)
		return false;
	(void)memcpy(ret, text, i + 1);
	return true;
}

static const char *
read_pending(const struct xml_node *response, struct ca_bridge_answer *ret)
{
	char id[CA_BRIDGE_ID_MAX + 1];
	struct buf words;

	if (!read_id(response, id))
		return "a pending request has no id";
	buf_init(&words, 4 * CA_BRIDGE_WORDS + 4);
	read_words(
	    xml_child(response, NS_ENROLL, "DispositionMessage"), &words);
	ca_bridge_answer_set(ret, CA_BRIDGE_PENDING,
	    "the CA has not decided on request %s yet%s%s", id,
	    words.len > 0 ? ": " : "", buf_text(&words));
	(void)memcpy(ret->request_id, id, sizeof(id));
	buf_free(&words);
	return NULL;
}

/* The certificate stands alone, and in the CA's own full answer (CMC) with its
 * chain; the latter will do. */
static const char *
read_issued(const struct xml_node *alone, const struct xml_node *full,
    struct ca_span spki, struct ca_bridge_answer *ret)
{
	struct ca_bridge_pick pick = {.spki = spki, .leaf = &ret->leaf};
	const char *why;

	why = read_token(alone != NULL ? alone : full, &pick);
	if (why != NULL)
		return why;
	if (pick.found == 0)
		return "no certificate in it is for the key of the request";
	if (pick.found > 1 || ret->leaf.over)
		return "it holds two certificates for our key, or a huge one";
	ca_bridge_answer_set(ret, CA_BRIDGE_ISSUED, "%s", "");
	return NULL;
}

static const char *
read_response(const struct xml_node *body, struct ca_span spki,
    struct ca_bridge_answer *ret)
{
	const struct xml_node *list, *response, *given, *full, *alone = NULL;

	list =
	    xml_child(body, NS_TRUST, "RequestSecurityTokenResponseCollection");
	response = list == NULL
	    ? NULL
	    : xml_child(list, NS_TRUST, "RequestSecurityTokenResponse");
	if (response == NULL || xml_again(response) != NULL)
		return "it holds no single response";
	given = xml_child(response, NS_TRUST, "RequestedSecurityToken");
	full = xml_child(response, NS_SECURITY, "BinarySecurityToken");
	if (given != NULL) {
		if (xml_child(given, NS_SECURITY, "SecurityTokenReference") !=
		    NULL)
			return read_pending(response, ret);
		alone = xml_child(given, NS_SECURITY, "BinarySecurityToken");
	}
	if (alone == NULL && full == NULL)
		return "it holds neither a certificate nor a reference to a "
		       "pending request";
	return read_issued(alone, full, spki, ret);
}

bool
ca_ces_read(struct ca_span body, const char *id, struct ca_span spki,
    struct ca_bridge_answer *ret, const char **ret_why)
{
	const struct xml_node *inside;
	struct xml *xml = NULL;
	const char *why = NULL;
	bool soap = false;

	*ret_why = "it is no XML, or holds what is refused";
	if (xml_parse(body.p, body.len, &xml, NULL) == 0) {
		inside = ca_ces_open(xml, id, ret, &why);
		soap = inside != NULL || why == NULL;
		if (inside != NULL)
			why = read_response(inside, spki, ret);
		*ret_why = why;
	}
	if (soap && why != NULL)
		ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
		    "the CA's answer cannot be read: %s", why);
	xml_free(xml);
	return soap;
}
