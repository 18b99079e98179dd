#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware_fixture.h"

/* Envelope, header, faults, enumeration: what holds for every class. */

static int
setup(void **state)
{
	struct fx *f = fw_alloc(sizeof(*f));

	fx_new(f, 16, 1);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	fx_free(*state);
	free(*state);
	return 0;
}

/* A Get of AMT_GeneralSettings with one part of the text replaced. */
static void
send_edited(struct fx *f, const char *from, const char *to)
{
	static const char request[] =
	    "<Envelope xmlns=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDR
	    "\" xmlns:w=\"" NS_WSMAN "\"><Header>"
	    "<a:Action>" NS_TRANSFER "/Get</a:Action>"
	    "<a:To>/wsman</a:To>"
	    "<w:ResourceURI>" URI_AMT "AMT_GeneralSettings</w:ResourceURI>"
	    "<a:MessageID>uuid:1-2&amp;3</a:MessageID>"
	    "<a:ReplyTo><a:Address>" NS_ANON "</a:Address></a:ReplyTo>"
	    "<w:OperationTimeout>PT60S</w:OperationTimeout>"
	    "</Header><Body></Body></Envelope>";
	const char *at = strstr(request, from);
	struct fw_text t = {NULL, 0, 0};

	assert_non_null(at);
	fw_addn(&t, request, (size_t)(at - request));
	fw_add(&t, to);
	fw_add(&t, at + strlen(from));
	fx_send(f, t.p);
	fw_text_free(&t);
}

static void
test_answer_header(void **state)
{
	struct fx *f = *state;
	const struct fw_node *header;
	unsigned first, second;

	send_edited(f, "PT60S", "PT60S");
	assert_int_equal(f->a.status, 200);
	assert_string_equal(f->a.method, "AMT_GeneralSettings.Get");
	assert_false(f->a.mutating);
	assert_in_range(f->a.delay_ms, 100, 300);
	header = fw_child(f->tree, NS_SOAP, "Header");
	assert_string_equal(
	    fw_child(header, NS_ADDR, "RelatesTo")->text, "uuid:1-2&3");
	assert_string_equal(fw_child(header, NS_ADDR, "Action")->text,
	    NS_TRANSFER "/GetResponse");
	assert_string_equal(fw_child(header, NS_ADDR, "To")->text, NS_ANON);
	assert_string_equal(fw_child(header, NS_WSMAN, "ResourceURI")->text,
	    URI_AMT "AMT_GeneralSettings");
	assert_int_equal(sscanf(fw_child(header, NS_ADDR, "MessageID")->text,
			     "uuid:00000000-8086-8086-8086-%12X", &first),
	    1);
	send_edited(f, "PT60S", "PT60S");
	header = fw_child(f->tree, NS_SOAP, "Header");
	assert_int_equal(sscanf(fw_child(header, NS_ADDR, "MessageID")->text,
			     "uuid:00000000-8086-8086-8086-%12X", &second),
	    1);
	assert_int_equal(second, first + 1);
}

