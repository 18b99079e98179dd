#ifndef DIRECTORY_AUDIT_H_
#define DIRECTORY_AUDIT_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * The rules of the hygiene run: what was read of an object goes in, findings
 * come out.  No I/O and no state: the reading is directory_scan()'s, the
 * joining the caller's.  Times are unix seconds, spans seconds.
 */
enum directory_audit_level { AUDIT_NOTE, AUDIT_WARNING, AUDIT_BAD };

enum directory_audit_code {
	AUDIT_PASSWORD_EXPIRED,
	AUDIT_PASSWORD_EXPIRING,
	AUDIT_PASSWORD_OVERDUE,
	AUDIT_PASSWORD_DUE,
	AUDIT_PASSWORD_NEVER_EXPIRES,
	AUDIT_PASSWORD_MUST_CHANGE,
	AUDIT_DISABLED,
	AUDIT_STALE,
	AUDIT_ORPHAN,
	AUDIT_OBJECT_MISSING,
	AUDIT_SPN_DUPLICATE,
	AUDIT_SPN_MISSING,
	AUDIT_SPN_FOREIGN,
	AUDIT_DNS_HOST,
	AUDIT_ENCRYPTION_WEAK,
	AUDIT_ENCRYPTION_DIFFERS,
	AUDIT_ENCRYPTION_UNSET,
	AUDIT_WRONG_OU,
	AUDIT_DELEGATION,
	AUDIT_KVNO,
	AUDIT_RIGHTS_MASTER,
	AUDIT_RIGHTS_BROAD,
	AUDIT_RIGHTS_UNREAD,
	AUDIT_CLOCK_SPREAD,
	AUDIT_CLOCK_OWN,
	AUDIT_CONTROLLER_SILENT,
	AUDIT_COUNT
};

struct directory_audit_kind {
	const char *name; /* "password-expired" */
	enum directory_audit_level level;
	const char *help; /* what it means, a sentence or two */
};
const struct directory_audit_kind *directory_audit_kind(
    enum directory_audit_code code);
const char *directory_audit_level_name(enum directory_audit_level level);

/* An object as one search reads it. NULL and 0: it has none. */
struct directory_audit_object {
	const char *dn;
	const char *account;	 /* sAMAccountName */
	const char *dns_host;	 /* dNSHostName */
	const char *more_hosts;	 /* msDS-AdditionalDnsHostName, by blanks */
	const char *spns;	 /* sorted, by blanks; never NULL */
	const char *description; /* its first */
	const char *settings;	 /* DN of the PSO in force for a user object */
	const char *sid;	 /* "S-1-5-21-..." */
	int64_t uac, enctypes, kvno;
	int64_t password_at; /* 0: must change at the next logon */
	int64_t logon_at;    /* lastLogonTimestamp, up to 14 days late */
	int64_t created_at;
	int64_t expires_at; /* of a user object, as the KDC has it; 0: never */
};

/* What the object of a device in the store should be. */
struct directory_audit_wish {
	const char *device; /* its name */
	const char *fqdn;
	const char *spns; /* sorted, by blanks */
	const char *ou;	  /* as the server writes it */
	int64_t enctypes;
	int64_t kvno; /* of the key that the device has; 0: none, or unknown */
};

struct directory_audit_policy {
	int64_t now;
	int64_t max_age; /* of passwords of computers; 0: never */
	bool domain_age; /* that is the domain's, not the profile's */
	int64_t margin;	 /* before the end of a password */
	int64_t stale;	 /* without a sign of life */
};

/* All is borrowed for the call. */
struct directory_audit_finding {
	enum directory_audit_code code;
	enum directory_audit_level level;
	const char *object;   /* a DN; of clocks: a host */
	const char *account;  /* may be NULL */
	const char *device;   /* in the store, or NULL */
	const char *evidence; /* the values that were read */
	/* Of those that a write can put right: what is to be there, what is
	 * not; by blanks, or NULL. */
	const char *add, *drop;
	const char *mark; /* the object's description, when that is ours */
};
/* Not 0 ends the audit with that result. */
typedef int directory_audit_fn(void *cookie,
    const struct directory_audit_finding *finding, struct err *err);

/* An object against everything that shows in itself. wish: of its device, or
 * NULL; marked: its description says that it was made or adopted by us. */
struct directory_audit_case {
	const struct directory_audit_object *object;
	const struct directory_audit_wish *wish;
	const struct directory_audit_policy *policy;
	bool marked;
};
int directory_audit_object(const struct directory_audit_case *c,
    directory_audit_fn *fn, void *cookie, struct err *err);

/* Is dn an entry directly in ou? Both as the server writes them. */
bool directory_audit_in_ou(const char *dn, const char *ou);
/* Is dn ou itself, or somewhere below it? */
bool directory_audit_below(const char *dn, const char *ou);

/* --- rights --- */

#define DIRECTORY_SID_MAX 68 /* MS-DTYP 2.4.2: 15 subauthorities */
struct directory_sid {
	uint8_t bytes[DIRECTORY_SID_MAX];
	size_t len;
};
/* All the bytes, no more: 0, or -1. */
int directory_sid_parse(
    const uint8_t *bytes, size_t len, struct directory_sid *ret);
bool directory_sid_eq(
    const struct directory_sid *a, const struct directory_sid *b);
/* "S-1-5-21-..."; returns out. */
#define DIRECTORY_SID_TEXT 192
char *directory_sid_text(
    const struct directory_sid *sid, char out[DIRECTORY_SID_TEXT]);

/* An access-allowed entry of a security descriptor (MS-DTYP 2.4.4). */
struct directory_ace {
	uint32_t mask;
	uint8_t flags;
	bool typed, inherited_typed; /* the two GUIDs are there */
	uint8_t type[16];	     /* attribute, class or right */
	uint8_t inherited_type[16];  /* class of objects it passes on to */
	struct directory_sid sid;
};
typedef int directory_ace_fn(
    void *cookie, const struct directory_ace *ace, struct err *err);
/* The entries of a self-relative descriptor's DACL that allow something; fn's
 * -1 stops and returns. ERR_PROTOCOL for what is no descriptor. */
int directory_aces(const uint8_t *bytes, size_t len, directory_ace_fn *fn,
    void *cookie, struct err *err);
/* The rights that upkeep needs, on computer objects in and below its OU, and
 * none but those; NULL after the last. */
enum directory_grant_kind {
	DIRECTORY_GRANT_CHILDREN, /* create and delete objects of a class */
	DIRECTORY_GRANT_RIGHT,	  /* an extended right */
	DIRECTORY_GRANT_ATTRIBUTE /* read and write */
};
struct directory_grant {
	enum directory_grant_kind kind;
	const char *name; /* as in the schema, or of the right */
	const char *guid; /* as text */
};
const struct directory_grant *directory_grant(size_t i);
/* What the entry allows beyond those, in words; NULL when nothing. Of groups
 * that everybody is in, only what makes them masters counts. */
#define DIRECTORY_ACE_WORDS 400
const char *directory_ace_excess(const struct directory_ace *ace,
    enum directory_audit_level *ret_level, char out[DIRECTORY_ACE_WORDS]);
/* "Domain Admins" for a group that may do anything, or NULL. */
const char *directory_sid_master(const struct directory_sid *sid);
#endif
