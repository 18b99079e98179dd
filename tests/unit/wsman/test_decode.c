#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "wsman.h"
#include "wsman_internal.h"

/* An answer to request 5 with this body. */
static void
envelope(struct buf *b, const char *body)
{
	buf_reset(b);
	buf_printf(b,
	    "<s:Envelope xmlns:s='" NS_SOAP "' xmlns:a='" NS_ADDRESSING
	    "' xmlns:e='" NS_WSMAN "' xmlns:n='" NS_ENUMERATION
	    "' xmlns:t='" NS_TRANSFER
	    "' xmlns:g='urn:g'><s:Header><a:RelatesTo> 5 </a:RelatesTo>"
	    "</s:Header><s:Body>%s</s:Body></s:Envelope>",
	    body);
}

static struct wsman_reply *
decode(const char *body)
{
	struct wsman_reply *reply = NULL;
	struct err err = {0};
	struct buf b;

	buf_init(&b, XML_MAX_BYTES);
	envelope(&b, body);
	if (wsman_decode(b.data, b.len, 5, &reply, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&b);
	return reply;
}

static void
refuse(const char *text, uint64_t id, struct err *err)
{
	struct wsman_reply *reply = NULL;

	err_clear(err);
	assert_int_equal(wsman_decode(text, strlen(text), id, &reply, err), -1);
	assert_null(reply);
}

static void
tells_faults_apart(void **state)
{
	static const struct {
		const char *code;
		enum err_kind kind;
		long native;
	} rows[] = {
	    {"a:DestinationUnreachable", ERR_NOTFOUND,
		WSMAN_FAULT_DESTINATION_UNREACHABLE},
	    {"e:AlreadyExists", ERR_CONFLICT, WSMAN_FAULT_ALREADY_EXISTS},
	    {"t:InvalidRepresentation", ERR_REFUSED,
		WSMAN_FAULT_INVALID_REPRESENTATION},
	    {"e:SchemaValidationError", ERR_REFUSED, WSMAN_FAULT_SCHEMA},
	    {"e:QuotaLimit", ERR_LIMIT, WSMAN_FAULT_QUOTA},
	    {"e:AccessDenied", ERR_DENIED, WSMAN_FAULT_ACCESS_DENIED},
	    {"e:TimedOut", ERR_LIMIT, WSMAN_FAULT_TIMEOUT},
	    {"n:InvalidEnumerationContext", ERR_REFUSED,
		WSMAN_FAULT_ENUMERATION_CONTEXT},
	    {"e:SomethingNew", ERR_REFUSED, WSMAN_FAULT_OTHER},
	    {"unknown:AlreadyExists", ERR_REFUSED, WSMAN_FAULT_OTHER},
	};
	struct buf b, fault;
	struct err err;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	buf_init(&fault, 4096);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&fault);
		buf_printf(&fault,
		    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode>"
		    "<s:Value>%s</s:Value></s:Subcode></s:Code><s:Reason>"
		    "<s:Text>no &#10;luck</s:Text></s:Reason></s:Fault>",
		    rows[i].code);
		envelope(&b, buf_text(&fault));
		refuse(buf_text(&b), 5, &err);
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(err.domain, ERR_SOAP);
		assert_int_equal(err.native, rows[i].native);
		/* A peer's line feed never reaches a log line. */
		assert_null(strchr(err.text, '\n'));
		assert_non_null(strstr(err.text, "luck"));
	}
	envelope(&b,
	    "<s:Fault><s:Code><s:Value>s:MustUnderstand</s:Value>"
	    "</s:Code></s:Fault>");
	refuse(buf_text(&b), 5, &err);
	assert_non_null(strstr(err.text, "MustUnderstand"));
	buf_free(&fault);
	buf_free(&b);
}

static void
refuses_what_is_no_answer(void **state)
{
	static const char *const texts[] = {
	    "<html><body>Bad Request. Missing required parameter</body></html>",
	    "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'>"
	    "<Header/><Body/></Envelope>",
	    "<Envelope xmlns='" NS_SOAP "'><Header/></Envelope>",
	    "<Envelope xmlns='" NS_SOAP "'><Header/><Body/></Envelope>",
	    "<Envelope xmlns='" NS_SOAP "'><Body><X/></Body></Envelope>",
	    "<Envelope xmlns='" NS_SOAP "' xmlns:a='" NS_ADDRESSING "'><Header>"
	    "<a:MessageID>5</a:MessageID></Header><Body><X/></Body></Envelope>",
	};
	struct err err;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		refuse(texts[i], 0, &err);
		assert_int_equal(err.kind, ERR_PROTOCOL);
	}
	buf_init(&b, 4096);
	envelope(&b, "<g:X/>");
	refuse(buf_text(&b), 6, &err);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	buf_free(&b);
}

