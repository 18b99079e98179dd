#include "conf_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "option_internal.h"
#include "str.h"
#include "yaml_internal.h"

#define CONF_MAX_DROPINS 256
#define URL_MAX 200

#define DAY INT64_C(86400)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) offsetof(struct conf, member)
#define BRIDGE_AT(member) offsetof(struct conf_bridge, member)

static const char *const transports[] = {"gssapi", "ldaps", "starttls", NULL};
static const char *const password_ways[] = {"auto", "ldap", "kerberos", NULL};
static const char *const bridge_kinds[] = {
    "est", "cmp", "ces", "helper", "vault", "step", NULL};

static const char *
check_name(const char *text)
{
	return str_is_fqdn(text) ? NULL : "must be a DNS name";
}

static const char *
check_principal(const char *text)
{
	const char *at = strchr(text, '@');

	return at != NULL && at != text && at[1] != '\0'
	    ? NULL
	    : "must be a principal with its realm (name@REALM)";
}

static const char *
check_listen(const char *text)
{
	char host[STR_ADDRESS];
	uint16_t port;

	return str_address(text, host, &port) == 0
	    ? NULL
	    : "must be ADDRESS:PORT or [IPV6]:PORT";
}

/* Into every certificate, so short and plain; and not https, because to check
 * that one's certificate would need it (RFC 5280, 8). */
static const char *
check_url(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.-_~:[]/";
	const char *host = text + strlen("http://");

	if (!str_starts(text, "http://") || *host == '\0' || *host == '/')
		return "must be http://HOST, http://HOST:PORT or with a path";
	if (strlen(text) > URL_MAX)
		return "must have at most 200 characters";
	if (host[strspn(host, plain)] != '\0')
		return "must have plain characters only (no ?, #, %, space)";
	if (text[strlen(text) - 1] == '/')
		return "must not end in a slash";
	return NULL;
}

/* The rest is for the protocol to say. */
static const char *
check_bridge_url(const char *text)
{
	return strchr(text, '@') == NULL
	    ? NULL
	    : "must not hold a user or password: user and password_file are "
	      "for those";
}

