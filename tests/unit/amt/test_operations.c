#include "fake_session.h"

/* Each operation against a scripted session: what is asked, what is not, and
 * what the answers mean. */

#define GENERAL "AMT_GeneralSettings"
#define ETHERNET "AMT_EthernetPortSettings"
#define CLOCK "AMT_TimeSynchronizationService"
#define PKI "AMT_PublicKeyManagementService"
#define CERT "AMT_PublicKeyCertificate"
#define KEY "AMT_PublicPrivateKeyPair"
#define CONTEXT "AMT_TLSCredentialContext"
#define TLS "AMT_TLSSettingData"
#define SETUP "AMT_SetupAndConfigurationService"
#define ACCOUNT "AMT_AuthorizationService"
#define KERBEROS "AMT_KerberosSettingData"
#define REALM "Digest:00112233445566778899AABBCCDDEEFF"

/* --- identity --- */

static void
identity_of_new_firmware(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Enumerate",
		.class_name = "CIM_SoftwareIdentity",
		.answer = ITEMS("<C><InstanceID>Flash</InstanceID>"
				"<VersionString>1</VersionString></C>"
				"<C><InstanceID>AMT</InstanceID>"
				"<VersionString>16.1.25</VersionString></C>")},
	    {.action = "/Get",
		.class_name = "IPS_HostBasedSetupService",
		.answer = "<IPS_HostBasedSetupService><CurrentControlMode>2"
			  "</CurrentControlMode></IPS_HostBasedSetupService>"},
	    {.action = "/Get",
		.class_name = "CIM_ComputerSystemPackage",
		.answer = "<CIM_ComputerSystemPackage><PlatformGUID>"
			  "13AEE355D2BFBB6117A088AEDD7037EA</PlatformGUID>"
			  "</CIM_ComputerSystemPackage>"},
	};
	struct amt_identity id = {0};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_identity_read(f.amt, &id, fake_done, &f, &f.err));
	assert_string_equal(id.version, "16.1.25");
	assert_string_equal(id.control_mode, "acm");
	assert_string_equal(id.uuid, "55e3ae13-bfd2-61bb-17a0-88aedd7037ea");
}

static void
identity_of_old_firmware(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Enumerate",
		.class_name = "CIM_SoftwareIdentity",
		.answer = ITEMS("")},
	    {.action = "/Get",
		.class_name = "IPS_HostBasedSetupService",
		.answer = FAULT("a:DestinationUnreachable")},
	    {.action = "/Get",
		.class_name = SETUP,
		.answer = INSTANCE(
		    SETUP, "<g:ProvisioningMode>1</g:ProvisioningMode>")},
	    {.action = "/Get",
		.class_name = "CIM_ComputerSystemPackage",
		.answer = FAULT("a:DestinationUnreachable")},
	};
	struct amt_identity id = {0};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_identity_read(f.amt, &id, fake_done, &f, &f.err));
	assert_string_equal(id.version, "");
	assert_string_equal(id.control_mode, "acm");
	assert_string_equal(id.uuid, "");
}

/* --- general --- */

#define SETTINGS(host, ddns)                                                   \
	INSTANCE(GENERAL,                                                      \
	    "<g:DDNSUpdateByDHCPServerEnabled>" ddns                           \
	    "</g:DDNSUpdateByDHCPServerEnabled><g:DDNSUpdateEnabled>false"     \
	    "</g:DDNSUpdateEnabled><g:DigestRealm>" REALM "</g:DigestRealm>"   \
	    "<g:HostName>" host "</g:HostName><g:PingResponseEnabled>true"     \
	    "</g:PingResponseEnabled><g:SharedFQDN>true</g:SharedFQDN>"        \
	    "<g:WsmanOnlyMode>false</g:WsmanOnlyMode>")

static const struct amt_general wish = {.host = "pc1",
    .domain = "corp.example",
    .shared_fqdn = true,
    .ping = true,
    .ddns_dhcp = true,
    .ddns_interval = 1440,
    .ddns_ttl = 900};

