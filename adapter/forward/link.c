#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "forward_internal.h"
#include "mem.h"

#define FINISH_MS 2000
#define FRAME_MAX 24

struct forward_link {
	enum forward_transport transport;
	unsigned timeout_ms;
	int fd;
	SSL_CTX *context;
	SSL *ssl;
};

/* Ready within the time, or with an error to be seen? */
static bool
ready(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left;
	int rc;

	do {
		left = deadline - clock_mono_ms();
		rc = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (rc == -1 && errno == EINTR);
	return rc == 1;
}

/* --- opening --- */

static int
connect_one(const struct addrinfo *a, int64_t deadline, struct err *err)
{
	int fd = socket(a->ai_family,
	    a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	socklen_t len = sizeof(int);
	int error = 0;

	if (fd == -1)
		return err_errno(err, errno, "socket");
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	error = errno;
	if (error == EINPROGRESS) {
		if (!ready(fd, POLLOUT, deadline))
			error = ETIMEDOUT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ==
		    -1)
			error = errno;
	}
	if (error == 0)
		return fd;
	(void)close(fd);
	(void)err_errno(err, error, "cannot connect");
	if (err != NULL)
		err->kind = ERR_UNREACHABLE;
	return -1;
}

/* The first of its addresses that answers. */
static int
connect_any(const struct forward_target *to, int64_t deadline, struct err *err)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
	    .ai_socktype =
		to->transport == FORWARD_UDP ? SOCK_DGRAM : SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL, *a;
	int rc = getaddrinfo(to->host, to->port, &hints, &list), fd = -1;

	if (rc != 0)
		return err_set(
		    err, ERR_UNREACHABLE, "%s: %s", to->host, gai_strerror(rc));
	for (a = list; a != NULL && fd == -1; a = a->ai_next)
		fd = connect_one(a, deadline, err);
	freeaddrinfo(list);
	if (fd == -1)
		return err_context(err, "%s port %s", to->host, to->port);
	return fd;
}

/* What OpenSSL waits for; false: nothing, it has failed. */
static bool
wait_tls(struct forward_link *l, int rc, int64_t deadline)
{
	int why = SSL_get_error(l->ssl, rc);

	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
		return false;
	return ready(
	    l->fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline);
}

static int
start_tls(struct forward_link *l, const struct forward_target *to,
    const struct forward_link_conf *conf, int64_t deadline, struct err *err)
{
	int rc;

	if (forward_tls_context(conf, &l->context, err) != 0)
		return -1;
	l->ssl = SSL_new(l->context);
	if (l->ssl == NULL || SSL_set_fd(l->ssl, l->fd) != 1)
		return err_set(err, ERR_LIMIT, "cannot begin TLS");
	if (forward_tls_name(l->ssl, to->host, err) != 0)
		return -1;
	while ((rc = SSL_connect(l->ssl)) != 1)
		if (!wait_tls(l, rc, deadline))
			return forward_tls_error(l->ssl, to->host, err);
	return 0;
}

int
forward_link_open(const struct forward_target *to,
    const struct forward_link_conf *conf, struct forward_link **ret_link,
    struct err *err)
{
	int64_t deadline = clock_mono_ms() + conf->timeout_ms;
	struct forward_link *l;
	int fd = connect_any(to, deadline, err);

	if (fd == -1)
		return -1;
	l = mem_alloc(sizeof(*l));
	l->transport = to->transport;
	l->timeout_ms = conf->timeout_ms;
	l->fd = fd;
	if (to->transport == FORWARD_TLS &&
	    start_tls(l, to, conf, deadline, err) != 0) {
		forward_link_close(l);
		return -1;
	}
	*ret_link = l;
	return 0;
}

/* --- sending --- */

static int
write_tls(struct forward_link *l, const struct buf *b, int64_t deadline,
    struct err *err)
{
	size_t written = 0;
	int rc;

