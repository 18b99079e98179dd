/* When a connection behind TLS is one of libmicrohttpd's, and when it rests. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "front_internal.h"
#include "loop.h"

struct http_front *
http_front_joining(struct http *h, struct http_link *link)
{
	struct http_front *f = h->tls == NULL ? NULL : h->tls->joining;

	if (f != NULL)
		f->link = link;
	return f;
}

/* With TLS 1.3 it is the client who speaks last, and one that has not switched
 * Nagle's algorithm off sends its request when that was acknowledged. */
static void
acknowledge(int fd)
{
	static const int yes = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof(yes));
}

static void
rest(struct http_front *f)
{
	f->state = HTTP_FRONT_RESTS;
	f->deadline = clock_mono_ms() + f->h->request_s * INT64_C(1000);
	loop_io_want(f->io, LOOP_READ);
}

void
http_front_ready(struct http_front *f)
{
	f->h->tls->handshakes--;
	acknowledge(f->fd);
	f->certificate = http_certificate_new(f->ssl);
	rest(f);
}

/* libmicrohttpd has answered, the client has the answer, nobody has said
 * anything since. */
static bool
is_idle(const struct http_front *f, int64_t now)
{
	int64_t began;
	char byte;

	if (f->state != HTTP_FRONT_OPEN || f->link == NULL ||
	    !f->link->reading || !f->exact || f->carried != 0 || f->up_ended ||
	    f->down_ended || f->up.bytes != NULL || f->down.bytes != NULL)
		return false;
	began = f->link->deadline - f->h->request_s * INT64_C(1000);
	return now - began >= HTTP_REST_MS &&
	    recv(f->pair, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

void
http_front_rest(struct http_front *f, int64_t now)
{
	if (!is_idle(f, now))
		return;
	f->link->front = NULL;
	f->link = NULL;
	loop_io_del(f->pair_io);
	f->pair_io = NULL;
	(void)close(f->pair); /* which libmicrohttpd sees */
	f->pair = -1;
	f->h->tls->rested++;
	rest(f);
}

void
http_front_request(struct http_front *f, size_t len)
{
	f->exact = f->carried == len;
	f->carried = 0;
}

bool
http_front_join(struct http_front *f)
{
	struct http *h = f->h;
	enum MHD_Result added;
	int pair[2];

	f->state = HTTP_FRONT_OPEN;
	f->deadline = 0;
	f->exact = false;
	f->carried = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) != 0)
		return false;
	f->pair = pair[0];
	f->pair_io =
	    loop_io_add(h->loop, f->pair, LOOP_READ, http_front_go_on, f);
	h->tls->joining = f;
	/* It has pair[1] in any case, and calls http_link_notify(). */
	added = MHD_add_connection(
	    h->mhd, pair[1], (struct sockaddr *)&f->address, f->address_len);
	h->tls->joining = NULL;
	http_kick(h);
	return added == MHD_YES && f->link != NULL;
}

const struct http_client *
http_front_client(const struct http_front *f)
{
	return http_certificate_client(f->certificate);
}
