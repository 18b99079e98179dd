#ifndef DIRECTORY_H_
#define DIRECTORY_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct directory;
struct directory_ace;
struct directory_audit_object;
struct err;
struct secret;

/*
 * Active Directory over libldap: the computer object that stands for an AMT
 * device.  Blocking, for worker threads; one thread at a time per struct
 * directory; every call ends within the deadline, also against a DC that
 * accepts and says nothing.  Referrals off, paged results, minimum SSF 128.
 * Sources: MS-ADTS, RFC 4511, RFC 2696.
 */
struct directory_conf {
	const char *dc;	     /* FQDN */
	const char *base;    /* DC=ad,DC=example,DC=test; NULL: from rootDSE */
	bool ldaps;	     /* TLS from the first byte, or */
	bool starttls;	     /* on ldap://; else GSSAPI sealing there */
	const char *ca_file; /* for TLS */
	const char *bind_dn; /* simple bind, inside TLS; NULL: GSSAPI, with the
			      * process's default credentials (see krb.h) */
	const char *password_file;
	unsigned deadline_ms; /* per exchange */
};
/* The domain's controllers by DNS SRV, best first, separated by blanks; given.
 * Those of the site (NULL: none) stand before the others. ERR_NOTFOUND,
 * ERR_UNREACHABLE. */
int directory_locate(const char *domain, const char *site, unsigned deadline_ms,
    char **ret_dcs, struct err *err);
/* Connects and binds. ERR_UNREACHABLE, ERR_UNTRUSTED (certificate), ERR_DENIED
 * (credentials; text says data 52e/532/533/775 in words). */
int directory_open(const struct directory_conf *conf,
    struct directory **ret_directory, struct err *err);
void directory_close(struct directory *d); /* NULL is allowed */
/* The controller it is connected to; borrowed. */
const char *directory_controller(const struct directory *d);
/* Not a read-only one? Is it in our site, or the nearest to it? Which is our
 * site, by our address, and which its own (borrowed; NULL: it does not say)? */
bool directory_writable(const struct directory *d);
bool directory_near(const struct directory *d);
const char *directory_site(const struct directory *d);
const char *directory_controller_site(const struct directory *d);
/* Still usable after an error? Else close and open again. */
bool directory_alive(const struct directory *d);

/* What the object is; texts owned by the struct. */
struct directory_object {
	char *dn;
	char *account;	/* sAMAccountName */
	char *dns_host; /* dNSHostName */
	char *spns;	/* sorted, separated by blanks */
	/* userPrincipalName; where it has none, what stands for it: account and
	 * DNS name of the domain. */
	char *upn;
	char *sid; /* objectSid: "S-1-5-..."; NULL: it may not be read */
	int64_t enctypes, uac, kvno;
	int64_t password_at; /* pwdLastSet, unix seconds; 0 = must change */
	int64_t max_age; /* domain maxPwdAge in seconds; 0 = never. For a user
			  * object with a resultant PSO: the PSO's */
	char *settings;	 /* that PSO; NULL: the domain's policy applies */
	/* Of a user object: msDS-UserPasswordExpiryTimeComputed, unix seconds;
	 * 0 = never. The controllers let no computer's expire. */
	int64_t expires_at;
};
void directory_object_clear(struct directory_object *o);

/* By sAMAccountName, in the whole domain; ERR_NOTFOUND. */
int directory_read(struct directory *d, const char *account,
    struct directory_object *ret, struct err *err);

/* What it should be. */
struct directory_wish {
	const char *ou;
	const char *account;		/* ends in '$' */
	const char *fqdn;		/* dNSHostName */
	const char *spns;		/* sorted, separated by blanks */
	int64_t enctypes;		/* msDS-SupportedEncryptionTypes */
	const char *description;	/* marks the object as this device's */
	const char *former_description; /* an older mark, replaced; or NULL */
};
/* Create (with this password) or bring to spec; the password of an object that
 * exists is left alone. Adopts an object of this account in this OU only, when
 * it has our description or none; others: ERR_CONFLICT saying whose or where it
 * is. A duplicate SPN, in the domain or, by the controller's global catalogue
 * if it has one that answers, in the forest: ERR_CONFLICT naming the holder. A
 * disabled object: ERR_REFUSED. No object and no password: ERR_NOTFOUND.
 * Already so: nothing is written. */
int directory_ensure(struct directory *d, const struct directory_wish *wish,
    const struct secret *password_if_new, struct err *err);
/* Move the object of this account to the wished OU, which may be done already;
 * of the wish, only account, OU and marks count. ERR_CONFLICT when it does not
 * carry one of them, or its name is taken there, ERR_NOTFOUND (object or OU),
 * ERR_DENIED, ERR_UNKNOWN. */
