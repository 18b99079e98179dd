#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn_internal.h"

#define READ_SIZE 16384
#define DRAIN_MS 1000 /* for the peer to close after our answer */
#define HANDSHAKE_MS 10000
#define UNREAD_MS 100	    /* for ourselves, to read what is there */
#define HELD_WRITE_MS 60000 /* for the peer to take our answer */
#define ENDLESS_MAX 268435456

static void
unlink_from_port(struct conn *c)
{
	struct conn **at = &c->port->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
}

void
conn_close(struct conn *c)
{
	struct sim *s = c->port->sim;
	int fd = c->watch.fd;

	if (c->state == CONN_DEAD)
		return;
	loop_cancel(&s->loop, &c->timer);
	loop_unwatch(&s->loop, &c->watch);
	SSL_free(c->ssl);
	c->ssl = NULL;
	close(fd);
	unlink_from_port(c);
	c->state = CONN_DEAD;
	c->next = s->dead;
	s->dead = c;
}

void
conn_reset(struct conn *c)
{
	struct linger now = {.l_onoff = 1};

	if (c->state == CONN_DEAD)
		return;
	(void)setsockopt(c->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	conn_close(c);
}

void
conn_reset_all(struct sim_port *p, const struct conn *but)
{
	struct conn *c, *next;

	for (c = p->conns; c != NULL; c = next) {
		next = c->next;
		if (c != but)
			conn_reset(c);
	}
}

void
conn_bury(struct sim *s)
{
	struct conn *c;

	while ((c = s->dead) != NULL) {
		s->dead = c->next;
		text_free(&c->in);
		text_free(&c->out);
		free(c);
	}
}

static void
events(struct conn *c, uint32_t wanted)
{
	loop_events(&c->port->sim->loop, &c->watch, wanted);
}

static void
timer(struct conn *c, int64_t ms)
{
	loop_after(&c->port->sim->loop, &c->timer, ms);
}

enum io { IO_DONE, IO_WAIT, IO_END };

/* What OpenSSL's last answer means; asks for the event it waits for. */
static enum io
ssl_result(struct conn *c, int rc)
{
	int error = SSL_get_error(c->ssl, rc);

	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ)
		events(c, EPOLLIN);
	else if (error == SSL_ERROR_WANT_WRITE)
		events(c, EPOLLOUT);
	else
		return IO_END;
	return IO_WAIT;
}

static enum io
fd_result(struct conn *c, uint32_t wanted)
{
	if (errno == EINTR)
		return IO_WAIT;
	if (errno != EAGAIN)
		return IO_END;
	events(c, wanted);
	return IO_WAIT;
}

static enum io
get(struct conn *c, char *to, size_t size, size_t *ret_len)
{
	ssize_t n;
	int rc;

	if (c->ssl != NULL) {
		rc = SSL_read_ex(c->ssl, to, size, ret_len);
		return rc == 1 ? IO_DONE : ssl_result(c, rc);
	}
	n = recv(c->watch.fd, to, size, 0);
	if (n < 0)
		return fd_result(c, EPOLLIN);
	*ret_len = (size_t)n;
	return n == 0 ? IO_END : IO_DONE;
}

static enum io
give(struct conn *c, const char *from, size_t len, size_t *ret_len)
{
	ssize_t n;
	int rc;

	if (c->ssl != NULL) {
		rc = SSL_write_ex(c->ssl, from, len, ret_len);
		return rc == 1 ? IO_DONE : ssl_result(c, rc);
	}
	n = send(c->watch.fd, from, len, MSG_NOSIGNAL);
	if (n < 0)
		return fd_result(c, EPOLLOUT);
	*ret_len = (size_t)n;
	return IO_DONE;
}

/* An orderly end: our close_notify and FIN, then the peer's.  A plain close()
 * with unread bytes would reset the connection and could take our answer
 * from the peer. */
static void
start_drain(struct conn *c)
{
	if (c->ssl != NULL)
		(void)SSL_shutdown(c->ssl);
	ERR_clear_error();
	(void)shutdown(c->watch.fd, SHUT_WR);
	c->state = CONN_DRAIN;
	events(c, EPOLLIN);
	timer(c, DRAIN_MS);
}

static void
drain(struct conn *c)
{
	char waste[READ_SIZE];
	ssize_t n;

	do
		n = recv(c->watch.fd, waste, sizeof(waste), 0);
	while (n > 0);
	if (n == 0 || errno != EAGAIN)
		conn_close(c);
}

/* More of a body that never ends; false when even we have had enough. */
static bool
add_endless(struct conn *c)
{
	static const char filler[] = "<g:Filler>0123456789</g:Filler>";
	struct text *out = &c->out;

	if (c->endless > ENDLESS_MAX)
		return false;
	out->len = 0;
	c->written = 0;
	while (out->len < READ_SIZE)
		text_addf(out, "%04zX\r\n%s\r\n", sizeof(filler) - 1, filler);
	c->endless += out->len;
	return true;
}

static void
written(struct conn *c)
{
	switch (c->after) {
	case CONN_CLOSE:
		start_drain(c);
		break;
	case CONN_RESET:
	case CONN_ENDLESS:
		conn_reset(c);
		break;
	case CONN_KEEP:
	default:
		c->out.len = 0;
		c->written = 0;
		c->state = CONN_READ;
		timer(c, c->port->sim->opt.idle_s * 1000);
		events(c, EPOLLIN);
		break;
	}
}

