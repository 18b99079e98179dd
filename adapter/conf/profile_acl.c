/* Entries of ad.acl: who may do what on a device. */
#include "profile_internal.h"

#include <string.h>

#include "conf.h"
#include "err.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) offsetof(struct profile_acl, member)

/* AMT_AuthorizationService numbers realms from 2 to 24; 31 leaves room. */
#define REALM_MIN 2
#define REALM_MAX 31
/* MS-DTYP 2.4.2: at most 15 sub-authorities. */
#define SID_MAX_PARTS 15

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

static const struct conf_option options[] = {
    {.key = "sid",
	.type = CONF_TEXT,
	.offset = AT(sid),
	.check = check_sid,
	.help = "AD user or group"},
    {.key = "realms",
	.type = CONF_TEXT,
	.offset = AT(realms),
	.fallback = "3",
	.check = check_realms,
	.help = "what they may do, e.g. '2,3,5'; 3 is administration"},
    {.key = "access",
	.type = CONF_INT,
	.offset = AT(access),
	.fallback = "2",
	.min = 0,
	.max = 2,
	.help = "from where: 0 local, 1 network, 2 both"},
};
const struct conf_table profile_acl_table = {.options = options,
    .count = COUNT(options),
    .size = sizeof(struct profile_acl),
    .title = ""};

int
profile_acl_check(const struct profile *p, const struct conf_node *root,
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
