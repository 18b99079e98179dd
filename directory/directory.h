#ifndef DIRECTORY_H_
#define DIRECTORY_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct directory;
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
	bool ldaps;	     /* else ldap:// with GSSAPI sealing */
	const char *ca_file; /* ldaps */
	const char *bind_dn; /* ldaps with simple bind; NULL: GSSAPI, with the
			      * process's default credentials (see krb.h) */
	const char *password_file;
	unsigned deadline_ms; /* per exchange */
};
/* The domain's controllers by DNS SRV, best first, separated by blanks; given.
 * ERR_NOTFOUND, ERR_UNREACHABLE. */
int directory_locate(
    const char *domain, unsigned deadline_ms, char **ret_dcs, struct err *err);
/* Connects and binds. ERR_UNREACHABLE, ERR_UNTRUSTED (certificate), ERR_DENIED
 * (credentials; text says data 52e/532/533/775 in words). */
int directory_open(const struct directory_conf *conf,
    struct directory **ret_directory, struct err *err);
void directory_close(struct directory *d); /* NULL is allowed */
/* The controller it is connected to; borrowed. */
const char *directory_controller(const struct directory *d);
/* Still usable after an error? Else close and open again. */
bool directory_alive(const struct directory *d);

/* What the object is; texts owned by the struct. */
struct directory_object {
	char *dn;
	char *account;	/* sAMAccountName */
	char *dns_host; /* dNSHostName */
	char *spns;	/* sorted, separated by blanks */
	int64_t enctypes, uac, kvno;
	int64_t password_at; /* pwdLastSet, unix seconds; 0 = must change */
	int64_t max_age; /* domain maxPwdAge in seconds; 0 = never. For a user
			  * object with a resultant PSO: the PSO's */
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
 * is. A duplicate SPN: ERR_CONFLICT naming the holder. A disabled object:
 * ERR_REFUSED. No object and no password: ERR_NOTFOUND. Already so: nothing is
 * written. */
int directory_ensure(struct directory *d, const struct directory_wish *wish,
    const struct secret *password_if_new, struct err *err);
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
/* rootDSE currentTime (1 s precision) minus our clock, half the round trip off.
 */
int directory_time(
    struct directory *d, int64_t *ret_offset_ms, struct err *err);
#endif
