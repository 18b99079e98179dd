#include "profile.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "mem.h"
#include "profile_internal.h"
#include "str.h"
#include "yaml_internal.h"

#define DAY INT64_C(86400)
#define YEAR (365 * DAY)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) offsetof(struct profile, member)

static const char *const ddns_modes[] = {"off", "dhcp", "client", NULL};
static const char *const ip_modes[] = {"dhcp", "host", "keep", NULL};

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
	.items = &profile_acl_table,
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
	.items = &profile_template_table,
	.help = "certificate templates; without any there is one named tls"},
};

static const struct conf_table table = {.options = options,
    .count = COUNT(options),
    .size = sizeof(struct profile),
    .title = "# amtkeeper profile: what every device should be.  A line that "
	     "begins with #\n# shows a default.\n"};

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
	if (profile_acl_check(p, root, file, err) != 0)
		return -1;
	return profile_template_check(p, root, file, err);
}

int
profile_load(const char *file, struct profile **ret_profile, struct err *err)
{
	struct profile *p = mem_alloc(sizeof(*p));
	int rc = -1;

	p->file = mem_dup(file);
	conf_option_defaults(&table, p, NULL);
	if (conf_yaml_load(p->file, false, &p->root, err) != 0)
		goto out;
	if (conf_option_apply(&table, p, p->root, NULL, err) != 0)
		goto out;
	profile_template_default(p);
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
