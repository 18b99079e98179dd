#include "profile.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "mem.h"
#include "option_internal.h"
#include "str.h"
#include "yaml_internal.h"

#define DAY INT64_C(86400)
#define YEAR (365 * DAY)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) offsetof(struct profile, member)
#define ACL_AT(member) offsetof(struct profile_acl, member)
#define TEMPLATE_AT(member) offsetof(struct profile_template, member)

/* AMT_AuthorizationService numbers realms from 2 to 24; 31 leaves room. */
#define REALM_MIN 2
#define REALM_MAX 31
/* MS-DTYP 2.4.2: at most 15 sub-authorities. */
#define SID_MAX_PARTS 15

static const char *const ddns_modes[] = {"off", "dhcp", "client", NULL};
static const char *const ip_modes[] = {"dhcp", "host", "keep", NULL};
static const char *const key_kinds[] = {
    "auto", "rsa-2048", "rsa-3072", "ec-p384", NULL};
static const char *const issuer_ends[] = {"refuse", "clamp", NULL};
static const char *const usages[] = {"server", "client", "amt-remote-console",
    "amt-local-console", "amt-client-setup"};

/* "S-1-5-21-1-2-3-512": revision, authority, sub-authorities. */
static const char *
check_sid(const char *text)
{
	static const char complaint[] = "must be a SID (S-1-5-21-...)";
	const char *at = text;
	size_t digits;
	int parts;

	if (!str_starts(at, "S-1-"))
		return complaint;
	at += 4;
	for (parts = 0; parts <= SID_MAX_PARTS; parts++) {
		digits = strspn(at, "0123456789");
		if (digits == 0 || digits > 15)
			return complaint;
		at += digits;
		if (*at == '\0')
			return parts > 0 ? NULL : complaint;
		if (*at++ != '-')
			return complaint;
	}
	return complaint;
}

static const char *
check_realms(const char *text)
{
	static const char complaint[] =
	    "must be realm numbers in rising order, such as '2,3,5'";
	char number[4];
	int64_t value, before = REALM_MIN - 1;
	size_t len;

	for (;;) {
		len = strcspn(text, ",");
		if (len == 0 || len >= sizeof(number))
			return complaint;
		memcpy(number, text, len);
		number[len] = '\0';
		if (str_int(number, before + 1, REALM_MAX, &value) != 0)
			return complaint;
		before = value;
		if (text[len] == '\0')
			return NULL;
		text += len + 1;
	}
}

/* Is it one of the words a certificate can be used for? */
static bool
is_usage(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < COUNT(usages); i++)
		if (strlen(usages[i]) == len && !strncmp(usages[i], word, len))
			return true;
	return false;
}

/* Does the list of words by comma hold this one? */
static bool
has_usage(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *at = list;

	while (at != NULL) {
		if (!strncmp(at, word, len) && (at[len] == ',' || !at[len]))
			return true;
		at = strchr(at, ',');
		at = at == NULL ? NULL : at + 1;
	}
	return false;
}

static const char *
check_usages(const char *text)
{
	size_t len;

	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (!is_usage(text, len))
			return "must be of server, client, amt-remote-console, "
			       "amt-local-console, amt-client-setup, such as "
			       "'server,client'";
		if (text[len] == '\0')
			return NULL;
	}
}

static const char *
check_dn(const char *text)
{
	return strchr(text, '=') != NULL
	    ? NULL
	    : "must be a distinguished name (OU=...,DC=...)";
}

/* Not allowed in a sAMAccountName (MS-SAMR 3.1.1.6), nor wanted in a shell. */
static bool
account_char(char c)
{
	return c > ' ' && c < 127 && strchr("\"/\\[]:;|=,+*?<>@", c) == NULL;
}

/* The account stands for a computer: sAMAccountName ends in '$', and without
 * the host's name two devices would share one (MS-ADTS 3.1.1.5.2). */
