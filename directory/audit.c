#include "audit.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
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
#define LIST_MAX 65536
#define NETBIOS_MAX 15

static const struct directory_audit_kind kinds[AUDIT_COUNT] = {
    [AUDIT_PASSWORD_EXPIRED] = {"password-expired", AUDIT_BAD,
	"A user object whose password has expired: the KDC refuses it."},
    [AUDIT_PASSWORD_EXPIRING] = {"password-expiring", AUDIT_WARNING,
	"A user object whose password will expire within the margin."},
    [AUDIT_PASSWORD_OVERDUE] = {"password-overdue", AUDIT_WARNING,
	"A computer object whose password is older than the maximum age. A "
	"rule of hygiene: no KDC refuses it for that."},
    [AUDIT_PASSWORD_DUE] = {"password-due", AUDIT_NOTE,
	"The same, within the margin before it."},
    [AUDIT_PASSWORD_NEVER_EXPIRES] = {"password-never-expires", AUDIT_WARNING,
	"The flag that exempts a password from the maximum age is set."},
    [AUDIT_PASSWORD_MUST_CHANGE] = {"password-must-change", AUDIT_WARNING,
	"The password must be changed at the next logon (pwdLastSet is 0): "
	"nobody logs on as a device to do that."},
    [AUDIT_DISABLED] = {"disabled", AUDIT_WARNING,
	"The account is disabled, and is none that has to be (Guest, "
	"krbtgt)."},
    [AUDIT_STALE] = {"stale", AUDIT_WARNING,
	"No logon and no new password for longer than --stale; 14 days are "
	"added to lastLogonTimestamp, which is written that late."},
    [AUDIT_ORPHAN] = {"orphan", AUDIT_WARNING,
	"Our mark is in the description, and no device in the store is meant "
	"by it. A note while the store is empty."},
    [AUDIT_OBJECT_MISSING] = {"object-missing", AUDIT_BAD,
	"A device in the store had an object, and the domain has none."},
    [AUDIT_SPN_DUPLICATE] = {"spn-duplicate", AUDIT_BAD,
	"A service name is held by a second account: the KDC gives no ticket "
	"for it. Compared over the forest where the controller has its global "
	"catalogue, else over the domain; the evidence says which."},
    [AUDIT_SPN_MISSING] = {"spn-missing", AUDIT_WARNING,
	"Service names that the object should have: of a device the six with "
	"ports, of another computer HOST."},
    [AUDIT_SPN_FOREIGN] = {"spn-foreign", AUDIT_WARNING,
	"Service names whose host is not the object's own."},
    [AUDIT_DNS_HOST] = {"dns-host-differs", AUDIT_WARNING,
	"dNSHostName is not the name of the device, or of the account."},
    [AUDIT_ENCRYPTION_WEAK] = {"encryption-weak", AUDIT_WARNING,
	"No encryption type stronger than RC4 is allowed. Not of devices whose "
	"firmware has no other."},
    [AUDIT_ENCRYPTION_DIFFERS] = {"encryption-differs", AUDIT_WARNING,
	"The encryption types of a device are not those of its firmware."},
    [AUDIT_ENCRYPTION_UNSET] = {"encryption-unset", AUDIT_NOTE,
	"A computer object does not say its encryption types: RC4 or AES by "
	"the controller's release."},
    [AUDIT_WRONG_OU] = {"wrong-ou", AUDIT_WARNING,
	"The object of a device is not in the profile's OU."},
    [AUDIT_DELEGATION] = {"delegation-unconstrained", AUDIT_BAD,
	"Whoever has this account's key may act as anybody who logs in to it."},
    [AUDIT_KVNO] = {"kvno-differs", AUDIT_BAD,
	"The key's version in the domain is not that of the key which the "
	"device was given: it refuses tickets."},
    [AUDIT_RIGHTS_MASTER] = {"rights-master", AUDIT_BAD,
	"Our own account is, by itself or by other groups, in one that may do "
	"anything in the domain."},
    [AUDIT_RIGHTS_BROAD] = {"rights-broad", AUDIT_WARNING,
	"Our own account, or one of its groups, may do more than upkeep needs; "
	"bad where it may make itself master of other objects."},
    [AUDIT_RIGHTS_UNREAD] = {"rights-unread", AUDIT_NOTE,
	"Rights on an object could not be read, and were not judged."},
    [AUDIT_CLOCK_SPREAD] = {"clock-spread", AUDIT_BAD,
	"The controllers' clocks are further apart than the clock limit."},
    [AUDIT_CLOCK_OWN] = {"clock-own", AUDIT_BAD,
	"This computer's clock is off the controllers' by more than that."},
    [AUDIT_CONTROLLER_SILENT] = {"controller-silent", AUDIT_WARNING,
	"A controller that the DNS names did not tell its time."},
};

