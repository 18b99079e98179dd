#include "clock.h"
#include "device.h"
#include "play_internal.h"
#include "profile.h"
#include "str.h"
#include "wish_internal.h"

#define UF_ACCOUNTDISABLE 0x2

bool
play_uses_directory(const struct policy *p)
{
	return p->directory && p->profile->ad;
}

static int64_t
password_due(const struct device *d, const struct policy *p)
{
	struct plan_deadline deadline;

	plan_deadline(d, p, &deadline);
	return deadline.due;
}

static bool
key_stale(const struct device *d, const struct policy *p)
{
	return d->ad_key_pending || !d->krb_enabled ||
	    !str_ieq(d->krb_realm, p->realm) || d->krb_kvno != d->ad_kvno;
}

/* Somebody else set AD's, or AD was restored from a backup: the stored one is
 * nobody's. */
static bool
password_foreign(const struct device *d)
{
	return d->ad_own_at != 0 && d->ad_password_at != d->ad_own_at;
}

bool
play_object_disabled(const struct device *d)
{
	return (d->ad_uac & UF_ACCOUNTDISABLE) != 0;
}

bool
play_password_unknown(const struct device *d)
{
	return d->ad_secret_at == 0 || password_foreign(d);
}

bool
play_password_due(const struct device *d, const struct policy *p)
{
	int64_t due = password_due(d, p);

	return play_password_unknown(d) || key_stale(d, p) ||
	    (due != 0 && due <= p->now);
}

int64_t
play_directory_due(const struct device *d, const struct policy *p)
{
	if (!play_uses_directory(p))
		return 0;
	if (d->ad_read_at == 0 || str_empty(d->ad_dn) ||
	    play_password_due(d, p) || !wish_object_met(d, p->profile) ||
	    !wish_ou_met(d, p->profile))
		return p->now;
	return password_due(d, p);
}

void
play_object_plan(const struct device *d, const struct policy *p,
    const char *reason, struct plan *plan)
{
	char fqdn[256];

	wish_fqdn(d, p->profile, fqdn);
	plan_add(plan, "ad.object", reason,
	    "AD object: dNSHostName, SPNs, encryption types", d->ad_dns_host,
	    fqdn);
}

static void
plan_key(const char *reason, const struct device *d, const struct policy *p,
    struct plan *plan)
{
	plan_add(plan, "kerberos.set", reason, "Kerberos key in the device",
	    d->krb_enabled ? d->krb_realm : "off", p->realm);
}

/* Its place and what it says; not its password. */
static void
plan_object(const struct device *d, const struct policy *p, struct plan *plan)
{
	/* Without LDAP there is neither. */
	if (str_empty(d->ad_dn) || p->by_ticket)
		return;
	if (!wish_ou_met(d, p->profile))
		plan_add(plan, "ad.move", "profile-drift",
		    "AD object to another OU", d->ad_dn, p->profile->ou);
	if (!wish_object_met(d, p->profile))
		play_object_plan(d, p, "profile-drift", plan);
}

/* Never by itself: what is wrong with the object is due with its password. */
int64_t
play_object_due(const struct device *d, const struct policy *p)
{
	(void)d;
	(void)p;
	return 0;
}

void
play_object_alone_plan(const struct device *d, const struct policy *p,
    bool forced, struct plan *plan)
{
	if (!play_uses_directory(p))
		return;
	play_clock_plan(d, p, forced, plan);
	plan_object(d, p, plan);
}

void
play_directory_plan(const struct device *d, const struct policy *p, bool forced,
    struct plan *plan)
{
	int64_t due = password_due(d, p);
	char at[CLOCK_TEXT];

	if (!play_uses_directory(p))
		return;
	play_clock_plan(d, p, forced, plan);
	if (str_empty(d->ad_dn)) {
		/* Created with its first password. */
		play_object_plan(d, p, "ad-object-missing", plan);
		plan_key("ad-object-missing", d, p, plan);
	}
	plan_object(d, p, plan);
	if (!str_empty(d->ad_dn) &&
	    (forced || play_password_unknown(d) ||
		(due != 0 && due <= p->now))) {
		plan_add(plan, "ad.password",
		    forced ? "requested" : "ad-password-due",
		    "password of the AD object",
		    clock_text(d->ad_password_at, at), "a new one");
		plan_key("ad-password-due", d, p, plan);
	}
	if (key_stale(d, p))
		plan_key("profile-drift", d, p, plan);
	if (!wish_acl_met(d, p->profile))
		plan_add(plan, "acl.set", "profile-drift",
		    "AD users and groups that may log in", d->acl_sids,
		    "as in the profile");
}
