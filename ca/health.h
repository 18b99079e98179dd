#ifndef HEALTH_H_
#define HEALTH_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ca;
struct ca_cert;
struct ca_template;
struct err;

/*
 * Is the CA well, and what it vouches for?  From its records and from what is
 * known of devices; nobody is asked, nothing is changed, nothing is repaired.
 */

enum ca_finding_code {
	CA_FINDING_ISSUER_ENDED,
	CA_FINDING_ISSUER_ENDS,	   /* too early for the longest template */
	CA_FINDING_ISSUER_WEAK,	   /* below 112 bits of strength */
	CA_FINDING_ISSUER_REVOKED, /* by the root: it issues nothing */
	CA_FINDING_LINE_REVOKED,   /* an old one, with certificates in use */
	CA_FINDING_LINE_ENDS,	   /* the same at its end */
	CA_FINDING_CRL_LAPSED,	   /* readers refuse what it vouches for */
	CA_FINDING_ROOT_CRL_LAPSED,
	CA_FINDING_ROOT_CRL_LATE,
	CA_FINDING_CRL_LATE,	 /* should have been made anew already */
	CA_FINDING_TEMPLATE,	 /* as ca_template_check() has it */
	CA_FINDING_ENDED,	 /* and no other has come for the device */
	CA_FINDING_RENEWAL_LATE, /* half of the renewal period is over */
	CA_FINDING_UNSEEN,	 /* issued, and the device shows another */
	CA_FINDING_DUPLICATE,	 /* replaced days ago, and still valid */
	CA_FINDING_ORPHAN,	 /* valid, for a device that is not ours */
	CA_FINDING_KEY_WEAK,	 /* below 112 bits, or signed with SHA-1 */
	CA_FINDING_KEY_BLOCKED,	 /* on the block list, and valid */
	CA_FINDING_BRIDGE_WAITS, /* another CA did not decide for days */
	CA_FINDINGS
};

struct ca_finding {
	enum ca_finding_code code;
	/* Something fails, or may at any moment; else: it will, or is untidy.
	 */
	bool bad;
	const char *name;    /* of the code: "issuer-ends" */
	const char *subject; /* CA, template, or device */
	const char *serial;  /* of the certificate that is meant; or NULL */
	const char *text;    /* what is so, and what to do */
};
typedef int ca_finding_fn(
    void *cookie, const struct ca_finding *f, struct err *err);

/* The certificate that a device shows, as far as is known. */
enum ca_shown {
	CA_SHOWN_THIS,
	CA_SHOWN_OTHER,	   /* or none */
	CA_SHOWN_NO_DEVICE /* there is no device of this name */
};
typedef int ca_shown_fn(void *cookie, const struct ca_cert *cert,
    enum ca_shown *ret, struct err *err);

/* What to look at; borrowed for the call. Neither function may call the CA; -1
 * from one ends it all and is returned. */
struct ca_health {
	int64_t now;
	const struct ca_template *templates;
	size_t template_count;
	bool published; /* certificates say where the CRL is */
	ca_shown_fn *shown;
	void *shown_cookie;
	ca_finding_fn *found;
	void *found_cookie;
};
int ca_health(struct ca *ca, const struct ca_health *h, struct err *err);
#endif