/* An absent element is put at its place in the order; ones that firmware does
 * not know are not sent; all others go back as they came. */
static void
general_is_patched(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("old", "true")},
	    {.action = "/Put",
		.class_name = GENERAL,
		.expect =
		    "<r:DDNSUpdateByDHCPServerEnabled>true"
		    "</r:DDNSUpdateByDHCPServerEnabled><r:DDNSUpdateEnabled>"
		    "false</r:DDNSUpdateEnabled><r:DigestRealm>" REALM
		    "</r:DigestRealm><r:DomainName>corp.example"
		    "</r:DomainName><r:HostName>pc1</r:HostName>"
		    "<r:PingResponseEnabled>true</r:PingResponseEnabled>"
		    "<r:SharedFQDN>true</r:SharedFQDN><r:WsmanOnlyMode>false"
		    "</r:WsmanOnlyMode></r:AMT_GeneralSettings>",
		.unwanted = "DDNSTTL",
		.answer = SETTINGS("old", "true")},
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = INSTANCE(GENERAL,
		    "<g:DomainName>corp.example</g:DomainName><g:HostName>pc1"
		    "</g:HostName><g:PingResponseEnabled>true"
		    "</g:PingResponseEnabled>")},
	};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_general_write(f.amt, &wish, fake_done, &f, &f.err));
}

static void
general_is_left_alone_when_right(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = INSTANCE(GENERAL,
		    "<g:DomainName>corp.example</g:DomainName><g:HostName>pc1"
		    "</g:HostName><g:PingResponseEnabled>true"
		    "</g:PingResponseEnabled>")},
	};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_general_write(f.amt, &wish, fake_done, &f, &f.err));
}

static void
general_that_does_not_stick_is_refused(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("old", "true")},
	    {.action = "/Put",
		.class_name = GENERAL,
		.answer = SETTINGS("pc1", "true")},
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("old", "true")},
	};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	assert_int_equal(
	    fake_finish(
		&f, amt_general_write(f.amt, &wish, fake_done, &f, &f.err)),
	    ERR_REFUSED);
}

/* --- what a lost exchange means --- */

static void
losses_are_weighed(void **state)
{
	static const struct exchange read_lost[] = {
	    {.action = "/Get", .class_name = GENERAL, .kind = ERR_UNKNOWN},
	};
	static const struct exchange put_lost[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("old", "true")},
	    {.action = "/Put", .class_name = GENERAL, .kind = ERR_UNKNOWN},
	};
	static const struct exchange gone_after_put[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("old", "true")},
	    {.action = "/Put",
		.class_name = GENERAL,
		.answer = SETTINGS("pc1", "true")},
	    {.action = "/Get", .class_name = GENERAL, .kind = ERR_UNREACHABLE},
	};
	static const struct exchange read_garbled[] = {
	    {.action = "/Get", .class_name = GENERAL, .kind = ERR_PROTOCOL},
	};
	static const struct exchange put_garbled[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("old", "true")},
	    {.action = "/Put", .class_name = GENERAL, .kind = ERR_PROTOCOL},
	};
	struct amt_general got;
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, read_garbled);
	assert_int_equal(
	    fake_finish(
		&f, amt_general_read(f.amt, &got, fake_done, &f, &f.err)),
	    ERR_PROTOCOL);
	FAKE_OPEN(&f, put_garbled);
	assert_int_equal(
	    fake_finish(
		&f, amt_general_write(f.amt, &wish, fake_done, &f, &f.err)),
	    ERR_UNKNOWN);
	FAKE_OPEN(&f, read_lost);
	assert_int_equal(
	    fake_finish(
		&f, amt_general_read(f.amt, &got, fake_done, &f, &f.err)),
	    ERR_UNREACHABLE);
	FAKE_OPEN(&f, put_lost);
	assert_int_equal(
	    fake_finish(
		&f, amt_general_write(f.amt, &wish, fake_done, &f, &f.err)),
	    ERR_UNKNOWN);
	FAKE_OPEN(&f, gone_after_put);
	assert_int_equal(
	    fake_finish(
		&f, amt_general_write(f.amt, &wish, fake_done, &f, &f.err)),
	    ERR_UNKNOWN);
}