static const struct conf_option bridge_options[] = {
    {.key = "name",
	.type = CONF_TEXT,
	.offset = BRIDGE_AT(name),
	.help = "what a template's issuer: refers to"},
    {.key = "kind",
	.type = CONF_WORD,
	.offset = BRIDGE_AT(kind),
	.words = bridge_kinds,
	.help = "protocol: EST (RFC 7030), CMP (RFC 4210, 9483), Microsoft's "
		"enrolment web service (MS-WSTEP); a helper of certmonger's; "
		"Vault's or OpenBao's PKI engine; step-ca"},
    {.key = "url",
	.type = CONF_TEXT,
	.offset = BRIDGE_AT(url),
	.check = check_bridge_url,
	.help = "of the CA, e.g. https://ca.corp.example:8443; for CMP and CES "
		"with path, for CMP http allowed"},
    {.key = "policy",
	.type = CONF_TEXT,
	.offset = BRIDGE_AT(policy),
	.check = check_bridge_url,
	.help = "CES: url of the policy service (MS-XCEP), which ca bridge "
		"test reads"},
    {.key = "label",
	.type = CONF_TEXT,
	.offset = BRIDGE_AT(label),
	.help = "EST label: which CA or profile of that server; template for "
		"CES, profile for a helper; Vault's role; step-ca's "
		"provisioner"},
    {.key = "mount",
	.type = CONF_TEXT,
	.offset = BRIDGE_AT(mount),
	.help = "Vault: path of the PKI engine; not set: pki"},
    {.key = "namespace",
	.type = CONF_TEXT,
	.offset = BRIDGE_AT(space),
	.help = "Vault: namespace that the engine is in"},
    {.key = "anchors",
	.type = CONF_PATH,
	.offset = BRIDGE_AT(anchors),
	.help = "PEM file: the issuing CA's certificate and those above it"},
    {.key = "tls_ca",
	.type = CONF_PATH,
	.offset = BRIDGE_AT(tls_ca),
	.help = "PEM file: who may vouch for the server, and for signer; "
		"not set: anchors"},
    {.key = "certificate",
	.type = CONF_PATH,
	.offset = BRIDGE_AT(certificate),
	.help = "PEM file: our own certificate, to log in or sign with; "
		"step-ca: of an X5C provisioner"},
    {.key = "key",
	.type = CONF_PATH,
	.offset = BRIDGE_AT(key),
	.help = "PEM file, mode 0600: its private key; step-ca, alone: that "
		"of a JWK provisioner"},
    {.key = "user",
	.type = CONF_TEXT,
	.offset = BRIDGE_AT(user),
	.help = "user name, to log in with; for CMP the reference of a "
		"shared secret; CES without user and certificate: Kerberos"},
    {.key = "password_file",
	.type = CONF_PATH,
	.offset = BRIDGE_AT(password_file),
	.help = "file, mode 0600: and its password, or that secret"},
    {.key = "token_file",
	.type = CONF_PATH,
	.offset = BRIDGE_AT(token_file),
	.help = "file, mode 0600: Vault's token, read each time; or user and "
		"password_file: role id and secret id of an AppRole"},
    {.key = "signer",
	.type = CONF_PATH,
	.offset = BRIDGE_AT(signer),
	.help = "PEM file: CMP, the certificate that the CA signs its messages "
		"with"},
    {.key = "command",
	.type = CONF_TEXT,
	.offset = BRIDGE_AT(command),
	.help = "helper: its absolute path and options, parted by blanks"},
    {.key = "timeout",
	.type = CONF_SPAN,
	.offset = BRIDGE_AT(timeout),
	.fallback = "30s",
	.min = 1,
	.max = 300,
	.help = "one exchange with the CA"},
    {.key = "retry_first",
	.type = CONF_SPAN,
	.offset = BRIDGE_AT(retry_first),
	.fallback = "15m",
	.min = 1,
	.max = DAY,
	.help = "ask after an undecided request in so long, doubled each time"},
    {.key = "retry_most",
	.type = CONF_SPAN,
	.offset = BRIDGE_AT(retry_most),
	.fallback = "12h",
	.min = 1,
	.max = 7 * DAY,
	.help = "up to this; sooner when the old certificate is near its end"},
};
static const struct conf_table bridge_table = {.options = bridge_options,
    .count = COUNT(bridge_options),
    .size = sizeof(struct conf_bridge),
    .title = ""};

