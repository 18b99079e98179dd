/*
 * The exchange with the KDC.  libkrb5 would look for KDCs itself, go from one
 * to the next, and wait 27 seconds for one that accepts and says nothing; no
 * option bounds it.  This hook replaces its transport: one KDC (the domain
 * controller that LDAP writes to, because others know a new password only after
 * replication), over TCP (RFC 4120 7.2.2), within the deadline of the call.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "krb_internal.h"
#include "mem.h"

#define KDC_PORT 88
#define REPLY_MAX 262144 /* a PAC of 64 KiB and all that wraps it */
#define LENGTH_SIZE 4

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Resolved once: later exchanges need no DNS and stay with the same KDC. */
static int
resolve(struct krb *k)
{
	struct addrinfo hints;
	int code;

	if (k->addresses != NULL)
		return 0;
	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	code = getaddrinfo(k->kdc, NULL, &hints, &k->addresses);
	if (code != 0) {
		k->addresses = NULL;
		return err_set(&k->exchange.trouble, ERR_UNREACHABLE,
		    "the name of KDC %s does not resolve: %s", k->kdc,
		    gai_strerror(code));
	}
	return 0;
}

/* Until fd is ready or the deadline has passed; errno. */
static int
wait_for(const struct krb *k, int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left = k->exchange.until - clock_mono_ms();
	int n;

	if (left <= 0)
		return ETIMEDOUT;
	n = poll(&p, 1, (int)left);
	if (n == 0)
		return ETIMEDOUT;
	return n < 0 && errno != EINTR ? errno : 0;
}

/* Is the error of a nonblocking call only "not yet"? */
static bool
not_yet(int error)
{
	return error == EAGAIN || error == EINTR || error == EINPROGRESS;
}

/* send() for POLLOUT, recv() for POLLIN; a peer that closes is an error. */
static ssize_t
transfer(int fd, short direction, void *bytes, size_t len)
{
	ssize_t n;

	if (direction == POLLOUT)
		return send(fd, bytes, len, MSG_NOSIGNAL);
	n = recv(fd, bytes, len, 0);
	if (n != 0)
		return n;
	errno = ECONNRESET;
	return -1;
}

