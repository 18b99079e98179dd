/* Other CAs. */
#include "conf_internal.h"
#include "err.h"
#include "str.h"

#define DAY INT64_C(86400)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) offsetof(struct conf_bridge, member)

static const char *const bridge_kinds[] = {
    "est", "cmp", "ces", "helper", "vault", "step", NULL};

/* The rest is for the protocol to say. */
static const char *
check_bridge_url(const char *text)
{
	return strchr(text, '@') == NULL
	    ? NULL
	    : "must not hold a user or password: user and password_file are "
	      "for those";
}

static const struct conf_option options[] = {
    {.key = "name",
	.type = CONF_TEXT,
	.offset = AT(name),
	.help = "what a template's issuer: refers to"},
    {.key = "kind",
	.type = CONF_WORD,
	.offset = AT(kind),
	.words = bridge_kinds,
	.help = "protocol: EST (RFC 7030), CMP (RFC 4210, 9483), Microsoft's "
		"enrolment web service (MS-WSTEP); a helper of certmonger's; "
		"Vault's or OpenBao's PKI engine; step-ca"},
    {.key = "url",
	.type = CONF_TEXT,
	.offset = AT(url),
	.check = check_bridge_url,
	.help = "of the CA, e.g. https://ca.corp.example:8443; for CMP and CES "
		"with path, for CMP http allowed"},
    {.key = "policy",
	.type = CONF_TEXT,
	.offset = AT(policy),
	.check = check_bridge_url,
	.help = "CES: url of the policy service (MS-XCEP), which ca bridge "
		"test reads"},
    {.key = "label",
	.type = CONF_TEXT,
	.offset = AT(label),
	.help = "EST label: which CA or profile of that server; template for "
		"CES, profile for a helper; Vault's role; step-ca's "
		"provisioner"},
    {.key = "mount",
	.type = CONF_TEXT,
	.offset = AT(mount),
	.help = "Vault: path of the PKI engine; not set: pki"},
    {.key = "namespace",
	.type = CONF_TEXT,
	.offset = AT(space),
	.help = "Vault: namespace that the engine is in"},
    {.key = "anchors",
	.type = CONF_PATH,
	.offset = AT(anchors),
	.help = "PEM file: the issuing CA's certificate and those above it"},
    {.key = "tls_ca",
	.type = CONF_PATH,
	.offset = AT(tls_ca),
	.help = "PEM file: who may vouch for the server, and for signer; "
		"not set: anchors"},
    {.key = "certificate",
	.type = CONF_PATH,
	.offset = AT(certificate),
	.help = "PEM file: our own certificate, to log in or sign with; "
		"step-ca: of an X5C provisioner"},
    {.key = "key",
	.type = CONF_PATH,
	.offset = AT(key),
	.help = "PEM file, mode 0600: its private key; step-ca, alone: that "
		"of a JWK provisioner"},
    {.key = "user",
	.type = CONF_TEXT,
	.offset = AT(user),
	.help = "user name, to log in with; for CMP the reference of a "
		"shared secret; CES without user and certificate: Kerberos"},
    {.key = "password_file",
	.type = CONF_PATH,
	.offset = AT(password_file),
	.help = "file, mode 0600: and its password, or that secret"},
    {.key = "token_file",
	.type = CONF_PATH,
	.offset = AT(token_file),
	.help = "file, mode 0600: Vault's token, read each time; or user and "
		"password_file: role id and secret id of an AppRole"},
    {.key = "signer",
	.type = CONF_PATH,
	.offset = AT(signer),
	.help = "PEM file: CMP, the certificate that the CA signs its messages "
		"with"},
    {.key = "command",
	.type = CONF_TEXT,
	.offset = AT(command),
	.help = "helper: its absolute path and options, parted by blanks"},
    {.key = "timeout",
	.type = CONF_SPAN,
	.offset = AT(timeout),
	.fallback = "30s",
	.min = 1,
	.max = 300,
	.help = "one exchange with the CA"},
    {.key = "retry_first",
	.type = CONF_SPAN,
	.offset = AT(retry_first),
	.fallback = "15m",
	.min = 1,
	.max = DAY,
	.help = "ask after an undecided request in so long, doubled each time"},
    {.key = "retry_most",
	.type = CONF_SPAN,
	.offset = AT(retry_most),
	.fallback = "12h",
	.min = 1,
	.max = 7 * DAY,
	.help = "up to this; sooner when the old certificate is near its end"},
};
const struct conf_table conf_bridge_table = {.options = options,
    .count = COUNT(options),
    .size = sizeof(struct conf_bridge),
    .title = ""};

int
conf_bridge_check(
    const struct conf *c, const struct conf_node *roots, struct err *err)
{
	const struct conf_bridge *b;
	size_t i, j;

	for (i = 0; i < c->bridge_count; i++) {
		b = &c->bridges[i];
		if (b->name == NULL || b->kind == NULL)
			return conf_option_error(roots, "bridges", c->file, err,
			    "entry %zu has no %s", i + 1,
			    b->name == NULL ? "name" : "kind");
		for (j = 0; j < i; j++)
			if (str_eq(b->name, c->bridges[j].name))
				return conf_option_error(roots, "bridges",
				    c->file, err, "two are named %s", b->name);
		if (b->retry_most < b->retry_first)
			return conf_option_error(roots, "bridges", c->file, err,
			    "%s: retry_most must not be less than "
			    "retry_first",
			    b->name);
	}
	return 0;
}