/* A fault to a request that could not be read relates to none. */
static void
takes_unrelated_faults(void **state)
{
	static const char text[] =
	    "<s:Envelope xmlns:s='" NS_SOAP "'><s:Body><s:Fault/></s:Body>"
	    "</s:Envelope>";
	struct err err;

	(void)state;
	refuse(text, 5, &err);
	assert_int_equal(err.domain, ERR_SOAP);
}

static void
judges_return_values(void **state)
{
	static const struct {
		const char *value;
		enum err_kind kind;
		enum err_domain domain;
	} rows[] = {
	    {"<g:ReturnValue>0</g:ReturnValue>", ERR_NONE, ERR_OURS},
	    {"<g:ReturnValue>16</g:ReturnValue>", ERR_REFUSED, ERR_PT},
	    {"<g:ReturnValue>2061</g:ReturnValue>", ERR_LIMIT, ERR_PT},
	    {"<g:ReturnValue>x</g:ReturnValue>", ERR_PROTOCOL, ERR_OURS},
	    {"<g:ReturnValue/>", ERR_PROTOCOL, ERR_OURS},
	    {"", ERR_PROTOCOL, ERR_OURS},
	};
	struct wsman_reply *reply;
	struct err err;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1024);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&b);
		buf_printf(&b, "<g:M_OUTPUT>%s</g:M_OUTPUT>", rows[i].value);
		reply = decode(buf_text(&b));
		err_clear(&err);
		assert_int_equal(wsman_return_value(reply, &err),
		    rows[i].kind == ERR_NONE ? 0 : -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(err.domain, rows[i].domain);
		wsman_reply_free(reply);
	}
	buf_free(&b);
	reply = decode("");
	assert_null(wsman_body(reply));
	assert_int_equal(wsman_return_value(reply, &err), -1);
	wsman_reply_free(reply);
}

static void
joins_pulls(void **state)
{
	struct wsman_reply *first, *second;
	const struct xml_node *n;
	struct err err = {0};

	(void)state;
	first = decode("<n:EnumerateResponse><n:EnumerationContext>c1"
		       "</n:EnumerationContext></n:EnumerateResponse>");
	assert_string_equal(wsman_context(first), "c1");
	assert_null(wsman_items(first));
	second = decode("<n:PullResponse><n:Items><g:A>1</g:A><g:B>2</g:B>"
			"</n:Items><n:EnumerationContext>c2"
			"</n:EnumerationContext></n:PullResponse>");
	assert_int_equal(wsman_reply_append(first, second, &err), 0);
	assert_string_equal(wsman_context(first), "c2");
	second = decode("<n:PullResponse><n:Items/><n:EnumerationContext>c3"
			"</n:EnumerationContext></n:PullResponse>");
	assert_int_equal(wsman_reply_append(first, second, &err), 0);
	second = decode("<n:PullResponse><n:Items><g:A>3</g:A></n:Items>"
			"<n:EnumerationContext>c4</n:EnumerationContext>"
			"<n:EndOfSequence/></n:PullResponse>");
	assert_int_equal(wsman_reply_append(first, second, &err), 0);
	assert_null(wsman_context(first));
	n = wsman_items(first);
	assert_string_equal(n->text, "1");
	assert_string_equal(n->next->text, "2");
	assert_string_equal(xml_again(n)->text, "3");
	assert_null(xml_again(n)->next);
	wsman_reply_free(first);
}

static void
limits_items(void **state)
{
	struct wsman_reply *first, *second;
	struct err err = {0};
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, XML_MAX_BYTES);
	buf_str(&b, "<n:PullResponse><n:Items>");
	for (i = 0; i < WSMAN_MAX_ITEMS; i++)
		buf_str(&b, "<g:A/>");
	buf_str(&b, "</n:Items></n:PullResponse>");
	first = decode(buf_text(&b));
	second = decode("<n:PullResponse><n:Items><g:A/></n:Items>"
			"</n:PullResponse>");
	assert_int_equal(wsman_reply_append(first, second, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	wsman_reply_free(first);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_faults_apart),
	    cmocka_unit_test(refuses_what_is_no_answer),
	    cmocka_unit_test(takes_unrelated_faults),
	    cmocka_unit_test(judges_return_values),
	    cmocka_unit_test(joins_pulls),
	    cmocka_unit_test(limits_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
