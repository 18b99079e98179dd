#ifndef PORTS_H_
#define PORTS_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct device;
struct err;
struct profile;
struct profile_template;
struct secret;

/*
 * What the engine needs from the world, in the engine's own words.  daemon
 * fills these in with amt, ca, directory and krb; the crash tests fill in
 * fakes.
 *
 * Every call that takes done() reports exactly once through it, from the loop,
 * never from inside the call; err->kind is ERR_NONE on success.  What "ret"
 * points to is written before done() and only on success.  Arguments are
 * borrowed until done() unless said otherwise; of a const struct of this header
 * only what it points to, the struct itself is copied at once.  "look" and
 * "check" calls change nothing in the world.
 *
 * ERR_UNREACHABLE: nobody answers, and certainly nothing happened.  From a
 * device its text begins with PORT_NO_NAME when its name does not resolve, and
 * with PORT_NO_TLS when something answers there that speaks no TLS.  It begins
 * with PORT_WANTS_CERT, with ERR_UNKNOWN too, when it demands a client
 * certificate.
 * ERR_PROTOCOL: somebody does, with nonsense, and nothing happened either.
 * ERR_UNKNOWN: it may have, whatever came back.
 */
#define PORT_NO_NAME "name does not resolve"
#define PORT_NO_TLS "answers without TLS"
#define PORT_WANTS_CERT "demands a client certificate"
typedef void port_done_fn(void *cookie, const struct err *err);

/* One visit: an authenticated connection to one device. */
struct visit;

/* Parts of a device's state, for look(): any of them, ORed.  Reading costs an
 * exchange or two each: ask for what is needed, and for no more. */
enum port_part {
	PORT_IDENTITY = 1,     /* version, control mode, UUID */
	PORT_GENERAL = 2,      /* names, DDNS, ping */
	PORT_ETHERNET = 4,     /* address, link */
	PORT_TLS = 8,	       /* settings */
	PORT_CERTIFICATE = 16, /* the one in use, its handles */
	PORT_KEY_BITS = 32,    /* lengths of keys it can make */
	PORT_KERBEROS = 64,
	PORT_ACL = 128,
	PORT_CLOCK = 256,
	PORT_ALL = 511
};

/* Parts of its certificate and key stores, for look_pki(). */
enum port_store { PORT_KEYS = 1, PORT_CERTS = 2, PORT_TLS_CERT = 4 };

struct port_key {
	char handle[64];
	char *spki;  /* base64 DER SubjectPublicKeyInfo; owned by the list */
	bool in_use; /* a certificate in the store carries this public key;
		      * known with PORT_CERTS */
};
struct port_cert {
	char handle[64];
	char *der; /* base64; owned by the list */
	char *sha256;
	char *serial; /* hex, as in the CA */
	bool ours;    /* signed by our CA */
	bool read_only;
	bool trusted_root;
};
struct port_pki { /* what the device's stores hold */
	struct port_key *keys;
	size_t key_count;
	struct port_cert *certs;
	size_t cert_count;
	char tls_cert[64]; /* handle in use, "" if none */
};
void port_pki_clear(struct port_pki *pki);

/* A root of our CA. */
struct port_root {
	char sha256[65];
	char *der;  /* base64 */
	char *name; /* for people */
};
/* Those above the issuing CAs that are not at their end, newest first. */
struct port_roots {
	struct port_root *root;
	size_t count;
};

struct port_names { /* what the device is called, and whether it says so */
	const char *host, *domain;
	const struct profile *profile; /* shared FQDN, DDNS, ping */
};
struct port_kerberos { /* the key of the device's AD object */
	const char *realm;
	int64_t kvno;
	const struct secret *password; /* the key is made from it */
	const char *salt;
	int64_t iterations;
};
/* Whom a certificate is for: what the record has of that which its template
 * names, NULL where that is nothing. */
struct port_subject {
	const char *fqdn, *short_name;
	const char *address;   /* IPv4, dotted */
	const char *upn, *sid; /* the CA's to add: they are in no CSR */
};
/* Borrowed from the device, but for what goes into names. */
struct port_subject port_subject_of(const struct device *d,
    const struct profile *p, const struct profile_template *t,
    char names[2][256]);
struct port_csr {
	const char *key_handle;
	const char *spki; /* base64 DER, of that key */
	struct port_subject subject;
};

struct port_device {
	void *self;
	/* Prepare a visit; no I/O yet. device is copied; password is copied and
	 * may be NULL (then only handshake works). Trust: the record's leaf, or
	 * next_cert, or our CA with the device's names; first contact (none of
	 * these known): whatever is presented, reported in seen. */
	int (*open)(void *self, const struct device *device,
	    const struct secret *password, struct visit **ret_visit,
	    struct err *err);
	/* Closes the connection; cancels (done() is then not called). */
	void (*close)(void *self, struct visit *v);

