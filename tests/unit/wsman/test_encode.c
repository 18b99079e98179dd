#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "wsman.h"

#define URI WSMAN_NS_AMT "AMT_TLSSettingData"

static struct xml *
encode(const struct wsman_request *request)
{
	struct xml *xml = NULL;
	struct err err = {0};
	struct buf b;

	buf_init(&b, 65536);
	if (wsman_encode(&b, request, 42, &err) != 0 ||
	    xml_parse(b.data, b.len, &xml, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&b);
	return xml;
}

static const struct xml_node *
part(const struct xml *xml, const char *name)
{
	return xml_child(xml_root(xml), NULL, name);
}

static void
writes_every_verb(void **state)
{
	static const struct {
		struct wsman_request request;
		const char *action, *body;
	} rows[] = {
	    {{.verb = WSMAN_GET},
		"http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", NULL},
	    {{.verb = WSMAN_PUT, .body = "<x/>"},
		"http://schemas.xmlsoap.org/ws/2004/09/transfer/Put", "x"},
	    {{.verb = WSMAN_CREATE, .body = "<x/>"},
		"http://schemas.xmlsoap.org/ws/2004/09/transfer/Create", "x"},
	    {{.verb = WSMAN_DELETE},
		"http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete", NULL},
	    {{.verb = WSMAN_ENUMERATE},
		"http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate",
		"Enumerate"},
	    {{.verb = WSMAN_PULL, .context = "a<b"},
		"http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull",
		"Pull"},
	    {{.verb = WSMAN_INVOKE, .method = "CommitChanges"},
		URI "/CommitChanges", "CommitChanges_INPUT"},
	};
	const struct xml_node *header, *body;
	struct wsman_request request;
	struct xml *xml;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request = rows[i].request;
		request.class_name = "AMT_TLSSettingData";
		xml = encode(&request);
		header = part(xml, "Header");
		body = part(xml, "Body")->child;
		assert_string_equal(
		    xml_child_text(header, "Action"), rows[i].action);
		assert_string_equal(xml_child_text(header, "MessageID"), "42");
		assert_string_equal(xml_child_text(header, "ResourceURI"), URI);
		assert_string_equal(xml_child_text(header, "To"), "/wsman");
		assert_null(xml_child(header, NULL, "SelectorSet"));
		if (rows[i].body == NULL)
			assert_null(body);
		else
			assert_string_equal(body->name, rows[i].body);
		xml_free(xml);
	}
}

static void
escapes_selectors_and_contexts(void **state)
{
	static const char *const selectors[] = {
	    "InstanceID", "<a> & \"b\"", "Name", "c", NULL};
	struct wsman_request request = {.verb = WSMAN_PULL,
	    .class_name = "CIM_X",
	    .context = "1<2",
	    .selectors = selectors};
	struct xml *xml = encode(&request);
	const struct xml_node *set, *s;

	(void)state;
	set = xml_child(part(xml, "Header"), NULL, "SelectorSet");
	assert_null(set->next); /* the last header child */
	s = set->child;
	assert_string_equal(xml_attr(s, "Name"), "InstanceID");
	assert_string_equal(s->text, "<a> & \"b\"");
	assert_string_equal(xml_again(s)->text, "c");
	assert_string_equal(
	    xml_child_text(part(xml, "Body")->child, "EnumerationContext"),
	    "1<2");
	xml_free(xml);
}

static void
writes_bodies(void **state)
{
	struct wsman_request request = {
	    .verb = WSMAN_PUT, .class_name = "AMT_TLSSettingData"};
	const struct xml_node *body;
	struct xml *xml;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	wsman_open(&b, "AMT_TLSSettingData", "AMT_TLSSettingData");
	wsman_text(&b, "Empty", "");
	wsman_text(&b, "Missing", NULL);
	wsman_text(&b, "Text", "<&>\"'");
	wsman_int(&b, "Number", -5);
	wsman_ref(&b, "Key", "AMT_PublicPrivateKeyPair", "InstanceID", "h & 1");
	wsman_close(&b, "AMT_TLSSettingData");
	request.body = buf_text(&b);
	xml = encode(&request);
	body = part(xml, "Body")->child;
	assert_string_equal(body->uri, URI);
	assert_null(xml_child(body, NULL, "Empty"));
	assert_null(xml_child(body, NULL, "Missing"));
	assert_string_equal(xml_child_text(body, "Text"), "<&>\"'");
	assert_string_equal(xml_child_text(body, "Number"), "-5");
	assert_string_equal(
	    wsman_ref_selector(xml_child(body, URI, "Key"), NULL), "h & 1");
	assert_null(wsman_ref_selector(xml_child(body, URI, "Key"), "Name"));
	xml_free(xml);
	buf_free(&b);
}

