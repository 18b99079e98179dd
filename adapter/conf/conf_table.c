/* The options, but for entries of lists. */
#include "conf_internal.h"
#include "str.h"

#define URL_MAX 200

#define DAY INT64_C(86400)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) offsetof(struct conf, member)

static const char *const transports[] = {"gssapi", "ldaps", "starttls", NULL};
static const char *const password_ways[] = {"auto", "ldap", "kerberos", NULL};

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
	.items = &conf_bridge_table,
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

const struct conf_table conf_main_table = {.options = options,
    .count = COUNT(options),
    .size = sizeof(struct conf),
    .title = "# amtkeeper configuration.  A line that begins with # shows a "
	     "default.\n# Files in conf.d/ beside this one are read after it, "
	     "in name order.\n"};