/* --- ethernet --- */

#define PORT(id, inner)                                                        \
	INSTANCE(ETHERNET,                                                     \
	    inner "<g:InstanceID>Intel(r) AMT Ethernet Port Settings " id      \
		  "</g:InstanceID>")
#define WIRED                                                                  \
	PORT("0",                                                              \
	    "<g:DHCPEnabled>false</g:DHCPEnabled><g:IPAddress>10.0.0.5"        \
	    "</g:IPAddress><g:IpSyncEnabled>false</g:IpSyncEnabled>"           \
	    "<g:LinkPolicy>1</g:LinkPolicy><g:LinkPolicy>14</g:LinkPolicy>"    \
	    "<g:MACAddress>00-11-22-33-44-55</g:MACAddress>"                   \
	    "<g:SubnetMask>255.0.0.0</g:SubnetMask>")
#define WIRELESS PORT("1", "<g:MACAddress>66-11-22-33-44-55</g:MACAddress>")

static void
wired_port_is_found_by_name(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Enumerate",
		.class_name = ETHERNET,
		.answer = ITEMS(WIRELESS WIRED)},
	};
	static const struct exchange none[] = {
	    {.action = "/Enumerate",
		.class_name = ETHERNET,
		.answer = ITEMS(PORT(
		    "0", "<g:MACAddress>00-00-00-00-00-00</g:MACAddress>"))},
	};
	struct amt_ethernet e = {0};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_ethernet_read(f.amt, &e, fake_done, &f, &f.err));
	assert_true(e.present);
	assert_string_equal(e.ip, "10.0.0.5");
	FAKE_OPEN(&f, none);
	fake_must(&f, amt_ethernet_read(f.amt, &e, fake_done, &f, &f.err));
	assert_false(e.present);
}

static void
dhcp_carries_no_addresses(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Enumerate",
		.class_name = ETHERNET,
		.answer = ITEMS(WIRELESS WIRED)},
	    {.action = "/Put",
		.class_name = ETHERNET,
		.expect = "<r:DHCPEnabled>true</r:DHCPEnabled>"
			  "<r:IpSyncEnabled>true</r:IpSyncEnabled>"
			  "<r:LinkPolicy>1</r:LinkPolicy>"
			  "<r:LinkPolicy>14</r:LinkPolicy>",
		.unwanted = "10.0.0.5",
		.answer = WIRED},
	};
	const struct amt_ethernet dhcp = {.dhcp = true, .ip_sync = true};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_ethernet_write(f.amt, &dhcp, fake_done, &f, &f.err));
}

static void
bad_addresses_are_not_sent(void **state)
{
	static const struct amt_ethernet rows[] = {
	    {.dhcp = true, .shared_static = true},
	    {.ip_sync = true},
	    {.shared_static = true},
	    {.ip = "10.0.0.1"},
	};
	static const struct exchange script[] = {{.action = "never"}};
	struct err err;
	struct fake f;
	size_t i;

	(void)state;
	FAKE_OPEN(&f, script);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err_clear(&err);
		assert_int_equal(
		    amt_ethernet_write(f.amt, &rows[i], fake_done, &f, &err),
		    -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
	amt_free(f.amt);
	loop_free(f.loop);
}

/* --- clock --- */

static void
clock_is_set_from_its_own_answer(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/GetLowAccuracyTimeSynch",
		.class_name = CLOCK,
		.answer = OUTPUT(CLOCK, "GetLowAccuracyTimeSynch",
		    "<g:Ta0>1234567</g:Ta0>")},
	    {.action = "/SetHighAccuracyTimeSynch",
		.class_name = CLOCK,
		.expect = "<r:Ta0>1234567</r:Ta0><r:Tm1>",
		.answer = RETURNS(CLOCK, "SetHighAccuracyTimeSynch", "0")},
	};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_clock_set(f.amt, fake_done, &f, &f.err));
}

