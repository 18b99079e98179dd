#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware_fixture.h"

/* AMT_TLSSettingData, AMT_TLSCredentialContext, CommitChanges: what is staged,
 * what is committed, and what cannot be done in between. */

#define TLS "AMT_TLSSettingData"
#define CONTEXT "AMT_TLSCredentialContext"
#define SETUP "AMT_SetupAndConfigurationService"
#define CERT "AMT_PublicKeyCertificate"
#define REMOTE "Intel(r) AMT 802.3 TLS Settings"
#define LOCAL "Intel(r) AMT LMS TLS Settings"
#define COLLECTION "TLSProtocolEndpoint Instances Collection"
#define SETTING(id, enabled, mutual, plain)                                    \
	"<r:AcceptNonSecureConnections>" plain                                 \
	"</r:AcceptNonSecureConnections>"                                      \
	"<r:ElementName>" id "</r:ElementName>"                                \
	"<r:Enabled>" enabled "</r:Enabled>"                                   \
	"<r:InstanceID>" id "</r:InstanceID>"                                  \
	"<r:MutualAuthentication>" mutual "</r:MutualAuthentication>"

/* A second key with a certificate in the store: its handle. */
static int
second_certificate(struct fx *f)
{
	struct fw_self_signed what = {FX_FQDN, 1, 2000000000};
	uint8_t *key, *der;
	size_t key_len, len;
	int handle;

	assert_int_equal(fw_key_make(&f->d, 2048, &key, &key_len), 0);
	handle = fw_key_store(&f->d, key, key_len);
	assert_true(handle >= 0);
	assert_int_equal(fw_cert_self_sign(fw_key_by_handle(&f->d, handle),
			     &what, &der, &len),
	    0);
	handle = fw_cert_store(&f->d, der, len, false);
	free(key);
	free(der);
	return handle;
}

static char *
context_body(int handle, const char *collection)
{
	struct fw_text t = {NULL, 0, 0};
	char id[64], *cert, *ends;

	snprintf(
	    id, sizeof(id), "Intel(r) AMT Certificate: Handle: %d", handle);
	cert = fx_epr("ElementInContext", CERT, "InstanceID", id);
	ends = fx_epr("ElementProvidingContext",
	    "AMT_TLSProtocolEndpointCollection", "ElementName", collection);
	fw_add(&t, cert);
	fw_add(&t, ends);
	free(cert);
	free(ends);
	return t.p;
}

static bool
context(struct fx *f, const char *operation, int handle)
{
	char *body = context_body(handle, COLLECTION);
	struct fw_text t = {NULL, 0, 0};

	fw_add(&t, "<r:" CONTEXT ">");
	fw_add(&t, body);
	fw_add(&t, "</r:" CONTEXT ">");
	fx_op(f, operation, CONTEXT, NULL, t.p);
	free(body);
	fw_text_free(&t);
	return f->a.status == 200;
}

static bool
delete_cert(struct fx *f, int handle)
{
	char selector[80];

	snprintf(selector, sizeof(selector),
	    "InstanceID=Intel(r) AMT Certificate: Handle: %d", handle);
	fx_op(f, "Delete", CERT, selector, NULL);
	return f->a.status == 200;
}

static int
commit(struct fx *f)
{
	return fx_call(f, SETUP, "CommitChanges", NULL);
}

/* --- replacing a certificate ---------------------------------------------- */

