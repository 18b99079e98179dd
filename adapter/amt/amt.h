#ifndef AMT_H_
#define AMT_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct loop;
struct secret;
struct wsman;

/*
 * Typed operations on the firmware's classes, over a wsman session.  Each
 * operation is one or a few exchanges, reports once through done(cookie, err)
 * from the loop, never from inside the call, and fills *ret before that; on
 * failure *ret is unchanged.  Arguments are copied; what ret points to must
 * live until done().  One operation at a time: another one meanwhile is
 * ERR_BUG. Sources: Intel AMT Implementation and Reference Guide, class MOFs.
 *
 * err says what is certain of the operation: ERR_UNREACHABLE it has changed
 * nothing, ERR_UNKNOWN it may have: the answer to a change was lost or is
 * nonsense, or an exchange after one failed.  ERR_PROTOCOL: the answer to a
 * question is nonsense; nothing was changed.
 */
struct amt;
typedef void amt_done_fn(void *cookie, const struct err *err);

/* session is taken; the loop is for pauses. */
struct amt *amt_new(struct loop *loop, struct wsman *session);
/* Cancels (done() is then not called) and frees the session; NULL is allowed.
 */
void amt_free(struct amt *a);
/* Borrowed: for realm, leaf and the like, not for calls. */
struct wsman *amt_session(struct amt *a);

#define AMT_TEXT 256
#define AMT_HANDLE 64
#define AMT_MAX_STORE 64 /* certificates or keys read at most */

/* CIM_SoftwareIdentity, IPS_HostBasedSetupService, CIM_ComputerSystemPackage */
struct amt_identity {
	char version[32];
	char control_mode[8]; /* "acm" "ccm" "none" */
	char uuid[40];	      /* lower case with hyphens, SMBIOS order undone */
};
int amt_identity_read(struct amt *a, struct amt_identity *ret,
    amt_done_fn *done, void *cookie, struct err *err);

/* AMT_GeneralSettings */
struct amt_general {
	char host[AMT_TEXT], domain[AMT_TEXT], os_fqdn[AMT_TEXT];
	char realm[AMT_TEXT];
	bool shared_fqdn, ping, ddns_client, ddns_dhcp;
	int64_t ddns_interval, ddns_ttl;
};
int amt_general_read(struct amt *a, struct amt_general *ret, amt_done_fn *done,
    void *cookie, struct err *err);
/* Get, change host, domain, shared_fqdn, ping and the ddns fields, Put the
 * whole instance, compare the answer; equal already: nothing is written. */
int amt_general_write(struct amt *a, const struct amt_general *wish,
    amt_done_fn *done, void *cookie, struct err *err);

/* AMT_EthernetPortSettings, wired instance ("... Settings 0") */
struct amt_ethernet {
	bool present;
	char mac[32], ip[64], mask[64], gateway[64], dns1[64], dns2[64];
	bool dhcp, ip_sync, shared_static, link_up;
};
int amt_ethernet_read(struct amt *a, struct amt_ethernet *ret,
    amt_done_fn *done, void *cookie, struct err *err);
/* Read-modify-write; the combinations of the reference, others ERR_INVALID
 * before anything is sent. */
int amt_ethernet_write(struct amt *a, const struct amt_ethernet *wish,
    amt_done_fn *done, void *cookie, struct err *err);

/* AMT_TimeSynchronizationService. offset: device minus our clock, half the
 * round trip taken off. */
int amt_clock_read(struct amt *a, int64_t *ret_offset_ms, amt_done_fn *done,
    void *cookie, struct err *err);
/* GetLowAccuracyTimeSynch, SetHighAccuracyTimeSynch with that Ta0. */
int amt_clock_set(
    struct amt *a, amt_done_fn *done, void *cookie, struct err *err);

/* AMT_PublicKeyCertificate, AMT_PublicPrivateKeyPair */
struct amt_cert {
	char handle[AMT_HANDLE];
	uint8_t *der; /* owned by the list */
	size_t der_len;
	bool trusted_root, read_only;
};
struct amt_key {
	char handle[AMT_HANDLE];
	uint8_t *spki; /* DER SubjectPublicKeyInfo, made from DERKey (PKCS#1);
			* NULL for a key that is no RSA key */
	size_t spki_len;
	bool pending; /* still being generated: has no public part */
};
/* What to read of them, ORed. */
enum amt_pki_part {
	AMT_PKI_CERTS = 1,
	AMT_PKI_KEYS = 2,
	AMT_PKI_TLS_CERT = 4,
	AMT_PKI_KEY_BITS = 8,
	AMT_PKI_ALL = 15
};
/* At most AMT_MAX_STORE of each. Zeroed is empty. */
struct amt_pki {
	struct amt_cert *certs;
	size_t cert_count;
	struct amt_key *keys;
	size_t key_count;
	char tls_cert[AMT_HANDLE]; /* AMT_TLSCredentialContext; "" if none */
	int64_t key_bits; /* largest of SupportedKeyLengths, else 2048 */
};
/* What is not read is left empty, key_bits 2048. */
int amt_pki_read(struct amt *a, unsigned parts, struct amt_pki *ret,
    amt_done_fn *done, void *cookie, struct err *err);