static void
clock_without_time_is_an_error(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/GetLowAccuracyTimeSynch",
		.class_name = CLOCK,
		.answer = RETURNS(CLOCK, "GetLowAccuracyTimeSynch", "0")},
	};
	int64_t offset = 77;
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	assert_int_equal(
	    fake_finish(
		&f, amt_clock_read(f.amt, &offset, fake_done, &f, &f.err)),
	    ERR_PROTOCOL);
	assert_int_equal(offset, 77);
}

/* --- keys and certificates --- */

/* Base64 of a PKCS#1 RSAPublicKey; nobody keeps its other half. */
#define DER_KEY                                                                \
	"MIGJAoGBAN0stVuQlBMkAmRCFf47ZXP6bHxIsKPKOeJPoiQhNiGfM6qJDyoi"         \
	"3quF7fYslqxTkwAuB/U9JbMNq3Ttz8XzAoNsP1kv1DOnPMoirzhb2Cm4chAq"         \
	"bpTgOsKtW/xaPHFZnaRDfnhQDNSxGKI9tz3CrxG9AekjNDk9Y04wNwFoREE9"         \
	"AgMBAAE="

static void
new_key_is_waited_for(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/GenerateKeyPair",
		.class_name = PKI,
		.expect = "<r:KeyAlgorithm>0</r:KeyAlgorithm>"
			  "<r:KeyLength>2048</r:KeyLength>",
		.answer = OUTPUT(PKI, "GenerateKeyPair",
		    EPR("KeyPair", KEY, "Intel(r) AMT Key: Handle: 3"))},
	    {.action = "/Get",
		.class_name = KEY,
		.expect = "Handle: 3",
		.answer = FAULT("a:DestinationUnreachable")},
	    {.action = "/Get",
		.class_name = KEY,
		.answer = INSTANCE(KEY, "<g:DERKey/>")},
	    {.action = "/Get",
		.class_name = KEY,
		.answer = INSTANCE(KEY, "<g:DERKey>" DER_KEY "</g:DERKey>")},
	};
	const struct amt_keygen how = {.bits = 2048, .timeout_ms = 60000};
	char handle[AMT_HANDLE] = "";
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(
	    &f, amt_key_generate(f.amt, &how, handle, fake_done, &f, &f.err));
	assert_string_equal(handle, "Intel(r) AMT Key: Handle: 3");
}

static void
busy_key_generation_is_not_repeated(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/GenerateKeyPair",
		.class_name = PKI,
		.answer = RETURNS(PKI, "GenerateKeyPair", "2061")},
	};
	const struct amt_keygen how = {.bits = 2048, .timeout_ms = 60000};
	char handle[AMT_HANDLE] = "unchanged";
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	assert_int_equal(
	    fake_finish(&f,
		amt_key_generate(f.amt, &how, handle, fake_done, &f, &f.err)),
	    ERR_LIMIT);
	assert_int_equal(f.err.native, 2061);
	assert_string_equal(handle, "unchanged");
}

