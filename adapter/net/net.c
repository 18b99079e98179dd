#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "mem.h"
#include "net_internal.h"
#include "str.h"

/*
 * libcurl's multi handles on the loop.  Taking a transfer out of a multi handle
 * walks all its connections, so the cost of a device grows with the number in
 * one handle (4,000 in one: twice the CPU of 16 with 250 each).  Hence hubs: a
 * multi handle with its timer for at most NET_HUB_PEERS peers.
 *
 * libcurl lends a kept-alive connection to any transfer that goes to the same
 * address and port.  A connection of ours carries its owner's trust and, with
 * Negotiate, its owner's authentication, so no hub has two peers with the same
 * address and port.
 */

static void
net_destroy(struct net *net)
{
	struct net_hub *hub;

	while ((hub = TAILQ_FIRST(&net->hubs)) != NULL) {
		TAILQ_REMOVE(&net->hubs, hub, entry);
		assert(hub->count == 0);
		(void)curl_multi_cleanup(hub->multi);
		loop_timer_del(hub->timer);
		free(hub);
	}
	assert(LIST_EMPTY(&net->roots));
	net_kept_free(net->kept);
	free(net);
	curl_global_cleanup();
}

/* Report all transfers that ended. A done() may free or start any of them:
 * libcurl takes the messages of removed ones back. */
