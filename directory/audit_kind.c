/* What the hygiene run may find, in words. */
#include "audit.h"

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
