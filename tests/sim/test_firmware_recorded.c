#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware_fixture.h"

/* The simulated answers beside those recorded from real devices: the same
 * namespace declarations in the same order, the same header, the same elements
 * in the same order.  The recordings are not part of this project: the
 * environment variable AMT_RECORDED says where they are. */

#define MAX_FILE 65536
#define SKIP 77

enum how { GET, PULL, CALL, PUT_SELF, DELETE };

static const struct {
	const char *file, *cls;
	enum how how;
	const char *with; /* selector, or method */
	const char *params;
} cases[] = {
    {"amt/general/get.xml", "AMT_GeneralSettings", GET, NULL, NULL},
    {"amt/timesynchronization/get.xml", "AMT_TimeSynchronizationService", GET,
	NULL, NULL},
    {"amt/timesynchronization/pull.xml", "AMT_TimeSynchronizationService", PULL,
	NULL, NULL},
    {"amt/timesynchronization/sethighaccuracytimesynch.xml",
	"AMT_TimeSynchronizationService", CALL, "SetHighAccuracyTimeSynch",
	"<r:Ta0>1700000000</r:Ta0><r:Tm1>1700000000</r:Tm1>"
	"<r:Tm2>1700000000</r:Tm2>"},
    {"amt/authorization/pull.xml", "AMT_AuthorizationService", PULL, NULL,
	NULL},
    {"amt/authorization/enumerateuseraclentries.xml",
	"AMT_AuthorizationService", CALL, "EnumerateUserAclEntries",
	"<r:StartIndex>1</r:StartIndex>"},
    {"amt/authorization/getadminaclentrystatus.xml", "AMT_AuthorizationService",
	CALL, "GetAdminAclEntryStatus", NULL},
    {"amt/authorization/getuseraclentryex.xml", "AMT_AuthorizationService",
	CALL, "GetUserAclEntryEx", "<r:Handle>1</r:Handle>"},
    {"amt/authorization/setaclenabledstate.xml", "AMT_AuthorizationService",
	CALL, "SetAclEnabledState",
	"<r:Handle>1</r:Handle><r:Enabled>true</r:Enabled>"},
    {"amt/kerberos/get.xml", "AMT_KerberosSettingData", GET, NULL, NULL},
    {"amt/kerberos/getcredentialcachestate.xml", "AMT_KerberosSettingData",
	CALL, "GetCredentialCacheState", NULL},
    {"amt/publickey/certificate/get.xml", "AMT_PublicKeyCertificate", GET, NULL,
	NULL},
    {"amt/publickey/certificate/pull.xml", "AMT_PublicKeyCertificate", PULL,
	NULL, NULL},
    {"amt/publickey/management/get.xml", "AMT_PublicKeyManagementService", GET,
	NULL, NULL},
    {"amt/publicprivate/get.xml", "AMT_PublicPrivateKeyPair", GET, NULL, NULL},
    {"amt/publicprivate/pull.xml", "AMT_PublicPrivateKeyPair", PULL, NULL,
	NULL},
    {"amt/tls/settingdata/get.xml", "AMT_TLSSettingData", GET,
	"InstanceID=Intel(r) AMT 802.3 TLS Settings", NULL},
    {"amt/tls/settingdata/pull.xml", "AMT_TLSSettingData", PULL, NULL, NULL},
    {"amt/tls/protocolendpointcollection/get.xml",
	"AMT_TLSProtocolEndpointCollection", GET, NULL, NULL},
    {"amt/tls/credentialcontext/put.xml", "AMT_TLSCredentialContext", PUT_SELF,
	NULL, NULL},
    {"amt/redirectionservice/get.xml", "AMT_RedirectionService", GET, NULL,
	NULL},
    {"amt/ethernetport/get.xml", "AMT_EthernetPortSettings", GET,
	"InstanceID=Intel(r) AMT Ethernet Port Settings 0", NULL},
    {"amt/ethernetport/pull.xml", "AMT_EthernetPortSettings", PULL, NULL, NULL},
    {"amt/setupandconfiguration/setmebxpassword.xml",
	"AMT_SetupAndConfigurationService", CALL, "SetMEBxPassword",
	"<r:Password>P@ssw0rd</r:Password>"},
    {"ips/hostipsettings/get.xml", "IPS_HostIPSettings", GET, NULL, NULL},
    {"ips/hostbasedsetup/pull.xml", "IPS_HostBasedSetupService", PULL, NULL,
	NULL},
    {"ips/ieee8021x/settings/get.xml", "IPS_IEEE8021xSettings", GET, NULL,
	NULL},
};

/* What a device has or has not by its own nature: addresses, and in the
 * general settings what the recorded one had no values for. */
static const char *const may_differ[] = {"IPAddress", "SecondaryDNS",
    "DefaultGateway", "PrimaryDNS", "SubnetMask", NULL};

static bool
differs(const char *name)
{
	size_t i;

	for (i = 0; may_differ[i] != NULL; i++) {
		if (strcmp(may_differ[i], name) == 0)
			return true;
	}
	return false;
}

static const struct fw_node *
past(const struct fw_node *n)
{
	while (n != NULL && differs(n->name))
		n = n->next;
	return n;
}