static void
hub_collect(struct net_hub *hub)
{
	struct CURLMsg *message;
	struct net_peer *peer;
	char *private;
	int left;

	while ((message = curl_multi_info_read(hub->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		private = NULL;
		(void)curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, &private);
		peer = (void *)private;
		assert(peer != NULL && peer->call != NULL);
		net_call_finish(peer, message->data.result);
	}
}

/* Let libcurl act on a descriptor or, with CURL_SOCKET_TIMEOUT, on time. */
static void
hub_act(struct net_hub *hub, curl_socket_t fd, int mask)
{
	struct net *net = hub->net;
	int running;

	net->depth++;
	(void)curl_multi_socket_action(hub->multi, fd, mask, &running);
	hub_collect(hub);
	net->depth--;
	if (net->depth == 0 && net->dead)
		net_destroy(net);
}

static void
on_timer(void *cookie)
{
	hub_act(cookie, CURL_SOCKET_TIMEOUT, 0);
}

static void
on_ready(void *cookie, unsigned ready)
{
	struct net_watch *watch = cookie;
	int mask = 0;

	if (watch->idle) { /* the device has closed it: seen at the next use */
		loop_io_want(watch->io, 0);
		return;
	}
	if ((ready & LOOP_READ) != 0)
		mask |= CURL_CSELECT_IN;
	if ((ready & LOOP_WRITE) != 0)
		mask |= CURL_CSELECT_OUT;
	hub_act(watch->hub, watch->fd, mask);
}

static unsigned
wanted(int what)
{
	switch (what) {
	case CURL_POLL_IN:
		return LOOP_READ;
	case CURL_POLL_OUT:
		return LOOP_WRITE;
	default:
		return LOOP_READ | LOOP_WRITE;
	}
}

/* The link of the transfer, whose peer cannot be gone. */
static struct net_link *
link_of(CURL *easy)
{
	char *private = NULL;
	struct net_peer *peer;

	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	peer = (void *)private;
	return peer->link;
}

static struct net_watch *
watch_find(const struct net_link *link, curl_socket_t fd)
{
	struct net_watch *watch;

	LIST_FOREACH (watch, &link->watches, entry)
		if (watch->fd == fd)
			return watch;
	return NULL;
}

static struct net_watch *
watch_get(struct net_hub *hub, CURL *easy, curl_socket_t fd)
{
	struct net_link *link = link_of(easy);
	struct net_watch *watch = watch_find(link, fd);

	if (watch != NULL)
		return watch;
	watch = mem_alloc(sizeof(*watch));
	watch->hub = hub;
	watch->link = link;
	watch->fd = fd;
	watch->io = loop_io_add(hub->net->loop, fd, 0, on_ready, watch);
	LIST_INSERT_HEAD(&link->watches, watch, entry);
	return watch;
}

void
net_watch_drop(struct net_link *link, curl_socket_t fd)
{
	struct net_watch *watch = watch_find(link, fd);

	if (watch == NULL)
		return;
	LIST_REMOVE(watch, entry);
	loop_io_del(watch->io);
	free(watch);
}

void
net_watch_stands(struct net_link *link, curl_socket_t fd)
{
	struct net_watch *watch = watch_find(link, fd);

	if (watch != NULL)
		watch->stood = true;
}

/* libcurl 7.88 closes a descriptor that it has not connected by itself, without
 * close_socket(), and says only here that it does not want it any more.  It is
 * another's by the next turn; the loop must not know it then. */
static void
watch_unwanted(struct net_watch *watch)
{
	struct net_link *link = watch->link;
	curl_socket_t fd = watch->fd;

	if (watch->stood) {
		watch->idle = true;
		return;
	}
	net_watch_drop(link, fd);
	if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
		net_link_closed(link, fd);
}

/* CURLMOPT_SOCKETFUNCTION */
static int
want_socket(
    CURL *easy, curl_socket_t fd, int what, void *cookie, void *socket_cookie)
{
	struct net_hub *hub = cookie;
	struct net_watch *watch = socket_cookie;

	if (what == CURL_POLL_REMOVE) {
		if (watch != NULL)
			watch_unwanted(watch);
		return 0;
	}
	if (watch == NULL) {
		watch = watch_get(hub, easy, fd);
		(void)curl_multi_assign(hub->multi, fd, watch);
	}
	watch->idle = false;
	loop_io_want(watch->io, wanted(what));
	return 0;
}

/* CURLMOPT_TIMERFUNCTION */
static int
want_timer(CURLM *multi, long ms, void *cookie)
{
	struct net_hub *hub = cookie;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(hub->timer);
	else
		loop_timer_set(hub->timer, (uint64_t)ms);
	return 0;
}

static struct net_hub *
hub_new(struct net *net, struct err *err)
{
	struct net_hub *hub;
	CURLM *multi = curl_multi_init();

	if (multi == NULL) {
		(void)err_set(
		    err, ERR_LIMIT, "libcurl cannot make another multi handle");
		return NULL;
	}
	hub = mem_alloc(sizeof(*hub));
	hub->net = net;
	hub->multi = multi;
	hub->timer = loop_timer_new(net->loop, on_timer, hub);
	LIST_INIT(&hub->peers);
	(void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, hub);
	(void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, want_timer);
	(void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, hub);
	(void)curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	TAILQ_INSERT_TAIL(&net->hubs, hub, entry);
	return hub;
}

static bool
hub_fits(const struct net_hub *hub, const struct net_peer *peer)
{
	const struct net_peer *other;

	if (hub->count >= NET_HUB_PEERS)
		return false;
	LIST_FOREACH (other, &hub->peers, entry)
		if (other->port == peer->port &&
		    str_eq(other->address, peer->address))
			return false;
	return true;
}

int
net_hub_join(struct net *net, struct net_peer *peer, struct err *err)
{
	struct net_hub *hub;

	TAILQ_FOREACH (hub, &net->hubs, entry)
		if (hub_fits(hub, peer))
			break;
	if (hub == NULL)
		hub = hub_new(net, err);
	if (hub == NULL)
		return -1;
	LIST_INSERT_HEAD(&hub->peers, peer, entry);
	hub->count++;
	peer->hub = hub;
	return 0;
}

void
net_hub_leave(struct net_peer *peer)
{
	LIST_REMOVE(peer, entry);
	assert(peer->hub->count > 0);
	peer->hub->count--;
	peer->hub = NULL;
}

struct net *
net_new(struct loop *loop, struct err *err)
{
	struct net *net;
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

	if (code != CURLE_OK) {
		(void)err_native(err, ERR_LIMIT, ERR_CURL, (long)code,
		    "libcurl: %s", curl_easy_strerror(code));
		return NULL;
	}
	net = mem_alloc(sizeof(*net));
	net->loop = loop;
	TAILQ_INIT(&net->hubs);
	LIST_INIT(&net->roots);
	net->kept = net_kept_new();
	return net;
}

void
net_free(struct net *net)
{
	if (net == NULL)
		return;
	if (net->depth > 0)
		net->dead = true;
	else
		net_destroy(net);
}

void
net_stats(const struct net *net, struct net_stats *ret_stats)
{
	*ret_stats = net->stats;
}