static const struct {
	const char *from, *to, *fault;
} edits[] = {
    {"<a:Action>" NS_TRANSFER "/Get</a:Action>", "",
	"MessageInformationHeaderRequired"},
    {"<a:To>/wsman</a:To>", "", "MessageInformationHeaderRequired"},
    {"<a:MessageID>uuid:1-2&amp;3</a:MessageID>", "",
	"MessageInformationHeaderRequired"},
    {"<a:ReplyTo><a:Address>" NS_ANON "</a:Address></a:ReplyTo>", "",
	"MessageInformationHeaderRequired"},
    {"<a:Address>" NS_ANON "</a:Address>", "",
	"InvalidMessageInformationHeader"},
    {NS_ANON, "http://elsewhere.example/", "UnsupportedFeature"},
    {"AMT_GeneralSettings", "AMT_Nothing", "DestinationUnreachable"},
    {URI_AMT "AMT_General", URI_CIM "AMT_General", "DestinationUnreachable"},
    {"<a:To>/wsman", "<a:To>/other", "DestinationUnreachable"},
    {"transfer/Get", "transfer/Rename", "ActionNotSupported"},
    {"transfer/Get", "transfer/Create", "ActionNotSupported"},
    {"PT60S", "60", "SchemaValidationError"},
    {"<Body></Body>", "<Body><x/></Body>", "SchemaValidationError"},
    {"<Body></Body>", "<Body/><Body/>", "SchemaValidationError"},
    {"</Header>", "<w:MaxEnvelopeSize>49999</w:MaxEnvelopeSize></Header>",
	"EncodingLimit"},
    {"</Header>", "<w:MaxEnvelopeSize>50000</w:MaxEnvelopeSize></Header>", ""},
    {"</Header>", "<a:To>/wsman</a:To></Header>", "SchemaValidationError"},
    {"</Header>", "<w:OptionSet mustUnderstand=\"true\"/></Header>", ""},
    {"</Header>",
	"<w:OptionSet xmlns:s=\"" NS_SOAP
	"\" s:mustUnderstand=\"true\"/></Header>",
	"MustUnderstand"},
    {"</Header>",
	"<x xmlns=\"urn:x\" xmlns:s=\"" NS_SOAP
	"\" s:mustUnderstand=\"1\"/></Header>",
	"MustUnderstand"},
    {"</Header>", "<x xmlns=\"urn:x\"/></Header>", ""},
    {"</Header>", "<w:FragmentTransfer>a</w:FragmentTransfer></Header>",
	"UnsupportedFeature"},
    {"<a:To>", "<a:To xmlns:s=\"" NS_SOAP "\" s:mustUnderstand=\"true\">", ""},
    {"<a:To>/wsman", "<a:To>https://pc.example.test:16993/wsman", ""},
    {"</Header>",
	"<w:SelectorSet><w:Selector Name=\"InstanceID\">"
	"Intel(r) AMT: General Settings</w:Selector></w:SelectorSet></Header>",
	""},
    {"</Header>",
	"<w:SelectorSet><w:Selector Name=\"InstanceID\">"
	"Intel(r) AMT: Other</w:Selector></w:SelectorSet></Header>",
	"DestinationUnreachable"},
    {"</Header>",
	"<w:SelectorSet><w:Selector Name=\"Instance\">"
	"Intel(r) AMT: General Settings</w:Selector></w:SelectorSet></Header>",
	"InvalidSelectors"},
    {"</Header>",
	"<w:SelectorSet><w:Selector>x</w:Selector></w:SelectorSet></Header>",
	"SchemaValidationError"},
};

static void
test_header_edits(void **state)
{
	struct fx *f = *state;
	size_t i;

	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		send_edited(f, edits[i].from, edits[i].to);
		if (strcmp(fx_fault(f), edits[i].fault) != 0)
			fail_msg("\"%s\" -> \"%s\": %s, not %s", edits[i].from,
			    edits[i].to, fx_fault(f), edits[i].fault);
		assert_int_equal(f->a.status, edits[i].fault[0] ? 400 : 200);
	}
}

/* The exact text of a fault as a device was recorded to send it. */
static void
test_fault_layout(void **state)
{
	static const char start[] =
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a:Envelope xmlns:g=\""
	    "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd\" xmlns:f=\""
	    "http://schemas.xmlsoap.org/ws/2004/08/eventing\" xmlns:e=\"";
	static const char end[] =
	    "<a:Body><a:Fault><a:Code><a:Value>a:Sender</a:Value><a:Subcode>"
	    "<a:Value>b:DestinationUnreachable</a:Value></a:Subcode></a:Code>"
	    "<a:Reason><a:Text xml:lang=\"en-US\">No route can be determined to "
	    "reach the destination role defined by the WSAddressing To."
	    "</a:Text></a:Reason><a:Detail></a:Detail></a:Fault></a:Body>"
	    "</a:Envelope>";
	struct fx *f = *state;
	const struct fw_node *header;

	send_edited(f, "AMT_GeneralSettings", "AMT_Nothing");
	assert_int_equal(strncmp(f->a.body, start, strlen(start)), 0);
	assert_string_equal(f->a.body + f->a.len - strlen(end), end);
	header = fw_child(f->tree, NS_SOAP, "Header");
	assert_null(fw_child(header, NS_WSMAN, "ResourceURI"));
	assert_string_equal(
	    fw_child(header, NS_ADDR, "Action")->text, NS_ADDR "/fault");
	assert_string_equal(
	    fw_child(header, NS_ADDR, "RelatesTo")->text, "uuid:1-2&3");
}

static void
test_not_soap(void **state)
{
	static const char *const bad[] = {"", "hello", "<a><b></a>",
	    "<!DOCTYPE x [<!ENTITY e \"e\">]><x>&e;</x>",
	    "<?xml version=\"1.0\"?>"};
	struct fx *f = *state;
	struct fw_text deep = {NULL, 0, 0};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fx_send(f, bad[i]);
		assert_int_equal(f->a.status, 400);
		assert_null(f->a.body);
	}
	for (i = 0; i < FW_MAX_DEPTH + 1; i++)
		fw_add(&deep, "<a>");
	for (i = 0; i < FW_MAX_DEPTH + 1; i++)
		fw_add(&deep, "</a>");
	fx_send(f, deep.p);
	assert_null(f->a.body);
	fw_text_free(&deep);
	fx_send(f, "<x/>");
	fx_assert_fault(f, "SchemaValidationError");
}

