#include <stdio.h>

#include "buf.h"
#include "clock.h"
#include "device.h"
#include "mem.h"
#include "play_internal.h"
#include "profile.h"
#include "str.h"
#include "wish_internal.h"

/* The new certificate is in use; the old one is still in the device, or valid
 * at the CA. */
static bool
leftovers(const struct device *d)
{
	return d->old_cert_handle != NULL || d->old_cert_serial != NULL;
}

/* Why the certificate must be replaced now; NULL: it need not. */
static const char *
replace_reason(const struct device *d, const struct policy *p)
{
	const struct profile *profile = p->profile;

	if (!d->tls_enabled)
		return "tls-disabled";
	if (!wish_tls_met(d, profile) || !wish_cert_key_met(d))
		return "profile-drift";
	if (d->cert_not_after != 0 && d->cert_not_after <= p->now)
		return "certificate-expired";
	if (!wish_cert_names_met(d, profile))
		return "certificate-name-mismatch";
	if (!d->cert_ours)
		return "certificate-untrusted";
	if (d->cert_not_after - profile_tls_template(profile)->renew_before <=
	    p->now)
		return "certificate-expiring";
	if (d->next_key_handle != NULL)
		return "certificate-expiring";
	return NULL;
}

/* Another CA has the request and is not to be asked yet. */
static bool
waits(const struct device *d, const struct policy *p)
{
	return d->cert_wait_why != NULL && d->cert_wait_until > p->now;
}

int64_t
play_certificate_due(const struct device *d, const struct policy *p)
{
	if (!p->profile->tls)
		return 0;
	if (d->read_at == 0 || leftovers(d))
		return p->now;
	if (waits(d, p))
		return d->cert_wait_until;
	if (replace_reason(d, p) != NULL)
		return p->now;
	return d->cert_not_after -
	    profile_tls_template(p->profile)->renew_before;
}

/* What becomes old, or is: where it is in the device, and its serial at our CA;
 * NULL where there is none, such as of a certificate that is not ours. */
static void
plan_removal(const char *handle, const char *serial, const char *reason,
    struct plan *plan)
{
	if (handle != NULL)
		plan_add(plan, "certificate.remove", reason,
		    "old certificate and key in the device", handle, NULL);
	if (serial != NULL)
		plan_add(plan, "certificate.revoke", reason,
		    "old certificate at the CA", serial,
		    "revoked once the new one was seen");
}

void
play_leftovers_plan(const struct device *d, struct plan *plan)
{
	plan_removal(
	    d->old_cert_handle, d->old_cert_serial, "interrupted", plan);
}

/* An earlier one that still waits to be revoked goes with it. */
static const char *
serial_to_revoke(const struct device *d)
{
	return d->old_cert_serial == NULL && d->cert_ours ? d->cert_serial
							  : d->old_cert_serial;
}

/* AMT generates RSA keys only; what it takes by generation is in wish.c. */
bool
plan_key_refused(
    const struct profile *p, int amt_major, char out[PLAN_OBSTACLE])
{
	const struct profile_template *t = profile_tls_template(p);

	if (str_eq(t->key, "ec-p384"))
		(void)snprintf(out, PLAN_OBSTACLE,
		    "template %.60s: key ec-p384 cannot be generated in AMT; "
		    "use auto",
		    t->name);
	else if (str_eq(t->key, "rsa-2048") && amt_major >= WISH_STRONG_MAJOR)
		(void)snprintf(out, PLAN_OBSTACLE,
		    "template %.60s: key rsa-2048 is refused by AMT %d and "
		    "newer; use auto",
		    t->name, WISH_STRONG_MAJOR);
	else
		return false;
	return true;
}

/* A certificate that can never be is not begun: no key is generated for it. */
static bool
obstructed(const struct device *d, const struct policy *p, struct plan *plan)
{
	char why[PLAN_OBSTACLE];

	if (!plan_key_refused(p->profile, device_amt_major(d), why))
		return false;
	mem_replace(&plan->obstacle, why);
	play_leftovers_plan(d, plan);
	return true;
}

void
play_replace_plan(const struct device *d, const struct policy *p,
    const char *reason, struct plan *plan)
{
	char end[CLOCK_TEXT];
	struct buf names;

	if (obstructed(d, p, plan))
		return;
	buf_init(&names, WISH_TEXT);
	wish_cert_names(d, p->profile, &names);
	plan_add(plan, "certificate.clean", reason,
	    "keys and certificates left by earlier failures", NULL,
	    "removed if there are any");
	if (d->next_key_handle == NULL)
		plan_add(plan, "key.generate", reason, "key pair in the device",
		    d->cert_key_handle, "a new one beside it");
	if (d->next_cert == NULL)
		plan_add(plan, "certificate.issue", reason, "TLS certificate",
		    d->cert_names, buf_text(&names));
	if (d->next_cert_handle == NULL)
		plan_add(plan, "certificate.add", reason,
		    "certificate in a free slot", NULL, "the new one");
	plan_add(plan, "tls.switch", reason, "certificate in use",
	    clock_text(d->cert_not_after, end), "the new one");
	plan_removal(d->cert_read_only ? NULL : d->cert_handle,
	    serial_to_revoke(d), reason, plan);
	buf_free(&names);
}

void
play_certificate_plan(const struct device *d, const struct policy *p,
    bool forced, struct plan *plan)
{
	const char *reason = replace_reason(d, p);

	if (!p->profile->tls)
		return;
	play_clock_plan(d, p, forced, plan);
	/* What was interrupted is finished before it is done once more. */
	if (reason == NULL && forced && !leftovers(d))
		reason = "requested";
	if (waits(d, p) && !forced)
		reason = NULL;
	if (reason != NULL)
		play_replace_plan(d, p, reason, plan);
	else
		play_leftovers_plan(d, plan);
}
