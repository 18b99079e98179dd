#ifndef BRIDGE_H_
#define BRIDGE_H_
#include <stdbool.h>
#include <stdint.h>

struct buf;
struct ca_bridge;
struct err;

/*
 * A bridge: how to reach an enterprise's own CA.  This module speaks the
 * protocols, one kind each, and keeps nothing: what was asked for, and whether
 * a device may have what came, is bridge_issue.h's business.
 */

/* What stands for a bridge's name where our own CA issues. */
#define CA_ISSUER_INTERNAL "internal"

enum ca_bridge_outcome {
	CA_BRIDGE_ISSUED,
	CA_BRIDGE_PENDING,	/* taken, not decided: ask after it later */
	CA_BRIDGE_LIMITED,	/* the CA has too much to do: ask later */
	CA_BRIDGE_REJECTED,	/* understood, and will not */
	CA_BRIDGE_UNREACHABLE,	/* certainly nothing was sent */
	CA_BRIDGE_UNKNOWN,	/* sent, and no answer that can be read */
	CA_BRIDGE_MISCONFIGURED /* our address, trust or credentials are wrong;
				 * nothing was asked for */
};

/*
 * Append a Kerberos token for a service ("HTTP/host") to *value, base64, bound
 * to the TLS channel (net_authorize_fn's binding).  Blocks; called by several
 * threads.  ERR_DENIED, ERR_NOTFOUND (no such service), ERR_UNREACHABLE.
 */
typedef int ca_bridge_ticket_fn(void *cookie, const char *spn,
    const struct buf *binding, struct buf *value, struct err *err);

/* From the configuration; borrowed for the call. Times in seconds. */
struct ca_bridge_conf {
	const char *name; /* 1 to 32 of a-z 0-9 - ; not "internal" */
	const char *kind; /* "est", ...: a row of bridge.c */
	const char *url;
	const char *policy;	   /* CES: URL of its policy service; or NULL */
	const char *label;	   /* EST: of the CA at that server; CES:
				    * template; helper: profile; Vault: role;
				    * step-ca: provisioner; or NULL */
	const char *mount;	   /* Vault: of the engine; NULL: pki */
	const char *space;	   /* Vault: namespace; or NULL */
	const char *anchors;	   /* PEM file: the issuing CA's whole chain */
	const char *tls_ca;	   /* PEM file: vouch for the server; NULL:
				    * anchors */
	const char *certificate;   /* our own, PEM file with chain; or NULL */
	const char *key;	   /* its key, PEM file, mode 0600; or NULL */
	const char *user;	   /* for Basic; CMP: reference; Vault: role id
				    * of an AppRole; or NULL */
	const char *password_file; /* first line, mode 0600; or NULL */
	const char *token_file;	   /* Vault: the same, read each time; or NULL
				    */
	const char *signer;	   /* CMP: PEM file: signs the CA's messages;
				    * or NULL: the CA, or whom it marked */
	const char *command;	   /* helper: its path and options, by blanks */
	/* CES without certificate and user: Kerberos, for this principal, if
	 * it is not NULL. */
	const char *principal;
	ca_bridge_ticket_fn *ticket;
	void *tickets;	     /* its cookie */
	int64_t timeout;     /* of one exchange */
	int64_t retry_first; /* wait for a pending request, doubled ... */
	int64_t retry_most;  /* ... up to this */
};

/* Reads the files; no network. ERR_INVALID, ERR_NOTFOUND, ERR_DENIED name the
 * bridge and the file. A bridge may be used by several threads, which wait for
 * each other. */
int ca_bridge_open(const struct ca_bridge_conf *conf,
    struct ca_bridge **ret_bridge, struct err *err);
void ca_bridge_close(struct ca_bridge *b); /* NULL is allowed */
const char *ca_bridge_name(const struct ca_bridge *b);

/*
 * Ask the CA, without asking for a certificate: does it answer, are its
 * certificates ours, what does it want of requests?  A line per finding into
 * *out.  Network.  ERR_UNREACHABLE, ERR_UNTRUSTED, ERR_REFUSED (something to
 * put right), ERR_PROTOCOL.
 */
int ca_bridge_test(struct ca_bridge *b, struct buf *out, struct err *err);

/* The longest RSA key that firmware makes. */
#define CA_BRIDGE_KEY_BITS 3072

/* What a certificate template of Microsoft's asks of requests. */
struct ca_bridge_template {
	bool supplied;	    /* takes their names; else it has its own */
	int64_t signatures; /* of registration authorities */
	int64_t key_bits;   /* at least */
};
/* NULL, or why it is not for devices, perhaps in text. */
#define CA_BRIDGE_PROBLEM 120
const char *ca_bridge_template_problem(
    const struct ca_bridge_template *t, char text[CA_BRIDGE_PROBLEM]);
#endif
