#include "serve_internal.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * The protocol of sd_notify(3): one datagram to the socket named by
 * NOTIFY_SOCKET, "@" meaning the abstract namespace.  It is advice: a failure
 * changes nothing for us.
 */
void
serve_notify(const char *state)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets it any more */
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const void *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	(void)close(fd);
}
