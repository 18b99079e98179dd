#include "diagnose.h"

#include <stdlib.h>

#include "buf.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "plan.h"
#include "play_internal.h"
#include "ports.h"
#include "profile.h"
#include "str.h"
#include "wish_internal.h"

#define LIST_MAX 1024

static const struct {
	const char *code;
	const char *help;
} reasons[REASON_COUNT] = {
    [REASON_OFFLINE] = {"offline",
	"nothing answers at its address: is it on the network, is the "
	"management port open?"},
    [REASON_NAME_RESOLUTION] = {"name-resolution",
	"its name does not resolve: check DNS, or give it an address"},
    [REASON_CREDENTIALS] = {"credentials-rejected",
	"it refuses the stored admin password: correct it with `device set`"},
    [REASON_NO_PASSWORD] = {"credentials-missing",
	"no admin password is stored for it: give it the one it has with "
	"`device set`"},
    [REASON_UNTRUSTED] = {"identity-mismatch",
	"another device or certificate answers there: nothing was sent to it; "
	"check the address, then `device set --forget-identity`"},
    [REASON_WANTS_CERT] = {"client-certificate-wanted",
	"it demands certificates of its peers (mutual TLS), which is not "
	"supported: switch that off with the tool that switched it on"},
    [REASON_PROTOCOL] = {"protocol-error",
	"it answers, but not as Intel AMT does"},
    [REASON_PARKED] = {"needs-person",
	"a change was begun whose outcome cannot be found out: see `journal`"},
    [REASON_TLS_DISABLED] = {"tls-disabled",
	"TLS is off in the firmware: run reissue-certificates; of a device "
	"that had TLS before, find out first who switched it off"},
    [REASON_NAME_MISMATCH] = {"name-mismatch",
	"the host was renamed, the firmware has the old name: run "
	"sync-network"},
    [REASON_CERT_EXPIRED] = {"certificate-expired",
	"its TLS certificate is past its end: run reissue-certificates"},
    [REASON_CERT_EXPIRING] = {"certificate-expiring",
	"its TLS certificate ends soon: run reissue-certificates"},
    [REASON_CERT_NAME] = {"certificate-name-mismatch",
	"its TLS certificate is for other names: run reissue-certificates"},
    [REASON_CERT_UNTRUSTED] = {"certificate-untrusted",
	"its TLS certificate is not from this CA: run reissue-certificates"},
    [REASON_KEY_REFUSED] = {"key-refused",
	"its firmware refuses the key of the profile's certificate template: "
	"set `key: auto` there"},
    [REASON_CERT_PENDING] = {"certificate-pending",
	"a new TLS certificate was asked for and the enterprise's CA has not "
	"decided: see `ca bridge pending`, approve it there"},
    [REASON_ROOT_MISSING] = {"trusted-root-missing",
	"its firmware does not trust a root of this CA, as the profile wants: "
	"run enforce-profile (not while it demands certificates of its peers)"},
    [REASON_CLOCK_SKEW] = {"clock-skew",
	"its clock is off, Kerberos will fail: run sync-clock"},
    [REASON_AD_MISSING] = {"ad-object-missing",
	"Active Directory has no object for it: run renew-ad-password"},
    [REASON_AD_DISABLED] = {"ad-object-disabled",
	"its AD object is disabled, and its password is left as it is: enable "
	"it, or find out who did that"},
    [REASON_AD_PASSWORD_DUE] = {"ad-password-due",
	"the password of its AD object is due, or its key differs: run "
	"renew-ad-password"},
    [REASON_ADMIN_PASSWORD_DUE] = {"admin-password-due",
	"its admin password is old: run renew-admin-password"},
    [REASON_PROFILE_DRIFT] = {"profile-drift",
	"settings differ from the profile: run enforce-profile"},
};

const char *
reason_code(enum reason r)
{
	return reasons[r].code;
}

const char *
reason_help(enum reason r)
{
	return reasons[r].help;
}

/* They are in triage order. */
const char *
reason_advice(unsigned set)
{
	int i;

	for (i = 0; i < REASON_COUNT; i++)
		if ((set & (1u << i)) != 0)
			return reason_help((enum reason)i);
	return NULL;
}

int
reason_find(const char *code)
{
	int i;

	for (i = 0; i < REASON_COUNT; i++)
		if (str_eq(reasons[i].code, code))
			return i;
	return -1;
}

static unsigned
bit(enum reason r, bool set)
{
	return set ? 1u << r : 0;
}

