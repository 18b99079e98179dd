#ifndef AD_AUDIT_H_
#define AD_AUDIT_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daemon;
struct err;

/*
 * The hygiene run over Active Directory: the objects of an OU, the service
 * names of the domain, the rights of our own account, the controllers' clocks;
 * joined with the devices of the store, of which there may be none.  Reads
 * only.
 */
enum ad_audit_level { AD_AUDIT_NOTE, AD_AUDIT_WARNING, AD_AUDIT_BAD };

struct ad_audit_kind {
	const char *code; /* "spn-missing" */
	enum ad_audit_level level;
	const char *help;
};
/* All kinds of findings, in triage order; false after the last. */
bool ad_audit_kind(size_t i, struct ad_audit_kind *ret);
const char *ad_audit_level_name(enum ad_audit_level level);

/* Borrowed for the call. */
struct ad_audit_finding {
	const char *code;
	enum ad_audit_level level;
	const char *object;   /* a DN; of clocks: hosts */
	const char *account;  /* or NULL */
	const char *device;   /* in the store, or NULL */
	const char *evidence; /* the values that were read */
	/* Values to be there, and not to be there; by blanks, or NULL. */
	const char *add, *drop;
	const char *mark; /* the object's description, when that is ours */
};
/* -1 ends the audit. */
typedef int ad_audit_fn(
    void *cookie, const struct ad_audit_finding *f, struct err *err);

struct ad_audit {
	const char *ou; /* NULL: the profile's */
	int64_t stale;	/* seconds without a sign of life */
	ad_audit_fn *found;
	void (*progress)(void *cookie, size_t objects); /* or NULL */
	void *cookie;
};
/* Blocking; with all parts open. Findings come as they are made. Memory: one
 * page of objects, and tables with 16 bytes per device in the store and 4 per
 * service name below the OU, up to three times as large. ERR_NOTFOUND when
 * Active Directory is not configured or there is no such OU, ERR_INVALID when
 * none is named. */
int ad_audit_run(struct daemon *d, const struct ad_audit *how, struct err *err);

/* The rights that our account needs on computer objects in and below its OU,
 * which are those that the run judges by; false after the last. */
enum ad_audit_grant_kind {
	AD_AUDIT_GRANT_CHILDREN, /* create and delete objects of this class */
	AD_AUDIT_GRANT_RIGHT,	 /* an extended right */
	AD_AUDIT_GRANT_ATTRIBUTE /* read and write */
};
struct ad_audit_grant {
	enum ad_audit_grant_kind kind;
	const char *name, *guid;
};
bool ad_audit_grant(size_t i, struct ad_audit_grant *ret);
#endif
