#ifndef DEVICE_H_
#define DEVICE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One Intel AMT device as we know it: what the host says of itself, what the
 * firmware said when last read, what Active Directory said, what we are in the
 * middle of.  One row of the table "device"; device_fields() names each member
 * once, and schema, load, save, output and query are made from that list.
 *
 * Times are unix seconds UTC, 0 = never.  Texts are owned by the struct and may
 * be NULL (not known).  No secret is ever in here.
 */
struct device {
	int64_t id; /* 0 until stored */

	/* HOST: who it is, as the administrator or a console told us. */
	char *name;    /* unique in the fleet: the FQDN it was added under */
	char *uuid;    /* SMBIOS UUID, lower case with hyphens */
	char *address; /* where to connect; NULL: resolve the names below */
	char *site;
	char *profile;
	int64_t group_id; /* in the tree of groups: store_group_take() */
	/* Host facts (operating system), from import, console or HostOSFQDN. */
	char *os_host;
	char *os_domain;
	char *os_ip_mode; /* "dhcp" or "static" */
	char *os_address;

	/* What people and consoles write about it; nothing here reads them. */
	char *description;
	char *custom1; /* ePO's custom fields */
	char *custom2;
	char *custom3;
	char *custom4;

	int64_t tls_port;   /* 16993 */
	int64_t plain_port; /* 16992 */

	/* STATE from here: how we recognise it and speak to it. */
	bool use_tls;	    /* once true never silently false again */
	char *leaf_sha256;  /* hex of the certificate it must present */
	char *digest_realm; /* "Digest:..."; credentials go to no other */
	char *admin_user;

	/* AMT facts as last read. */
	int64_t read_at;
	char *amt_version;  /* CIM_SoftwareIdentity "AMT": "16.1.25" */
	char *control_mode; /* "acm", "ccm", "none" */
	char *amt_host;
	char *amt_domain;
	char *amt_os_fqdn; /* HostOSFQDN */
	bool shared_fqdn;
	bool ping_response;
	char *ddns_mode;       /* "off", "dhcp" (option 81), "client" */
	int64_t ddns_interval; /* minutes */
	int64_t ddns_ttl;      /* seconds */
	bool dhcp_enabled;
	bool ip_sync;
	char *ip_address;
	char *mac;
	bool link_up;
	bool tls_enabled;
	bool tls_mutual;
	bool tls_plain;		  /* AcceptNonSecureConnections */
	bool tls_plain_supported; /* NonSecureConnectionsSupported; true if
				     absent */
	int64_t clock_offset_ms;  /* device minus ours, when read */
	int64_t clock_read_at;
	bool krb_enabled;
	char *krb_realm;
	int64_t krb_kvno;
	char *krb_enctypes; /* "rc4,aes128,aes256" as configured */
	char
	    *acl_sids; /* "S-1-5-...:2,3,5 S-1-...": Kerberos entries, realms */
	int64_t key_bits; /* largest of SupportedKeyLengths, 2048 if unread */

	/* The TLS certificate in use. */
	char *cert_handle;     /* InstanceID in AMT_PublicKeyCertificate */
	char *cert_key_handle; /* its AMT_PublicPrivateKeyPair */
	char *cert_sha256;
	char *cert_serial; /* hex, as in the CA's store */
	char *cert_subject;
	char *cert_issuer;
	/* "dns:a dns:b ip:1.2.3.4 sid:S-1-5-... upn:a@b", sorted */
	char *cert_names;
	int64_t cert_not_before;
	int64_t cert_not_after;
	bool cert_ours;	       /* signed by our CA and verified */
	int64_t cert_key_bits; /* RSA; 0 when unread or of another kind */
	bool cert_read_only;   /* the firmware's own, and never deleted */

	/* SHA-256 of the trusted roots it holds, by blanks; NULL: not read. And
	 * of those, which we put there. */
	char *trusted_roots;
	char *our_roots;

	/* A replacement under way: each is set by the step that made it. */
	char *next_key_handle;
	char *next_key_spki; /* base64 DER SubjectPublicKeyInfo */
	char *next_cert;     /* base64 DER */
	char *next_cert_serial;
	char *next_cert_handle;
	int64_t cert_wait_until; /* another CA has not decided: ask then */
	char *cert_wait_why;	 /* its words; NULL: nothing is waited for */
	char *old_cert_handle;	 /* to be removed once the new one was seen */
	char *old_key_handle;
	char *old_cert_sha256; /* what is in that slot: slots are re-used */
	char *old_cert_serial; /* to be revoked then; NULL if not ours */