static unsigned
certificate_reasons(const struct device *d, const struct policy *p)
{
	const struct profile *profile = p->profile;
	char why[PLAN_OBSTACLE];
	int64_t renew_at;
	unsigned set;

	if (!profile->tls)
		return 0;
	set = bit(REASON_KEY_REFUSED,
	    plan_key_refused(profile, device_amt_major(d), why));
	set |= bit(REASON_CERT_PENDING, d->cert_wait_why != NULL);
	if (!d->tls_enabled)
		return set | bit(REASON_TLS_DISABLED, true);
	renew_at =
	    d->cert_not_after - profile_tls_template(profile)->renew_before;
	set |= bit(REASON_CERT_EXPIRED, d->cert_not_after <= p->now);
	set |= bit(REASON_CERT_EXPIRING,
	    d->cert_not_after > p->now && renew_at <= p->now);
	set |= bit(REASON_CERT_NAME, !wish_cert_names_met(d, profile));
	set |= bit(REASON_CERT_UNTRUSTED, !d->cert_ours);
	return set;
}

static bool
due(int64_t at, const struct policy *p)
{
	return at != 0 && at <= p->now;
}

static unsigned
directory_reasons(const struct device *d, const struct policy *p)
{
	if (!play_uses_directory(p) || d->ad_read_at == 0)
		return 0;
	if (str_empty(d->ad_dn))
		return bit(REASON_AD_MISSING, true);
	/* After a rename the object differs too; the name says so already. */
	return bit(REASON_AD_DISABLED, play_object_disabled(d)) |
	    bit(REASON_AD_PASSWORD_DUE, play_password_due(d, p)) |
	    bit(REASON_PROFILE_DRIFT,
		!wish_ou_met(d, p->profile) ||
		    (wish_names_met(d, p->profile) &&
			!wish_object_met(d, p->profile)));
}

unsigned
diagnose(const struct device *d, const struct policy *p)
{
	unsigned set = 0;
	int code;

	/* Communication first: while it fails, what was read is old. */
	if (d->error_code != NULL) {
		code = reason_find(d->error_code);
		if (code >= 0)
			return 1u << code;
	}
	if (d->read_at == 0)
		return 0;
	set |= certificate_reasons(d, p);
	set |=
	    bit(REASON_ROOT_MISSING, !wish_roots_met(d, p->profile, p->roots));
	set |= bit(REASON_NAME_MISMATCH, !wish_names_met(d, p->profile));
	set |= bit(REASON_CLOCK_SKEW,
	    llabs(d->clock_offset_ms) > p->profile->clock_skew * 1000);
	set |= directory_reasons(d, p);
	set |= bit(REASON_ADMIN_PASSWORD_DUE, due(play_admin_due(d, p), p));
	set |= bit(REASON_PROFILE_DRIFT, due(play_profile_due(d, p), p));
	return set;
}

enum reason
diagnose_error(const struct err *err)
{
	if (str_starts(err->text, PORT_WANTS_CERT))
		return REASON_WANTS_CERT;
	switch (err->kind) {
	case ERR_DENIED:
		return REASON_CREDENTIALS;
	case ERR_UNTRUSTED:
		return REASON_UNTRUSTED;
	case ERR_UNREACHABLE:
		if (str_starts(err->text, PORT_NO_NAME))
			return REASON_NAME_RESOLUTION;
		if (str_starts(err->text, PORT_NO_TLS))
			return REASON_TLS_DISABLED;
		return REASON_OFFLINE;
	case ERR_UNKNOWN:
	case ERR_CANCELLED:
		return REASON_OFFLINE;
	case ERR_NONE:
	case ERR_INVALID:
	case ERR_NOTFOUND:
	case ERR_CONFLICT:
	case ERR_REFUSED:
	case ERR_PROTOCOL:
	case ERR_LIMIT:
	case ERR_STORAGE:
	case ERR_BUG:
		break;
	}
	return REASON_PROTOCOL;
}

char *
reason_list(unsigned set)
{
	struct buf out;
	char *text;
	unsigned i;

	buf_init(&out, LIST_MAX);
	for (i = 0; i < REASON_COUNT; i++) {
		if (!(set & 1u << i))
			continue;
		if (out.len > 0)
			buf_char(&out, ',');
		buf_str(&out, reasons[i].code);
	}
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

void
diagnose_count(struct diagnose_fleet *f, unsigned set)
{
	unsigned i;

	f->devices++;
	for (i = 0; i < REASON_COUNT; i++)
		if (set & 1u << i)
			f->by_reason[i]++;
}

const char *
diagnose_fleet_hint(const struct diagnose_fleet *f)
{
	size_t rejected = f->by_reason[REASON_CREDENTIALS];
	size_t silent =
	    f->by_reason[REASON_OFFLINE] + f->by_reason[REASON_NAME_RESOLUTION];

	if (f->devices < 2)
		return NULL;
	if (rejected == f->devices)
		return "every device refuses its credentials: the stored "
		       "passwords are wrong as a whole (wrong import?)";
	if (silent == f->devices)
		return "no device answers: look at this machine's network and "
		       "DNS before the devices";
	if (rejected > 0)
		return "only some devices refuse their credentials: those were "
		       "changed elsewhere, or locked for a while";
	if (silent > 0)
		return "only some devices do not answer: network or names of "
		       "those, not credentials";
	return NULL;
}