static void
test_replacement(void **state)
{
	struct fx f;
	int fresh;

	(void)state;
	fx_new(&f, 12, 0);
	assert_int_equal(f.d.state.committed.cert_handle, 0);
	fresh = second_certificate(&f);
	assert_false(context(&f, "Create", fresh));
	fx_assert_fault(&f, "AlreadyExists");
	assert_true(context(&f, "Put", fresh));
	assert_int_equal(f.a.effects, SIM_NONE);
	fx_get(&f, CONTEXT, NULL);
	assert_non_null(strstr(f.a.body, "Certificate: Handle: 1"));
	/* staged: the old one still serves, neither can go */
	assert_int_equal(f.d.state.committed.cert_handle, 0);
	assert_false(delete_cert(&f, 0));
	fx_assert_fault(&f, "AccessDenied");
	assert_false(delete_cert(&f, fresh));
	assert_int_equal(commit(&f), PT_SUCCESS);
	assert_int_equal(f.a.effects, SIM_COMMIT);
	assert_non_null(strstr(f.a.body, SETUP "/CommitChanges</"));
	assert_int_equal(f.d.state.committed.cert_handle, fresh);
	assert_true(delete_cert(&f, 0));
	assert_int_equal(fx_list(&f, CERT), 1);
	fx_free(&f);
}

/* The keys of an association are references themselves. */
static void
test_reference_selectors(void **state)
{
	static const char half[] =
	    "<w:Selector Name=\"ElementInContext\"><a:EndpointReference>"
	    "<a:Address>" NS_ANON "</a:Address><a:ReferenceParameters>"
	    "<w:ResourceURI>" URI_AMT CERT "</w:ResourceURI><w:SelectorSet>"
	    "<w:Selector Name=\"InstanceID\">"
	    "Intel(r) AMT Certificate: Handle: %d</w:Selector>"
	    "</w:SelectorSet></a:ReferenceParameters></a:EndpointReference>"
	    "</w:Selector>";
	char selectors[1024];
	struct fx f;

	(void)state;
	fx_new(&f, 12, 0);
	snprintf(selectors, sizeof(selectors), half, 0);
	fx_get(&f, CONTEXT, selectors);
	snprintf(selectors, sizeof(selectors), half, 1);
	fx_op(&f, "Get", CONTEXT, selectors, NULL);
	fx_assert_fault(&f, "DestinationUnreachable");
	fx_op(&f, "Get", CONTEXT, "ElementInContext=x", NULL);
	fx_assert_fault(&f, "DestinationUnreachable");
	fx_free(&f);
}

static void
test_power_loss_forgets_what_is_staged(void **state)
{
	struct fx f;
	int fresh;

	(void)state;
	fx_new(&f, 12, 0);
	fresh = second_certificate(&f);
	assert_true(context(&f, "Put", fresh));
	sim_firmware_boot(&f.d);
	assert_int_equal(f.d.state.staged.cert_handle, 0);
	assert_true(delete_cert(&f, fresh));
	fx_free(&f);
}

static void
test_context_refusals(void **state)
{
	struct fx f;
	int stranger;
	char *body;

	(void)state;
	fx_new(&f, 12, 0);
	stranger = second_certificate(&f);
	free(f.d.state.keys[1].der);
	memset(&f.d.state.keys[1], 0, sizeof(f.d.state.keys[1]));
	assert_false(context(&f, "Put", stranger)); /* its key is not here */
	fx_assert_fault(&f, "InvalidRepresentation");
	assert_false(context(&f, "Put", 9));
	fx_assert_fault(&f, "InvalidRepresentation");
	body = context_body(0, "Something Else");
	assert_false(fx_put(&f, CONTEXT, NULL, body));
	fx_assert_fault(&f, "InvalidRepresentation");
	free(body);
	body = context_body(0, "TLSProtocolEndpointInstances Collection");
	assert_true(fx_put(&f, CONTEXT, NULL, body));
	free(body);
	assert_false(fx_put(&f, CONTEXT, NULL, "<r:ElementInContext/>"));
	fx_assert_fault(&f, "SchemaValidationError");
	fx_op(&f, "Delete", CONTEXT, NULL, NULL);
	fx_assert_fault(&f, "AccessDenied");
	fx_free(&f);
}

/* --- switching TLS on and off --------------------------------------------- */