static const struct conf_option options[] = {
    {.key = "database",
	.type = CONF_PATH,
	.offset = AT(database),
	.fallback = "/var/lib/amtkeeper/fleet.db",
	.help = "SQLite file with devices, events and journal"},
    {.key = "vault_key",
	.type = CONF_PATH,
	.offset = AT(vault_key),
	.fallback = "vault.key",
	.help = "key file that seals every stored secret; keep a copy apart"},
    {.key = "profile",
	.type = CONF_PATH,
	.offset = AT(profile),
	.fallback = "profile.yaml",
	.help = "what devices should be"},
    {.key = "ca_database",
	.type = CONF_PATH,
	.offset = AT(ca_database),
	.fallback = "/var/lib/amtkeeper/ca.db",
	.help = "SQLite file of the internal CA"},
    {.key = "ca_key",
	.type = CONF_PATH,
	.offset = AT(ca_key),
	.fallback = "ca.key",
	.help = "issuing key of the internal CA, sealed by the vault key"},

    {.key = "run.parallel",
	.type = CONF_INT,
	.offset = AT(parallel),
	.fallback = "64",
	.min = 1,
	.max = 4000,
	.help = "devices worked on at once"},
    {.key = "run.per_site",
	.type = CONF_INT,
	.offset = AT(per_site),
	.fallback = "0",
	.min = 0,
	.max = 4000,
	.help = "of those at most so many at one site; 0: any number"},
    {.key = "run.per_ca",
	.type = CONF_INT,
	.offset = AT(per_ca),
	.fallback = "0",
	.min = 0,
	.max = 4000,
	.help = "of those at most so many at one CA at a time; 0: any number"},
    {.key = "run.per_directory",
	.type = CONF_INT,
	.offset = AT(per_directory),
	.fallback = "0",
	.min = 0,
	.max = 4000,
	.help = "of those at most so many changing Active Directory at a time; "
		"0: any number"},
    {.key = "run.retry_first",
	.type = CONF_SPAN,
	.offset = AT(retry_first),
	.fallback = "15m",
	.min = 1,
	.max = 7 * DAY,
	.help = "wait after a failed run, doubled each time"},
    {.key = "run.retry_most",
	.type = CONF_SPAN,
	.offset = AT(retry_most),
	.fallback = "1d",
	.min = 1,
	.max = 30 * DAY,
	.help = "wait no longer than this between retries"},
    {.key = "run.lease",
	.type = CONF_SPAN,
	.offset = AT(lease),
	.fallback = "5m",
	.min = 10,
	.max = DAY,
	.help = "how long a worker that fell silent keeps its device"},
    {.key = "run.attempts",
	.type = CONF_INT,
	.offset = AT(attempts),
	.fallback = "5",
	.min = 1,
	.max = 100,
	.help = "times one change is tried before a person is asked"},

    {.key = "device.connect_timeout",
	.type = CONF_SPAN,
	.offset = AT(connect_timeout),
	.fallback = "10s",
	.min = 1,
	.max = 300,
	.help = "TCP and TLS to a device"},
    {.key = "device.call_timeout",
	.type = CONF_SPAN,
	.offset = AT(call_timeout),
	.fallback = "30s",
	.min = 1,
	.max = 600,
	.help = "one WS-Man call"},
    {.key = "device.keygen_timeout",
	.type = CONF_SPAN,
	.offset = AT(keygen_timeout),
	.fallback = "3m",
	.min = 1,
	.max = 1800,
	.help = "generation of a key pair in firmware"},
    {.key = "device.commit_window",
	.type = CONF_SPAN,
	.offset = AT(commit_window),
	.fallback = "1m",
	.min = 1,
	.max = 1800,
	.help = "time a device may be away after a change of its TLS settings"},
    {.key = "device.dns_timeout",
	.type = CONF_SPAN,
	.offset = AT(dns_timeout),
	.fallback = "5s",
	.min = 1,
	.max = 300,
	.help = "look-up of a device's name"},
    {.key = "device.legacy_tls",
	.type = CONF_BOOL,
	.offset = AT(legacy_tls),
	.fallback = "false",
	.help = "allow TLS before 1.2 to firmware 11 and older"},

    {.key = "directory.enabled",
	.type = CONF_BOOL,
	.offset = AT(directory),
	.fallback = "false",
	.help = "use Active Directory"},
    {.key = "directory.realm",
	.type = CONF_TEXT,
	.offset = AT(realm),
	.check = check_name,
	.help = "Kerberos realm, e.g. AD.EXAMPLE.TEST"},
    {.key = "directory.domain",
	.type = CONF_TEXT,
	.offset = AT(domain),
	.check = check_name,
	.help = "DNS name of the domain, e.g. ad.example.test"},
    {.key = "directory.dc",
	.type = CONF_TEXT,
	.offset = AT(dc),
	.check = check_name,
	.help = "domain controller to use; not set: found by DNS"},
    {.key = "directory.site",
	.type = CONF_TEXT,
	.offset = AT(site),
	.check = check_name,
	.help = "site of Active Directory whose controllers come first; not "
		"set: ours, as a controller says"},
    {.key = "directory.principal",
	.type = CONF_TEXT,
	.offset = AT(principal),
	.check = check_principal,
	.help = "who we are, e.g. svc-amt@AD.EXAMPLE.TEST"},
    {.key = "directory.keytab",
	.type = CONF_PATH,
	.offset = AT(keytab),
	.help = "keytab file of the principal"},
    {.key = "directory.transport",
	.type = CONF_WORD,
	.offset = AT(transport),
	.fallback = "gssapi",
	.words = transports,
	.help = "gssapi: sealed LDAP on port 389; ldaps: TLS on port 636; "
		"starttls: TLS on port 389"},
    {.key = "directory.password_by",
	.type = CONF_WORD,
	.offset = AT(password_by),
	.fallback = "auto",
	.words = password_ways,
	.help =
	    "what sets passwords of objects: ldap (unicodePwd), kerberos "
	    "(RFC 3244, port 464), or auto: kerberos where no LDAP answers"},
    {.key = "directory.ldap_ca",
	.type = CONF_PATH,
	.offset = AT(ldap_ca),
	.help = "CA certificates the domain controller must chain to (TLS)"},
    {.key = "directory.bind_dn",
	.type = CONF_TEXT,
	.offset = AT(bind_dn),
	.help = "simple bind inside TLS as this DN; not set: Kerberos"},
    {.key = "directory.bind_password_file",
	.type = CONF_PATH,
	.offset = AT(bind_password_file),
	.help = "file with the password of bind_dn"},
    {.key = "directory.timeout",
	.type = CONF_SPAN,
	.offset = AT(directory_timeout),
	.fallback = "10s",
	.min = 1,
	.max = 300,
	.help = "each exchange with LDAP or KDC"},
    {.key = "directory.replication",
	.type = CONF_SPAN,
	.offset = AT(replication),
	.fallback = "15m",
	.min = 0,
	.max = 86400,
	.help = "time until every domain controller knows of a change"},
    {.key = "directory.clock_limit",
	.type = CONF_SPAN,
	.offset = AT(clock_limit),
	.fallback = "60s",
	.min = 1,
	.max = 300,
	.help = "refuse to run when our clock is off the KDC's by more"},

    {.key = "revocation.listen",
	.type = CONF_TEXT,
	.offset = AT(revocation_listen),
	.check = check_listen,
	.help = "serve CRL, CA certificates and OCSP here, e.g. 0.0.0.0:8080; "
		"plain HTTP"},
    {.key = "revocation.url",
	.type = CONF_TEXT,
	.offset = AT(revocation_url),
	.check = check_url,
	.help = "how others reach that; goes into certificates from then on "
		"(CDP, AIA), and its path is the one served"},

    {.key = "console.listen",
	.type = CONF_TEXT,
	.offset = AT(console_listen),
	.check = check_listen,
	.help = "serve remote commands, API and metrics here, e.g. "
		"0.0.0.0:8443; HTTPS"},
    {.key = "console.name",
	.type = CONF_TEXT,
	.offset = AT(console_name),
	.check = check_name,
	.help = "DNS name that clients use for it; not set: this host's own"},
    {.key = "console.certificate",
	.type = CONF_PATH,
	.offset = AT(console_certificate),
	.help = "PEM file: its certificate and those above it, read again when "
		"it changes; not set: one of our own CA, renewed by itself"},
    {.key = "console.key",
	.type = CONF_PATH,
	.offset = AT(console_key),
	.help = "PEM file, mode 0600: the key of that certificate"},
    {.key = "console.client_ca",
	.type = CONF_PATH,
	.offset = AT(console_client_ca),
	.help = "PEM file: CAs whose client certificates users may log in "
		"with, and their CRLs; not set: none"},
    {.key = "console.connections",
	.type = CONF_INT,
	.offset = AT(console_connections),
	.fallback = "1024",
	.min = 16,
	.max = 10000,
	.help = "connections at once; then the idlest is closed"},
    {.key = "console.per_address",
	.type = CONF_INT,
	.offset = AT(console_per_address),
	.fallback = "64",
	.min = 1,
	.max = 10000,
	.help = "of those at most so many from one address"},
    {.key = "console.rate",
	.type = CONF_INT,
	.offset = AT(console_rate),
	.fallback = "500",
	.min = 0,
	.max = 1000,
	.help = "requests a second from one address, and of one user; 0: any "
		"number"},

    {.key = "report.folder",
	.type = CONF_PATH,
	.offset = AT(report_folder),
	.help = "where server tasks write reports; not set: nowhere"},

    {.key = "mail.server",
	.type = CONF_TEXT,
	.offset = AT(mail_server),
	.check = conf_mail_server,
	.help = "smtps://HOST:465, or smtp://HOST:587 with STARTTLS: for "
		"server tasks; not set: no mail"},
    {.key = "mail.from",
	.type = CONF_TEXT,
	.offset = AT(mail_from),
	.check = conf_mail_from,
	.help = "the address it is from"},
    {.key = "mail.user",
	.type = CONF_TEXT,
	.offset = AT(mail_user),
	.help = "who logs in; the password is set by amtkeeper mail password"},
    {.key = "mail.tls_ca",
	.type = CONF_PATH,
	.offset = AT(mail_tls_ca),
	.help = "anchors that its certificate must chain to; for those of the "
		"system /etc/ssl/certs/ca-certificates.crt"},
    {.key = "mail.timeout",
	.type = CONF_SPAN,
	.offset = AT(mail_timeout),
	.fallback = "30s",
	.min = 1,
	.max = 120,
	.help = "for a whole message"},

    {.key = "bridges",
	.type = CONF_ITEMS,
	.offset = AT(bridges),
	.count_offset = AT(bridge_count),
	.items = &bridge_table,
	.help = "the enterprise's own CAs, to get certificates from"},

    {.key = "forward",
	.type = CONF_ITEMS,
	.offset = AT(forwards),
	.count_offset = AT(forward_count),
	.items = &conf_forward_table,
	.help = "syslog servers and webhooks that are told of events"},

    {.key = "epo",
	.type = CONF_ITEMS,
	.offset = AT(epos),
	.count_offset = AT(epo_count),
	.items = &conf_epo_table,
	.help = "ePO servers, to read systems from and report to"},

    {.key = "serve.poll",
	.type = CONF_SPAN,
	.offset = AT(poll),
	.fallback = "1m",
	.min = 1,
	.max = DAY,
	.help = "look for new work at least this often"},
    {.key = "serve.automatic",
	.type = CONF_BOOL,
	.offset = AT(automatic),
	.fallback = "true",
	.help =
	    "do what is due at any time; false: only what client tasks say, "
	    "in their windows"},
};

