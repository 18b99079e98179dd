#ifndef PORT_DEVICE_INTERNAL_H_
#define PORT_DEVICE_INTERNAL_H_
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amt.h"
#include "ports.h"
#include "secret.h"

#define MAX_DER 16384 /* a certificate or key, with room to spare */

struct ca;
struct conf;
struct device;
struct loop;
struct loop_timer;
struct net;
struct profile;

/* What all visits share. */
struct device_port {
	struct loop *loop;
	struct net *net;
	const struct conf *conf; /* borrowed */
	char *chain_pem;	 /* our CA's certificates */
	X509_STORE *roots;	 /* the same */
	struct cert_memory *certs;
	struct ca *ca; /* borrowed; for what came over bridges */
	bool bridges;  /* there are any */
};

struct lookup;
struct visit;

/* Begin (again, from the start) what a job is about; ends in visit_end(). */
typedef int job_fn(struct visit *v, struct err *err);

/* Arguments of a port call; what is pointed to is borrowed until its done(). */
struct job_args {
	const struct profile *profile;
	const struct secret *password;
	const char *handle, *der, *token; /* base64 where bytes */
	const char *mode;
	struct port_names names;
	struct port_kerberos key;
	struct port_csr csr;
	int64_t bits;
	unsigned parts;
	struct device *into;
	struct port_pki *ret_pki;
	int64_t *ret_offset;
	char *ret_sha256;
	struct buf *ret_bytes;
};

/* The port call under way. */
struct job {
	job_fn *run; /* NULL: none */
	struct job_args args;
	port_done_fn *done;
	void *cookie;
	bool changed; /* a part of it has changed the device */
	/* Kept between its exchanges, if it has several. */
	void *state;
	void (*free_state)(void *state);
};

struct cert_facts {
	char *sha256, *serial, *subject, *issuer, *names;
	int64_t not_before, not_after;
	int64_t key_bits; /* RSA, else 0 */
	bool ours;
};

struct visit {
	struct device_port *port;
	struct device *device;	 /* copy */
	struct secret *password; /* NULL: handshakes only */
	char *address;		 /* literal; NULL until resolved */
	struct lookup *lookup;	 /* under way */
	size_t place;		 /* next one to look up */
	struct amt *amt;	 /* the session, made when first needed */
	struct amt *fresh;	 /* another one, for the job only */
	/* One that check_login() has let in, for whoever uses that password
	 * next. */
	struct amt *proven;
	struct secret *proven_with;
	struct loop_timer *timer;
	void (*wake)(struct visit *v); /* what the timer is for */
	int64_t retry_until; /* a device away on purpose is waited for */
	bool refused;	     /* the last call ended in a connection refused */
	struct job job;
};

/* The visit's session; NULL with *err. */
struct amt *visit_session(struct visit *v, struct err *err);
/* How a session of the job's own differs from the visit's. */
struct fresh {
	const struct secret *password;
	const char *token;
	bool leaf_only; /* TLS whatever the record says; nothing is trusted */
	bool plain;	/* no TLS whatever the record says; no credentials */
};
struct amt *visit_fresh(
    struct visit *v, const struct fresh *how, struct err *err);
/* The fresh session was let in with this password, copied; and forget that. */
void visit_proven_keep(struct visit *v, const struct secret *password);
void visit_proven_drop(struct visit *v);
/* args may be NULL. Runs from the loop. */
void visit_start(struct visit *v, job_fn *run, const struct job_args *args,
    port_done_fn *done, void *cookie);
/* An amt_done_fn: the job is over. Nothing of v is touched after. */
void visit_end(void *cookie, const struct err *err);
/* Room for the job's own state; an earlier try's is freed. */
void *visit_state(
    struct visit *v, size_t size, void (*free_state)(void *state));
/* The device was told something after which it is away for a while: forget the
 * connection, and wait for the device in the calls that follow. */
void visit_expect_absence(struct visit *v);

/* --- the calls, by file: port_device_X.c fills in its own --- */
void port_device_looks(struct port_device *port);
void port_device_stores(struct port_device *port);
void port_device_logins(struct port_device *port);
void port_device_acts(struct port_device *port); /* with the two below */
void port_device_acls(struct port_device *port);
void port_device_keys(struct port_device *port);

/* Into a member of what is written to the device. ERR_INVALID: too long. */
int visit_copy_text(char *out, size_t size, const char *text, struct err *err);

/* --- port_cert.c --- */
/* ERR_PROTOCOL when der is no certificate; parsed is the same, or NULL when it
 * is still to be parsed. What is said of one is remembered,
 * as a device is shown to hold the same ones again and again. */
int cert_describe(struct device_port *port, const uint8_t *der, size_t len,
    X509 *parsed, struct cert_facts *ret, struct err *err);
void cert_facts_clear(struct cert_facts *facts);
struct cert_memory *cert_memory_new(void);
void cert_memory_free(struct cert_memory *memory);
/* PEM certificates as trust anchors, each of them; NULL with *err. */
X509_STORE *cert_roots(const char *pem, struct err *err);
#endif
