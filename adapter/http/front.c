/* Connections behind TLS: who may come, how long they may take. */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "front_internal.h"
#include "loop.h"
#include "mem.h"

#define ACCEPT_AT_ONCE 16    /* so that others on the loop have their turn */
#define ACCEPT_AGAIN_MS 1000 /* after the process has no descriptors left */

/* --- the list --- */

static void
list_add(struct http_tls_end *end, struct http_front *f)
{
	f->next = end->fronts;
	if (end->fronts != NULL)
		end->fronts->prev = f;
	end->fronts = f;
	end->count++;
	end->handshakes++;
}

static void
list_remove(struct http_tls_end *end, struct http_front *f)
{
	assert((f->prev == NULL) == (end->fronts == f));
	if (f->prev != NULL)
		f->prev->next = f->next;
	else
		end->fronts = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	end->count--;
	if (f->state == HTTP_FRONT_SHAKES)
		end->handshakes--;
}

/* --- the end of one --- */

void
http_front_end(struct http_front *f)
{
	list_remove(f->h->tls, f);
	if (f->link != NULL)
		f->link->front = NULL;
	loop_io_del(f->io);
	loop_io_del(f->pair_io);
	SSL_free(f->ssl);
	(void)close(f->fd);
	if (f->pair >= 0)
		(void)close(f->pair); /* which libmicrohttpd sees */
	free(f->up.bytes);
	free(f->down.bytes);
	http_certificate_free(f->certificate);
	http_check_end(f->h);
	free(f);
}

void
http_front_cut(struct http_front *f)
{
	f->deadline = 1;
}

void
http_front_left(struct http_front *f)
{
	int64_t seconds = f->h->stopping ? HTTP_STOP_S : HTTP_ANSWER_S;

	f->link = NULL;
	if (f->deadline == 0)
		f->deadline = clock_mono_ms() + seconds * 1000;
}

void
http_front_sweep(struct http *h, int64_t now)
{
	struct http_front *f, *next;

	if (h->tls == NULL)
		return;
	/* Of the sweep before: libmicrohttpd has seen the end of them then. */
	if (h->tls->rested >= HTTP_REST_RELEASE) {
		h->tls->rested = 0;
		mem_release();
	}
	for (f = h->tls->fronts; f != NULL; f = next) {
		next = f->next;
		if (f->deadline != 0 && now >= f->deadline)
			http_front_end(f);
		else if (!h->stopping)
			http_front_rest(f, now);
	}
	if (h->tls->again != 0 && now >= h->tls->again && h->tls->io != NULL) {
		h->tls->again = 0;
		loop_io_want(h->tls->io, LOOP_READ);
	}
}

void
http_front_stop(struct http *h)
{
	int64_t latest = clock_mono_ms() + HTTP_STOP_S * INT64_C(1000);
	struct http_front *f, *next;

	loop_io_del(h->tls->io);
	h->tls->io = NULL;
	(void)close(h->tls->listening);
	h->tls->listening = -1;
	for (f = h->tls->fronts; f != NULL; f = next) {
		next = f->next;
		if (f->state == HTTP_FRONT_SHAKES ||
		    f->state == HTTP_FRONT_RESTS)
			http_front_end(f);
		else if (f->deadline > latest)
			f->deadline = latest;
	}
}

/* --- who may come --- */

static bool
same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	struct sockaddr_in6 a6, b6;
	struct sockaddr_in a4, b4;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET6) {
		memcpy(&a6, a, sizeof(a6));
		memcpy(&b6, b, sizeof(b6));
		return memcmp(&a6.sin6_addr, &b6.sin6_addr,
			   sizeof(a6.sin6_addr)) == 0;
	}
	memcpy(&a4, a, sizeof(a4));
	memcpy(&b4, b, sizeof(b4));
	return a4.sin_addr.s_addr == b4.sin_addr.s_addr;
}

static bool
has_too_many(const struct http *h, const struct sockaddr_storage *address)
{
	const struct http_front *f;
	unsigned count = 0;

	for (f = h->tls->fronts; f != NULL; f = f->next)
		if (same_host(&f->address, address))
			count++;
	return count >= h->per_address;
}

/* Who has been shaking hands for longest. */
static struct http_front *
oldest_handshake(const struct http *h)
{
	struct http_front *f, *found = NULL;

	for (f = h->tls->fronts; f != NULL; f = f->next)
		if (f->state == HTTP_FRONT_SHAKES)
			found = f;
	return found;
}

/* When it is cut if it goes on to do nothing; 0: it does something. */
static int64_t
idle_until(const struct http_front *f)
{
	switch (f->state) {
	case HTTP_FRONT_RESTS:
	case HTTP_FRONT_LINGERS:
		return f->deadline;
	case HTTP_FRONT_OPEN:
		return f->link != NULL && f->link->reading ? f->link->deadline
							   : 0;
	case HTTP_FRONT_SHAKES:
		break;
	}
	return 0;
}

/* Who has been doing nothing for longest. */
static struct http_front *
oldest_idle(const struct http *h)
{
	struct http_front *f, *found = NULL;
	int64_t until, first = 0;

	for (f = h->tls->fronts; f != NULL; f = f->next) {
		until = idle_until(f);
		if (until != 0 && (found == NULL || until < first)) {
			found = f;
			first = until;
		}
	}
	return found;
}

/* A newcomer is worth more than one who does nothing. */
static bool
make_room(struct http *h)
{
	struct http_front *f = NULL;

	if (h->tls->handshakes >= HTTP_HANDSHAKES_MAX)
		f = oldest_handshake(h);
	else if (h->tls->count >= h->connections) {
		f = oldest_handshake(h);
		if (f == NULL)
			f = oldest_idle(h);
	} else {
		return true;
	}
	if (f == NULL)
		return false;
	http_front_end(f);
	return true;
}

static void
take(struct http *h, int fd, const struct sockaddr_storage *address,
    socklen_t len)
{
	static const int yes = 1;
	struct http_front *f;
	SSL *ssl;

	if (has_too_many(h, address) || !make_room(h) ||
	    (ssl = SSL_new(h->tls->ctx)) == NULL) {
		(void)close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	f = mem_alloc(sizeof(*f));
	f->h = h;
	f->fd = fd;
	f->pair = -1;
	f->ssl = ssl;
	f->address = *address;
	f->address_len = len;
	f->deadline = clock_mono_ms() + HTTP_HANDSHAKE_S * INT64_C(1000);
	(void)SSL_set_fd(ssl, fd);
	SSL_set_accept_state(ssl);
	list_add(h->tls, f);
	http_sweep_soon(h);
	f->io = loop_io_add(h->loop, fd, LOOP_READ, http_front_go_on, f);
}

void
http_front_accept(void *cookie, unsigned ready)
{
	struct http *h = cookie;
	struct sockaddr_storage address;
	socklen_t len;
	int i, fd;

	(void)ready;
	for (i = 0; i < ACCEPT_AT_ONCE; i++) {
		memset(&address, 0, sizeof(address));
		len = sizeof(address);
		fd = accept4(h->tls->listening, (struct sockaddr *)&address,
		    &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			take(h, fd, &address, len);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			h->tls->again = clock_mono_ms() + ACCEPT_AGAIN_MS;
			loop_io_want(h->tls->io, 0);
			http_sweep_soon(h);
		}
		return;
	}
}