	/* Read these parts (enum port_part) into *into, a device the caller
	 * owns: their fields are written, leaf and realm where they are NULL,
	 * and read_at with PORT_ALL. */
	void (*look)(void *self, struct visit *v, unsigned parts,
	    struct device *into, port_done_fn *done, void *cookie);
	/* Read these parts (enum port_store); the others are left empty. */
	void (*look_pki)(void *self, struct visit *v, unsigned parts,
	    struct port_pki *ret, port_done_fn *done, void *cookie);
	void (*look_clock)(void *self, struct visit *v, int64_t *ret_offset_ms,
	    port_done_fn *done, void *cookie);
	/* TLS handshake on a new connection: what leaf is presented (hex
	 * SHA-256)? Sends no HTTP. */
	void (*look_leaf)(void *self, struct visit *v, char ret_sha256[65],
	    port_done_fn *done, void *cookie);
	/* After ERR_UNREACHABLE of a device that should have TLS: does it ask
	 * for credentials on its plain port? It gets none. 0, or
	 * ERR_UNREACHABLE. */
	void (*look_plain)(
	    void *self, struct visit *v, port_done_fn *done, void *cookie);
	/* Log in over a new connection with this password: 0, ERR_DENIED. One
	 * attempt. Here and in every call on a device, credentials it refused
	 * are ERR_DENIED with domain ERR_HTTP. */
	void (*check_login)(void *self, struct visit *v,
	    const struct secret *password, port_done_fn *done, void *cookie);
	/* Log in with a SPNEGO token: 0, ERR_DENIED. The device's answer token,
	 * which says more than that it answered, is appended to *ret_answer;
	 * nothing is when it sent none. */
	void (*check_ticket)(void *self, struct visit *v, const char *token,
	    struct buf *ret_answer, port_done_fn *done, void *cookie);

	void (*clock_set)(
	    void *self, struct visit *v, port_done_fn *done, void *cookie);
	void (*names_set)(void *self, struct visit *v,
	    const struct port_names *names, port_done_fn *done, void *cookie);
	/* mode "dhcp" or "host". */
	void (*ip_set)(void *self, struct visit *v, const char *mode,
	    port_done_fn *done, void *cookie);
	/* Kerberos ACL entries as the profile lists them; ones it does not list
	 * are removed. */
	void (*acl_set)(void *self, struct visit *v,
	    const struct profile *profile, port_done_fn *done, void *cookie);
	/* Kerberos on, with this key. */
	void (*kerberos_set)(void *self, struct visit *v,
	    const struct port_kerberos *key, port_done_fn *done, void *cookie);
	void (*key_generate)(void *self, struct visit *v, int64_t bits,
	    port_done_fn *done, void *cookie);
	/* A CSR signed by the device, DER, appended to *ret_der. */
	void (*csr_make)(void *self, struct visit *v,
	    const struct port_csr *csr, struct buf *ret_der, port_done_fn *done,
	    void *cookie);
	void (*cert_add)(void *self, struct visit *v, const char *der,
	    port_done_fn *done, void *cookie);
	/* A CA's certificate as a trusted root. */
	void (*root_add)(void *self, struct visit *v, const char *der,
	    port_done_fn *done, void *cookie);
	void (*cert_delete)(void *self, struct visit *v, const char *handle,
	    port_done_fn *done, void *cookie);
	void (*key_delete)(void *self, struct visit *v, const char *handle,
	    port_done_fn *done, void *cookie);
	/* This certificate for TLS, TLS on as the profile says, commit. */
	void (*tls_switch)(void *self, struct visit *v, const char *cert_handle,
	    const struct profile *profile, port_done_fn *done, void *cookie);
	void (*password_set)(void *self, struct visit *v,
	    const struct secret *password, port_done_fn *done, void *cookie);
	/* From now on the visit logs in with this one (copied). */
	void (*password_use)(
	    void *self, struct visit *v, const struct secret *password);
};

struct port_issued {
	char *der;    /* base64; given */
	char *serial; /* hex; given */
	char *sha256; /* hex; given */
	/* Another CA has the request and has not decided, or is busy: nothing
	 * of the above is set. */
	bool waiting;
	bool urgent;	  /* the certificate in use ends before long */
	int64_t retry_at; /* not to be asked before */
	char *why;	  /* its words; given */
};
void port_issued_clear(struct port_issued *issued);

struct port_request {		     /* for a certificate */
	const struct device *device; /* whom it is for */
	struct port_subject subject; /* what the CSR is held against */
	const struct profile_template *template;
	const uint8_t *csr; /* DER */
	size_t csr_len;
	const char *key; /* idempotency: the same gives the same certificate */
};

struct port_ca {
	void *self;
	/* A request that waits for another CA's decision is a success. */
	void (*issue)(void *self, const struct port_request *request,
	    struct port_issued *ret, port_done_fn *done, void *cookie);
	/* What was issued, or is waiting, under the key; ERR_NOTFOUND. */
	void (*look)(void *self, const char *key, struct port_issued *ret,
	    port_done_fn *done, void *cookie);
	void (*revoke)(
	    void *self, const char *serial, port_done_fn *done, void *cookie);
	void (*look_revoked)(void *self, const char *serial, bool *ret_revoked,
	    port_done_fn *done, void *cookie);
	/* Asks nobody; borrowed until the loop goes on. */
	const struct port_roots *(*roots)(void *self);
};

