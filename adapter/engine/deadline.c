#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "device.h"
#include "mem.h"
#include "play_internal.h"
#include "profile.h"
#include "str.h"

/*
 * When the password of the AD object must be another.  For a computer object
 * that is hygiene: no controller lets its password expire (MS-ADTS
 * 3.1.1.4.5.17), and no password settings object applies to it.  A device that
 * is kept as a user object is locked out at the end that its controllers
 * compute.
 */
#define UF_NORMAL_ACCOUNT 0x200
#define UF_DONT_EXPIRE_PASSWORD 0x10000

/* What the directory says: the end of the password's life; 0 = never. */
static int64_t
directory_end(const struct device *d, struct plan_deadline *ret)
{
	bool user = (d->ad_uac & UF_NORMAL_ACCOUNT) != 0;

	if ((d->ad_uac & UF_DONT_EXPIRE_PASSWORD) != 0 && user)
		return 0;
	ret->enforced = user && d->ad_expires_at != 0;
	ret->rule =
	    d->ad_settings != NULL ? DEADLINE_SETTINGS : DEADLINE_DOMAIN;
	if (ret->enforced)
		return d->ad_expires_at;
	return user || d->ad_max_age == 0 ? 0
					  : d->ad_password_at + d->ad_max_age;
}

void
plan_deadline(
    const struct device *d, const struct policy *p, struct plan_deadline *ret)
{
	int64_t own = p->profile->ad_max_age;

	memset(ret, 0, sizeof(*ret));
	ret->margin = p->profile->ad_renew_before;
	ret->end = directory_end(d, ret);
	if (own != 0 && (ret->end == 0 || d->ad_password_at + own < ret->end)) {
		ret->end = d->ad_password_at + own;
		ret->rule = DEADLINE_PROFILE;
		ret->enforced = false;
	}
	if (ret->end == 0) {
		ret->rule = DEADLINE_NEVER;
		ret->enforced = false;
		return;
	}
	ret->due = ret->end - ret->margin;
}

static char *
rule_words(const struct device *d, const struct plan_deadline *l)
{
	char age[CLOCK_TEXT];

	(void)clock_span(l->end - d->ad_password_at, age);
	switch (l->rule) {
	case DEADLINE_SETTINGS:
		return mem_printf(
		    "expires after %s by password settings object "
		    "%s (enforced by the domain controllers)",
		    age, d->ad_settings);
	case DEADLINE_PROFILE:
		return mem_printf(
		    "older than %s by the profile's ad.max_age", age);
	case DEADLINE_DOMAIN:
		if (l->enforced)
			return mem_printf(
			    "expires after %s by the domain's maxPwdAge "
			    "(enforced by the domain controllers)",
			    age);
		return mem_printf(
		    "older than %s by the domain's maxPwdAge (hygiene: no "
		    "domain controller enforces it for a computer object)",
		    age);
	case DEADLINE_NEVER:
		break;
	}
	return mem_dup("never: neither the domain nor the profile sets an age");
}

char *
plan_deadline_why(const struct device *d, const struct policy *p,
    const struct plan_deadline *l)
{
	char margin[CLOCK_TEXT], end[CLOCK_TEXT];
	char *rule, *text;

	if (!play_uses_directory(p) || d->ad_read_at == 0)
		return NULL;
	if (str_empty(d->ad_dn))
		return mem_dup("now: there is no object");
	if (play_password_unknown(d))
		return mem_dup("now: what is stored is not AD's password");
	rule = rule_words(d, l);
	if (l->rule == DEADLINE_NEVER)
		return rule;
	text = mem_printf("%s on %s, renewed %s before", rule,
	    clock_text(l->end, end), clock_span(l->margin, margin));
	free(rule);
	return text;
}