static void
stores_are_read(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Enumerate",
		.class_name = CERT,
		.answer = ITEMS(INSTANCE(CERT,
		    "<g:InstanceID>c0</g:InstanceID><g:TrustedRootCertficate>"
		    "true</g:TrustedRootCertficate><g:X509Certificate>AQID"
		    "</g:X509Certificate>"))},
	    {.action = "/Enumerate",
		.class_name = KEY,
		.answer = ITEMS(INSTANCE(KEY,
		    "<g:DERKey>" DER_KEY "</g:DERKey>"
		    "<g:InstanceID>k0</g:InstanceID>") INSTANCE(KEY,
		    "<g:InstanceID>k1</g:InstanceID>") INSTANCE(KEY,
		    "<g:DERKey>AQID</g:DERKey><g:InstanceID>k2"
		    "</g:InstanceID>"))},
	    {.action = "/Enumerate",
		.class_name = CONTEXT,
		.answer = ITEMS(
		    INSTANCE(CONTEXT, EPR("ElementInContext", CERT, "c0")))},
	    {.action = "/Get",
		.class_name = "AMT_PublicKeyManagementCapabilities",
		.answer = INSTANCE("AMT_PublicKeyManagementCapabilities",
		    "<g:SupportedKeyLengths>2048</g:SupportedKeyLengths>"
		    "<g:SupportedKeyLengths>3072</g:SupportedKeyLengths>")},
	};
	struct amt_pki pki = {0};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(
	    &f, amt_pki_read(f.amt, AMT_PKI_ALL, &pki, fake_done, &f, &f.err));
	assert_int_equal(pki.cert_count, 1);
	assert_true(pki.certs[0].trusted_root);
	assert_int_equal(pki.certs[0].der_len, 3);
	assert_int_equal(pki.key_count, 3);
	assert_non_null(pki.keys[0].spki);
	assert_true(pki.keys[1].pending);
	assert_false(pki.keys[2].pending);
	assert_null(pki.keys[2].spki);
	assert_string_equal(pki.tls_cert, "c0");
	assert_int_equal(pki.key_bits, 3072);
	assert_null(amt_pki_key_of(&pki, &pki.certs[0]));
	amt_pki_clear(&pki);
}

/* What is not asked for costs no exchange. */
static void
stores_in_part(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Enumerate",
		.class_name = KEY,
		.answer = ITEMS(INSTANCE(KEY,
		    "<g:DERKey>" DER_KEY "</g:DERKey>"
		    "<g:InstanceID>k0</g:InstanceID>"))},
	};
	struct amt_pki pki = {0};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(
	    &f, amt_pki_read(f.amt, AMT_PKI_KEYS, &pki, fake_done, &f, &f.err));
	assert_int_equal(pki.key_count, 1);
	assert_int_equal(pki.cert_count, 0);
	assert_string_equal(pki.tls_cert, "");
	assert_int_equal(pki.key_bits, 2048);
	amt_pki_clear(&pki);
}

/* --- TLS --- */

#define TLS_ITEM(id, enabled, plain)                                           \
	INSTANCE(TLS,                                                          \
	    "<g:AcceptNonSecureConnections>" plain                             \
	    "</g:AcceptNonSecureConnections><g:Enabled>" enabled               \
	    "</g:Enabled><g:InstanceID>Intel(r) AMT " id " TLS Settings"       \
	    "</g:InstanceID><g:MutualAuthentication>false"                     \
	    "</g:MutualAuthentication>")

/* Create finds a context after all: Put, or the old one would stay. */
static void
existing_context_is_put(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Enumerate",
		.class_name = CONTEXT,
		.answer = ITEMS("")},
	    {.action = "/Create",
		.class_name = CONTEXT,
		.answer = FAULT("w:AlreadyExists")},
	    {.action = "/Put",
		.class_name = CONTEXT,
		.expect = "Handle: 9",
		.answer = INSTANCE(CONTEXT, "")},
	    {.action = "/Enumerate",
		.class_name = TLS,
		.answer = ITEMS(TLS_ITEM("LMS", "true", "true")
			TLS_ITEM("802.3", "false", "true"))},
	    {.action = "/Put",
		.class_name = TLS,
		.expect = "802.3 TLS Settings</w:Selector>",
		.unwanted = "<r:Enabled>false",
		.answer = TLS_ITEM("802.3", "true", "false")},
	    {.action = "/CommitChanges",
		.class_name = SETUP,
		.answer = RETURNS(SETUP, "CommitChanges", "0")},
	};
	const struct amt_tls_wish on = {
	    .cert_handle = "Handle: 9", .enabled = true, .timeout_ms = 1000};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_tls_switch(f.amt, &on, fake_done, &f, &f.err));
}

/* --- the admin's password --- */

