#include "audit.h"

#include <string.h>

#include "buf.h"
#include "clock.h"
#include "directory_audit_internal.h"
#include "directory_internal.h"
#include "err.h"
#include "str.h"

#define UF_ACCOUNTDISABLE 0x2
#define UF_NORMAL_ACCOUNT 0x200
#define UF_SERVER_TRUST 0x2000
#define UF_DONT_EXPIRE 0x10000
#define UF_TRUSTED_FOR_DELEGATION 0x80000
#define UF_USE_DES_ONLY 0x200000
#define UF_PARTIAL_SECRETS 0x4000000 /* a read-only controller's */
#define ENCTYPES_AES 0x18	     /* MS-KILE 2.2.7 */
/* lastLogonTimestamp is written only when it is 9 to 14 days old. */
#define LOGON_SLACK (14 * CLOCK_DAY)
#define EVIDENCE_MAX 4096

/* --- what all rules use --- */

static bool
has_flag(const struct dir_look *l, int64_t flag)
{
	return (l->o->uac & flag) != 0;
}

bool
dir_audit_is_user(const struct dir_look *l)
{
	return has_flag(l, UF_NORMAL_ACCOUNT);
}

bool
dir_audit_is_controller(const struct dir_look *l)
{
	return has_flag(l, UF_SERVER_TRUST | UF_PARTIAL_SECRETS);
}

int
dir_audit_found(struct dir_look *l, enum directory_audit_code code)
{
	struct directory_audit_finding f = {.code = code,
	    .level = directory_audit_kind(code)->level,
	    .object = l->o->dn,
	    .account = l->o->account,
	    .device = l->c->wish == NULL ? NULL : l->c->wish->device,
	    .evidence = buf_text(&l->evidence),
	    .add = l->add.len > 0 ? buf_text(&l->add) : NULL,
	    .drop = l->drop.len > 0 ? buf_text(&l->drop) : NULL,
	    .mark = l->c->marked ? l->o->description : NULL};
	int rc = l->fn(l->cookie, &f, l->err);

	buf_reset(&l->evidence);
	buf_reset(&l->add);
	buf_reset(&l->drop);
	return rc;
}

static void
say_time(struct dir_look *l, const char *attribute, int64_t at)
{
	char text[CLOCK_TEXT];

	buf_printf(&l->evidence, "%s%s=%s", l->evidence.len > 0 ? " " : "",
	    attribute, clock_text(at, text));
}

static void
say_span(struct dir_look *l, const char *what, int64_t seconds)
{
	char text[CLOCK_TEXT];

	buf_printf(&l->evidence, " %s=%s", what, clock_span(seconds, text));
}

/* To clear flags of userAccountControl, and to set others. */
static void
change_flags(struct dir_look *l, int64_t clear, int64_t set)
{
	int64_t now = l->o->uac, then = (now & ~clear) | set;

	if (then == now)
		return;
	buf_printf(&l->drop, "%lld", (long long)now);
	buf_printf(&l->add, "%lld", (long long)then);
}

/* --- passwords --- */

static int
check_user_password(struct dir_look *l)
{
	const struct directory_audit_policy *p = l->c->policy;
	int64_t end = l->o->expires_at;

	if (end == 0 || end > p->now + p->margin)
		return 0;
	say_time(l, "msDS-UserPasswordExpiryTimeComputed", end);
	buf_printf(&l->evidence, " policy=%s",
	    l->o->settings == NULL ? "the domain's" : l->o->settings);
	return dir_audit_found(l,
	    end <= p->now ? AUDIT_PASSWORD_EXPIRED : AUDIT_PASSWORD_EXPIRING);
}

static int
check_computer_password(struct dir_look *l)
{
	const struct directory_audit_policy *p = l->c->policy;
	int64_t end = l->o->password_at + p->max_age;

	if (p->max_age == 0 || end > p->now + p->margin)
		return 0;
	say_time(l, "pwdLastSet", l->o->password_at);
	say_span(l, p->domain_age ? "maxPwdAge" : "ad.max_age", p->max_age);
	return dir_audit_found(
	    l, end <= p->now ? AUDIT_PASSWORD_OVERDUE : AUDIT_PASSWORD_DUE);
}

static int
check_password(struct dir_look *l)
{
	if (has_flag(l, UF_ACCOUNTDISABLE))
		return 0;
	if (l->o->password_at == 0) {
		buf_str(&l->evidence, "pwdLastSet=0");
		return dir_audit_found(l, AUDIT_PASSWORD_MUST_CHANGE);
	}
	if (has_flag(l, UF_DONT_EXPIRE)) {
		buf_printf(&l->evidence, "userAccountControl=0x%llx",
		    (unsigned long long)l->o->uac);
		change_flags(l, UF_DONT_EXPIRE, 0);
		return dir_audit_found(l, AUDIT_PASSWORD_NEVER_EXPIRES);
	}
	return dir_audit_is_user(l) ? check_user_password(l)
				    : check_computer_password(l);
}

/* --- is it in use? --- */

/* Guest, the KDC's own account (of a read-only controller: krbtgt_N) and
 * DefaultAccount (MS-SAMR 2.2.1.14): whoever enables them opens a door. */
static bool
is_off_by_design(const struct directory_audit_object *o)
{
	static const char domain[] = "S-1-5-21-", kdc[] = "krbtgt_";
	const char *rid = o->sid != NULL ? strrchr(o->sid, '-') : NULL;

	if (o->account != NULL && str_starts(o->account, kdc))
		return true;
	return rid != NULL && str_starts(o->sid, domain) &&
	    (str_eq(rid, "-501") || str_eq(rid, "-502") || str_eq(rid, "-503"));
}