static const char *
check_account(const char *text)
{
	size_t len = strlen(text);
	const char *at;

	if (strstr(text, "%h") == NULL)
		return "must contain %h, the host name";
	if (text[len - 1] != '$')
		return "must end in $";
	for (at = text; *at != '\0'; at++) {
		if (!account_char(*at))
			return "has a character no account name may have";
		if (*at == '%' && at[1] != 'h')
			return "has a % that is not %h";
	}
	return NULL;
}

static const struct conf_option acl_options[] = {
    {.key = "sid",
	.type = CONF_TEXT,
	.offset = ACL_AT(sid),
	.check = check_sid,
	.help = "AD user or group"},
    {.key = "realms",
	.type = CONF_TEXT,
	.offset = ACL_AT(realms),
	.fallback = "3",
	.check = check_realms,
	.help = "what they may do, e.g. '2,3,5'; 3 is administration"},
    {.key = "access",
	.type = CONF_INT,
	.offset = ACL_AT(access),
	.fallback = "2",
	.min = 0,
	.max = 2,
	.help = "from where: 0 local, 1 network, 2 both"},
};
static const struct conf_table acl_table = {.options = acl_options,
    .count = COUNT(acl_options),
    .size = sizeof(struct profile_acl),
    .title = ""};

static const struct conf_option template_options[] = {
    {.key = "name",
	.type = CONF_TEXT,
	.offset = TEMPLATE_AT(name),
	.help = "what tls: template: refers to"},
    {.key = "validity",
	.type = CONF_SPAN,
	.offset = TEMPLATE_AT(validity),
	.fallback = "365d",
	.min = 3600,
	.max = 5 * YEAR,
	.help = "how long a certificate lives"},
    {.key = "renew_before",
	.type = CONF_SPAN,
	.offset = TEMPLATE_AT(renew_before),
	.fallback = "30d",
	.min = 60,
	.max = 5 * YEAR,
	.help = "replace it this long before its end"},
    {.key = "backdate",
	.type = CONF_SPAN,
	.offset = TEMPLATE_AT(backdate),
	.fallback = "1h",
	.min = 0,
	.max = DAY,
	.help = "begin this long ago, for clocks that are behind"},
    {.key = "key",
	.type = CONF_WORD,
	.offset = TEMPLATE_AT(key),
	.fallback = "auto",
	.words = key_kinds,
	.help = "key; auto: RSA-2048 to AMT 21, RSA-3072 or P-384 from 22 on"},
    {.key = "short_name",
	.type = CONF_BOOL,
	.offset = TEMPLATE_AT(short_name),
	.fallback = "true",
	.help = "also name the host without its domain"},
    {.key = "address",
	.type = CONF_BOOL,
	.offset = TEMPLATE_AT(address),
	.fallback = "false",
	.help = "also name the device's IPv4 address, if it is a static one"},
    {.key = "upn",
	.type = CONF_BOOL,
	.offset = TEMPLATE_AT(upn),
	.fallback = "false",
	.help = "also name its account in AD, by user principal name"},
    {.key = "sid",
	.type = CONF_BOOL,
	.offset = TEMPLATE_AT(sid),
	.fallback = "false",
	.help = "also name its account in AD, by SID, for strong mapping"},
    {.key = "underscore",
	.type = CONF_BOOL,
	.offset = TEMPLATE_AT(underscore),
	.fallback = "false",
	.help = "host names may hold _"},
    {.key = "usages",
	.type = CONF_TEXT,
	.offset = TEMPLATE_AT(usages),
	.fallback = "server",
	.check = check_usages,
	.help = "what it is for: server, client, amt-remote-console, "
		"amt-local-console, amt-client-setup, by comma"},
    {.key = "max_size",
	.type = CONF_INT,
	.offset = TEMPLATE_AT(max_size),
	.fallback = "4100",
	.min = 512,
	.max = 4100,
	.help = "bytes; firmware takes 4100"},
    {.key = "issuer_end",
	.type = CONF_WORD,
	.offset = TEMPLATE_AT(issuer_end),
	.fallback = "refuse",
	.words = issuer_ends,
	.help = "would it outlive its issuer: refuse it, or clamp its end"},
    {.key = "issuer",
	.type = CONF_TEXT,
	.offset = TEMPLATE_AT(issuer),
	.fallback = "internal",
	.help = "whose CA: internal, or the name of a bridge; the life of a "
		"certificate is then that CA's to say"},
};
static const struct conf_table template_table = {.options = template_options,
    .count = COUNT(template_options),
    .size = sizeof(struct profile_template),
    .title = ""};