/* The same names at every level; a list repeats as often as it likes. */
static void
compare(
    const char *file, const struct fw_node *ours, const struct fw_node *real)
{
	const struct fw_node *a = past(ours->first), *b = past(real->first);

	if (!fw_is(ours, real->ns, real->name))
		fail_msg("%s: {%s}%s, recorded {%s}%s", file, ours->ns,
		    ours->name, real->ns, real->name);
	while (a != NULL && b != NULL) {
		compare(file, a, b);
		while (a->next != NULL && fw_is(a->next, a->ns, a->name))
			a = a->next;
		while (b->next != NULL && fw_is(b->next, b->ns, b->name))
			b = b->next;
		a = past(a->next);
		b = past(b->next);
	}
	if (a != NULL || b != NULL)
		fail_msg("%s: in %s: %s, recorded %s", file, real->name,
		    a != NULL ? a->name : "(end)",
		    b != NULL ? b->name : "(end)");
}

/* "xmlns:a=uri xmlns:b=uri ..." of the envelope, without the recordings' stray
 * blanks. */
static char *
declarations(const char *xml)
{
	const char *at = strstr(xml, "Envelope"), *end, *quote;
	struct fw_text t = {NULL, 0, 0};

	assert_non_null(at);
	end = strchr(at, '>');
	for (at = strstr(at, "xmlns:"); at != NULL && at < end;
	     at = strstr(at + 1, "xmlns:")) {
		quote = strchr(at, '"');
		fw_addn(&t, at, strcspn(at, "="));
		fw_add(&t, "=");
		fw_addn(&t, quote + 1, strcspn(quote + 1, "\""));
		fw_add(&t, "\n");
	}
	return t.p;
}

static char *
load(const char *file)
{
	char path[512], *text;
	FILE *f;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", getenv("AMT_RECORDED"), file);
	f = fopen(path, "r");
	if (f == NULL)
		return NULL;
	text = fw_alloc(MAX_FILE);
	len = fread(text, 1, MAX_FILE - 1, f);
	text[len] = '\0';
	fclose(f);
	return text;
}

static void
put_self(struct fx *f, const char *cls)
{
	char *cert = fx_epr("ElementInContext", "AMT_PublicKeyCertificate",
	    "InstanceID", "Intel(r) AMT Certificate: Handle: 0");
	char *ends = fx_epr("ElementProvidingContext",
	    "AMT_TLSProtocolEndpointCollection", "ElementName",
	    "TLSProtocolEndpoint Instances Collection");
	struct fw_text t = {NULL, 0, 0};

	fw_add(&t, cert);
	fw_add(&t, ends);
	assert_true(fx_put(f, cls, NULL, t.p));
	fw_text_free(&t);
	free(cert);
	free(ends);
}

static void
ask(struct fx *f, size_t i)
{
	switch (cases[i].how) {
	case GET:
		fx_get(f, cases[i].cls, cases[i].with);
		break;
	case PULL:
		fx_list(f, cases[i].cls);
		break;
	case CALL:
		assert_int_equal(
		    fx_call(f, cases[i].cls, cases[i].with, cases[i].params),
		    PT_SUCCESS);
		break;
	case PUT_SELF:
		put_self(f, cases[i].cls);
		break;
	case DELETE:
		fx_op(f, "Delete", cases[i].cls, cases[i].with, NULL);
		break;
	}
}

/* How many things are not as recorded. */
static int
compare_case(struct fx *f, size_t i)
{
	char *text = load(cases[i].file), *ours, *real;
	struct fw_node *tree;
	const struct fw_node *a, *b;
	int wrong = 0;

	if (text == NULL) {
		print_message("not there: %s\n", cases[i].file);
		return 0;
	}
	tree = fw_xml_parse(text, strlen(text));
	assert_non_null(tree);
	ask(f, i);
	compare(cases[i].file, f->tree, tree);
	a = fw_child(fw_child(f->tree, NS_SOAP, "Header"), NS_ADDR, "Action");
	b = fw_child(fw_child(tree, NS_SOAP, "Header"), NS_ADDR, "Action");
	if (strcmp(a->text, b->text) != 0) {
		print_error("%s: action %s, recorded %s\n", cases[i].file,
		    a->text, b->text);
		wrong++;
	}
	ours = declarations(f->a.body);
	real = declarations(text);
	if (strcmp(ours, real) != 0) {
		print_error("%s: declared here\n%srecorded\n%s\n",
		    cases[i].file, ours, real);
		wrong++;
	}
	free(ours);
	free(real);
	fw_xml_free(tree);
	free(text);
	return wrong;
}

static void
test_recorded(void **state)
{
	struct fx f;
	int wrong = 0;
	size_t i;

	(void)state;
	fx_new(&f, 15, 0);
	sim_firmware_options(&f.d)->no_lms = true;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		wrong += compare_case(&f, i);
	assert_int_equal(wrong, 0);
	fx_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_recorded),
	};
	const char *folder = getenv("AMT_RECORDED");

	if (folder == NULL || folder[0] == '\0') {
		printf("SKIP: AMT_RECORDED does not say where the recorded "
		       "answers are\n");
		return SKIP;
	}
	return cmocka_run_group_tests_name("recorded", tests, NULL, NULL);
}
