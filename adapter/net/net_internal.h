#ifndef NET_INTERNAL_H_
#define NET_INTERNAL_H_
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "buf.h"
#include "err.h"
#include "net.h"

#define NET_SHA256 32
#define NET_HUB_PEERS 250     /* libcurl slows down above, see net.c */
#define NET_HEADERS_MAX 32768 /* all header lines of one answer */
#define NET_CHALLENGES_MAX 8  /* WWW-Authenticate values kept */
#define NET_ROOTS_MAX 32      /* certificates in one ca_pem */
#define NET_PEM_MAX 262144
#define NET_REASON 160 /* room for why a certificate was refused */

/* --- net.c: hubs, each a multi handle on the loop --- */

struct net_link;

struct net_hub {
	struct net *net;
	CURLM *multi;
	struct loop_timer *timer;
	LIST_HEAD(net_peers, net_peer) peers;
	unsigned count;
	TAILQ_ENTRY(net_hub) entry;
};

struct net {
	struct loop *loop;
	TAILQ_HEAD(net_hubs, net_hub) hubs;
	LIST_HEAD(net_roots, net_root) roots;
	struct net_kept *kept;
	struct net_stats stats;
	unsigned depth; /* of callbacks under way */
	bool dead;	/* net_free() was called inside one */
};

/*
 * A descriptor on the loop.  libcurl lets go of a connection's descriptor after
 * each exchange and wants it back in the next: it is watched on meanwhile,
 * which costs nothing, until the connection is closed.
 */
struct net_watch {
	struct net_hub *hub;
	struct net_link *link;
	struct loop_io *io;
	curl_socket_t fd;
	bool idle;  /* libcurl does not want it now */
	bool stood; /* its connection was ready for a request */
	LIST_ENTRY(net_watch) entry;
};
LIST_HEAD(net_watches, net_watch);

/* Before this descriptor of the link is closed. */
void net_watch_drop(struct net_link *link, curl_socket_t fd);
/* A request can leave on it: libcurl tells us from now on before it closes it.
 */
void net_watch_stands(struct net_link *link, curl_socket_t fd);
/* It was closed; may free the link. */
void net_link_closed(struct net_link *link, curl_socket_t fd);

/* Give the peer a hub where no other peer has its address and port. */
int net_hub_join(struct net *net, struct net_peer *peer, struct err *err);
void net_hub_leave(struct net_peer *peer);

/* --- trust.c: whose certificate is accepted --- */

struct net_root; /* the roots of one PEM text, shared by all peers with it */

struct net_policy {
	uint8_t pin[2][NET_SHA256];
	unsigned pins;
	struct net_root *root; /* NULL: pins only */
	char *name;
};

int net_policy_set(struct net *net, struct net_policy *policy,
    const struct net_trust *trust, struct err *err);
void net_policy_clear(struct net_policy *policy);
/* Neither pins nor roots: every certificate passes. */
bool net_policy_open(const struct net_policy *policy);
/* Is this leaf, sent with these others, whom we accept? If not, say why. */
bool net_policy_accepts(const struct net_policy *policy, X509 *leaf,
    const uint8_t sha[NET_SHA256], STACK_OF(X509) *others,
    char reason[NET_REASON]);

/* --- kept.c: TLS sessions beyond a peer --- */

struct net_kept;
struct net_kept *net_kept_new(void);
void net_kept_free(struct net_kept *kept);
/* For later peers with this one's address and port; counts a reference. */
void net_kept_put(const struct net_peer *peer, SSL_SESSION *session);
/* The one kept for this address, a reference given; or NULL. */
SSL_SESSION *net_kept_get(const struct net_peer *peer);
void net_kept_drop(const struct net_peer *peer);

/* --- tls.c: what we do to libcurl's TLS connections --- */

/*
 * What outlives a peer: libcurl may close a connection after the peer that used
 * it is gone, and reads from it while it does.  One per peer.
 */
struct net_link {
	struct net *net;
	struct net_peer *peer; /* NULL when it is gone */
	unsigned sockets;      /* not yet closed by libcurl */
	int fd;		       /* the newest of them; -1: no connection */
	struct net_watches watches;
	bool shaken;  /* its first TLS handshake is complete */
	bool trusted; /* and its certificate was accepted */
	bool no_tls;  /* it was answered by something else */
	bool asked;   /* the server wants a certificate of us */
};

/* CURLOPT_SSL_CTX_FUNCTION; cookie is the link. */
CURLcode net_tls_prepare(CURL *easy, void *context, void *cookie);
/* A new peer goes on with what is kept, if it trusts whom that was made with.
 */
void net_tls_inherit(struct net_peer *peer);

/* --- peer.c --- */

struct net_peer {
	struct net *net;
	struct net_hub *hub;
	LIST_ENTRY(net_peer) entry;
	struct net_link *link;
	struct net_call *call; /* the exchange under way */
	CURL *easy;
	bool added; /* easy is in the hub's multi handle */
	int64_t idle_since;
	/* from the configuration */
	char *address;
	uint16_t port;
	bool tls, legacy_tls;
	unsigned connect_ms, idle_ms;
	struct net_policy policy;
	/* TLS */
	SSL_SESSION *session;	      /* to resume on the next connection */
	bool forgets;		      /* its sessions are good for nobody */
	bool known;		      /* verified holds something */
	uint8_t verified[NET_SHA256]; /* the leaf accepted last */
	char leaf[2 * NET_SHA256 + 1];
	X509 *leaf_parsed; /* by the handshake; counted */
	uint8_t *leaf_der;
	size_t leaf_len;
	char reason[NET_REASON]; /* why the certificate was refused, or "" */
};

/* Take the easy handle out of its multi handle; with close, the connection it
 * used is closed as well. */
void net_peer_detach(struct net_peer *peer, bool close);

/* --- call.c: one exchange --- */

struct net_call {
	struct net_peer *peer;
	net_done_fn *done;
	void *cookie;
	struct curl_slist *headers;
	unsigned timeout_ms;
	struct buf body;
	char *challenge[NET_CHALLENGES_MAX + 1];
	size_t challenges;
	size_t header_bytes;
	bool released; /* the request may have begun to leave */
	bool resent;   /* libcurl wanted to send it again; refused */
	bool fresh;    /* a connection was opened for it */
	bool closes;   /* the answer says so */
	bool flooded;  /* headers past their limit */
	bool headed;   /* the headers came to their end */
	long error;    /* errno of a failed connect, or 0 */
	char text[CURL_ERROR_SIZE];
};

/* libcurl is done with the peer's call: report it. The peer may be gone
 * afterwards. */
void net_call_finish(struct net_peer *peer, CURLcode code);
void net_call_free(struct net_call *call);
/* One header line of the answer; false when there are too many. */
bool net_call_header(struct net_call *call, const char *line, size_t len);
/* Is this the header called name? Its value, trimmed, if so. */
bool net_header_is(const char *line, size_t len, const char *name,
    const char **ret_value, size_t *ret_len);
#endif