int directory_move(
    struct directory *d, const struct directory_wish *wish, struct err *err);
/* What becomes of the object of a device that leaves. The same errors, and
 * ERR_REFUSED for one with others below it: a tree is never deleted. *ret_dn
 * (given) is which it was. */
enum directory_end_of { DIRECTORY_DISABLED, DIRECTORY_DELETED };
int directory_retire(struct directory *d, const struct directory_wish *wish,
    enum directory_end_of end, char **ret_dn, struct err *err);
/* Replace unicodePwd (a reset). ERR_REFUSED when policy or encryption forbids,
 * ERR_DENIED without the right, ERR_NOTFOUND, ERR_UNKNOWN when the answer was
 * lost. */
int directory_password_set(struct directory *d, const char *dn,
    const struct secret *password, struct err *err);
/* A certificate template of the forest, for leaves (MS-CRTD); texts owned by
 * the struct, periods in seconds, 0: not set or not to be read. */
struct directory_template {
	char *name;
	char *usages; /* OIDs of extended key usages, sorted, by blanks */
	int64_t validity, renew_before;
	int64_t key_bits;   /* at least */
	int64_t signatures; /* of registration authorities, on a request */
	bool supplied;	    /* the request says the names, not the directory */
	bool approval;	    /* a person must agree */
};
void directory_template_clear(struct directory_template *t);
typedef int directory_template_fn(
    void *cookie, const struct directory_template *t, struct err *err);
/* In no order; none at all is no error. */
int directory_templates(struct directory *d, directory_template_fn *fn,
    void *cookie, struct err *err);

/* Values of one attribute out, others in, in one modification, which fails
 * whole (ERR_CONFLICT) when one of the first is gone or one of the others is
 * there already. */
struct directory_amendment {
	const char *dn, *attribute;
	const char *drop, *add; /* by blanks; NULL: none */
	const char *mark;	/* description it must have; NULL: any */
};
int directory_amend(
    struct directory *d, const struct directory_amendment *a, struct err *err);
/* Is it so? ERR_NOTFOUND, and ERR_CONFLICT when the mark is another. */
int directory_amended(struct directory *d, const struct directory_amendment *a,
    bool *ret_so, struct err *err);

/* --- what the hygiene run reads; judged by audit.h --- */

/* Called for each object; borrowed for the call, not 0 ends the scan with that
 * result. */
typedef int directory_scan_fn(
    void *cookie, const struct directory_audit_object *object, struct err *err);
/* The users and computers in and below ou, in no order, page by page: memory
 * does not grow with their number. When it fails fn may have been called. */
int directory_scan(struct directory *d, const char *ou, directory_scan_fn *fn,
    void *cookie, struct err *err);
/* The one of this sAMAccountName, in the whole domain; ERR_NOTFOUND. */
int directory_find(struct directory *d, const char *account,
    directory_scan_fn *fn, void *cookie, struct err *err);
/* A DN as the server writes it, given; NULL: the domain's own. ERR_NOTFOUND. */
int directory_dn(
    struct directory *d, const char *dn, char **ret_dn, struct err *err);
/* The domain's maxPwdAge in seconds; 0 = never. */
int directory_max_age(
    struct directory *d, int64_t *ret_seconds, struct err *err);
/* Is there a global catalogue on this controller that answers? */
bool directory_sees_forest(struct directory *d);
/* Service names and their holders in the whole forest, or in the domain where
 * directory_sees_forest() is false: of those that hold this one all they have,
 * or (NULL) all there are. fn as above. */
typedef int directory_spn_fn(
    void *cookie, const char *dn, const char *spn, struct err *err);
int directory_spns(struct directory *d, const char *spn, directory_spn_fn *fn,
    void *cookie, struct err *err);
/* What an account may do by itself and by its groups: each entry for it in the
 * DACLs of ou and of all above it up to the domain, inherited ones too. */
struct directory_right {
	const char *object; /* whose DACL; or who, with master */
	const char
	    *account; /* whom the entry names: by sAMAccountName, or SID */
	bool own;     /* that is the account itself, not a group */
	const struct directory_ace *ace; /* NULL: may not be read */
	const char *master; /* the account is in this group of masters */
};
typedef int directory_right_fn(
    void *cookie, const struct directory_right *right, struct err *err);
/* who: sAMAccountName or DN. ERR_NOTFOUND, ERR_LIMIT (groups). fn as above. */
int directory_rights(struct directory *d, const char *who, const char *ou,
    directory_right_fn *fn, void *cookie, struct err *err);
/* rootDSE currentTime (1 s precision) minus our clock, half the round trip off.
 */
int directory_time(
    struct directory *d, int64_t *ret_offset_ms, struct err *err);
#endif
