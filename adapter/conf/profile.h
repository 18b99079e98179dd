#ifndef PROFILE_H_
#define PROFILE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf.h"

struct conf_node;
struct err;

/*
 * What a device of this profile should be: the wish that plans are made
 * against.  YAML, strict as conf.h says; names after Intel SCS profiles.
 * Sections not yet acted on are refused as unknown, so that nothing is
 * configured and silently not done; later versions add sections only.
 */
struct profile_acl {
	char *sid;	/* "S-1-5-21-..." of an AD user or group */
	char *realms;	/* "2,3,5": numbers of AMT_AuthorizationService */
	int64_t access; /* 0 local, 1 network, 2 any */
};

struct profile_template { /* of certificates; see ca.h */
	char *name;
	int64_t validity;
	int64_t renew_before;
	int64_t backdate;
	char *key;	 /* "auto" (by firmware), "rsa-2048", "rsa-3072",
			  * "ec-p384" */
	bool short_name; /* SAN also holds the host part */
	bool address;	 /* SAN also holds a static IPv4 address */
	bool upn, sid;	 /* names the account in the directory */
	bool underscore; /* host names may hold "_" */
	char *usages;	 /* "server,client" */
	int64_t max_size;
	char *issuer_end; /* "refuse", "clamp" */
	char *issuer;	  /* "internal", or a bridge of the configuration */
};

struct profile {
	char *name;

	/* clock: */
	int64_t clock_skew;	/* set when off by more; seconds */
	int64_t clock_interval; /* looked at this often */

	/* names: */
	bool names_sync; /* AMT host and domain name follow the host's */
	bool shared_fqdn;
	char *ddns;	       /* "off", "dhcp", "client" */
	int64_t ddns_interval; /* minutes */
	int64_t ddns_ttl;
	bool ping;

	/* ip: "dhcp", "host" (static, copied from the host), "keep" */
	char *ip;

	/* tls: */
	bool tls;	/* server authentication on the remote interface */
	bool tls_plain; /* leave the plain port open where firmware can */
	bool tls_roots; /* the CA's roots are its trusted roots */
	char *template_name;

	/* ad: */
	bool ad;
	char *ou;      /* DN */
	char *account; /* pattern of sAMAccountName: "%h-iME$" */
	bool ad_prove; /* prove a new key by logging in with a ticket of our own
			* account, which must then be in the acl */
	int64_t ad_password_length;
	int64_t ad_renew_before; /* before maxPwdAge; 10 d */
	int64_t ad_max_age;	 /* when the domain says never; 0 = never */
	struct profile_acl *acl;
	size_t acl_count;

	/* admin: */
	bool admin;		       /* keep the Digest admin password */
	int64_t admin_password_length; /* 8..32 */
	int64_t admin_max_age;

	struct profile_template *templates;
	size_t template_count;

	char *file;		/* where it was read from */
	struct conf_node *root; /* for profile_entries() */
};

int profile_load(
    const char *file, struct profile **ret_profile, struct err *err);
void profile_free(struct profile *p);
/* The template the TLS certificate is made by; never NULL after load. */
const struct profile_template *profile_tls_template(const struct profile *p);
/* By name; NULL. */
const struct profile_template *profile_find_template(
    const struct profile *p, const char *name);
/* A commented profile with the defaults; with an ou (may be NULL) AD is on. */
void profile_example(FILE *out, const char *ou);
/* As conf_entries(). */
void profile_entries(const struct profile *p, conf_entry_fn *fn, void *cookie);
#endif