static void
test_enable_from_nothing(void **state)
{
	struct fx f;
	int handle;

	(void)state;
	fx_new_plain(&f, 12, 0);
	assert_false(f.d.state.committed.enabled);
	assert_true(f.d.state.committed.plain);
	fx_op(&f, "Get", CONTEXT, NULL, NULL);
	fx_assert_fault(&f, "DestinationUnreachable");
	assert_false(context(&f, "Put", 0));
	fx_assert_fault(&f, "DestinationUnreachable");
	assert_true(fx_put(&f, TLS, "InstanceID=" REMOTE,
	    SETTING(REMOTE, "true", "false", "false")));
	fx_assert_text(&f, "Enabled", "true");
	assert_int_equal(commit(&f), PT_DATA_MISSING);
	assert_false(f.d.state.committed.enabled);
	handle = second_certificate(&f);
	assert_true(context(&f, "Create", handle));
	assert_int_equal(fx_count(&f, "ResourceCreated"), 1);
	assert_string_equal(fx_node(&f, "ResourceCreated")->ns, NS_TRANSFER);
	assert_int_equal(fx_count(&f, "EndpointReference"), 2);
	f.d.state.clock_set = false;
	assert_int_equal(commit(&f), PT_DATA_MISSING);
	f.d.state.clock_set = true;
	assert_int_equal(commit(&f), PT_SUCCESS);
	assert_true(f.d.state.committed.enabled);
	assert_false(f.d.state.committed.plain);
	/* and off again */
	assert_true(fx_put(&f, TLS, "InstanceID=" REMOTE,
	    SETTING(REMOTE, "false", "false", "true")));
	fx_op(&f, "Delete", CONTEXT, NULL, NULL);
	fx_assert_fault(&f, "AccessDenied");
	assert_int_equal(commit(&f), PT_SUCCESS);
	fx_op(&f, "Delete", CONTEXT, NULL, NULL);
	assert_int_equal(f.a.status, 200);
	assert_true(delete_cert(&f, handle));
	fx_free(&f);
}

static void
test_settings_refusals(void **state)
{
	struct fx f;

	(void)state;
	fx_new(&f, 12, 0);
	assert_false(
	    fx_put(&f, TLS, NULL, SETTING(REMOTE, "true", "false", "false")));
	fx_assert_fault(&f, "InvalidSelectors");
	assert_false(fx_put(&f, TLS, "InstanceID=" REMOTE,
	    SETTING(LOCAL, "true", "false", "false")));
	fx_assert_fault(&f, "InvalidRepresentation");
	assert_false(fx_put(&f, TLS, "InstanceID=" REMOTE,
	    "<r:ElementName>" REMOTE "</r:ElementName>"
	    "<r:Enabled>true</r:Enabled>"
	    "<r:InstanceID>" REMOTE "</r:InstanceID>"));
	fx_assert_fault(&f, "InvalidRepresentation");
	assert_false(fx_put(&f, TLS, "InstanceID=" REMOTE,
	    SETTING(REMOTE, "true", "false",
		"false") "<r:TrustedCN>example.test</r:TrustedCN>"));
	fx_assert_fault(&f, "InvalidRepresentation");
	assert_false(fx_put(&f, TLS, "InstanceID=" REMOTE,
	    SETTING(REMOTE, "true", "false",
		"false") "<r:NonSecureConnectionsSupported>true"
			 "</r:NonSecureConnectionsSupported>"));
	fx_assert_fault(&f, "SchemaValidationError");
	fx_free(&f);
}

static void
test_mutual(void **state)
{
	static const char *const names = SETTING(REMOTE, "true", "true",
	    "false") "<r:TrustedCN>a.test</r:TrustedCN>"
		     "<r:TrustedCN>b.test</r:TrustedCN>";
	struct fx f;

	(void)state;
	fx_new(&f, 12, 0);
	assert_true(fx_put(&f, TLS, "InstanceID=" REMOTE, names));
	assert_int_equal(fx_count(&f, "TrustedCN"), 2);
	/* the names hold at once, the rest after the commit */
	assert_string_equal(sim_trusted_cn(&f.d, 1), "b.test");
	assert_null(sim_trusted_cn(&f.d, 2));
	assert_false(f.d.state.committed.mutual);
	assert_int_equal(commit(&f), PT_DATA_MISSING); /* no root */
	f.d.state.certs[0].trusted_root = true;
	assert_int_equal(commit(&f), PT_SUCCESS);
	assert_true(f.d.state.committed.mutual);
	fx_free(&f);
}

