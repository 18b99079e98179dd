#ifndef CA_BRIDGE_INTERNAL_H_
#define CA_BRIDGE_INTERNAL_H_
#include <openssl/types.h>
#include <pthread.h>

#include "bridge.h"
#include "buf.h"
#include "csr_internal.h"
#include "err.h"

struct ca_store;
struct net_fetch;
struct net_fetched;
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
	const char
	    *request_id; /* as made by name_request, or given by submit */
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
	struct buf text;     /* why, the CA's words printable */
};
void ca_bridge_answer_init(struct ca_bridge_answer *a);
void ca_bridge_answer_clear(struct ca_bridge_answer *a);
/* Set outcome and text. */
void ca_bridge_answer_set(struct ca_bridge_answer *a,
    enum ca_bridge_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * A protocol: a row of the table in bridge.c.  Calls block, each within the
 * bridge's timeout, one at a time per bridge, and touch neither database nor
 * log.
 */
struct ca_bridge_kind {
	const char *name;
	bool local; /* a program on this computer: command, and no url */
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
	/* issued: the CA knows it as revoked. NULL: the protocol cannot. */
	void (*revoke)(struct ca_bridge *b, const uint8_t *leaf, size_t len,
	    int reason, struct ca_bridge_answer *ret);
	int (*test)(struct ca_bridge *b, struct buf *out, struct err *err);
	void (*close)(struct ca_bridge *b);
};

extern const struct ca_bridge_kind ca_bridge_cmp;
extern const struct ca_bridge_kind ca_bridge_est;
extern const struct ca_bridge_kind ca_bridge_helper;

struct ca_bridge {
	const struct ca_bridge_kind *kind;
	void *state; /* the kind's */
	pthread_mutex_t mutex;
	int64_t held_until; /* nothing is asked before; from the last answer */
	unsigned silent;    /* times in a row it did not answer */
	char held_why[CA_BRIDGE_WORDS];
	/* from the configuration, owned */
	char *name, *url, *label, *user, *command;
	char *anchors_pem;
	char *tls_pem;
	char *signer_pem; /* NULL: none */
	char *cert_pem;	  /* NULL: none */
	struct secret *key_pem;
	struct secret *password;
	X509_STORE *anchors;
	int64_t timeout, retry_first, retry_most;
};
/* With this protocol, which need not be in the table; for tests. */
int ca_bridge_open_kind(const struct ca_bridge_conf *conf,
    const struct ca_bridge_kind *kind, struct ca_bridge **ret_bridge,
    struct err *err);

/* Is this what was asked for, by a CA we trust, and fit for a device? c has
 * passed ca_csr_case_check(). ERR_REFUSED naming what is wrong. */
int ca_bridge_check(const struct ca_bridge *b, const struct ca_csr_case *c,
    struct ca_span leaf, struct err *err);
/* Chain of a certificate to the anchors at this time; purpose as in
 * X509_PURPOSE_*, 0: any. NULL, or why not. */
const char *ca_bridge_chain(
    const struct ca_bridge *b, X509 *cert, int purpose, int64_t now);

/* Of a CSR that has passed our rules; borrowed from it. */
struct ca_span ca_bridge_key(const struct ca_bridge_ask *ask);
/* Is this its SubjectPublicKeyInfo? */
bool ca_bridge_has_key(X509 *cert, struct ca_span spki);
/* Of several certificates the first with this key, DER, appended to *leaf;
 * found counts them. */
struct ca_bridge_pick {
	struct ca_span spki;
	struct buf *leaf;
	unsigned found;
};
void ca_bridge_pick(void *pick, X509 *cert);

/* The certificates that a CA calls its own: a line about each, and in the end
 * -1 when any does not chain to the anchors. */
struct ca_bridge_shown {
	const struct ca_bridge *b;
	struct buf *out;
	unsigned strangers;
};
void ca_bridge_show(void *shown, X509 *cert);
int ca_bridge_shown_end(const struct ca_bridge_shown *s, struct err *err);
/* -1, with what a test that only reads ended with. */
int ca_bridge_test_failed(const struct ca_bridge_answer *a, struct err *err);

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

/* --- what protocols over HTTP share (bridge_http.c) --- */

/* NULL, or what is wrong with the url. */
const char *ca_bridge_url_check(const char *url);
/* One exchange of this name: what says which server is trusted, how long it may
 * take and how much it may say is filled in here. 0, or -1 with the outcome
 * set. */
int ca_bridge_fetch(struct ca_bridge *b, struct net_fetch *f, const char *name,
    struct net_fetched *ret, struct ca_bridge_answer *answer);
/* What a status other than success means; where says what is not there when
 * nothing is. */
void ca_bridge_judge_status(const struct net_fetched *got, const char *where,
    struct ca_bridge_answer *a);
/* Seconds from now of a Retry-After value (RFC 9110, 10.2.3), 0 if it is none,
 * CA_BRIDGE_HINT_MAX at most. */
int64_t ca_bridge_retry_after(const char *value, int64_t now);

/* --- EST's own formats (bridge_est_codec.c) --- */

/* The certificate for this public key out of a certs-only PKCS#7 message,
 * base64 or DER (RFC 7030, 4.1.3, 4.2.3), appended to *leaf. NULL, or what is
 * wrong. */
const char *ca_est_read_certs(
    struct ca_span body, struct ca_span spki, struct buf *leaf);
/* Each certificate of such a message. */
typedef void ca_est_cert_fn(void *cookie, X509 *cert);
const char *ca_est_each_cert(
    struct ca_span body, ca_est_cert_fn *fn, void *cookie);
/* What the CA wants in a request (RFC 7030, 4.5.2): a line each into *out;
 * *ret_bars: what no device can give, or NULL. NULL, or what is wrong. */
const char *ca_est_read_attributes(
    struct ca_span body, struct buf *out, const char **ret_bars);

/* --- records (bridge_store.c); the store is locked --- */

struct ca_bridge_record {
	char *device, *template_name, *subject, *names, *state, *request_id,
	    *text;
	uint8_t spki_sha256[32];
	struct buf csr;
	struct buf progress; /* of the request, as its protocol gave it */
	int64_t tries, made_at, asked_at, retry_at, urgent_at;
};
void ca_bridge_record_clear(struct ca_bridge_record *r);
/* 1 = found, 0, -1. bridge NULL: the one asked last. */
int ca_bridge_store_get(struct ca_store *s, const char *bridge, const char *key,
    struct ca_bridge_record *ret, struct err *err);
/* Insert or replace. */
int ca_bridge_store_put(struct ca_store *s, const char *bridge, const char *key,
    const struct ca_bridge_record *r, struct err *err);
/* ERR_CONFLICT when some certificate has this serial. */
int ca_bridge_store_serial_free(
    struct ca_store *s, const char *serial, struct err *err);
/* The certificate of a request. ERR_CONFLICT when key or serial have one. */
int ca_bridge_store_add_cert(struct ca_store *s, const char *bridge,
    const struct ca_cert *cert, struct err *err);
int ca_bridge_store_revoke(struct ca_store *s, const char *serial,
    const struct ca_bridge_end *end, bool told, struct err *err);
#endif