	/* The Active Directory object. */
	char *ad_dn;
	char *ad_account;  /* sAMAccountName */
	char *ad_dns_host; /* dNSHostName */
	char *ad_spns;	   /* sorted, separated by blanks */
	char *ad_upn;	   /* userPrincipalName, or what stands for it */
	char *ad_sid;	   /* objectSid: "S-1-5-..." */
	int64_t ad_enctypes;
	int64_t ad_uac;
	int64_t ad_kvno;
	int64_t ad_password_at; /* pwdLastSet */
	int64_t ad_max_age;	/* seconds; 0 = passwords never expire */
	/* Of an object that is a user, not a computer: the settings object that
	 * applies (NULL: the domain's policy), when the controllers let the
	 * password expire (0 = never). */
	char *ad_settings;
	int64_t ad_expires_at;
	int64_t ad_read_at;
	int64_t ad_secret_at; /* when we last set it; 0 = we do not know it */
	/* pwdLastSet of that one, as AD said when it was seen to work; another
	 * date there is another password. 0 = not known. */
	int64_t ad_own_at;
	char *ad_dc;	       /* the controller that took our last change */
	int64_t ad_changed_at; /* when: others may not know it yet */
	bool ad_key_pending;   /* AD's password is not yet in the device */

	/* What we did, and how it went. */
	int64_t clock_set_at;
	int64_t admin_password_at; /* last set by us; 0 = never */
	int64_t seen_at;	   /* last authenticated answer */
	char *error_kind;	   /* err_kind_name(); NULL after a success */
	char *error_code;	   /* reason code: see diagnose.h */
	char *error_text;
	int64_t error_at;
	/* Visits since the last success in which the credentials were refused,
	 * or may have been: see run.c. */
	int64_t strikes;
	int64_t failures; /* runs failed in a row; drives back-off */
	char *reasons;	  /* reason codes after the last look, by comma */
	int64_t run_at;
	char *run_play;
	char *run_result; /* "ok", "changed", "failed", "parked" */
	int64_t next_due;
	char *due_play;

	/* Who is working on it; see store_lease_take(). */
	char *lease_owner;
	int64_t lease_until;
	int64_t lease_token;
};

enum device_type { DEVICE_TEXT, DEVICE_INT, DEVICE_TIME, DEVICE_BOOL };

/* Who writes a field: administrators and consoles the HOST ones, at any time;
 * the worker that holds the lease the STATE ones. LEASE ones only the lease
 * calls. So the two never overwrite each other. */
enum device_group { DEVICE_HOST, DEVICE_STATE, DEVICE_LEASE };

struct device_field {
	const char *name; /* column and JSON name */
	enum device_type type;
	enum device_group group;
	size_t offset;
};

/* All fields but id, in declaration order. */
const struct device_field *device_fields(size_t *ret_count);
/* By name; NULL if there is none. */
const struct device_field *device_field(const char *name);
const char *device_get_text(
    const struct device *d, const struct device_field *f);
int64_t device_get_int(const struct device *d, const struct device_field *f);
void device_set_text(
    struct device *d, const struct device_field *f, const char *text);
void device_set_int(
    struct device *d, const struct device_field *f, int64_t value);

/* With defaults: ports, use_tls false, admin_user "admin". */
struct device *device_new(const char *name);
struct device *device_copy(const struct device *d);
void device_free(struct device *d); /* NULL is allowed */

/* The FQDN the host has (os_host.os_domain, else HostOSFQDN, else name); never
 * NULL; borrowed until the device changes. buf has room for 256. */
const char *device_host_fqdn(const struct device *d, char out[256]);
/* The FQDN the firmware has; "" when not read. */
const char *device_amt_fqdn(const struct device *d, char out[256]);
/* The FQDN the firmware should have, lower case: the host's with follow_host,
 * or while the firmware has none; else its own. A host that says only its short
 * name keeps the firmware's domain. */
const char *device_wished_fqdn(
    const struct device *d, bool follow_host, char out[256]);
/* The IPv4 address that it keeps: as the firmware says, and while that is not
 * read, as its host does; NULL by DHCP, or when none is known. Borrowed. */
const char *device_static_address(const struct device *d);
/* Where to look for it: its address alone when one is given, else its names and
 * its last IP address, each once. The next from *at on (0 first), which is
 * moved behind it; NULL when none is left. Borrowed like out. */
const char *device_next_place(
    const struct device *d, size_t *at, char out[256]);
/* Major firmware version, 0 when unknown. */
int device_amt_major(const struct device *d);
#endif
