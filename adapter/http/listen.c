#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "http_internal.h"
#include "str.h"

#define BACKLOG 128

static int
bound(const struct addrinfo *ai)
{
	static const int yes = 1;
	int fd, error;

	fd = socket(
	    ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* A restart must not wait for connections of the last run. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static int
complain(const char *address, int error, struct err *err)
{
	enum err_kind kind = ERR_INVALID;

	if (error == EADDRINUSE)
		kind = ERR_CONFLICT;
	else if (error == EACCES)
		kind = ERR_DENIED;
	(void)err_errno(err, error, "cannot listen on %s", address);
	if (err != NULL)
		err->kind = kind;
	return -1;
}

void
http_peer_text(const struct sockaddr *address, char out[HTTP_PEER])
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	out[0] = '\0';
	if (address == NULL)
		return;
	if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		(void)inet_ntop(AF_INET6, &v6.sin6_addr, out, HTTP_PEER);
	} else if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		(void)inet_ntop(AF_INET, &v4.sin_addr, out, HTTP_PEER);
	}
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (getsockname(fd, (void *)&at, &len) != 0)
		return 0;
	if (at.ss_family == AF_INET6) {
		memcpy(&v6, &at, sizeof(v6));
		return ntohs(v6.sin6_port);
	}
	memcpy(&v4, &at, sizeof(v4));
	return ntohs(v4.sin_port);
}

int
http_listen(
    const char *address, int *ret_fd, uint16_t *ret_port, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char host[STR_ADDRESS], port[8];
	uint16_t number;
	int fd;

	if (str_address(address, host, &number) != 0)
		return err_set(err, ERR_INVALID,
		    "%s: must be ADDRESS:PORT or [IPV6]:PORT", address);
	(void)snprintf(port, sizeof(port), "%u", number);
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return err_set(
		    err, ERR_INVALID, "%s is no address of ours", address);
	fd = bound(found);
	freeaddrinfo(found);
	if (fd < 0)
		return complain(address, errno, err);
	*ret_fd = fd;
	*ret_port = port_of(fd);
	return 0;
}
