#ifndef NET_H_
#define NET_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct loop;
struct net;
struct net_peer;

/*
 * HTTP exchanges on libcurl's multi interface, driven by the loop.  No
 * redirects, no cookies, no proxy, HTTP/1.1, "Expect:" off, no libcurl
 * authentication: what is sent is what the caller gave.  Many multi handles of
 * at most 250 transfers each hang on one loop.
 */
struct net *net_new(struct loop *loop, struct err *err);
void net_free(struct net *net); /* peers must be gone */

/* Whom we accept behind TLS.  Both ways are checked before a byte of HTTP is
 * sent; anything else ends in ERR_UNTRUSTED.  Nothing set: accept any (only to
 * look at the leaf; such a peer refuses to send an Authorization header).  Each
 * certificate in ca_pem is an anchor, as devices send their leaf only; ca_pem
 * without a name, or a pin that is none, is ERR_INVALID in net_peer_new(). */
struct net_trust {
	const char *leaf_sha256;  /* hex: exactly this certificate, or ... */
	const char *leaf2_sha256; /* ... this one (during a replacement) */
	const char *ca_pem;	  /* ... or one that chains to these roots */
	const char *name;	  /*     and carries this DNS name */
};

/* One server address: keeps one connection and its TLS session. The session is
 * kept for some minutes more: the next peer with this address and port goes on
 * with it, if its own trust accepts the certificate that it was made with. */
struct net_peer_conf {
	const char *address; /* IPv4 or IPv6 literal */
	uint16_t port;
	bool tls;
	bool legacy_tls;	/* allow TLS 1.0/1.1 and legacy renegotiation */
	struct net_trust trust; /* all copied */
	unsigned connect_ms;	/* 0: 10 s, TLS handshake included */
	unsigned idle_ms;	/* longer unused: a new connection; 0: 15 s */
};
struct net_peer *net_peer_new(
    struct net *net, const struct net_peer_conf *conf, struct err *err);
/* Close its connection (after the exchange under way, if there is one); the
 * next exchange opens a new one. */
void net_peer_disconnect(struct net_peer *peer);
/* What is known of the server's TLS is over (it gets another certificate): its
 * next handshake, over this or any other peer, is a full one. */
void net_peer_forget(struct net_peer *peer);
/* Cancels what is under way (done() is then not called). */
void net_peer_free(struct net_peer *peer);
/* SHA-256 hex and DER of the leaf the server presented on the latest TLS
 * handshake, trusted or not; NULL before. Borrowed. */
const char *net_peer_leaf(const struct net_peer *peer);
const uint8_t *net_peer_leaf_der(const struct net_peer *peer, size_t *ret_len);
/* The same as an X509, which takes as long to make as half a handshake. */
struct x509_st *net_peer_leaf_parsed(const struct net_peer *peer);

struct net_request {
	const char *method;	    /* "POST" */
	const char *path;	    /* "/wsman" */
	const char *const *headers; /* "Name: value", ..., NULL */
	const void *body;	    /* borrowed until done() */
	size_t body_len;
	unsigned timeout_ms; /* for the whole exchange */
	size_t answer_max;   /* longer answers end in ERR_PROTOCOL */
};

/* Borrowed for the callback. */
struct net_answer {
	int status;
	const struct buf *body;
	const char *const *challenges; /* each WWW-Authenticate value, NULL */
	bool fresh;		       /* came over a new connection */
	bool closes;		       /* "Connection: close" */
};

/*
 * answer is NULL when err->kind is set.  ERR_UNREACHABLE means that certainly
 * not one byte of the request left (name, connect, TLS); ERR_UNKNOWN that some
 * may have and nothing came back; ERR_UNTRUSTED that the certificate was
 * refused; ERR_PROTOCOL that an answer came which is no HTTP, too long, or
 * broke off (the request was sent, and may have been executed).
 */
typedef void net_done_fn(
    void *cookie, const struct net_answer *answer, const struct err *err);
/* Of an ERR_UNREACHABLE: was the connection refused, rather than not answered?
 * Or made, and the TLS handshake answered by what is no TLS? */
bool net_refused(const struct err *err);
bool net_no_tls(const struct err *err);
/* Of that or an ERR_UNKNOWN: was a certificate of ours asked for, and the
 * connection ended when there was none? */
bool net_wants_certificate(const struct err *err);

/* One at a time per peer. done() is called exactly once, from the loop. The
 * request leaves at most once: libcurl's silent second sending on a kept
 * connection that died is stopped (ERR_UNKNOWN). In done() the peer may be
 * freed or used for the next exchange. -1: nothing was begun. */
int net_exchange(struct net_peer *peer, const struct net_request *request,
    net_done_fn *done, void *cookie, struct err *err);

/* Totals since net_new(), for metrics and benches. */
struct net_stats {
	uint64_t exchanges, connections, handshakes, resumed, failures;
};
void net_stats(const struct net *net, struct net_stats *ret_stats);
#endif