static void
test_identify(void **state)
{
	struct fx *f = *state;

	fx_send(f,
	    "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Header/><s:Body>"
	    "<Identify xmlns=\"" NS_IDENTIFY "\"/></s:Body>"
	    "</s:Envelope>");
	assert_int_equal(f->a.status, 200);
	fx_assert_text(f, "ProtocolVersion", NS_WSMAN);
	fx_assert_text(f, "ProductVersion", "AMT 16.1.25");
}

/* --- enumeration ---------------------------------------------------------- */

static void
test_every_class_lists(void **state)
{
	struct fx *f = *state;
	const struct fw_class *cls;
	const struct fw_node *item, *k;
	size_t i;

	for (i = 0; (cls = fw_class_at(i)) != NULL; i++) {
		assert_true(fx_list(f, cls->name) > 0);
		item = fx_node(f, "Items")->first;
		for (; item != NULL; item = item->next) {
			for (k = item->first; k->next != NULL; k = k->next) {
				assert_string_equal(k->ns, item->ns);
				assert_true(
				    strcmp(k->name, k->next->name) <= 0);
			}
		}
	}
	assert_true(i > 20);
}

static void
test_enumeration_context(void **state)
{
	struct fx *f = *state;
	char pull[200];

	fx_op(f, "Enumerate", "AMT_GeneralSettings", NULL, "<n:Enumerate/>");
	assert_string_equal(f->a.method, "AMT_GeneralSettings.Enumerate");
	snprintf(pull, sizeof(pull),
	    "<n:Pull><n:EnumerationContext>%s</n:EnumerationContext>"
	    "<n:MaxElements>999</n:MaxElements></n:Pull>",
	    fx_text(f, "EnumerationContext"));
	/* of another class; then right; then used up */
	fx_op(f, "Pull", "AMT_TLSSettingData", NULL, pull);
	fx_assert_fault(f, "InvalidEnumerationContext");
	fx_op(f, "Pull", "AMT_GeneralSettings", NULL, pull);
	assert_int_equal(f->a.status, 200);
	assert_int_equal(fx_count(f, "AMT_GeneralSettings"), 1);
	fx_op(f, "Pull", "AMT_GeneralSettings", NULL, pull);
	fx_assert_fault(f, "InvalidEnumerationContext");
}

static void
test_enumeration_limits(void **state)
{
	struct fx *f = *state;
	char release[200];
	int i;

	for (i = 0; i < FW_MAX_ENUMS; i++) {
		fx_op(f, "Enumerate", "AMT_GeneralSettings", NULL,
		    "<n:Enumerate/>");
		assert_int_equal(f->a.status, 200);
	}
	snprintf(release, sizeof(release),
	    "<n:Release><n:EnumerationContext>%s</n:EnumerationContext>"
	    "</n:Release>",
	    fx_text(f, "EnumerationContext"));
	fx_op(f, "Enumerate", "AMT_GeneralSettings", NULL, "<n:Enumerate/>");
	fx_assert_fault(f, "QuotaLimit");
	fx_op(f, "Release", "AMT_GeneralSettings", NULL, release);
	assert_int_equal(f->a.status, 200);
	assert_null(fw_child(f->tree, NS_SOAP, "Body")->first);
	fx_op(f, "Enumerate", "AMT_GeneralSettings", NULL, "<n:Enumerate/>");
	assert_int_equal(f->a.status, 200);
	fx_op(f, "Enumerate", "AMT_GeneralSettings", NULL,
	    "<n:Enumerate><w:Filter>x</w:Filter></n:Enumerate>");
	fx_assert_fault(f, "FilteringNotSupported");
	fx_op(f, "Enumerate", "AMT_GeneralSettings", NULL,
	    "<n:Enumerate><w:OptimizeEnumeration/></n:Enumerate>");
	fx_assert_fault(f, "UnsupportedFeature");
}

static void
test_split_pulls(void **state)
{
	struct fx *f = *state;

	sim_firmware_options(&f->d)->split = 1;
	assert_int_equal(fx_list(f, "CIM_SoftwareIdentity"), 11);
	assert_int_equal(fx_list(f, "AMT_TLSSettingData"), 2);
	assert_int_equal(fx_list(f, "CIM_CredentialContext"), 1);
	assert_int_equal(fx_count(f, "AMT_TLSCredentialContext"), 1);
}

static void
test_prefix_chaos(void **state)
{
	struct fx *f = *state;
	const struct fw_class *cls;
	size_t i;

	sim_firmware_options(&f->d)->chaos = true;
	for (i = 0; (cls = fw_class_at(i)) != NULL; i++)
		assert_true(fx_list(f, cls->name) > 0);
	fx_get(f, "AMT_GeneralSettings", NULL);
	assert_null(strstr(f->a.body, "<a:Envelope"));
	assert_string_equal(
	    fx_node(f, "HostName")->ns, URI_AMT "AMT_GeneralSettings");
}