static void
flush(struct conn *c)
{
	enum io io = IO_DONE;
	size_t n;

	do {
		while (c->written < c->out.len && io == IO_DONE) {
			io = give(c, c->out.data + c->written,
			    c->out.len - c->written, &n);
			if (io == IO_DONE)
				c->written += n;
		}
	} while (io == IO_DONE && c->after == CONN_ENDLESS && add_endless(c));
	if (io == IO_END)
		conn_close(c);
	else if (io == IO_DONE)
		written(c);
}

static void
start_write(struct conn *c)
{
	c->state = CONN_WRITE;
	timer(c, HELD_WRITE_MS);
	flush(c);
}

void
conn_send(struct conn *c, enum conn_after after, int64_t delay_ms)
{
	assert(c->state == CONN_READ);
	c->after = after;
	if (delay_ms > 0) {
		c->state = CONN_HOLD;
		events(c, 0);
		timer(c, delay_ms);
	} else {
		start_write(c);
	}
}

void
conn_release(struct sim_port *p)
{
	struct conn *c;

	for (c = p->conns; c != NULL; c = c->next)
		if (c->state == CONN_HOLD)
			timer(c, 0);
}

/* Serves what has arrived, as far as answers go out at once.  Pipelined
 * requests stay in c->in until their turn. */
static void
process(struct conn *c)
{
	enum http_progress progress = HTTP_WHOLE;
	struct http_request r;
	const char *problem;

	while (c->state == CONN_READ && progress == HTTP_WHOLE) {
		progress = http_parse(c->in.data, c->in.len, &r, &problem);
		if (progress == HTTP_WHOLE) {
			text_drop(&c->in, r.size);
			serve_request(c, &r);
			http_request_free(&r);
		} else if (progress == HTTP_BAD) {
			c->in.len = 0;
			serve_bad_request(c, problem);
		}
	}
}

/* TLS may hold bytes that epoll does not know of: read until it has none. */
static void
read_some(struct conn *c)
{
	char part[READ_SIZE];
	enum io io;
	size_t n;

	process(c);
	while (c->state == CONN_READ) {
		io = get(c, part, sizeof(part), &n);
		if (io == IO_END)
			conn_close(c);
		if (io != IO_DONE)
			return;
		text_add(&c->in, part, n);
		process(c);
	}
}

static void
handshake(struct conn *c)
{
	struct sim_port *p = c->port;
	const char *problem;
	int rc = SSL_accept(c->ssl);
	enum io io = rc == 1 ? IO_DONE : ssl_result(c, rc);

	if (io == IO_END)
		conn_close(c);
	if (io != IO_DONE)
		return;
	p->sim->stats.handshakes++;
	if (SSL_session_reused(c->ssl))
		p->sim->stats.resumed++;
	trace_word(c, SSL_session_reused(c->ssl) ? "resumed" : "full");
	problem = tls_refuses(p, c->ssl);
	if (problem != NULL) {
		p->client_errors++;
		p->last_client_error = problem;
		conn_reset(c);
		return;
	}
	c->state = CONN_READ;
	timer(c, p->sim->opt.idle_s * 1000);
	events(c, EPOLLIN);
	read_some(c);
}

static void
ready(void *arg, uint32_t happened)
{
	struct conn *c = arg;

	switch (c->state) {
	case CONN_HANDSHAKE:
		handshake(c);
		break;
	case CONN_READ:
		read_some(c);
		break;
	case CONN_HOLD:
		if ((happened & (EPOLLERR | EPOLLHUP)) != 0)
			conn_close(c);
		break;
	case CONN_WRITE:
		flush(c);
		read_some(c);
		break;
	case CONN_DRAIN:
		drain(c);
		break;
	case CONN_DEAD:
	default:
		break;
	}
}

/* Bytes that came in time, when we had no time to look. */
static bool
has_unread(const struct conn *c)
{
	char byte;

	return (c->state == CONN_HANDSHAKE || c->state == CONN_READ) &&
	    recv(c->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/* A held answer's time has come, or a peer's time is over. */
static void
fire(void *arg)
{
	struct conn *c = arg;

	if (has_unread(c)) {
		timer(c, UNREAD_MS);
	} else if (c->state == CONN_HOLD) {
		start_write(c);
		read_some(c);
	} else if (c->state == CONN_READ) {
		start_drain(c);
	} else {
		conn_close(c);
	}
}

void
conn_start(struct sim_port *p, int which, int fd)
{
	struct conn *c = must_calloc(1, sizeof(*c));
	int one = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->port = p;
	c->id = ++p->sim->last_conn;
	c->watch.fd = fd;
	c->watch.ready = ready;
	c->watch.arg = c;
	c->timer.fire = fire;
	c->timer.arg = c;
	c->next = p->conns;
	p->conns = c;
	p->connections++;
	p->sim->stats.connections++;
	trace_word(c, "open");
	c->state = CONN_READ;
	if (loop_watch(&p->sim->loop, &c->watch, EPOLLIN) < 0) {
		conn_reset(c);
		return;
	}
	if (which == SIM_PORT_TLS) {
		c->state = CONN_HANDSHAKE;
		c->ssl = tls_accept(p, fd);
		if (c->ssl == NULL) {
			conn_reset(c);
			return;
		}
	}
	timer(c, HANDSHAKE_MS);
}
