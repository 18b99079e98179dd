#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "mem.h"
#include "net_internal.h"
#include "str.h"

/*
 * TLS sessions that outlive their peer: a device is spoken to over several
 * peers within minutes (a visit, a login of its own, the next visit), and a
 * resumed handshake costs half of a full one.
 *
 * One for each server address, in a table of fixed size where a new one takes
 * the place of another; none for longer than NET_KEPT_MS.  Resuming trusts the
 * certificate that the session was made with, so whoever takes one must accept
 * that certificate, by its own policy and now.
 */
#define SLOTS 1024
#define NET_KEPT_MS (10 * 60 * 1000)

struct kept {
	char *address; /* NULL: free */
	uint16_t port;
	int64_t since;
	SSL_SESSION *session;
};

struct net_kept {
	struct kept slot[SLOTS];
};

struct net_kept *
net_kept_new(void)
{
	return mem_alloc(sizeof(struct net_kept));
}

static void
clear(struct kept *k)
{
	free(k->address);
	SSL_SESSION_free(k->session);
	*k = (struct kept){0};
}

void
net_kept_free(struct net_kept *kept)
{
	size_t i;

	for (i = 0; i < SLOTS; i++)
		clear(&kept->slot[i]);
	free(kept);
}

static struct kept *
slot_of(const struct net_peer *peer)
{
	uint32_t hash = 2166136261U ^ peer->port; /* FNV-1a */
	const char *at;

	for (at = peer->address; *at != '\0'; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619U;
	return &peer->net->kept->slot[(hash ^ hash >> 16) % SLOTS];
}

static bool
is_of(const struct kept *k, const struct net_peer *peer)
{
	return k->address != NULL && k->port == peer->port &&
	    str_eq(k->address, peer->address);
}

void
net_kept_put(const struct net_peer *peer, SSL_SESSION *session)
{
	struct kept *k = slot_of(peer);

	if (SSL_SESSION_is_resumable(session) != 1 ||
	    SSL_SESSION_up_ref(session) != 1)
		return;
	if (!is_of(k, peer)) {
		clear(k);
		k->address = mem_dup(peer->address);
		k->port = peer->port;
	}
	SSL_SESSION_free(k->session);
	k->session = session;
	k->since = clock_mono_ms();
}

void
net_kept_drop(const struct net_peer *peer)
{
	struct kept *k = slot_of(peer);

	if (is_of(k, peer))
		clear(k);
}

SSL_SESSION *
net_kept_get(const struct net_peer *peer)
{
	struct kept *k = slot_of(peer);

	if (!is_of(k, peer))
		return NULL;
	if (clock_mono_ms() - k->since > NET_KEPT_MS) {
		clear(k);
		return NULL;
	}
	return SSL_SESSION_up_ref(k->session) == 1 ? k->session : NULL;
}