static void
test_order_of_instances(void **state)
{
	struct fx f;

	(void)state;
	fx_new(&f, 12, 0);
	assert_int_equal(fx_list(&f, TLS), 2);
	fx_assert_text(&f, "InstanceID", REMOTE);
	fx_free(&f);
	fx_new(&f, 16, 1);
	assert_int_equal(fx_list(&f, TLS), 2);
	fx_assert_text(&f, "InstanceID", LOCAL);
	fx_free(&f);
}

/* --- from 16.1 ------------------------------------------------------------ */

static void
test_always_on(void **state)
{
	struct fx f;

	(void)state;
	fx_new_plain(&f, 16, 1);
	assert_true(f.d.state.committed.enabled);
	assert_false(f.d.state.committed.plain);
	assert_int_equal(fx_list(&f, CERT), 1);
	fx_assert_text(&f, "ReadOnlyCertificate", "true");
	assert_int_equal(fx_list(&f, CONTEXT), 1);
	assert_false(fx_put(&f, TLS, "InstanceID=" REMOTE,
	    SETTING(REMOTE, "false", "false", "false")));
	fx_assert_fault(&f, "AccessDenied");
	assert_false(fx_put(&f, TLS, "InstanceID=" REMOTE,
	    SETTING(REMOTE, "true", "false", "true")));
	fx_assert_fault(&f, "AccessDenied");
	fx_op(&f, "Delete", CONTEXT, NULL, NULL);
	fx_assert_fault(&f, "AccessDenied");
	assert_true(context(&f, "Put", second_certificate(&f)));
	assert_int_equal(commit(&f), PT_SUCCESS);
	assert_false(delete_cert(&f, 0)); /* unused, but the firmware's own */
	fx_assert_fault(&f, "AccessDenied");
	fx_get(&f, TLS, "InstanceID=" REMOTE);
	fx_assert_text(&f, "NonSecureConnectionsSupported", "false");
	fx_free(&f);
}

static void
test_setup_service(void **state)
{
	struct fx f;

	(void)state;
	fx_new(&f, 16, 1);
	fx_get(&f, SETUP, NULL);
	fx_assert_text(&f, "ProvisioningState", "2");
	fx_assert_text(&f, "ProvisioningMode", "1");
	assert_int_equal(fx_call(&f, SETUP, "SetMEBxPassword",
			     "<r:Password>P@ssw0rd</r:Password>"),
	    PT_SUCCESS);
	assert_int_equal(fx_call(&f, SETUP, "SetMEBxPassword",
			     "<r:Password>Location_1</r:Password>"),
	    PT_INVALID_PASSWORD);
	sim_firmware_options(&f.d)->client_mode = true;
	assert_int_equal(fx_call(&f, SETUP, "SetMEBxPassword",
			     "<r:Password>P@ssw0rd</r:Password>"),
	    PT_NOT_PERMITTED);
	fx_get(&f, "IPS_HostBasedSetupService", NULL);
	fx_assert_text(&f, "CurrentControlMode", "1");
	fx_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replacement),
	    cmocka_unit_test(test_reference_selectors),
	    cmocka_unit_test(test_power_loss_forgets_what_is_staged),
	    cmocka_unit_test(test_context_refusals),
	    cmocka_unit_test(test_enable_from_nothing),
	    cmocka_unit_test(test_settings_refusals),
	    cmocka_unit_test(test_mutual),
	    cmocka_unit_test(test_order_of_instances),
	    cmocka_unit_test(test_always_on),
	    cmocka_unit_test(test_setup_service),
	};

	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