static const struct conf_option options[] = {
    {.key = "name",
	.type = CONF_TEXT,
	.offset = AT(name),
	.fallback = "default",
	.help = "name of this profile"},

    {.key = "clock.skew",
	.type = CONF_SPAN,
	.offset = AT(clock_skew),
	.fallback = "60s",
	.min = 1,
	.max = 300,
	.help = "set a device's clock when it is off by more"},
    {.key = "clock.interval",
	.type = CONF_SPAN,
	.offset = AT(clock_interval),
	.fallback = "14d",
	.min = 60,
	.max = YEAR,
	.help = "look at it this often"},

    {.key = "names.sync",
	.type = CONF_BOOL,
	.offset = AT(names_sync),
	.fallback = "true",
	.help = "AMT host and domain name follow the host's"},
    {.key = "names.shared_fqdn",
	.type = CONF_BOOL,
	.offset = AT(shared_fqdn),
	.fallback = "true",
	.help = "AMT and the host have one name"},
    {.key = "names.ddns",
	.type = CONF_WORD,
	.offset = AT(ddns),
	.fallback = "dhcp",
	.words = ddns_modes,
	.help =
	    "dynamic DNS: off, by the DHCP server (option 81), by firmware"},
    {.key = "names.ddns_interval",
	.type = CONF_INT,
	.offset = AT(ddns_interval),
	.fallback = "1440",
	.min = 20,
	.max = 525600,
	.help = "minutes between updates by firmware"},
    {.key = "names.ddns_ttl",
	.type = CONF_INT,
	.offset = AT(ddns_ttl),
	.fallback = "900",
	.min = 0,
	.max = INT32_MAX,
	.help = "life of the records in seconds"},
    {.key = "names.ping",
	.type = CONF_BOOL,
	.offset = AT(ping),
	.fallback = "true",
	.help = "firmware answers ping"},

    {.key = "ip",
	.type = CONF_WORD,
	.offset = AT(ip),
	.fallback = "keep",
	.words = ip_modes,
	.help = "dhcp; host: static, copied from the host; keep: as it is"},

    {.key = "tls.enabled",
	.type = CONF_BOOL,
	.offset = AT(tls),
	.fallback = "true",
	.help = "TLS with server certificate on the network interface"},
    {.key = "tls.plain",
	.type = CONF_BOOL,
	.offset = AT(tls_plain),
	.fallback = "false",
	.help = "leave the port without TLS open where firmware can"},
    {.key = "tls.trusted_roots",
	.type = CONF_BOOL,
	.offset = AT(tls_roots),
	.fallback = "false",
	.help = "the CA's roots, old and new, are trusted roots of the device, "
		"for mutual TLS and 802.1x"},
    {.key = "tls.template",
	.type = CONF_TEXT,
	.offset = AT(template_name),
	.fallback = "tls",
	.help = "certificate template, one of templates below"},

    {.key = "ad.enabled",
	.type = CONF_BOOL,
	.offset = AT(ad),
	.fallback = "false",
	.help = "Kerberos: keep an Active Directory object per device"},
    {.key = "ad.ou",
	.type = CONF_TEXT,
	.offset = AT(ou),
	.check = check_dn,
	.help = "where the objects are, e.g. OU=AMT,DC=ad,DC=example,DC=test"},
    {.key = "ad.account",
	.type = CONF_TEXT,
	.offset = AT(account),
	.fallback = "%h-iME$",
	.check = check_account,
	.help = "sAMAccountName; %h is the host name"},
    {.key = "ad.prove",
	.type = CONF_BOOL,
	.offset = AT(ad_prove),
	.fallback = "true",
	.help = "prove a new Kerberos key by logging in with our own ticket"},
    {.key = "ad.password_length",
	.type = CONF_INT,
	.offset = AT(ad_password_length),
	.fallback = "32",
	.min = 16,
	.max = 120,
	.help = "characters of the object's random password"},
    {.key = "ad.renew_before",
	.type = CONF_SPAN,
	.offset = AT(ad_renew_before),
	.fallback = "10d",
	.min = 0,
	.max = YEAR,
	.help = "renew it this long before the domain's maximum age"},
    {.key = "ad.max_age",
	.type = CONF_SPAN,
	.offset = AT(ad_max_age),
	.fallback = "180d",
	.min = 0,
	.max = 10 * YEAR,
	.help = "renew it at this age when the domain has none; 0: never"},
    {.key = "ad.acl",
	.type = CONF_ITEMS,
	.offset = AT(acl),
	.count_offset = AT(acl_count),
	.items = &acl_table,
	.help = "who may use the devices with Kerberos"},

    {.key = "admin.enabled",
	.type = CONF_BOOL,
	.offset = AT(admin),
	.fallback = "true",
	.help = "keep the password of the Digest admin user"},
    {.key = "admin.password_length",
	.type = CONF_INT,
	.offset = AT(admin_password_length),
	.fallback = "16",
	.min = 8,
	.max = 32,
	.help = "characters of the random password, one per device"},
    {.key = "admin.max_age",
	.type = CONF_SPAN,
	.offset = AT(admin_max_age),
	.fallback = "180d",
	.min = 0,
	.max = 10 * YEAR,
	.help = "renew it at this age; 0: never"},

    {.key = "templates",
	.type = CONF_ITEMS,
	.offset = AT(templates),
	.count_offset = AT(template_count),
	.items = &template_table,
	.help = "certificate templates; without any there is one named tls"},
};