/* All of it, waiting as long as the deadline allows; errno. */
static int
transfer_all(
    const struct krb *k, int fd, short direction, void *bytes, size_t len)
{
	uint8_t *p = bytes;
	ssize_t n;
	int error;

	while (len > 0) {
		n = transfer(fd, direction, p, len);
		if (n < 0 && !not_yet(errno))
			return errno;
		if (n < 0) {
			error = wait_for(k, fd, direction);
			if (error != 0)
				return error;
			continue;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Connected nonblocking socket, or -1 and *ret_error. */
static int
dial(const struct krb *k, const struct addrinfo *to, int *ret_error)
{
	socklen_t len = sizeof(*ret_error);
	int fd;

	fd = socket(to->ai_family,
	    to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
	if (fd < 0) {
		*ret_error = errno;
		return -1;
	}
	*ret_error = 0;
	if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
		*ret_error = errno;
		if (*ret_error == EINPROGRESS) {
			*ret_error = wait_for(k, fd, POLLOUT);
			if (*ret_error == 0)
				getsockopt(
				    fd, SOL_SOCKET, SO_ERROR, ret_error, &len);
		}
	}
	if (*ret_error == 0)
		return fd;
	close(fd);
	return -1;
}

/* The same address with another port. */
static int
dial_port(
    const struct krb *k, struct addrinfo to, unsigned port, int *ret_error)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} address;

	if (to.ai_addrlen > sizeof(address)) {
		*ret_error = EAFNOSUPPORT;
		return -1;
	}
	memcpy(&address, to.ai_addr, to.ai_addrlen);
	if (to.ai_family == AF_INET)
		address.four.sin_port = htons((uint16_t)port);
	else
		address.six.sin6_port = htons((uint16_t)port);
	to.ai_addr = &address.any;
	return dial(k, &to, ret_error);
}

int
krb_connect(struct krb *k, unsigned port)
{
	const struct addrinfo *to;
	int fd = -1, error = 0;

	err_clear(&k->exchange.trouble);
	if (resolve(k) != 0)
		return -1;
	for (to = k->addresses; to != NULL && fd < 0; to = to->ai_next)
		fd = dial_port(k, *to, port, &error);
	if (fd < 0) {
		err_errno(&k->exchange.trouble, error,
		    "KDC %s, TCP port %u (is it up, and that open?)", k->kdc,
		    port);
		k->exchange.trouble.kind = ERR_UNREACHABLE;
	}
	return fd;
}

int
krb_talk(struct krb *k, int fd, const krb5_data *message, krb5_data *ret_reply)
{
	uint32_t length = htonl(message->length);
	uint8_t *bytes = NULL;
	int error;

	error = transfer_all(k, fd, POLLOUT, &length, LENGTH_SIZE);
	if (error == 0)
		error = transfer_all(
		    k, fd, POLLOUT, message->data, message->length);
	if (error == 0)
		error = transfer_all(k, fd, POLLIN, &length, LENGTH_SIZE);
	length = ntohl(length);
	if (error == 0 && (length == 0 || length > REPLY_MAX))
		error = EMSGSIZE;
	if (error == 0) {
		bytes = mem_alloc(length);
		error = transfer_all(k, fd, POLLIN, bytes, length);
	}
	if (error != 0) {
		free(bytes);
		return err_errno(&k->exchange.trouble, error,
		    "KDC %s accepted the connection but did not answer (is it "
		    "starting, or does something between cut?)",
		    k->kdc);
	}
	*ret_reply = (krb5_data){.length = length, .data = (char *)bytes};
	return 0;
}

/* A KRB-ERROR (RFC 4120 5.9.1) holds the KDC's time, whatever went wrong. */
void
krb_note_answer(
    struct krb *k, const krb5_data *reply, int64_t sent, int64_t got)
{
	struct krb_exchange *x = &k->exchange;
	krb5_error *e = NULL;

	x->timed = false;
	x->refused = 0;
	if (krb5_rd_error(k->ctx, reply, &e) != 0)
		return;
	/* krb5_timestamp is 32 bits; read as unsigned it lasts until 2106. */
	x->offset_us = (int64_t)(uint32_t)e->stime * 1000000 + e->susec -
	    (sent + (got - sent) / 2);
	x->trip_us = got - sent;
	x->timed = true;
	x->refused = (krb5_error_code)(ERROR_TABLE_BASE_krb5 + (long)e->error);
	krb5_free_error(k->ctx, e);
}

krb5_error_code
krb_transport(krb5_context ctx, void *data, const krb5_data *realm,
    const krb5_data *message, krb5_data **ret_new_message,
    krb5_data **ret_reply)
{
	krb5_data reply = {.length = 0, .data = NULL};
	krb5_error_code code = KRB5_KDC_UNREACH;
	struct krb *k = data;
	int64_t sent;
	int fd;

	(void)realm;
	(void)ret_new_message;
	fd = krb_connect(k, KDC_PORT);
	if (fd < 0)
		return code;
	sent = now_us();
	if (krb_talk(k, fd, message, &reply) == 0) {
		krb_note_answer(k, &reply, sent, now_us());
		code = krb5_copy_data(ctx, &reply, ret_reply);
	}
	free(reply.data);
	close(fd);
	return code;
}

krb5_error_code
krb_etype_info(struct krb *k, krb5_principal who,
    krb5_get_init_creds_opt *options, struct krb_etype_info *ret)
{
	struct krb_exchange *x = &k->exchange;
	krb5_error_code code;

	memset(ret, 0, sizeof(*ret));
	x->timed = false;
	x->refused = 0;
	code = krb5_get_etype_info(
	    k->ctx, who, options, &ret->type, &ret->salt, &ret->parameters);
	if (code == 0 && ret->type == ENCTYPE_NULL) {
		if (x->trouble.kind != ERR_NONE)
			code = KRB5_KDC_UNREACH;
		else if (x->refused != KRB5KDC_ERR_PREAUTH_REQUIRED)
			code = x->refused;
	}
	return code;
}

void
krb_etype_info_clear(struct krb *k, struct krb_etype_info *info)
{
	krb5_free_data_contents(k->ctx, &info->salt);
	krb5_free_data_contents(k->ctx, &info->parameters);
}
