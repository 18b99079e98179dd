/* The options of an entry of "epo". */
#include "conf_epo.h"

#include <ctype.h>
#include <string.h>

#include "conf.h"
#include "option_internal.h"
#include "str.h"

#define DAY INT64_C(86400)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) offsetof(struct conf_epo, member)
#define NAME_MAX_BYTES 32

static const char *
check_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	return strspn(text, letters) == strlen(text) &&
		strlen(text) <= NAME_MAX_BYTES && !isdigit((unsigned char)*text)
	    ? NULL
	    : "must be 1 to 32 of a-z, 0-9 and -, and begin with none of 0-9";
}

static const char *
check_url(const char *text)
{
	const char *host = text + strlen("https://");

	if (!str_starts(text, "https://") || *host == '\0' ||
	    strpbrk(host, "/@?# ") != NULL)
		return "must be https://HOST or https://HOST:PORT";
	return NULL;
}

static const char *
check_column(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.";
	const char *dot = strchr(text, '.');

	return strspn(text, letters) == strlen(text) && dot != NULL &&
		dot != text && dot[1] != '\0' && strchr(dot + 1, '.') == NULL
	    ? NULL
	    : "must be TABLE.COLUMN";
}

static const struct conf_option options[] = {
    {.key = "name",
	.type = CONF_TEXT,
	.offset = AT(name),
	.check = check_name,
	.help = "what \"amtkeeper epo\" calls it"},
    {.key = "url",
	.type = CONF_TEXT,
	.offset = AT(url),
	.check = check_url,
	.help = "of the server, e.g. https://epo.corp.example:8443"},
    {.key = "ca",
	.type = CONF_PATH,
	.offset = AT(ca),
	.help = "PEM file: who may vouch for the server; ePO's own CA, or the "
		"one that its certificate was replaced from"},
    {.key = "query",
	.type = CONF_TEXT,
	.offset = AT(query),
	.help = "only systems of this query that is saved there; not set: all"},
    {.key = "where",
	.type = CONF_TEXT,
	.offset = AT(where),
	.help = "only systems that meet this condition, in parentheses, e.g. "
		"(hasTag EPOLeafNode.AppliedTags \"vPro\")"},
    {.key = "uuid",
	.type = CONF_TEXT,
	.offset = AT(uuid),
	.check = check_column,
	.help = "column there with the SMBIOS UUID, if it has one, e.g. "
		"AMT_CustomProps.UUID"},
    {.key = "add",
	.type = CONF_BOOL,
	.offset = AT(add),
	.fallback = "false",
	.help = "take systems in that are no device here yet; else only what "
		"is known is brought up to date"},
    {.key = "address",
	.type = CONF_BOOL,
	.offset = AT(address),
	.fallback = "false",
	.help = "connect to the address that the host has there; else names "
		"are looked up"},
    {.key = "groups",
	.type = CONF_BOOL,
	.offset = AT(groups),
	.fallback = "true",
	.help = "put devices into the groups that they are in there"},
    {.key = "take_tags",
	.type = CONF_BOOL,
	.offset = AT(take_tags),
	.fallback = "true",
	.help = "give devices the tags that they have there"},
    {.key = "tags",
	.type = CONF_TEXT,
	.offset = AT(tags),
	.fallback =
	    "AMT-CommError=offline name-resolution credentials-rejected "
	    "credentials-missing identity-mismatch "
	    "client-certificate-wanted protocol-error, "
	    "AMT-CertDue=certificate-expired certificate-expiring, "
	    "AMT-ADPwdDue=ad-password-due",
	.help = "tags that systems get there while they have one of these "
		"findings"},
    {.key = "field",
	.type = CONF_INT,
	.offset = AT(field),
	.fallback = "0",
	.min = 0,
	.max = 4,
	.help = "custom field there that says what is wrong; 0: none"},
    {.key = "issues",
	.type = CONF_TEXT,
	.offset = AT(issues),
	.help = "findings that open an issue there, parted by blanks, e.g. "
		"needs-person credentials-rejected; not set: none"},
    {.key = "page",
	.type = CONF_INT,
	.offset = AT(page),
	.fallback = "500",
	.min = 1,
	.max = 2000,
	.help = "systems read at once"},
    {.key = "interval",
	.type = CONF_SPAN,
	.offset = AT(interval),
	.fallback = "15m",
	.min = 10,
	.max = DAY,
	.help = "between two syncs by serve"},
    {.key = "full",
	.type = CONF_SPAN,
	.offset = AT(full),
	.fallback = "1d",
	.min = 10,
	.max = 30 * DAY,
	.help = "read all systems, not only those that reported since, and "
		"see which are gone"},
    {.key = "timeout",
	.type = CONF_SPAN,
	.offset = AT(timeout),
	.fallback = "1m",
	.min = 1,
	.max = 600,
	.help = "one exchange with the server"},
    {.key = "retry_most",
	.type = CONF_SPAN,
	.offset = AT(retry_most),
	.fallback = "1h",
	.min = 60,
	.max = DAY,
	.help = "wait no longer than this after a failure; a minute after the "
		"first, doubled each time"},
};

const struct conf_table conf_epo_table = {.options = options,
    .count = COUNT(options),
    .size = sizeof(struct conf_epo),
    .title = ""};

int
conf_epo_check(
    const struct conf *c, const struct conf_node *roots, struct err *err)
{
	const struct conf_epo *e;
	const char *missing;
	size_t i, j;

	for (i = 0; i < c->epo_count; i++) {
		e = &c->epos[i];
		missing = e->name == NULL ? "name"
		    : e->url == NULL	  ? "url"
		    : e->ca == NULL	  ? "ca"
					  : NULL;
		if (missing != NULL)
			return conf_option_error(roots, "epo", c->file, err,
			    "entry %zu has no %s", i + 1, missing);
		for (j = 0; j < i; j++)
			if (str_eq(e->name, c->epos[j].name))
				return conf_option_error(roots, "epo", c->file,
				    err, "two are named %s", e->name);
	}
	return 0;
}