static const struct conf_table table = {.options = options,
    .count = COUNT(options),
    .size = sizeof(struct profile),
    .title = "# amtkeeper profile: what every device should be.  A line that "
	     "begins with #\n# shows a default.\n"};

const struct profile_template *
profile_find_template(const struct profile *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->template_count; i++)
		if (str_eq(p->templates[i].name, name))
			return &p->templates[i];
	return NULL;
}

const struct profile_template *
profile_tls_template(const struct profile *p)
{
	const struct profile_template *t =
	    profile_find_template(p, p->template_name);

	if (t == NULL)
		abort(); /* profile_load() checked it */
	return t;
}

/* The one that devices get theirs by. */
static int
check_tls_template(const struct profile *p, const struct conf_node *root,
    const char *file, struct err *err)
{
	const struct profile_template *t =
	    profile_find_template(p, p->template_name);

	if (t == NULL)
		return conf_option_error(root, "tls.template", file, err,
		    "there is no template named %s",
		    p->template_name == NULL ? "''" : p->template_name);
	if (!has_usage(t->usages, "server"))
		return conf_option_error(root, "tls.template", file, err,
		    "the usages of %s must hold server", t->name);
	/* GenerateKeyPair knows RSA alone (KeyAlgorithm 0). */
	if (str_eq(t->key, "ec-p384"))
		return conf_option_error(root, "tls.template", file, err,
		    "key of %s: firmware makes RSA keys only", t->name);
	return 0;
}

/* A name that nobody would ever fill in, or that the CA would leave out. */
static int
check_account_names(const struct profile *p, const struct profile_template *t,
    const struct conf_node *root, const char *file, struct err *err)
{
	if (!p->ad)
		return conf_option_error(root, "templates", file, err,
		    "%s: upn and sid are those of the account that ad: keeps, "
		    "which is not enabled",
		    t->name);
	if (!str_eq(t->issuer, "internal"))
		return conf_option_error(root, "templates", file, err,
		    "%s: upn and sid are for our own CA: the CA %s has to look "
		    "the account up itself",
		    t->name, t->issuer);
	return 0;
}

