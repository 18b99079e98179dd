/* Carrying bytes between a TLS connection and libmicrohttpd's end. */
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "front_internal.h"
#include "loop.h"
#include "mem.h"

#define RECORD 16384   /* the most that TLS has in one */
#define LINGER_MS 2000 /* for the client to take what we sent last */

/* One loop, one thread: nothing stays in here between two calls. */
static uint8_t scratch[RECORD];

/* GOOD: moved something; BLOCKED: come back; ENDED: no more of that way. */
enum moved { GOOD, BLOCKED, ENDED, BROKEN };

static void
hold(struct http_held *held, size_t len, size_t done)
{
	if (done == len)
		return;
	held->bytes = mem_copy(scratch + done, len - done);
	held->len = len - done;
	held->done = 0;
}

static void
let_go(struct http_held *held)
{
	free(held->bytes);
	*held = (struct http_held){.bytes = NULL};
}

/* --- up: from the client to the server --- */

static enum moved
write_up(struct http_front *f, const uint8_t *bytes, size_t len, size_t *done)
{
	ssize_t sent;

	while (*done < len) {
		sent = send(f->pair, bytes + *done, len - *done, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN ? BLOCKED : ENDED;
		*done += (size_t)sent;
		f->carried += (size_t)sent;
	}
	return GOOD;
}

static enum moved
read_up(struct http_front *f, size_t *ret_len)
{
	int n;

	ERR_clear_error();
	n = SSL_read_ex(f->ssl, scratch, sizeof(scratch), ret_len);
	if (n == 1)
		return GOOD;
	switch (SSL_get_error(f->ssl, n)) {
	case SSL_ERROR_WANT_WRITE:
		f->wants_write = true;
		return BLOCKED;
	case SSL_ERROR_WANT_READ:
		return BLOCKED;
	case SSL_ERROR_ZERO_RETURN:
		return ENDED;
	default:
		return BROKEN;
	}
}

/* Bounded by what the socket pair holds. */
static bool
move_up(struct http_front *f)
{
	enum moved moved = GOOD;
	size_t len, done;

	f->wants_write = false;
	if (f->up.bytes != NULL) {
		moved = write_up(f, f->up.bytes, f->up.len, &f->up.done);
		if (moved != BLOCKED)
			let_go(&f->up);
	}
	while (moved == GOOD && !f->up_ended) {
		moved = read_up(f, &len);
		if (moved != GOOD)
			break;
		done = 0;
		moved = write_up(f, scratch, len, &done);
		if (moved == BLOCKED)
			hold(&f->up, len, done);
	}
	if (moved == ENDED && !f->up_ended) {
		f->up_ended = true;
		(void)shutdown(f->pair, SHUT_WR);
	}
	return moved != BROKEN;
}

/* --- down: from the server to the client --- */

static enum moved
write_down(struct http_front *f, const uint8_t *bytes, size_t len, size_t *done)
{
	size_t sent;
	int n;

	while (*done < len) {
		ERR_clear_error();
		n = SSL_write_ex(f->ssl, bytes + *done, len - *done, &sent);
		if (n == 1) {
			*done += sent;
			continue;
		}
		n = SSL_get_error(f->ssl, n);
		return n == SSL_ERROR_WANT_WRITE || n == SSL_ERROR_WANT_READ
		    ? BLOCKED
		    : BROKEN;
	}
	return GOOD;
}

static bool
move_down(struct http_front *f)
{
	enum moved moved = GOOD;
	size_t done;
	ssize_t got;

	if (f->down.bytes != NULL) {
		moved =
		    write_down(f, f->down.bytes, f->down.len, &f->down.done);
		if (moved == GOOD)
			let_go(&f->down);
	}
	while (moved == GOOD && !f->down_ended) {
		got = recv(f->pair, scratch, sizeof(scratch), 0);
		if (got < 0 && errno == EAGAIN)
			break;
		if (got <= 0) { /* closed, maybe with bytes not read */
			f->down_ended = true;
			break;
		}
		done = 0;
		moved = write_down(f, scratch, (size_t)got, &done);
		if (moved == BLOCKED)
			hold(&f->down, (size_t)got, done);
	}
	return moved != BROKEN;
}

/* --- the end --- */

/* Closing while bytes come in would make the kernel send a reset, and that
 * takes from the client what it has not read yet. */
static void
begin_lingering(struct http_front *f)
{
	ERR_clear_error();
	if (f->state == HTTP_FRONT_SHAKES) /* OpenSSL has sent its alert */
		f->h->tls->handshakes--;
	else
		(void)SSL_shutdown(f->ssl);
	(void)shutdown(f->fd, SHUT_WR);
	f->state = HTTP_FRONT_LINGERS;
	f->deadline = clock_mono_ms() + LINGER_MS;
	http_sweep_soon(f->h);
	if (f->pair_io != NULL)
		loop_io_want(f->pair_io, 0);
	loop_io_want(f->io, LOOP_READ);
}

static void
linger(struct http_front *f)
{
	ssize_t got;

	do
		got = recv(f->fd, scratch, sizeof(scratch), 0);
	while (got > 0);
	if (got == 0 || errno != EAGAIN)
		http_front_end(f);
}

/* --- turns --- */

static void
want(struct http_front *f)
{
	unsigned net = 0, pair = 0;

	if (!f->up_ended && f->up.bytes == NULL)
		net |= LOOP_READ;
	if (f->down.bytes != NULL || f->wants_write)
		net |= LOOP_WRITE;
	if (!f->down_ended && f->down.bytes == NULL)
		pair |= LOOP_READ;
	if (f->up.bytes != NULL)
		pair |= LOOP_WRITE;
	loop_io_want(f->io, net);
	loop_io_want(f->pair_io, pair);
}

static void
carry(struct http_front *f)
{
	if (!move_up(f) || !move_down(f))
		http_front_end(f);
	else if (f->down_ended && f->down.bytes == NULL)
		begin_lingering(f);
	else
		want(f);
}

static void
shake(struct http_front *f)
{
	int n;

	ERR_clear_error();
	n = SSL_do_handshake(f->ssl);
	if (n == 1) {
		http_front_ready(f);
		return;
	}
	switch (SSL_get_error(f->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		loop_io_want(f->io, LOOP_READ);
		break;
	case SSL_ERROR_WANT_WRITE:
		loop_io_want(f->io, LOOP_WRITE);
		break;
	default:
		begin_lingering(f);
		break;
	}
}

/* Is it a request, or the end? */
static void
wake(struct http_front *f)
{
	uint8_t byte;
	size_t len;
	int n;

	ERR_clear_error();
	n = SSL_peek_ex(f->ssl, &byte, 1, &len);
	if (n == 1) {
		if (http_front_join(f))
			carry(f);
		else
			http_front_end(f);
		return;
	}
	switch (SSL_get_error(f->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		loop_io_want(f->io, LOOP_READ);
		break;
	case SSL_ERROR_WANT_WRITE:
		loop_io_want(f->io, LOOP_WRITE);
		break;
	case SSL_ERROR_ZERO_RETURN:
		begin_lingering(f);
		break;
	default:
		http_front_end(f);
		break;
	}
}

void
http_front_go_on(void *cookie, unsigned ready)
{
	struct http_front *f = cookie;

	(void)ready;
	switch (f->state) {
	case HTTP_FRONT_RESTS:
		wake(f);
		break;
	case HTTP_FRONT_SHAKES:
		shake(f);
		break;
	case HTTP_FRONT_OPEN:
		carry(f);
		break;
	case HTTP_FRONT_LINGERS:
		linger(f);
		break;
	}
	ERR_clear_error();
}
