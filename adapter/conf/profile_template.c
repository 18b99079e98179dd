/* Certificate templates. */
#include "profile_internal.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define DAY INT64_C(86400)
#define YEAR (365 * DAY)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) offsetof(struct profile_template, member)

static const char *const key_kinds[] = {
    "auto", "rsa-2048", "rsa-3072", "ec-p384", NULL};
static const char *const issuer_ends[] = {"refuse", "clamp", NULL};
static const char *const usages[] = {"server", "client", "amt-remote-console",
    "amt-local-console", "amt-client-setup"};

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

static const struct conf_option options[] = {
    {.key = "name",
	.type = CONF_TEXT,
	.offset = AT(name),
	.help = "what tls: template: refers to"},
    {.key = "validity",
	.type = CONF_SPAN,
	.offset = AT(validity),
	.fallback = "365d",
	.min = 3600,
	.max = 5 * YEAR,
	.help = "how long a certificate lives"},
    {.key = "renew_before",
	.type = CONF_SPAN,
	.offset = AT(renew_before),
	.fallback = "30d",
	.min = 60,
	.max = 5 * YEAR,
	.help = "replace it this long before its end"},
    {.key = "backdate",
	.type = CONF_SPAN,
	.offset = AT(backdate),
	.fallback = "1h",
	.min = 0,
	.max = DAY,
	.help = "begin this long ago, for clocks that are behind"},
    {.key = "key",
	.type = CONF_WORD,
	.offset = AT(key),
	.fallback = "auto",
	.words = key_kinds,
	.help = "key; auto: RSA-2048 to AMT 21, RSA-3072 or P-384 from 22 on"},
    {.key = "short_name",
	.type = CONF_BOOL,
	.offset = AT(short_name),
	.fallback = "true",
	.help = "also name the host without its domain"},
    {.key = "address",
	.type = CONF_BOOL,
	.offset = AT(address),
	.fallback = "false",
	.help = "also name the device's IPv4 address, if it is a static one"},
    {.key = "upn",
	.type = CONF_BOOL,
	.offset = AT(upn),
	.fallback = "false",
	.help = "also name its account in AD, by user principal name"},
    {.key = "sid",
	.type = CONF_BOOL,
	.offset = AT(sid),
	.fallback = "false",
	.help = "also name its account in AD, by SID, for strong mapping"},
    {.key = "underscore",
	.type = CONF_BOOL,
	.offset = AT(underscore),
	.fallback = "false",
	.help = "host names may hold _"},
    {.key = "usages",
	.type = CONF_TEXT,
	.offset = AT(usages),
	.fallback = "server",
	.check = check_usages,
	.help = "what it is for: server, client, amt-remote-console, "
		"amt-local-console, amt-client-setup, by comma"},
    {.key = "max_size",
	.type = CONF_INT,
	.offset = AT(max_size),
	.fallback = "4100",
	.min = 512,
	.max = 4100,
	.help = "bytes; firmware takes 4100"},
    {.key = "issuer_end",
	.type = CONF_WORD,
	.offset = AT(issuer_end),
	.fallback = "refuse",
	.words = issuer_ends,
	.help = "would it outlive its issuer: refuse it, or clamp its end"},
    {.key = "issuer",
	.type = CONF_TEXT,
	.offset = AT(issuer),
	.fallback = "internal",
	.help = "whose CA: internal, or the name of a bridge; the life of a "
		"certificate is then that CA's to say"},
};
const struct conf_table profile_template_table = {.options = options,
    .count = COUNT(options),
    .size = sizeof(struct profile_template),
    .title = ""};

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

int
profile_template_check(const struct profile *p, const struct conf_node *root,
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
		/* The last second belongs to the validity. */
		if (t->renew_before >= t->validity - 1)
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

void
profile_template_default(struct profile *p)
{
	if (p->template_count > 0)
		return;
	p->templates = mem_alloc(sizeof(*p->templates));
	p->template_count = 1;
	conf_option_defaults(&profile_template_table, p->templates, NULL);
	p->templates[0].name = mem_dup("tls");
}