/* base64(MD5("admin:" REALM ":Test-1234")), the raw hash, not its hex. */
static void
password_goes_as_hash(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("pc1", "true")},
	    {.action = "/SetAdminAclEntryEx",
		.class_name = ACCOUNT,
		.expect = "<r:Username>admin</r:Username><r:DigestPassword>"
			  "Q9dkRGI7qYb+VBP/4/kohQ==</r:DigestPassword>",
		.unwanted = "Test-1234",
		.answer = RETURNS(ACCOUNT, "SetAdminAclEntryEx", "0")},
	};
	struct secret *password = secret_new("Test-1234", 9);
	const struct amt_login login = {
	    .user = "admin", .realm = REALM, .password = password};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_admin_write(f.amt, &login, fake_done, &f, &f.err));
	secret_free(password);
}

static void
foreign_realm_stops_the_password(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("pc1", "true")},
	};
	struct secret *password = secret_new("Test-1234", 9);
	const struct amt_login login = {
	    .user = "admin", .realm = "Digest:00", .password = password};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	assert_int_equal(
	    fake_finish(
		&f, amt_admin_write(f.amt, &login, fake_done, &f, &f.err)),
	    ERR_UNTRUSTED);
	secret_free(password);
}

/* --- ACL --- */

#define SID "S-1-5-21-1-2-3-512"
#define SID64 "AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAAAIAAA=="

static void
acl_is_read_in_parts(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/EnumerateUserAclEntries",
		.class_name = ACCOUNT,
		.expect = "<r:StartIndex>1</r:StartIndex>",
		.answer = OUTPUT(ACCOUNT, "EnumerateUserAclEntries",
		    "<g:TotalCount>2</g:TotalCount><g:HandlesCount>1"
		    "</g:HandlesCount><g:Handles>5</g:Handles>")},
	    {.action = "/EnumerateUserAclEntries",
		.class_name = ACCOUNT,
		.expect = "<r:StartIndex>2</r:StartIndex>",
		.answer = OUTPUT(ACCOUNT, "EnumerateUserAclEntries",
		    "<g:TotalCount>2</g:TotalCount><g:HandlesCount>1"
		    "</g:HandlesCount><g:Handles>9</g:Handles>")},
	    {.action = "/GetUserAclEntryEx",
		.class_name = ACCOUNT,
		.expect = "<r:Handle>5</r:Handle>",
		.answer = OUTPUT(ACCOUNT, "GetUserAclEntryEx",
		    "<g:DigestUsername>$$uns</g:DigestUsername>"
		    "<g:AccessPermission>0</g:AccessPermission>"
		    "<g:Realms>16</g:Realms>")},
	    {.action = "/GetUserAclEntryEx",
		.class_name = ACCOUNT,
		.expect = "<r:Handle>9</r:Handle>",
		.answer = OUTPUT(ACCOUNT, "GetUserAclEntryEx",
		    "<g:KerberosUserSid>" SID64 "</g:KerberosUserSid>"
		    "<g:AccessPermission>2</g:AccessPermission>"
		    "<g:Realms>5</g:Realms><g:Realms>2</g:Realms>"
		    "<g:Realms>21</g:Realms>")},
	};
	struct amt_acls acls = {0};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_acl_read(f.amt, &acls, fake_done, &f, &f.err));
	assert_int_equal(acls.count, 2);
	assert_string_equal(acls.entry[0].user, "$$uns");
	assert_string_equal(acls.entry[0].sid, "");
	assert_int_equal(acls.entry[1].handle, 9);
	assert_string_equal(acls.entry[1].sid, SID);
	assert_string_equal(acls.entry[1].realms, "2,5,21");
	amt_acls_clear(&acls);
	assert_int_equal(acls.count, 0);
	amt_acls_clear(&acls);
}

static void
acl_without_entries_is_empty(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/EnumerateUserAclEntries",
		.class_name = ACCOUNT,
		.answer = RETURNS(ACCOUNT, "EnumerateUserAclEntries", "35")},
	};
	struct amt_acls acls = {.count = 3};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_acl_read(f.amt, &acls, fake_done, &f, &f.err));
	assert_int_equal(acls.count, 0);
}

