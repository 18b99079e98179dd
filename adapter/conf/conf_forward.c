/* The places that events are sent to. */
#include <stddef.h>

#include "conf_internal.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) offsetof(struct conf_forward, member)
#define NAME_MAX_BYTES 63

static const char *const kinds[] = {"syslog", "cef", "webhook", NULL};
static const char *const facilities[] = {"daemon", "auth", "authpriv", "audit",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7", NULL};
static const char *const severities[] = {
    "critical", "error", "warning", "notice", "info", NULL};
static const char *const beginnings[] = {"now", "first", NULL};

/* The rest is for the module that sends to say. */
static const char *
check_to(const char *text)
{
	return strchr(text, '@') == NULL ? NULL
					 : "must not hold a user or password";
}

static const char *
check_name(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	if (strlen(text) > NAME_MAX_BYTES)
		return "must have at most 63 characters";
	return text[strspn(text, plain)] == '\0'
	    ? NULL
	    : "must have letters, digits, hyphens, dots only";
}

static const struct conf_option options[] = {
    {.key = "name",
	.type = CONF_TEXT,
	.offset = AT(name),
	.check = check_name,
	.help = "what amtkeeper forward calls it; its cursor goes by this"},
    {.key = "kind",
	.type = CONF_WORD,
	.offset = AT(kind),
	.words = kinds,
	.help = "RFC 5424, CEF in RFC 5424, or CloudEvents by POST"},
    {.key = "to",
	.type = CONF_TEXT,
	.offset = AT(to),
	.check = check_to,
	.help = "tls://HOST:6514, tcp://HOST:601, udp://HOST:514, or the "
		"webhook's https://URL"},
    {.key = "tls_ca",
	.type = CONF_PATH,
	.offset = AT(tls_ca),
	.help = "anchors that its certificate must chain to; for those of the "
		"system /etc/ssl/certs/ca-certificates.crt"},
    {.key = "certificate",
	.type = CONF_PATH,
	.offset = AT(certificate),
	.help = "with key: ours, when it asks for one"},
    {.key = "key",
	.type = CONF_PATH,
	.offset = AT(key),
	.help = "its key, for nobody else to read"},
    {.key = "facility",
	.type = CONF_WORD,
	.offset = AT(facility),
	.fallback = "audit",
	.words = facilities,
	.help = "of syslog and CEF"},
    {.key = "severity",
	.type = CONF_WORD,
	.offset = AT(severity),
	.fallback = "info",
	.words = severities,
	.help = "what is less severe is left out"},
    {.key = "from",
	.type = CONF_WORD,
	.offset = AT(from),
	.fallback = "now",
	.words = beginnings,
	.help = "with which event it begins when it is new"},
    {.key = "timeout",
	.type = CONF_SPAN,
	.offset = AT(timeout),
	.fallback = "10s",
	.min = 1,
	.max = 60,
	.help = "to connect, and for each message or answer"},
    {.key = "retry_first",
	.type = CONF_SPAN,
	.offset = AT(retry_first),
	.fallback = "2s",
	.min = 1,
	.max = 86400,
	.help = "after a failure; doubled each time"},
    {.key = "retry_most",
	.type = CONF_SPAN,
	.offset = AT(retry_most),
	.fallback = "5m",
	.min = 1,
	.max = 86400,
	.help = "up to this"},
    {.key = "refusals",
	.type = CONF_INT,
	.offset = AT(refusals),
	.fallback = "8",
	.min = 1,
	.max = 1000,
	.help = "webhook: refusals (400, 413, 422, 500, ...) until an event "
		"is put aside as a dead letter"},
};

const struct conf_table conf_forward_table = {.options = options,
    .count = COUNT(options),
    .size = sizeof(struct conf_forward)};

static int
check_one(const struct conf_forward *f, size_t number,
    const struct conf_node *roots, const char *file, struct err *err)
{
	const char *missing = f->name == NULL ? "name"
	    : f->kind == NULL		      ? "kind"
	    : f->to == NULL		      ? "to"
					      : NULL;

	if (missing != NULL)
		return conf_option_error(roots, "forward", file, err,
		    "entry %zu has no %s", number, missing);
	if (f->retry_most < f->retry_first)
		return conf_option_error(roots, "forward", file, err,
		    "%s: retry_most must not be less than retry_first",
		    f->name);
	if ((f->certificate == NULL) != (f->key == NULL))
		return conf_option_error(roots, "forward", file, err,
		    "%s: certificate and key come together", f->name);
	return 0;
}

int
conf_forward_check(
    const struct conf *c, const struct conf_node *roots, struct err *err)
{
	size_t i, j;

	for (i = 0; i < c->forward_count; i++) {
		if (check_one(&c->forwards[i], i + 1, roots, c->file, err) != 0)
			return -1;
		for (j = 0; j < i; j++)
			if (str_eq(c->forwards[i].name, c->forwards[j].name))
				return conf_option_error(roots, "forward",
				    c->file, err, "two are named %s",
				    c->forwards[i].name);
	}
	return 0;
}
