#ifndef HYGIENE_H_
#define HYGIENE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct daemon;
struct device;
struct err;

/*
 * Active Directory and Kerberos as an administrator looks at them, with no
 * device taken to: what the domain's clocks, keys, objects and templates are
 * like, and what is wrong with them.  The audit of an OU is in ad_audit.h, its
 * repair in ad_repair.h.
 */

/* A certificate template of the forest as a person compares it with ours; texts
 * borrowed, periods in seconds, 0: unknown. */
struct hygiene_ad_template {
	const char *name;
	int64_t validity, renew_before, key_bits;
	const char *usages;  /* our words, OIDs else; by comma */
	const char *problem; /* why devices cannot use it; NULL: they can */
	bool approval;
};
typedef int hygiene_ad_template_fn(
    void *cookie, const struct hygiene_ad_template *t, struct err *err);
/* By name. Blocking, with all parts open. ERR_NOTFOUND when Active Directory is
 * not configured. */
int hygiene_ad_templates(struct daemon *d, hygiene_ad_template_fn *fn,
    void *cookie, struct err *err);

/*
 * The domain's Kerberos as a person looks at it: each controller, our ticket,
 * our account, our keytab, and the clocks; texts borrowed.  A row without code
 * is as it should be.
 */
enum hygiene_level { HYGIENE_GOOD, HYGIENE_WARNING, HYGIENE_BAD };
struct hygiene_krb_row {
	enum hygiene_level level;
	const char *part; /* "kdc", "ldap", "clock", "ticket", "account",
			   * "keytab" */
	const char *name; /* controller or principal */
	bool timed;
	int64_t offset_ms;    /* its clock minus ours */
	int64_t error_ms;     /* known to this */
	int64_t kvno;	      /* 0: none */
	const char *enctypes; /* by comma; NULL */
	int64_t until;	      /* unix seconds; 0: no end, or unknown */
	int64_t renew_until;
	const char *code; /* of the finding; NULL: none */
	const char *text; /* and what to do */
};
typedef int hygiene_krb_row_fn(
    void *cookie, const struct hygiene_krb_row *row, struct err *err);
/* Blocking, with all parts open. One attempt to log in. ERR_NOTFOUND when
 * Active Directory is not configured, ERR_UNREACHABLE and so on when it is not
 * known whom to ask; all else is a row. */
int hygiene_krb_status(
    struct daemon *d, hygiene_krb_row_fn *fn, void *cookie, struct err *err);

/*
 * The chain from a device's object to a login on it by Negotiate, each link by
 * itself; texts borrowed, and say what to do.  Blocking, with all parts open.
 * The device is held as by engine_hold() meanwhile, with the same refusals.
 */
enum hygiene_link {
	HYGIENE_LINK_GOOD,
	HYGIENE_LINK_BROKEN,
	HYGIENE_LINK_SKIPPED /* it cannot be told */
};
struct hygiene_krb_line {
	enum hygiene_link link;
	const char *what; /* "object", "ticket", "login", ... */
	const char *subject, *text;
};
typedef void hygiene_krb_line_fn(
    void *cookie, const struct hygiene_krb_line *line);
int hygiene_krb_check(struct daemon *d, int64_t device, hygiene_krb_line_fn *fn,
    void *cookie, struct err *err);

/* Append the keys of the device's object, of the types it uses, for all its
 * names, to a keytab. Only keys that open fresh tickets: ERR_CONFLICT when the
 * domain has another password than we. Blocking, with all parts open; whoever
 * gives them away tells the audit chain first. */
#define HYGIENE_TYPES 64
struct hygiene_exported {
	int64_t kvno;
	size_t principals;
	char enctypes[HYGIENE_TYPES]; /* by comma */
};
int hygiene_krb_export(struct daemon *d, const struct device *device,
    struct buf *out, struct hygiene_exported *ret, struct err *err);

/* The object of a device that leaves: *ret_dn (given) is which it was.
 * Blocking, with nothing open.  ERR_NOTFOUND when there is none; ERR_CONFLICT
 * when it does not carry the device's mark; ERR_REFUSED when others are below
 * it; ERR_INVALID when Active Directory is not configured. */
enum hygiene_retirement { HYGIENE_DISABLE_OBJECT, HYGIENE_DELETE_OBJECT };
int hygiene_retire(struct daemon *d, const struct device *device,
    enum hygiene_retirement how, char **ret_dn, struct err *err);
#endif
