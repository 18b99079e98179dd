#include <string.h>

#include "forward_internal.h"
#include "str.h"

static const struct {
	const char *scheme;
	enum forward_transport transport;
	const char *port;
} schemes[] = {{"udp://", FORWARD_UDP, "514"}, {"tcp://", FORWARD_TCP, "601"},
    {"tls://", FORWARD_TLS, "6514"}, {"https://", FORWARD_HTTP, "443"},
    {"http://", FORWARD_HTTP, "80"}};
#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static int
bad(const char *to, struct err *err)
{
	return err_set(err, ERR_INVALID,
	    "%.100s: wanted udp://, tcp:// or tls:// and HOST:PORT, or "
	    "https:// for a webhook",
	    to);
}

/* "host", "host:514", "[2001:db8::1]:514" */
static int
split(const char *place, const char *fallback, struct forward_target *ret)
{
	const char *host = place, *port = NULL, *end;
	int64_t number;
	size_t len;

	if (*host == '[') {
		host++;
		end = strchr(host, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return -1;
		port = end[1] == ':' ? end + 2 : NULL;
	} else {
		end = host + strcspn(host, ":");
		port = *end == ':' ? end + 1 : NULL;
	}
	if (port == NULL)
		port = fallback;
	len = (size_t)(end - host);
	if (len == 0 || len >= sizeof(ret->host) ||
	    strlen(port) >= sizeof(ret->port) ||
	    str_int(port, 1, 65535, &number) != 0)
		return -1;
	memcpy(ret->host, host, len);
	ret->host[len] = '\0';
	memcpy(ret->port, port, strlen(port) + 1);
	return 0;
}

int
forward_target(const char *to, struct forward_target *ret, struct err *err)
{
	struct forward_target t = {.transport = FORWARD_UDP};
	const char *place;
	size_t i;

	for (i = 0; i < SCHEMES; i++)
		if (str_starts(to, schemes[i].scheme))
			break;
	if (i == SCHEMES || strchr(to, '@') != NULL)
		return bad(to, err);
	t.transport = schemes[i].transport;
	place = to + strlen(schemes[i].scheme);
	/* The rest of a URL is libcurl's to read. */
	if (t.transport != FORWARD_HTTP &&
	    split(place, schemes[i].port, &t) != 0)
		return bad(to, err);
	*ret = t;
	return 0;
}
