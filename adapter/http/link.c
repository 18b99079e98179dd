/* Connections and how long they may take. */
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"
#include "front_internal.h"
#include "http_internal.h"
#include "loop.h"
#include "mem.h"

static void
link_add(struct http *h, struct http_link *link)
{
	http_sweep_soon(h);
	link->next = h->links;
	if (h->links != NULL)
		h->links->prev = link;
	h->links = link;
}

static void
link_remove(struct http *h, struct http_link *link)
{
	if (link->prev != NULL)
		link->prev->next = link->next;
	else
		h->links = link->next;
	if (link->next != NULL)
		link->next->prev = link->prev;
	if (link->front != NULL)
		http_front_left(link->front);
	free(link);
}

static int
descriptor_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info == NULL ? -1 : info->connect_fd;
}

static void
peer_of(struct MHD_Connection *connection, char out[HTTP_PEER])
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	http_peer_text(info == NULL ? NULL : info->client_addr, out);
}

void
http_link_notify(void *cookie, struct MHD_Connection *connection, void **slot,
    enum MHD_ConnectionNotificationCode code)
{
	struct http *h = cookie;
	struct http_link *link;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		link = mem_alloc(sizeof(*link));
		link->fd = descriptor_of(connection);
		link->front = http_front_joining(h, link);
		peer_of(connection, link->peer);
		*slot = link;
		link_add(h, link);
		http_link_reads(h, link);
	} else {
		link_remove(h, *slot);
		*slot = NULL;
		http_check_end(h);
	}
}

struct http_link *
http_link_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

/* libmicrohttpd sees the end of the stream and closes. */
static void
cut(struct http_link *link)
{
	(void)shutdown(link->fd, SHUT_RDWR);
	if (link->front != NULL)
		http_front_cut(link->front);
	if (link->stream != NULL)
		http_stream_lost(link->stream);
}

void
http_link_reads(struct http *h, struct http_link *link)
{
	link->reading = true;
	link->deadline = clock_mono_ms() + h->request_s * INT64_C(1000);
	if (h->stopping)
		cut(link);
}

void
http_link_streams(struct http *h, struct http_link *link, bool waits)
{
	link->reading = false;
	if (!waits)
		link->deadline = 0;
	else if (link->deadline == 0)
		http_link_sends(h, link);
}

void
http_link_waits(struct http_link *link)
{
	link->reading = false;
	link->deadline = 0;
}

void
http_link_sends(struct http *h, struct http_link *link)
{
	int64_t seconds = h->stopping ? HTTP_STOP_S : HTTP_ANSWER_S;

	link->reading = false;
	link->deadline = clock_mono_ms() + seconds * 1000;
}

/* The client closed and what it sent is no whole request, or there is no end to
 * our answer.  libmicrohttpd (edge triggered) overlooks an end that comes
 * together with bytes and would wait for its time-out, while the connection
 * counts against the limits; and does not look at a suspended one. */
static bool
is_gone(const struct http_link *link)
{
	char byte;

	return (link->reading || link->stream != NULL) &&
	    recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void
http_link_sweep(void *cookie)
{
	struct http *h = cookie;
	int64_t now = clock_mono_ms();
	struct http_link *link;

	for (link = h->links; link != NULL; link = link->next)
		if ((link->deadline != 0 && now >= link->deadline) ||
		    is_gone(link))
			cut(link);
	http_front_sweep(h, now);
	h->sweeping = false;
	if (h->links != NULL ||
	    (h->tls != NULL && (h->tls->fronts != NULL || h->tls->again != 0)))
		http_sweep_soon(h);
}

void
http_link_stop(struct http *h)
{
	int64_t latest = clock_mono_ms() + HTTP_STOP_S * INT64_C(1000);
	struct http_link *link;

	for (link = h->links; link != NULL; link = link->next) {
		if (link->reading)
			cut(link);
		else if (link->deadline > latest)
			link->deadline = latest;
		if (link->stream != NULL)
			http_stream_lost(link->stream);
	}
}
