#ifndef BRIDGE_KIND_H_
#define BRIDGE_KIND_H_
#include <openssl/types.h>
#include <pthread.h>
#include <stdbool.h>

#include "bridge.h"
#include "buf.h"
#include "der.h"
#include "err.h"

struct secret;

#define CA_BRIDGE_ANSWER_MAX 65536 /* one answer of a CA */
#define CA_BRIDGE_CERTS_MAX 16	   /* certificates in one */
#define CA_BRIDGE_ANCHORS_MAX 32
#define CA_BRIDGE_ID_MAX 128 /* characters of a request id */
#define CA_BRIDGE_HINT_MAX                                                     \
	604800 /* a CA's Retry-After beyond a week is cut                      \
		*/
#define CA_BRIDGE_PEM_MAX 262144
#define CA_BRIDGE_KEY_MAX 32768 /* a private key with its PEM armour */
#define CA_BRIDGE_WORDS 160	/* characters kept of what a CA says */
#define CA_BRIDGE_PROGRESS_MAX ((size_t)2 * CA_BRIDGE_ANSWER_MAX)

/* What a protocol is asked for; all borrowed. */
struct ca_bridge_ask {
	const uint8_t *csr; /* PKCS#10, DER */
	size_t csr_len;
	struct ca_span spki; /* its SubjectPublicKeyInfo */
	bool names_template; /* it holds a Microsoft template's name */
	/* What it asks for, where the protocol wants to hear it again. */
	const char *const *dns; /* the FQDN first */
	size_t dns_count;
	const char *address; /* IPv4, dotted; or NULL */
	int64_t validity;    /* seconds; 0: as the CA likes */
	const char
	    *request_id; /* as made by name_request, or given by submit */
	bool again; /* submit: it may have been sent before, under this id */
	struct ca_span progress; /* poll, confirm: as given before */
};

/* And what it answers. */
struct ca_bridge_answer {
	enum ca_bridge_outcome outcome;
	struct buf leaf; /* issued: DER, nothing about it checked yet */
	char request_id[CA_BRIDGE_ID_MAX + 1]; /* pending; printable */
	/* Pending, issued: what the protocol needs to go on from here, also in
	 * another process; kept with the request. */
	struct buf progress;
	bool at_once; /* pending: to be asked after as soon as it is on record
		       */
	bool ended;   /* the CA knows nothing of the request id (any more) */
	int64_t retry_after; /* seconds the CA asks us to wait; 0: silent */
	/* Why, the CA's words printable; issued: what it remarks on that. */
	struct buf text;
};
void ca_bridge_answer_init(struct ca_bridge_answer *a);
void ca_bridge_answer_clear(struct ca_bridge_answer *a);
/* Set outcome and text. */
void ca_bridge_answer_set(struct ca_bridge_answer *a,
    enum ca_bridge_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* -1, with what a test that only reads ended with. */
int ca_bridge_test_failed(const struct ca_bridge_answer *a, struct err *err);

/*
 * A protocol: a row of the table in bridge.c.  Calls block, each within the
 * bridge's timeout, one at a time per bridge, and touch neither database nor
 * log.
 */
struct ca_bridge_kind {
	const char *name;
	bool local;  /* a program on this computer: command, and no url */
	bool mounts; /* mount, namespace and token_file are for it */
	/* certificate and key sign what is sent: the server is not shown them,
	 * and the key may be alone. */
	bool signs;
	/* Check the configuration and make b->state; no network. */
	int (*open)(struct ca_bridge *b, struct err *err);
	/* The id of a new request, on record before it is sent.  NULL: the
	 * protocol has none, or the CA gives it. */
	void (*name_request)(char ret[CA_BRIDGE_ID_MAX + 1]);
	void (*submit)(struct ca_bridge *b, const struct ca_bridge_ask *ask,
	    struct ca_bridge_answer *ret);
	/* Of a pending one, or one that waits for our word: that is answered
	 * from its progress. */
	void (*poll)(struct ca_bridge *b, const struct ca_bridge_ask *ask,
	    struct ca_bridge_answer *ret);
	/* Tell the CA that we take the certificate in progress (issued: it
	 * knows), or why not.  NULL: the protocol has no such word. */
	void (*confirm)(struct ca_bridge *b, const struct ca_bridge_ask *ask,
	    const char *why_not, struct ca_bridge_answer *ret);
	/* issued: the CA knows it as revoked. NULL: the protocol cannot.  Also
	 * asked for what was issued and is not taken, where there is no
	 * confirm. */
	void (*revoke)(struct ca_bridge *b, const uint8_t *leaf, size_t len,
	    int reason, struct ca_bridge_answer *ret);
	int (*test)(struct ca_bridge *b, struct buf *out, struct err *err);
	void (*close)(struct ca_bridge *b);
};

struct ca_bridge {
	const struct ca_bridge_kind *kind;
	void *state; /* the kind's */
	pthread_mutex_t mutex;
	int64_t held_until; /* nothing is asked before; from the last answer */
	unsigned silent;    /* times in a row it did not answer */
	char held_why[CA_BRIDGE_WORDS];
	/* from the configuration, owned */
	char *name, *url, *policy, *label, *user, *command;
	char *mount, *space, *token_file; /* NULL: not configured */
	char *principal;		  /* Kerberos; NULL: none */
	ca_bridge_ticket_fn *ticket;
	void *tickets;
	char *anchors_pem;
	char *tls_pem;
	char *signer_pem; /* NULL: none */
	char *cert_pem;	  /* NULL: none */
	struct secret *key_pem;
	struct secret *password;
	X509_STORE *anchors;	 /* the tops of the file of anchors */
	STACK_OF(X509) *between; /* all of it */
	int64_t timeout, retry_first, retry_most;
};
/* With this protocol, which need not be in the table; for tests. */
int ca_bridge_open_kind(const struct ca_bridge_conf *conf,
    const struct ca_bridge_kind *kind, struct ca_bridge **ret_bridge,
    struct err *err);

/* Chain of a certificate to the anchors at this time, as RFC 5280, 6.1 has it
 * for any policy, and without revocation lists; purpose as in
 * X509_PURPOSE_*, 0: any. NULL, or why not. */
const char *ca_bridge_chain(
    const struct ca_bridge *b, X509 *cert, int purpose, int64_t now);

/* Is this its SubjectPublicKeyInfo? */
bool ca_bridge_has_key(X509 *cert, struct ca_span spki);
/* How long to wait after the tries-th try. */
struct ca_bridge_wait {
	int64_t first, most;
	int64_t tries;	 /* 1, 2, ... */
	int64_t hint;	 /* what the CA asks for; 0: nothing */
	int64_t left;	 /* until the certificate in use ends; 0: there is none
			  */
	const char *key; /* spreads those that began together */
};
int64_t ca_bridge_wait(const struct ca_bridge_wait *w);
#endif