/* Answers "B" differently, drops "C". */
static bool
edit(void *cookie, struct buf *out, const struct xml_node *child)
{
	int *calls = cookie;

	(*calls)++;
	if (strcmp(child->name, "B") == 0)
		wsman_text(out, "B", "new");
	return strcmp(child->name, "B") != 0 && strcmp(child->name, "C") != 0;
}

static void
copies_an_instance(void **state)
{
	static const char text[] =
	    "<g:I xmlns:g='urn:i' xmlns:c='urn:c' xmlns:s='urn:s'>"
	    "<g:A>1</g:A><g:B>old</g:B><g:C>x</g:C><g:Empty></g:Empty>"
	    "<g:L>1</g:L><g:L>&lt;2</g:L>"
	    "<g:T><c:Datetime s:m='1' k='&quot;'>now</c:Datetime></g:T></g:I>";
	static const char expected[] =
	    "<r:A>1</r:A><r:B>new</r:B><r:L>1</r:L><r:L>&lt;2</r:L>"
	    "<r:T><Datetime xmlns=\"urn:c\" k=\"&quot;\">now</Datetime></r:T>";
	struct xml *xml = NULL;
	struct err err = {0};
	struct buf b;
	int calls = 0;

	(void)state;
	buf_init(&b, 4096);
	assert_int_equal(xml_parse(text, strlen(text), &xml, &err), 0);
	wsman_copy(&b, xml_root(xml), edit, &calls);
	assert_string_equal(buf_text(&b), expected);
	assert_int_equal(calls, 7);
	xml_free(xml);
	buf_free(&b);
}

static void
refuses_bad_requests(void **state)
{
	static const struct wsman_request rows[] = {
	    {.verb = WSMAN_GET},
	    {.verb = WSMAN_GET, .class_name = "AMT_"},
	    {.verb = WSMAN_GET, .class_name = "WIN_X"},
	    {.verb = WSMAN_GET, .class_name = "AMT_X/../Y"},
	    {.verb = WSMAN_GET, .class_name = "AMT_X\"><"},
	    {.verb = WSMAN_PUT, .class_name = "AMT_X"},
	    {.verb = WSMAN_CREATE, .class_name = "AMT_X", .body = ""},
	    {.verb = WSMAN_PULL, .class_name = "AMT_X"},
	    {.verb = WSMAN_INVOKE, .class_name = "AMT_X"},
	    {.verb = WSMAN_INVOKE, .class_name = "AMT_X", .method = "a b"},
	};
	struct err err;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err_clear(&err);
		assert_int_equal(wsman_encode(&b, &rows[i], 1, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
	buf_free(&b);
	buf_init(&b, 100);
	err_clear(&err);
	assert_int_equal(wsman_encode(&b,
			     &(struct wsman_request){
				 .verb = WSMAN_GET, .class_name = "AMT_X"},
			     1, &err),
	    -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_free(&b);
}

static void
names_statuses(void **state)
{
	char out[32];

	(void)state;
	assert_string_equal(wsman_pt_name(0, out), "SUCCESS");
	assert_string_equal(wsman_pt_name(16, out), "NOT_PERMITTED");
	assert_string_equal(wsman_pt_name(2058, out), "DUPLICATE");
	assert_string_equal(
	    wsman_pt_name(2501, out), "INTERFACE_DOES_NOT_EXIST");
	assert_string_equal(wsman_pt_name(2071, out), "PT_STATUS_2071");
	assert_string_equal(wsman_pt_name(-1, out), "PT_STATUS_-1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_every_verb),
	    cmocka_unit_test(escapes_selectors_and_contexts),
	    cmocka_unit_test(writes_bodies),
	    cmocka_unit_test(copies_an_instance),
	    cmocka_unit_test(refuses_bad_requests),
	    cmocka_unit_test(names_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