static void
test_get_needs_a_selector(void **state)
{
	struct fx *f = *state;

	fx_op(f, "Get", "AMT_TLSSettingData", NULL, NULL);
	fx_assert_fault(f, "InvalidSelectors");
	fx_get(f, "CIM_SoftwareIdentity", "InstanceID=AMT");
	fx_assert_text(f, "VersionString", "16.1.25");
	fx_op(f, "Get", "CIM_SoftwareIdentity", "InstanceID=BIOS", NULL);
	fx_assert_fault(f, "DestinationUnreachable");
}

static void
test_old_firmware(void **state)
{
	struct fx f;

	(void)state;
	fx_new(&f, 6, 0);
	fx_op(&f, "Get", "IPS_HostBasedSetupService", NULL, NULL);
	fx_assert_fault(&f, "DestinationUnreachable");
	assert_int_equal(
	    fx_call(&f, "AMT_PublicKeyManagementService", "GenerateKeyPair",
		"<r:KeyAlgorithm>0</r:KeyAlgorithm>"
		"<r:KeyLength>2048</r:KeyLength>"),
	    FX_FAULT);
	fx_assert_fault(&f, "ActionNotSupported");
	fx_free(&f);
}

static void
test_method_body(void **state)
{
	static const char cls[] = "AMT_TimeSynchronizationService";
	static const char op[] = "x/GetLowAccuracyTimeSynch";
	struct fx *f = *state;

	fx_op(f, op, cls, NULL, "<r:GetLowAccuracyTimeSynch_INPUT/>");
	assert_int_equal(f->a.status, 200);
	fx_op(f, op, cls, NULL, NULL);
	fx_assert_fault(f, "SchemaValidationError");
	fx_op(f, op, cls, NULL, "<r:GetLowAccuracyTimeSync_INPUT/>");
	fx_assert_fault(f, "SchemaValidationError");
	fx_op(f, op, cls, NULL, "<w:GetLowAccuracyTimeSynch_INPUT/>");
	fx_assert_fault(f, "SchemaValidationError");
	fx_op(f, op, cls, NULL,
	    "<r:GetLowAccuracyTimeSynch_INPUT><r:X>1</r:X>"
	    "</r:GetLowAccuracyTimeSynch_INPUT>");
	fx_assert_fault(f, "SchemaValidationError");
	fx_op(f, "x/Nothing", cls, NULL, "<r:Nothing_INPUT/>");
	fx_assert_fault(f, "ActionNotSupported");
}

static void
test_flash_wear(void **state)
{
	static const char put[] =
	    "<r:PingResponseEnabled>true</r:PingResponseEnabled>"
	    "<r:WsmanOnlyMode>false</r:WsmanOnlyMode>";
	struct fx *f = *state;
	uint64_t before = f->d.state.flash_writes;

	sim_firmware_options(&f->d)->writes = 2;
	assert_true(fx_put(f, "AMT_GeneralSettings", NULL, put));
	assert_true(f->a.mutating);
	assert_true(fx_put(f, "AMT_GeneralSettings", NULL, put));
	assert_false(fx_put(f, "AMT_GeneralSettings", NULL, put));
	fx_assert_fault(f, "QuotaLimit");
	assert_int_equal(fx_call(f, "AMT_SetupAndConfigurationService",
			     "CommitChanges", NULL),
	    PT_FLASH_WRITE_LIMIT);
	assert_int_equal(f->a.effects, SIM_NONE);
	assert_int_equal(f->d.state.flash_writes, before + 2);
	/* a refused one is none */
	sim_firmware_options(&f->d)->writes = 3;
	assert_false(fx_put(f, "AMT_GeneralSettings", NULL, "<r:X>1</r:X>"));
	assert_int_equal(fx_call(f, "AMT_SetupAndConfigurationService",
			     "SetMEBxPassword", "<r:Password>x</r:Password>"),
	    PT_INVALID_PASSWORD);
	assert_int_equal(f->d.state.flash_writes, before + 2);
	fx_get(f, "AMT_GeneralSettings", NULL); /* reading goes on */
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_answer_header),
	    T(test_header_edits),
	    T(test_fault_layout),
	    T(test_not_soap),
	    T(test_identify),
	    T(test_every_class_lists),
	    T(test_enumeration_context),
	    T(test_enumeration_limits),
	    T(test_split_pulls),
	    T(test_prefix_chaos),
	    T(test_get_needs_a_selector),
	    cmocka_unit_test(test_old_firmware),
	    T(test_method_body),
	    T(test_flash_wear),
	};

	return cmocka_run_group_tests_name("soap", tests, NULL, NULL);
}