void amt_pki_clear(struct amt_pki *pki);
/* Handle of the key with the certificate's public key; NULL. Borrowed. */
const char *amt_pki_key_of(const struct amt_pki *pki, const struct amt_cert *c);

/* AMT_PublicKeyManagementService */
struct amt_keygen {
	int64_t bits;
	unsigned timeout_ms; /* for the call, and until the key shows up */
};
/* Also waits until the key is listed with its public part. */
int amt_key_generate(struct amt *a, const struct amt_keygen *how,
    char ret_handle[AMT_HANDLE], amt_done_fn *done, void *cookie,
    struct err *err);
struct amt_csr {
	const char *key_handle;
	const uint8_t *spki; /* of that key */
	size_t spki_len;
	const char *common_name;
	const char *const *dns_names; /* NULL at the end */
	const char *address;	      /* IPv4, dotted; NULL: none */
	int hash_bits;		      /* 256 or 384 */
};
/* How long an RSA key is, from its SubjectPublicKeyInfo; 0: it is none. */
int amt_spki_bits(const uint8_t *der, size_t len);
/* A null-signed PKCS#10 with our names, handed to GeneratePKCS10RequestEx;
 * what comes back is checked: signature, key, names unchanged. */
int amt_csr_make(struct amt *a, const struct amt_csr *csr, struct buf *ret_der,
    amt_done_fn *done, void *cookie, struct err *err);
/* 2058 DUPLICATE is an error here; the caller looks for the bytes. */
int amt_cert_add(struct amt *a, const struct buf *der,
    char ret_handle[AMT_HANDLE], amt_done_fn *done, void *cookie,
    struct err *err);
/* The same for a CA's, as a trusted root. */
int amt_root_add(struct amt *a, const struct buf *der,
    char ret_handle[AMT_HANDLE], amt_done_fn *done, void *cookie,
    struct err *err);
int amt_cert_delete(struct amt *a, const char *handle, amt_done_fn *done,
    void *cookie, struct err *err);
int amt_key_delete(struct amt *a, const char *handle, amt_done_fn *done,
    void *cookie, struct err *err);

/* AMT_TLSSettingData (remote instance), AMT_TLSCredentialContext */
struct amt_tls {
	bool enabled, mutual, plain, plain_supported;
};
int amt_tls_read(struct amt *a, struct amt_tls *ret, amt_done_fn *done,
    void *cookie, struct err *err);
/* Put (or Create) the context with this certificate, Put remote and local
 * settings where they differ, CommitChanges. The device then drops the
 * connection; success and a lost answer both need to be verified by a new
 * handshake. */
struct amt_tls_wish {
	const char *cert_handle;
	bool enabled, mutual, plain;
	unsigned timeout_ms; /* of the commit */
};
int amt_tls_switch(struct amt *a, const struct amt_tls_wish *wish,
    amt_done_fn *done, void *cookie, struct err *err);

/* AMT_AuthorizationService */
int amt_admin_read(struct amt *a, char ret_user[AMT_TEXT], amt_done_fn *done,
    void *cookie, struct err *err);
/* SetAdminAclEntryEx, after reading the realm that the hash is made with from
 * the device: a wrong one would lock everybody out. realm, when not NULL, must
 * be the same (else ERR_UNTRUSTED, nothing is changed). */
struct amt_login {
	const char *user;
	const char *realm;
	const struct secret *password;
};
int amt_admin_write(struct amt *a, const struct amt_login *login,
    amt_done_fn *done, void *cookie, struct err *err);
struct amt_acl {
	int64_t handle;
	char sid[192]; /* "S-1-..."; "" for a Digest user */
	char user[64];
	int64_t access;
	char realms[128]; /* "2,3,5", sorted */
};
/* At most AMT_MAX_STORE. Zeroed is empty. */
struct amt_acls {
	struct amt_acl *entry;
	size_t count;
};
/* Room for one more, zeroed; the caller looks after the limit. */
struct amt_acl *amt_acls_add(struct amt_acls *acls);
void amt_acls_clear(struct amt_acls *acls);
int amt_acl_read(struct amt *a, struct amt_acls *ret, amt_done_fn *done,
    void *cookie, struct err *err);
/* Add the Kerberos entry, or update the one with this SID (handle >= 0). */
int amt_acl_write(struct amt *a, const struct amt_acl *entry, amt_done_fn *done,
    void *cookie, struct err *err);
int amt_acl_remove(struct amt *a, int64_t handle, amt_done_fn *done,
    void *cookie, struct err *err);

/* AMT_KerberosSettingData */
struct amt_kerberos {
	bool enabled;
	char realm[AMT_TEXT];
	int64_t kvno;
	char enctypes[64]; /* configured: "rc4,aes128,aes256" */
};
int amt_kerberos_read(struct amt *a, struct amt_kerberos *ret,
    amt_done_fn *done, void *cookie, struct err *err);
struct amt_kerberos_key {
	const char *realm;
	int64_t kvno;
	const struct secret *passphrase; /* AMT 8 and later, with salt */
	const char *salt;
	int64_t iterations;
	const struct secret *rc4; /* AMT 7 and before: 16 bytes; else NULL */
};
int amt_kerberos_write(struct amt *a, const struct amt_kerberos_key *key,
    amt_done_fn *done, void *cookie, struct err *err);
#endif