static void
acl_entry_is_written_in_order(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/UpdateUserAclEntryEx",
		.class_name = ACCOUNT,
		.expect = "<r:Handle>4</r:Handle><r:KerberosUserSid>" SID64
			  "</r:KerberosUserSid><r:AccessPermission>2"
			  "</r:AccessPermission><r:Realms>2</r:Realms>"
			  "<r:Realms>21</r:Realms></r:",
		.answer = RETURNS(ACCOUNT, "UpdateUserAclEntryEx", "0")},
	};
	const struct amt_acl entry = {
	    .handle = 4, .sid = SID, .access = 2, .realms = "21,2"};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_acl_write(f.amt, &entry, fake_done, &f, &f.err));
}

static void
bad_acl_entries_are_not_sent(void **state)
{
	static const struct amt_acl rows[] = {
	    {.sid = "", .realms = "2"},
	    {.sid = "S-1-5", .realms = "2"},
	    {.sid = "S-1-5-", .realms = "2"},
	    {.sid = "S-1-5-4294967296", .realms = "2"},
	    {.sid = "S-1-5-1-2-3-4-5-6", .realms = "2"},
	    {.sid = SID, .realms = ""},
	    {.sid = SID, .realms = "2,"},
	    {.sid = SID, .realms = "64"},
	    {.sid = SID, .realms = "2;3"},
	    {.sid = SID, .realms = "2", .access = 3},
	};
	static const struct exchange script[] = {{.action = "never"}};
	struct err err;
	struct fake f;
	size_t i;

	(void)state;
	FAKE_OPEN(&f, script);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err_clear(&err);
		assert_int_equal(
		    amt_acl_write(f.amt, &rows[i], fake_done, &f, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
	amt_free(f.amt);
	loop_free(f.loop);
}

/* --- Kerberos --- */

#define KRB_OFF                                                                \
	INSTANCE(KERBEROS,                                                     \
	    "<g:ElementName>e</g:ElementName><g:KrbEnabled>false"              \
	    "</g:KrbEnabled><g:SupportedEncryptionAlgorithms>0"                \
	    "</g:SupportedEncryptionAlgorithms>")
#define KRB_ON                                                                 \
	INSTANCE(KERBEROS,                                                     \
	    "<g:ConfiguredEncryptionAlgorithms>2"                              \
	    "</g:ConfiguredEncryptionAlgorithms>"                              \
	    "<g:ConfiguredEncryptionAlgorithms>0"                              \
	    "</g:ConfiguredEncryptionAlgorithms><g:KeyVersion>3"               \
	    "</g:KeyVersion><g:KrbEnabled>true</g:KrbEnabled>"                 \
	    "<g:RealmName>AD.EXAMPLE</g:RealmName>")

static void
kerberos_is_read(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get", .class_name = KERBEROS, .answer = KRB_ON},
	};
	struct amt_kerberos k = {0};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_kerberos_read(f.amt, &k, fake_done, &f, &f.err));
	assert_true(k.enabled);
	assert_int_equal(k.kvno, 3);
	assert_string_equal(k.enctypes, "rc4,aes256");
}

static void
kerberos_takes_a_passphrase(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get", .class_name = KERBEROS, .answer = KRB_OFF},
	    {.action = "/Put",
		.class_name = KERBEROS,
		.expect = "<r:IterationCount>4096</r:IterationCount>"
			  "<r:KeyVersion>3</r:KeyVersion><r:KrbEnabled>true"
			  "</r:KrbEnabled><r:MaximumClockTolerance>5"
			  "</r:MaximumClockTolerance><r:Passphrase>a&lt;b"
			  "</r:Passphrase><r:RealmName>AD.EXAMPLE"
			  "</r:RealmName><r:Salt>salt</r:Salt>",
		.unwanted = "EncryptionAlgorithm",
		.answer = KRB_ON},
	    {.action = "/Get", .class_name = KERBEROS, .answer = KRB_ON},
	};
	struct secret *passphrase = secret_new("a<b", 3);
	const struct amt_kerberos_key key = {.realm = "AD.EXAMPLE",
	    .kvno = 3,
	    .passphrase = passphrase,
	    .salt = "salt",
	    .iterations = 4096};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	fake_must(&f, amt_kerberos_write(f.amt, &key, fake_done, &f, &f.err));
	secret_free(passphrase);
}