static const struct conf_table table = {.options = options,
    .count = COUNT(options),
    .size = sizeof(struct conf),
    .title = "# amtkeeper configuration.  A line that begins with # shows a "
	     "default.\n# Files in conf.d/ beside this one are read after it, "
	     "in name order.\n"};

/* --- files --- */

static char *
folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL)
		return mem_dup(".");
	return slash == file ? mem_dup("/")
			     : mem_dup_len(file, (size_t)(slash - file));
}

static int
is_dropin(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	    str_eq(entry->d_name + len - 5, ".yaml");
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct conf_sources {
	char *names[CONF_MAX_DROPINS + 1];
	size_t count;
	struct conf_node *roots; /* chained by next, in reading order */
};

static void
sources_free(struct conf_sources *s)
{
	size_t i;

	if (s == NULL)
		return;
	conf_yaml_free(s->roots);
	for (i = 0; i < s->count; i++)
		free(s->names[i]);
	free(s);
}

static int
list_sources(struct conf_sources *s, const char *file, const char *folder,
    struct err *err)
{
	char *dropins = mem_printf("%s/conf.d", folder);
	struct dirent **entries = NULL;
	int i, count, rc = 0;

	s->names[s->count++] = mem_dup(file);
	count = scandir(dropins, &entries, is_dropin, by_name);
	if (count < 0 && errno != ENOENT && errno != ENOTDIR)
		rc = err_errno(err, errno, "%s", dropins);
	if (count > CONF_MAX_DROPINS)
		rc = err_set(err, ERR_LIMIT, "%s: more than %d files", dropins,
		    CONF_MAX_DROPINS);
	for (i = 0; i < count; i++) {
		if (rc == 0)
			s->names[s->count++] =
			    mem_printf("%s/%s", dropins, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	free(dropins);
	return rc;
}

static int
read_sources(struct conf_sources *s, struct conf *conf, const char *folder,
    struct err *err)
{
	struct conf_node **end = &s->roots;
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (conf_yaml_load(s->names[i], end, err) != 0)
			return -1;
		if (conf_option_apply(&table, conf, *end, folder, err) != 0)
			return -1;
		end = &(*end)->next;
	}
	return 0;
}

/* --- rules over several options --- */

static int
check_directory(
    const struct conf *c, const struct conf_node *roots, struct err *err)
{
	bool tls = !str_eq(c->transport, "gssapi");
	const struct {
		const char *key, *value, *why;
		bool needed;
	} rules[] = {
	    {"directory.realm", c->realm, "directory is enabled", true},
	    {"directory.domain", c->domain, "directory is enabled", true},
	    {"directory.principal", c->principal, "directory is enabled", true},
	    {"directory.keytab", c->keytab, "directory is enabled", true},
	    {"directory.ldap_ca", c->ldap_ca, "transport is TLS", tls},
	    {"directory.bind_password_file", c->bind_password_file,
		"bind_dn is set", c->bind_dn != NULL},
	};
	size_t i;

	for (i = 0; i < COUNT(rules); i++)
		if (rules[i].needed && rules[i].value == NULL)
			return conf_option_error(roots, rules[i].key, c->file,
			    err, "must be set when %s", rules[i].why);
	if (c->bind_dn != NULL && !tls)
		return conf_option_error(roots, "directory.bind_dn", c->file,
		    err,
		    "a simple bind needs transport ldaps or starttls, or its "
		    "password would be readable on the network");
	return 0;
}

/* What opening a bridge checks is not checked here. */
static int
check_bridges(
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

static int
check_rules(
    const struct conf *c, const struct conf_node *roots, struct err *err)
{
	const struct {
		const char *key, *value;
	} paths[] = {{"database", c->database}, {"vault_key", c->vault_key},
	    {"profile", c->profile}, {"ca_database", c->ca_database},
	    {"ca_key", c->ca_key}};
	size_t i, j;

	for (i = 0; i < COUNT(paths); i++) {
		if (paths[i].value == NULL)
			return conf_option_error(roots, paths[i].key, c->file,
			    err, "must not be empty");
		for (j = 0; j < i; j++)
			if (str_eq(paths[i].value, paths[j].value))
				return conf_option_error(roots, paths[i].key,
				    c->file, err, "is the same file as %s",
				    paths[j].key);
	}
	if (c->retry_most < c->retry_first)
		return conf_option_error(roots, "run.retry_most", c->file, err,
		    "must not be less than run.retry_first");
	if (check_bridges(c, roots, err) != 0 ||
	    conf_forward_check(c, roots, err) != 0 ||
	    conf_epo_check(c, roots, err) != 0)
		return -1;
	return c->directory ? check_directory(c, roots, err) : 0;
}

/* --- the way in --- */

int
conf_load(const char *file, struct conf **ret_conf, struct err *err)
{
	struct conf *conf = mem_alloc(sizeof(*conf));
	char *folder = folder_of(file);
	int rc = -1;

	conf->file = mem_dup(file);
	conf->sources = mem_alloc(sizeof(*conf->sources));
	conf_option_defaults(&table, conf, folder);
	if (list_sources(conf->sources, file, folder, err) != 0)
		goto out;
	if (read_sources(conf->sources, conf, folder, err) != 0)
		goto out;
	if (check_rules(conf, conf->sources->roots, err) != 0)
		goto out;
	*ret_conf = conf;
	conf = NULL;
	rc = 0;
out:
	conf_free(conf);
	free(folder);
	return rc;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	conf_option_free(&table, conf);
	sources_free(conf->sources);
	free(conf->file);
	free(conf);
}

void
conf_example(FILE *out)
{
	conf_option_example(&table, NULL, 0, out);
}

int
conf_write(const struct conf_setting *settings, size_t count, FILE *out,
    struct err *err)
{
	size_t i, j;

	for (i = 0; i < count; i++) {
		for (j = 0; j < COUNT(options); j++)
			if (str_eq(settings[i].key, options[j].key))
				break;
		if (j == COUNT(options))
			return err_set(err, ERR_INVALID, "%s: unknown option",
			    settings[i].key);
	}
	conf_option_example(&table, settings, count, out);
	return 0;
}

void
conf_entries(const struct conf *conf, conf_entry_fn *fn, void *cookie)
{
	conf_option_entries(&table, conf, conf->sources->roots, fn, cookie);
}