static int
check_templates(const struct profile *p, const struct conf_node *root,
    const char *file, struct err *err)
{
	const struct profile_template *t;
	size_t i, j;

	for (i = 0; i < p->template_count; i++) {
		t = &p->templates[i];
		if (t->name == NULL)
			return conf_option_error(root, "templates", file, err,
			    "entry %zu has no name", i + 1);
		for (j = 0; j < i; j++)
			if (str_eq(t->name, p->templates[j].name))
				return conf_option_error(root, "templates",
				    file, err, "two are named %s", t->name);
		if (t->renew_before >= t->validity)
			return conf_option_error(root, "templates", file, err,
			    "%s: renew_before must be less than validity, or "
			    "every certificate is due at once",
			    t->name);
		if ((t->upn || t->sid) &&
		    check_account_names(p, t, root, file, err) != 0)
			return -1;
	}
	return check_tls_template(p, root, file, err);
}

static int
check_acl(const struct profile *p, const struct conf_node *root,
    const char *file, struct err *err)
{
	size_t i, j;

	for (i = 0; i < p->acl_count; i++) {
		if (p->acl[i].sid == NULL || p->acl[i].realms == NULL)
			return conf_option_error(root, "ad.acl", file, err,
			    "entry %zu has no %s", i + 1,
			    p->acl[i].sid == NULL ? "sid" : "realms");
		for (j = 0; j < i; j++)
			if (str_eq(p->acl[i].sid, p->acl[j].sid))
				return conf_option_error(root, "ad.acl", file,
				    err, "%s is listed twice", p->acl[i].sid);
	}
	return 0;
}

static int
check_rules(const struct profile *p, const struct conf_node *root,
    const char *file, struct err *err)
{
	if (str_empty(p->name))
		return conf_option_error(
		    root, "name", file, err, "must not be empty");
	if (p->ad && p->ou == NULL)
		return conf_option_error(
		    root, "ad.ou", file, err, "must be set when ad is enabled");
	if (p->ad && p->account == NULL)
		return conf_option_error(root, "ad.account", file, err,
		    "must be set when ad is enabled");
	if (check_acl(p, root, file, err) != 0)
		return -1;
	return check_templates(p, root, file, err);
}

/* A profile that names no template has one of defaults. */
static void
default_template(struct profile *p)
{
	if (p->template_count > 0)
		return;
	p->templates = mem_alloc(sizeof(*p->templates));
	p->template_count = 1;
	conf_option_defaults(&template_table, p->templates, NULL);
	p->templates[0].name = mem_dup("tls");
}

int
profile_load(const char *file, struct profile **ret_profile, struct err *err)
{
	struct profile *p = mem_alloc(sizeof(*p));
	int rc = -1;

	p->file = mem_dup(file);
	conf_option_defaults(&table, p, NULL);
	if (conf_yaml_load(p->file, &p->root, err) != 0)
		goto out;
	if (conf_option_apply(&table, p, p->root, NULL, err) != 0)
		goto out;
	default_template(p);
	if (check_rules(p, p->root, file, err) != 0)
		goto out;
	*ret_profile = p;
	p = NULL;
	rc = 0;
out:
	profile_free(p);
	return rc;
}

void
profile_free(struct profile *p)
{
	if (p == NULL)
		return;
	conf_option_free(&table, p);
	conf_yaml_free(p->root);
	free(p->file);
	free(p);
}

void
profile_example(FILE *out, const char *ou)
{
	const struct conf_setting settings[] = {
	    {"name", "default"},
	    {"ad.enabled", "true"},
	    {"ad.ou", ou},
	};

	conf_option_example(
	    &table, settings, ou == NULL ? 1 : COUNT(settings), out);
}

void
profile_entries(const struct profile *p, conf_entry_fn *fn, void *cookie)
{
	conf_option_entries(&table, p, p->root, fn, cookie);
}
