#ifndef DIAGNOSE_H_
#define DIAGNOSE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;
struct err;
struct policy;

/*
 * What is wrong with a device, by reason code, in triage order: communication
 * error first, then TLS state, then names, then what ages.
 */
enum reason {
	REASON_OFFLINE,		/* "offline" */
	REASON_NAME_RESOLUTION, /* "name-resolution" */
	REASON_CREDENTIALS,	/* "credentials-rejected" */
	REASON_NO_PASSWORD,	/* "credentials-missing": none is stored */
	REASON_UNTRUSTED,	/* "identity-mismatch": realm or leaf */
	REASON_WANTS_CERT,	/* "client-certificate-wanted": mutual TLS */
	REASON_PROTOCOL,	/* "protocol-error" */
	REASON_PARKED, /* "needs-person": an open intent nobody can tell */
	REASON_TLS_DISABLED,   /* "tls-disabled" */
	REASON_NAME_MISMATCH,  /* "name-mismatch" */
	REASON_CERT_EXPIRED,   /* "certificate-expired" */
	REASON_CERT_EXPIRING,  /* "certificate-expiring" */
	REASON_CERT_NAME,      /* "certificate-name-mismatch" */
	REASON_CERT_UNTRUSTED, /* "certificate-untrusted": not from our CA */
	REASON_KEY_REFUSED,    /* "key-refused": by firmware, of the template */
	REASON_CERT_PENDING,   /* "certificate-pending": another CA decides */
	REASON_ROOT_MISSING,   /* "trusted-root-missing": our CA's */
	REASON_CLOCK_SKEW,     /* "clock-skew" */
	REASON_AD_MISSING,     /* "ad-object-missing" */
	REASON_AD_DISABLED,    /* "ad-object-disabled" */
	REASON_AD_PASSWORD_DUE,	   /* "ad-password-due" */
	REASON_ADMIN_PASSWORD_DUE, /* "admin-password-due" */
	REASON_PROFILE_DRIFT,	   /* "profile-drift" */
	REASON_COUNT
};

const char *reason_code(enum reason r);
/* One sentence: what it means and what to do. */
const char *reason_help(enum reason r);
/* What to do about the first of a set; NULL when it is empty. */
const char *reason_advice(unsigned set);
/* -1 when it is none. */
int reason_find(const char *code);

/* Bit set (1u << reason) from the record as last read. Pure. */
unsigned diagnose(const struct device *d, const struct policy *p);
/* Which reason a failed contact stands for. Pure. */
enum reason diagnose_error(const struct err *err);
/* "a,b": given. */
char *reason_list(unsigned set);

/* Over a fleet: all failing means wrong credentials; a few mean network or
 * names. Counts in, one line out (a literal), NULL when nothing is to say. */
struct diagnose_fleet {
	size_t devices;
	size_t by_reason[REASON_COUNT];
};
void diagnose_count(struct diagnose_fleet *f, unsigned set);
const char *diagnose_fleet_hint(const struct diagnose_fleet *f);
#endif
