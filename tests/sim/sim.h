#ifndef SIM_H_
#define SIM_H_
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * amtkeeper-sim: simulated Intel AMT firmware, as strict as the real one.  It
 * shares no code with the adapter.  Two halves:
 *
 *   transport  main.c listen.c tls.c http.c digest.c kerberos.c control.c
 *              state.c: sockets, TLS, HTTP, authentication, faults, state file
 *   firmware   soap.c fault.c class_*.c: envelope, classes, state machines
 *
 * This header is the line between them.  One thread, one epoll loop.
 */

#define SIM_MAX_CERTS 16
#define SIM_MAX_KEYS 16
#define SIM_MAX_ACL 39
#define SIM_MAX_CONTEXTS 5

struct sim_key {
	bool used;
	int handle;
	char *der; /* PKCS#8 private key, DER */
	size_t der_len;
};

struct sim_cert {
	bool used;
	int handle;
	uint8_t *der;
	size_t der_len;
	bool trusted_root, read_only;
};

struct sim_acl {
	bool used;
	int handle;
	char user[17]; /* Digest entry, or "" */
	uint8_t ha1[16];
	uint8_t sid[28]; /* Kerberos entry, or length 0 */
	size_t sid_len;
	int access;
	uint32_t realms; /* bit per realm number */
	bool enabled;
};

struct sim_tls { /* one set is staged, one committed */
	bool enabled, mutual, plain;
	bool local_enabled, local_mutual;
	int cert_handle; /* -1: none */
};

/* Everything a device keeps over a power cycle.  state.c writes and reads it;
 * firmware sets dirty whenever it changes any of it. */
struct sim_state {
	bool dirty;
	int major, minor, build; /* firmware version 16.1.25 */
	char uuid[37];
	char realm[64];		 /* "Digest:" + 32 upper-case hex */
	int64_t clock_offset_ms; /* device clock minus real clock */
	bool clock_set;		 /* network time was set once */
	double clock_drift_ppm;
	char admin_user[17];
	uint8_t admin_ha1[16];
	bool admin_default;
	/* AMT_GeneralSettings */
	char host[64 * 4], domain[192], os_fqdn[256];
	bool shared_fqdn, ddns_client, ddns_dhcp, ping, wsman_only, rmcp_ping;
	uint32_t ddns_interval, ddns_ttl, idle_wake;
	/* AMT_EthernetPortSettings, wired */
	char mac[18], ip[16], mask[16], gateway[16], dns1[16], dns2[16];
	bool dhcp, ip_sync, shared_static;
	/* keys, certificates, TLS */
	struct sim_key keys[SIM_MAX_KEYS];
	struct sim_cert certs[SIM_MAX_CERTS];
	struct sim_tls staged, committed;
	/* ACL and Kerberos */
	struct sim_acl acl[SIM_MAX_ACL];
	bool krb_enabled;
	char krb_realm[256];
	uint32_t krb_kvno, krb_tolerance; /* minutes */
	uint8_t krb_rc4[16], krb_aes128[16], krb_aes256[32];
	bool krb_has_rc4, krb_has_aes;
	/* counters for tests */
	uint64_t flash_writes;
	uint64_t wrong_credentials; /* requests with a refused Authorization */
};

struct sim_device {
	int index;
	struct sim_state state;
	/* firmware's volatile part: enumeration contexts, generating keys */
	struct sim_volatile *vol;
	/* transport's: listeners, connections, nonces, faults */
	struct sim_port *port;
};

/* A stored key ready for use, up to EVP_PKEY_free(); NULL: it is none. */
EVP_PKEY *sim_key_load(const struct sim_key *k);

/* Device clock, unix milliseconds. */
int64_t sim_now_ms(const struct sim_device *d);

/* Who is logged in, for authorisation by realm. */
struct sim_login {
	bool admin;
	uint32_t realms;
};

/* What a request does to the transport, after (or instead of) the answer. */
enum sim_effect {
	SIM_NONE = 0,
	SIM_COMMIT = 1, /* drop every connection, re-arm TLS from committed */
	SIM_ACL_CHANGED = 2, /* flush Digest session caches */
	SIM_NETWORK = 4,     /* link down for some seconds */
	SIM_KRB_CHANGED = 8
};

struct sim_answer {
	int status; /* 200 or 400 */
	char *body; /* malloc()ed; given */
	size_t len;
	unsigned effects;
	int delay_ms; /* how long firmware takes, by class and method */
	char method
	    [64]; /* "AMT_TimeSynchronizationService.SetHighAccuracyTimeSynch",
		   * "AMT_GeneralSettings.Put": names for fault rules */
	bool mutating;
};

/* firmware: handle one authenticated SOAP request. Executes it at once. */
void sim_soap(struct sim_device *d, const struct sim_login *who,
    const char *xml, size_t len, struct sim_answer *ret);
/* firmware: a factory-fresh, then configured device of this version; name is
 * its FQDN, password the admin's. Makes a self-signed TLS certificate valid
 * from not_before to not_after for cert_name when that is not NULL. */
struct sim_setup {
	int major, minor, build;
	const char *uuid;
	const char *fqdn;    /* AMT host and domain name */
	const char *os_fqdn; /* name of the host now */
	const char *password;
	const char *ip;
	const char *cert_name;
	int64_t not_before, not_after;
	int64_t skew_ms;
	bool plain;
};
int sim_firmware_new(struct sim_device *d, const struct sim_setup *setup);
void sim_firmware_boot(struct sim_device *d); /* volatile part after a start */
void sim_firmware_free(struct sim_device *d);
/* firmware: does this name and HA1 belong to an enabled Digest account? 0 and
 * *ret_login, or -1. ret_ha1 is what the transport checks the response with. */
int sim_account(const struct sim_device *d, const char *user,
    uint8_t ret_ha1[16], struct sim_login *ret_login);
/* firmware: rights of the Kerberos entries among these SIDs (binary). */
int sim_account_sids(const struct sim_device *d, const uint8_t *const *sids,
    const size_t *lens, size_t count, struct sim_login *ret_login);
#endif