static void
kerberos_takes_an_rc4_key(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get", .class_name = KERBEROS, .answer = KRB_OFF},
	    {.action = "/Put",
		.class_name = KERBEROS,
		.expect = "<r:MasterKey>MDEyMzQ1Njc4OWFiY2RlZg=="
			  "</r:MasterKey>",
		.unwanted = "Passphrase",
		.answer = KRB_ON},
	    {.action = "/Get", .class_name = KERBEROS, .answer = KRB_OFF},
	};
	struct secret *rc4 = secret_new("0123456789abcdef", 16);
	const struct amt_kerberos_key key = {
	    .realm = "AD.EXAMPLE", .kvno = 3, .rc4 = rc4};
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	assert_int_equal(
	    fake_finish(
		&f, amt_kerberos_write(f.amt, &key, fake_done, &f, &f.err)),
	    ERR_REFUSED); /* it did not stick */
	secret_free(rc4);
}

/* --- the runner --- */

static void
one_operation_at_a_time(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("pc1", "true")},
	};
	struct amt_general got;
	struct err err = {0};
	struct fake f;
	int rc;

	(void)state;
	FAKE_OPEN(&f, script);
	rc = amt_general_read(f.amt, &got, fake_done, &f, &f.err);
	assert_int_equal(
	    amt_general_write(f.amt, &wish, fake_done, &f, &err), -1);
	assert_int_equal(err.kind, ERR_BUG);
	fake_must(&f, rc);
	assert_string_equal(got.realm, REALM);
}

static void
freeing_cancels(void **state)
{
	static const struct exchange script[] = {
	    {.action = "/Get",
		.class_name = GENERAL,
		.answer = SETTINGS("pc1", "true")},
	};
	struct amt_general got;
	struct fake f;

	(void)state;
	FAKE_OPEN(&f, script);
	assert_int_equal(
	    amt_general_read(f.amt, &got, fake_done, &f, &f.err), 0);
	amt_free(f.amt);
	amt_free(NULL);
	loop_free(f.loop);
	assert_false(f.called);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(identity_of_new_firmware),
	    cmocka_unit_test(identity_of_old_firmware),
	    cmocka_unit_test(general_is_patched),
	    cmocka_unit_test(general_is_left_alone_when_right),
	    cmocka_unit_test(general_that_does_not_stick_is_refused),
	    cmocka_unit_test(losses_are_weighed),
	    cmocka_unit_test(wired_port_is_found_by_name),
	    cmocka_unit_test(dhcp_carries_no_addresses),
	    cmocka_unit_test(bad_addresses_are_not_sent),
	    cmocka_unit_test(clock_is_set_from_its_own_answer),
	    cmocka_unit_test(clock_without_time_is_an_error),
	    cmocka_unit_test(new_key_is_waited_for),
	    cmocka_unit_test(busy_key_generation_is_not_repeated),
	    cmocka_unit_test(stores_are_read),
	    cmocka_unit_test(stores_in_part),
	    cmocka_unit_test(existing_context_is_put),
	    cmocka_unit_test(password_goes_as_hash),
	    cmocka_unit_test(foreign_realm_stops_the_password),
	    cmocka_unit_test(acl_is_read_in_parts),
	    cmocka_unit_test(acl_without_entries_is_empty),
	    cmocka_unit_test(acl_entry_is_written_in_order),
	    cmocka_unit_test(bad_acl_entries_are_not_sent),
	    cmocka_unit_test(kerberos_is_read),
	    cmocka_unit_test(kerberos_takes_a_passphrase),
	    cmocka_unit_test(kerberos_takes_an_rc4_key),
	    cmocka_unit_test(one_operation_at_a_time),
	    cmocka_unit_test(freeing_cancels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