struct port_object { /* the object that stands for a device, as it should be */
	const char *account;	 /* sAMAccountName */
	const char *ou;		 /* DN it is created in */
	const char *fqdn;	 /* dNSHostName */
	const char *spns;	 /* sorted, separated by blanks */
	int64_t enctypes;	 /* msDS-SupportedEncryptionTypes */
	const char *mark;	 /* description: makes it this device's */
	const char *former_mark; /* an older one that is replaced; or NULL */
	const char *dc;		 /* the controller to change it at */
	const struct secret *password_if_new; /* NULL: not to be created */
};

struct port_password { /* of an object, and where it is or was set */
	const char *account, *dn, *dc;
	int64_t at; /* pwdLastSet, once it was */
};

/*
 * What is changed at one domain controller is known to the others only after
 * replication.  Calls that say dc ask that one and no other, which is
 * ERR_UNREACHABLE when it does not answer; NULL is whichever is in use.
 */
struct port_directory {
	void *self;
	/* A controller (given) that answers and can be written to: the wished
	 * one if it does, which may be NULL, else one for all to use. Where
	 * none answers over LDAP, one that sets passwords over Kerberos, if the
	 * configuration lets it. */
	void (*pick)(void *self, const char *wish, char **ret_dc,
	    port_done_fn *done, void *cookie);
	/* Read the object into the ad_* fields of *into; ERR_NOTFOUND when
	 * there is none. Where no LDAP answers and *into knows it already, its
	 * key version alone, by a ticket, as *ret_by_ticket then says. */
	void (*look)(void *self, const char *account, const char *dc,
	    struct device *into, bool *ret_by_ticket, port_done_fn *done,
	    void *cookie);
	/* Which of the other controllers, by blanks (given; NULL: none), have
	 * no password of that date? Those that do not answer count as none. */
	void (*look_others)(void *self, const struct port_password *password,
	    char **ret_behind, port_done_fn *done, void *cookie);
	/* Create, or bring to spec what is there, whose password is left alone.
	 * ERR_CONFLICT: account or a service name is another's; ERR_NOTFOUND:
	 * not there, and no password to create it with. */
	void (*ensure)(void *self, const struct port_object *object,
	    port_done_fn *done, void *cookie);
	/* To object->ou, which may be done already; of the object only account,
	 * OU, marks and dc count. ERR_CONFLICT: it is not marked as this
	 * device's, or its name is taken there. */
	void (*move)(void *self, const struct port_object *object,
	    port_done_fn *done, void *cookie);
	/* Replace it: over Kerberos where LDAP does not answer, as above.
	 * ERR_NOTFOUND, ERR_REFUSED by the domain's policy. */
	void (*password_set)(void *self, const struct port_password *where,
	    const struct secret *password, port_done_fn *done, void *cookie);
};

/* A ticket of ours that is being shown to a device. */
struct port_proof;

struct port_kdc { /* dc: as above */
	void *self;
	/* KDC's clock minus ours. */
	void (*look_time)(void *self, int64_t *ret_offset_ms,
	    port_done_fn *done, void *cookie);
	/* Does this password get a ticket for the account? 0, ERR_DENIED,
	 * ERR_NOTFOUND when there is no such account. */
	void (*check_password)(void *self, const char *account, const char *dc,
	    const struct secret *password, port_done_fn *done, void *cookie);
	/* Salt (given) and rounds the KDC uses for the account. */
	void (*look_salt)(void *self, const char *account, const char *dc,
	    char **ret_salt, int64_t *ret_iterations, port_done_fn *done,
	    void *cookie);
	/* A fresh service ticket as SPNEGO token, appended to *ret_token, and
	 * what the device's answer is held against (given, for proof_free()).
	 * Several devices may be proving at once. ERR_NOTFOUND: no such SPN. */
	void (*token)(void *self, const char *spn, const char *dc,
	    struct buf *ret_token, struct port_proof **ret_proof,
	    port_done_fn *done, void *cookie);
	/* Mutual authentication: did who sent this answer token (base64) open
	 * the ticket? 0, or ERR_UNTRUSTED with the reason: it is empty, no
	 * token, or made with another key. Once for each proof; asks nobody. */
	void (*verify)(void *self, struct port_proof *proof, const char *answer,
	    port_done_fn *done, void *cookie);
	/* As token(), but with a ticket that no key opens: a device that takes
	 * this one looks at none. */
	void (*decoy)(void *self, const char *spn, struct buf *ret_token,
	    port_done_fn *done, void *cookie);
	/* Not while verify() has it; NULL is allowed. */
	void (*proof_free)(void *self, struct port_proof *proof);
};

struct ports {
	struct port_device device;
	struct port_ca ca;
	struct port_directory directory; /* self NULL: no AD configured */
	struct port_kdc kdc;		 /* likewise */
};
#endif