const struct directory_audit_kind *
directory_audit_kind(enum directory_audit_code code)
{
	return &kinds[code];
}

const char *
directory_audit_level_name(enum directory_audit_level level)
{
	static const char *const names[] = {"note", "warning", "bad"};

	return names[level];
}

/* One object under the rules. */
struct look {
	const struct directory_audit_case *c;
	const struct directory_audit_object *o;
	directory_audit_fn *fn;
	void *cookie;
	struct err *err;
	struct buf evidence, add, drop;
};

/* --- what all rules use --- */

static bool
has_flag(const struct look *l, int64_t flag)
{
	return (l->o->uac & flag) != 0;
}

static bool
is_user(const struct look *l)
{
	return has_flag(l, UF_NORMAL_ACCOUNT);
}

static bool
is_controller(const struct look *l)
{
	return has_flag(l, UF_SERVER_TRUST | UF_PARTIAL_SECRETS);
}

/* What is in the buffers is what it stands on. */
static int
found_as(struct look *l, enum directory_audit_code code,
    enum directory_audit_level level)
{
	struct directory_audit_finding f = {.code = code,
	    .level = level,
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

static int
found(struct look *l, enum directory_audit_code code)
{
	return found_as(l, code, kinds[code].level);
}

static void
say_time(struct look *l, const char *attribute, int64_t at)
{
	char text[CLOCK_TEXT];

	buf_printf(&l->evidence, "%s%s=%s", l->evidence.len > 0 ? " " : "",
	    attribute, clock_text(at, text));
}

static void
say_span(struct look *l, const char *what, int64_t seconds)
{
	char text[CLOCK_TEXT];

	buf_printf(&l->evidence, " %s=%s", what, clock_span(seconds, text));
}

/* To clear flags of userAccountControl, and to set others. */
static void
change_flags(struct look *l, int64_t clear, int64_t set)
{
	int64_t now = l->o->uac, then = (now & ~clear) | set;

	if (then == now)
		return;
	buf_printf(&l->drop, "%lld", (long long)now);
	buf_printf(&l->add, "%lld", (long long)then);
}

/* --- passwords --- */

static int
check_user_password(struct look *l)
{
	const struct directory_audit_policy *p = l->c->policy;
	int64_t end = l->o->expires_at;

	if (end == 0 || end > p->now + p->margin)
		return 0;
	say_time(l, "msDS-UserPasswordExpiryTimeComputed", end);
	buf_printf(&l->evidence, " policy=%s",
	    l->o->settings == NULL ? "the domain's" : l->o->settings);
	return found(l,
	    end <= p->now ? AUDIT_PASSWORD_EXPIRED : AUDIT_PASSWORD_EXPIRING);
}

static int
check_computer_password(struct look *l)
{
	const struct directory_audit_policy *p = l->c->policy;
	int64_t end = l->o->password_at + p->max_age;

	if (p->max_age == 0 || end > p->now + p->margin)
		return 0;
	say_time(l, "pwdLastSet", l->o->password_at);
	say_span(l, p->domain_age ? "maxPwdAge" : "ad.max_age", p->max_age);
	return found(
	    l, end <= p->now ? AUDIT_PASSWORD_OVERDUE : AUDIT_PASSWORD_DUE);
}

static int
check_password(struct look *l)
{
	if (has_flag(l, UF_ACCOUNTDISABLE))
		return 0;
	if (l->o->password_at == 0) {
		buf_str(&l->evidence, "pwdLastSet=0");
		return found(l, AUDIT_PASSWORD_MUST_CHANGE);
	}
	if (has_flag(l, UF_DONT_EXPIRE)) {
		buf_printf(&l->evidence, "userAccountControl=0x%llx",
		    (unsigned long long)l->o->uac);
		change_flags(l, UF_DONT_EXPIRE, 0);
		return found(l, AUDIT_PASSWORD_NEVER_EXPIRES);
	}
	return is_user(l) ? check_user_password(l) : check_computer_password(l);
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
check_disabled(struct look *l)
{
	if (!has_flag(l, UF_ACCOUNTDISABLE) || is_off_by_design(l->o))
		return 0;
	buf_printf(&l->evidence, "userAccountControl=0x%llx",
	    (unsigned long long)l->o->uac);
	return found(l, AUDIT_DISABLED);
}

static int
check_stale(struct look *l)
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
	return found(l, AUDIT_STALE);
}

static int
check_orphan(struct look *l)
{
	if (!l->c->marked || l->c->wish != NULL)
		return 0;
	buf_printf(&l->evidence, "description='%s'", l->o->description);
	change_flags(l, 0, UF_ACCOUNTDISABLE);
	return found(l, AUDIT_ORPHAN);
}

/* --- names --- */

/* The next word of a list, given; NULL after the last. */
static char *
next_word(const char **list)
{
	size_t len = strcspn(*list, " ");
	char *word = len == 0 ? NULL : mem_dup_len(*list, len);

	*list += len + strspn(*list + len, " ");
	return word;
}

static bool
list_has(const char *list, const char *wanted)
{
	bool has = false;
	char *word;

	if (list == NULL)
		return false;
	while (!has && (word = next_word(&list)) != NULL) {
		has = str_ieq(word, wanted);
		free(word);
	}
	return has;
}

static void
add_word(struct buf *list, const char *word)
{
	buf_printf(list, "%s%s", list->len > 0 ? " " : "", word);
}

/* Words of one list that the other has not. */
static void
add_missing(const char *list, const char *other, struct buf *out)
{
	char *word;

	while ((word = next_word(&list)) != NULL) {
		if (!list_has(other, word))
			add_word(out, word);
		free(word);
	}
}

/* "HTTP/pc1.corp.example:16993" -> "pc1.corp.example", given. */
static char *
host_of(const char *spn)
{
	const char *slash = strchr(spn, '/');

	if (slash == NULL)
		return mem_dup("");
	return mem_dup_len(slash + 1, strcspn(slash + 1, ":/"));
}

/* The account without its dollar, given. */
static char *
account_base(const struct directory_audit_object *o)
{
	size_t len = o->account == NULL ? 0 : strlen(o->account);

	if (len > 0 && o->account[len - 1] == '$')
		len--;
	return mem_dup_len(o->account == NULL ? "" : o->account, len);
}

static bool
own_host(const struct directory_audit_object *o, const char *host)
{
	char *base = account_base(o), *label;
	bool own;

	label = o->dns_host == NULL
	    ? mem_dup("")
	    : mem_dup_len(o->dns_host, strcspn(o->dns_host, "."));
	own = str_ieq(host, o->dns_host) || str_ieq(host, label) ||
	    str_ieq(host, base) || list_has(o->more_hosts, host);
	free(label);
	free(base);
	return own;
}

static void
add_foreign(const struct directory_audit_object *o, struct buf *out)
{
	const char *list = o->spns;
	char *word, *host;

	while ((word = next_word(&list)) != NULL) {
		host = host_of(word);
		if (!own_host(o, host))
			add_word(out, word);
		free(host);
		free(word);
	}
}

/* Ports of Intel's guide: is this an object for AMT, whoever made it? */
static const char *const ports[] = {
    "16992", "16993", "16994", "16995", "623", "664"};
#define PORTS (sizeof(ports) / sizeof(ports[0]))

static bool
for_amt(const struct directory_audit_object *o)
{
	const char *list = o->spns, *colon;
	bool is = false;
	char *word;
	size_t i;

	while (!is && (word = next_word(&list)) != NULL) {
		colon = strrchr(word, ':');
		for (i = 0; colon != NULL && i < PORTS && !is; i++)
			is = str_eq(colon + 1, ports[i]);
		free(word);
	}
	return is;
}

/* What an object of that host name should have, without a device to ask. */
static void
usual_spns(const struct directory_audit_object *o, struct buf *out)
{
	char *word;
	size_t i;

	for (i = 0; for_amt(o) && i < PORTS; i++) {
		word = mem_printf("HTTP/%s:%s", o->dns_host, ports[i]);
		add_word(out, word);
		free(word);
	}
	if (out->len == 0)
		buf_printf(out, "HOST/%s", o->dns_host);
}

static int
check_missing(struct look *l, const char *wanted)
{
	add_missing(wanted, l->o->spns, &l->add);
	if (l->add.len == 0)
		return 0;
	buf_printf(
	    &l->evidence, "servicePrincipalName without %s", buf_text(&l->add));
	return found(l, AUDIT_SPN_MISSING);
}

static int
check_foreign(struct look *l)
{
	if (l->c->wish == NULL)
		add_foreign(l->o, &l->drop);
	else
		add_missing(l->o->spns, l->c->wish->spns, &l->drop);
	if (l->drop.len == 0)
		return 0;
	buf_printf(&l->evidence, "servicePrincipalName=%s", buf_text(&l->drop));
	return found(l, AUDIT_SPN_FOREIGN);
}

/* Of user objects and controllers nobody can say which names are theirs. */
static bool
names_known(const struct look *l)
{
	return l->c->wish != NULL ||
	    (!is_controller(l) && (!is_user(l) || for_amt(l->o)));
}

static int
check_spns(struct look *l)
{
	const struct directory_audit_wish *w = l->c->wish;
	struct buf usual;
	int rc;

	if (!names_known(l) || (w == NULL && str_empty(l->o->dns_host)))
		return 0;
	buf_init(&usual, LIST_MAX);
	if (w == NULL)
		usual_spns(l->o, &usual);
	rc = check_missing(l, w == NULL ? buf_text(&usual) : w->spns);
	buf_free(&usual);
	return rc != 0 ? rc : check_foreign(l);
}

/* Accounts are called like their host, or begin so: "pc1$", "pc1-iME$", and
 * NetBIOS has cut longer names. */
static bool
host_fits_account(const struct directory_audit_object *o)
{
	size_t len = strcspn(o->dns_host, ".");

	if (len > NETBIOS_MAX)
		len = NETBIOS_MAX;
	return o->account == NULL ||
	    strncasecmp(o->account, o->dns_host, len) == 0;
}

static int
check_dns_host(struct look *l)
{
	const struct directory_audit_object *o = l->o;
	const struct directory_audit_wish *w = l->c->wish;
	bool good;

	if (!names_known(l))
		return 0;
	if (w != NULL)
		good = str_ieq(o->dns_host, w->fqdn);
	else if (str_empty(o->dns_host))
		good = o->spns[0] == '\0';
	else
		good = host_fits_account(o);
	if (good)
		return 0;
	buf_printf(&l->evidence, "dNSHostName=%s",
	    str_empty(o->dns_host) ? "-" : o->dns_host);
	if (w != NULL) {
		buf_printf(&l->evidence, " device=%s", w->fqdn);
		buf_str(&l->add, w->fqdn);
		if (o->dns_host != NULL)
			buf_str(&l->drop, o->dns_host);
	} else {
		buf_printf(&l->evidence, " sAMAccountName=%s",
		    o->account == NULL ? "-" : o->account);
	}
	return found(l, AUDIT_DNS_HOST);
}

/* --- keys --- */

static void
change_types(struct look *l, int64_t wanted)
{
	buf_printf(&l->add, "%lld", (long long)wanted);
	if (l->o->enctypes != 0)
		buf_printf(&l->drop, "%lld", (long long)l->o->enctypes);
}

static int
check_encryption(struct look *l)
{
	const struct directory_audit_wish *w = l->c->wish;
	int64_t have = l->o->enctypes;
	bool weak = has_flag(l, UF_USE_DES_ONLY) ||
	    (have != 0 && (have & ENCTYPES_AES) == 0);

	if (has_flag(l, UF_ACCOUNTDISABLE) ||
	    (w != NULL && have == w->enctypes && !has_flag(l, UF_USE_DES_ONLY)))
		return 0;
	if (w == NULL && !weak && (have != 0 || is_user(l)))
		return 0;
	buf_printf(&l->evidence, "msDS-SupportedEncryptionTypes=%lld",
	    (long long)have);
	if (has_flag(l, UF_USE_DES_ONLY))
		buf_str(&l->evidence, " with USE_DES_KEY_ONLY");
	/* Of a flag that says otherwise a person must know why. */
	if (!has_flag(l, UF_USE_DES_ONLY))
		change_types(l, w == NULL ? ENCTYPES_AES : w->enctypes);
	if (weak)
		return found(l, AUDIT_ENCRYPTION_WEAK);
	if (w != NULL)
		return found(l, AUDIT_ENCRYPTION_DIFFERS);
	return found(l, AUDIT_ENCRYPTION_UNSET);
}

static int
check_delegation(struct look *l)
{
	if (!has_flag(l, UF_TRUSTED_FOR_DELEGATION) || is_controller(l))
		return 0;
	buf_printf(&l->evidence, "userAccountControl=0x%llx",
	    (unsigned long long)l->o->uac);
	return found(l, AUDIT_DELEGATION);
}

static int
check_kvno(struct look *l)
{
	const struct directory_audit_wish *w = l->c->wish;

	if (w == NULL || w->kvno == 0 || l->o->kvno == w->kvno)
		return 0;
	buf_printf(&l->evidence, "msDS-KeyVersionNumber=%lld device=%lld",
	    (long long)l->o->kvno, (long long)w->kvno);
	return found(l, AUDIT_KVNO);
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
check_ou(struct look *l)
{
	const struct directory_audit_wish *w = l->c->wish;

	if (w == NULL || directory_audit_in_ou(l->o->dn, w->ou))
		return 0;
	buf_printf(&l->evidence, "profile's OU=%s", w->ou);
	buf_str(&l->add, w->ou);
	return found(l, AUDIT_WRONG_OU);
}

int
directory_audit_object(const struct directory_audit_case *c,
    directory_audit_fn *fn, void *cookie, struct err *err)
{
	static int (*const rules[])(struct look *) = {check_password,
	    check_disabled, check_stale, check_orphan, check_spns,
	    check_dns_host, check_encryption, check_ou, check_delegation,
	    check_kvno};
	struct look l = {
	    .c = c, .o = c->object, .fn = fn, .cookie = cookie, .err = err};
	size_t i;
	int rc = 0;

	buf_init(&l.evidence, EVIDENCE_MAX);
	buf_init(&l.add, LIST_MAX);
	buf_init(&l.drop, LIST_MAX);
	for (i = 0; rc == 0 && i < sizeof(rules) / sizeof(rules[0]); i++)
		rc = rules[i](&l);
	buf_free(&l.evidence);
	buf_free(&l.add);
	buf_free(&l.drop);
	return rc;
}