	/* Without partial writes: all of it, or again with the same bytes. */
	while ((rc = SSL_write_ex(l->ssl, b->data, b->len, &written)) != 1)
		if (!wait_tls(l, rc, deadline))
			return forward_tls_error(l->ssl, "cannot send", err);
	return 0;
}

static int
write_plain(struct forward_link *l, const struct buf *b, int64_t deadline,
    struct err *err)
{
	size_t at = 0;
	ssize_t n;

	while (at < b->len) {
		n = send(l->fd, b->data + at, b->len - at, MSG_NOSIGNAL);
		if (n >= 0)
			at += (size_t)n;
		else if (errno == EAGAIN || errno == EINTR) {
			if (!ready(l->fd, POLLOUT, deadline))
				return err_set(err, ERR_UNKNOWN,
				    "it takes nothing within %u ms",
				    l->timeout_ms);
		} else {
			(void)err_errno(err, errno, "cannot send");
			if (err != NULL)
				err->kind = ERR_UNKNOWN;
			return -1;
		}
	}
	return 0;
}

int
forward_link_send(
    struct forward_link *l, const void *bytes, size_t len, struct err *err)
{
	int64_t deadline = clock_mono_ms() + l->timeout_ms;
	struct buf b;
	int rc;

	buf_init(&b, len + FRAME_MAX);
	if (l->transport != FORWARD_UDP)
		buf_printf(&b, "%zu ", len);
	buf_add(&b, bytes, len);
	rc = l->ssl != NULL ? write_tls(l, &b, deadline, err)
			    : write_plain(l, &b, deadline, err);
	buf_free(&b);
	return rc;
}

/* --- the peer --- */

/* 1: it is there; 0: it has closed; -1: the connection is broken. */
static int
listen_to(struct forward_link *l)
{
	char waste[512];
	size_t got;
	ssize_t n;
	int rc, why;

	if (l->ssl == NULL) {
		while (
		    (n = recv(l->fd, waste, sizeof(waste), MSG_DONTWAIT)) > 0)
			;
		if (n == 0)
			return 0;
		return errno == EAGAIN || errno == EINTR ? 1 : -1;
	}
	while ((rc = SSL_read_ex(l->ssl, waste, sizeof(waste), &got)) == 1)
		;
	why = SSL_get_error(l->ssl, rc);
	if (why == SSL_ERROR_ZERO_RETURN)
		return 0;
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 1
									 : -1;
}

bool
forward_link_alive(struct forward_link *l)
{
	/* By UDP nothing lives; an ICMP error of before is one of the past. */
	return l->transport == FORWARD_UDP || listen_to(l) == 1;
}

bool
forward_link_taken(const struct forward_link *l)
{
	int left = 0;

	return l->transport == FORWARD_UDP ||
	    (ioctl(l->fd, SIOCOUTQ, &left) == 0 && left == 0);
}

bool
forward_link_finish(struct forward_link *l)
{
	int64_t deadline = clock_mono_ms() + FINISH_MS;
	int there = 1;
	bool taken;

	if (l->ssl != NULL)
		(void)SSL_shutdown(l->ssl);
	if (l->transport != FORWARD_UDP)
		(void)shutdown(l->fd, SHUT_WR);
	while (l->transport != FORWARD_UDP && there == 1 &&
	    ready(l->fd, POLLIN, deadline))
		there = listen_to(l);
	/* A peer may end TLS without its farewell, with the end of the stream
	 * alone; a reset is no end. */
	taken = l->transport == FORWARD_UDP || there == 0 ||
	    (there == -1 && l->ssl != NULL && forward_link_taken(l) &&
		recv(l->fd, &there, 1, MSG_DONTWAIT) == 0);
	forward_link_close(l);
	return taken;
}

void
forward_link_close(struct forward_link *l)
{
	if (l == NULL)
		return;
	SSL_free(l->ssl);
	SSL_CTX_free(l->context);
	(void)close(l->fd);
	free(l);
}