static int
check_disabled(struct dir_look *l)
{
	if (!has_flag(l, UF_ACCOUNTDISABLE) || is_off_by_design(l->o))
		return 0;
	buf_printf(&l->evidence, "userAccountControl=0x%llx",
	    (unsigned long long)l->o->uac);
	return dir_audit_found(l, AUDIT_DISABLED);
}

static int
check_stale(struct dir_look *l)
{
	const struct directory_audit_object *o = l->o;
	int64_t last = o->logon_at > 0 ? o->logon_at + LOGON_SLACK : 0;

	if (has_flag(l, UF_ACCOUNTDISABLE))
		return 0;
	if (o->password_at > last)
		last = o->password_at;
	if (o->created_at > last)
		last = o->created_at;
	if (last + l->c->policy->stale >= l->c->policy->now)
		return 0;
	say_time(l, "lastLogonTimestamp", o->logon_at);
	say_time(l, "pwdLastSet", o->password_at);
	say_time(l, "whenCreated", o->created_at);
	return dir_audit_found(l, AUDIT_STALE);
}

static int
check_orphan(struct dir_look *l)
{
	if (!l->c->marked || l->c->wish != NULL)
		return 0;
	buf_printf(&l->evidence, "description='%s'", l->o->description);
	change_flags(l, 0, UF_ACCOUNTDISABLE);
	return dir_audit_found(l, AUDIT_ORPHAN);
}

/* --- keys --- */

static void
change_types(struct dir_look *l, int64_t wanted)
{
	buf_printf(&l->add, "%lld", (long long)wanted);
	if (l->o->enctypes != 0)
		buf_printf(&l->drop, "%lld", (long long)l->o->enctypes);
}

static int
check_encryption(struct dir_look *l)
{
	const struct directory_audit_wish *w = l->c->wish;
	int64_t have = l->o->enctypes;
	bool weak = has_flag(l, UF_USE_DES_ONLY) ||
	    (have != 0 && (have & ENCTYPES_AES) == 0);

	if (has_flag(l, UF_ACCOUNTDISABLE) ||
	    (w != NULL && have == w->enctypes && !has_flag(l, UF_USE_DES_ONLY)))
		return 0;
	if (w == NULL && !weak && (have != 0 || dir_audit_is_user(l)))
		return 0;
	buf_printf(&l->evidence, "msDS-SupportedEncryptionTypes=%lld",
	    (long long)have);
	if (has_flag(l, UF_USE_DES_ONLY))
		buf_str(&l->evidence, " with USE_DES_KEY_ONLY");
	/* Of a flag that says otherwise a person must know why. */
	if (!has_flag(l, UF_USE_DES_ONLY))
		change_types(l, w == NULL ? ENCTYPES_AES : w->enctypes);
	if (weak)
		return dir_audit_found(l, AUDIT_ENCRYPTION_WEAK);
	if (w != NULL)
		return dir_audit_found(l, AUDIT_ENCRYPTION_DIFFERS);
	return dir_audit_found(l, AUDIT_ENCRYPTION_UNSET);
}

static int
check_delegation(struct dir_look *l)
{
	if (!has_flag(l, UF_TRUSTED_FOR_DELEGATION) ||
	    dir_audit_is_controller(l))
		return 0;
	buf_printf(&l->evidence, "userAccountControl=0x%llx",
	    (unsigned long long)l->o->uac);
	return dir_audit_found(l, AUDIT_DELEGATION);
}

static int
check_kvno(struct dir_look *l)
{
	const struct directory_audit_wish *w = l->c->wish;

	if (w == NULL || w->kvno == 0 || l->o->kvno == w->kvno)
		return 0;
	buf_printf(&l->evidence, "msDS-KeyVersionNumber=%lld device=%lld",
	    (long long)l->o->kvno, (long long)w->kvno);
	return dir_audit_found(l, AUDIT_KVNO);
}

/* --- place --- */

bool
directory_audit_in_ou(const char *dn, const char *ou)
{
	return str_ieq(directory_parent(dn), ou);
}

bool
directory_audit_below(const char *dn, const char *ou)
{
	for (; *dn != '\0'; dn = directory_parent(dn))
		if (str_ieq(dn, ou))
			return true;
	return false;
}

static int
check_ou(struct dir_look *l)
{
	const struct directory_audit_wish *w = l->c->wish;

	if (w == NULL || directory_audit_in_ou(l->o->dn, w->ou))
		return 0;
	buf_printf(&l->evidence, "profile's OU=%s", w->ou);
	buf_str(&l->add, w->ou);
	return dir_audit_found(l, AUDIT_WRONG_OU);
}

int
directory_audit_object(const struct directory_audit_case *c,
    directory_audit_fn *fn, void *cookie, struct err *err)
{
	static int (*const rules[])(struct dir_look *) = {check_password,
	    check_disabled, check_stale, check_orphan, dir_audit_spns,
	    dir_audit_dns_host, check_encryption, check_ou, check_delegation,
	    check_kvno};
	struct dir_look l = {
	    .c = c, .o = c->object, .fn = fn, .cookie = cookie, .err = err};
	size_t i;
	int rc = 0;

	buf_init(&l.evidence, EVIDENCE_MAX);
	buf_init(&l.add, DIR_AUDIT_LIST);
	buf_init(&l.drop, DIR_AUDIT_LIST);
	for (i = 0; rc == 0 && i < sizeof(rules) / sizeof(rules[0]); i++)
		rc = rules[i](&l);
	buf_free(&l.evidence);
	buf_free(&l.add);
	buf_free(&l.drop);
	return rc;
}
