#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn_internal.h"
#include "fleet_internal.h"

/*
 * A device has a socket of its own for each open port, so that a closed one
 * refuses as a real one does.  A fleet that may need more descriptors than the
 * process can have shares one socket per port on all addresses; then a refused
 * connection is accepted and reset at once.
 */
#define BACKLOG 64
#define ACCEPTS_PER_TURN 64
#define SPARE_FDS 4096

static const char *const port_word[SIM_PORTS] = {"plain", "TLS"};

/* From 16.1 the plain ports are gone for good. */
static bool
has_plain(const struct sim_port *p)
{
	const struct sim_state *s = &p->dev->state;

	return s->major < 16 || (s->major == 16 && s->minor < 1);
}

bool
listen_open(const struct sim_port *p, int which)
{
	const struct sim_state *s = &p->dev->state;

	if (p->offline || loop_now() < p->refuse_until)
		return false;
	if (which == SIM_PORT_TLS)
		return s->committed.enabled;
	return has_plain(p) && (!s->committed.enabled || s->committed.plain);
}

static void
reset_fd(int fd)
{
	struct linger now = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static size_t
living(const struct sim_port *p)
{
	const struct conn *c;
	size_t n = 0;

	for (c = p->conns; c != NULL; c = c->next)
		n += c->state != CONN_DRAIN;
	return n;
}

static void
admit(struct sim_port *p, int which, int fd)
{
	struct rule_effect fault;

	if (!listen_open(p, which) ||
	    living(p) >= (size_t)p->sim->opt.connections) {
		p->sim->stats.refused++;
		reset_fd(fd);
		return;
	}
	fault = rules_fire(&p->sim->rules, p, "connect",
	    1u << RULE_REFUSE | 1u << RULE_CLOSE_BEFORE);
	if (fault.action != RULE_NONE) {
		p->sim->stats.faults++;
		if (fault.action == RULE_REFUSE)
			listen_refuse(p, fault.argument * 1000);
		reset_fd(fd);
		return;
	}
	conn_start(p, which, fd);
}

/* The device whose address the peer connected to. */
static struct sim_port *
port_of(struct sim *s, int fd)
{
	struct sockaddr_in to;
	socklen_t len = sizeof(to);

	if (getsockname(fd, (struct sockaddr *)&to, &len) < 0)
		return NULL;
	return fleet_at(s, to.sin_addr);
}

static void
accept_some(struct sim *s, struct sim_port *p, int which, int listener)
{
	struct sim_port *to;
	int fd, i;

	for (i = 0; i < ACCEPTS_PER_TURN; i++) {
		fd =
		    accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		to = p != NULL ? p : port_of(s, fd);
		if (to == NULL) {
			s->stats.refused++;
			reset_fd(fd);
		} else {
			admit(to, which, fd);
		}
		/* A fault may have closed this very listener. */
		if (p != NULL && p->listener[which].fd < 0)
			return;
	}
}

static void
device_plain_ready(void *arg, uint32_t events)
{
	struct sim_port *p = arg;

	(void)events;
	accept_some(p->sim, p, SIM_PORT_PLAIN, p->listener[SIM_PORT_PLAIN].fd);
}

static void
device_tls_ready(void *arg, uint32_t events)
{
	struct sim_port *p = arg;

	(void)events;
	accept_some(p->sim, p, SIM_PORT_TLS, p->listener[SIM_PORT_TLS].fd);
}

static void
shared_plain_ready(void *arg, uint32_t events)
{
	struct sim *s = arg;

	(void)events;
	accept_some(s, NULL, SIM_PORT_PLAIN, s->listener[SIM_PORT_PLAIN].fd);
}

static void
shared_tls_ready(void *arg, uint32_t events)
{
	struct sim *s = arg;

	(void)events;
	accept_some(s, NULL, SIM_PORT_TLS, s->listener[SIM_PORT_TLS].fd);
}

static int
open_listener(
    struct sim *s, struct loop_watch *w, struct in_addr addr, int which)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = addr};
	char name[INET_ADDRSTRLEN] = "";
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	at.sin_port = htons((uint16_t)s->opt.port[which]);
	if (fd >= 0) {
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		    listen(fd, BACKLOG) == 0) {
			w->fd = fd;
			if (loop_watch(&s->loop, w, EPOLLIN) == 0)
				return 0;
		}
	}
	(void)inet_ntop(AF_INET, &addr, name, sizeof(name));
	sim_say("cannot listen on %s, %s port %lld: %s", name, port_word[which],
	    (long long)s->opt.port[which], strerror(errno));
	if (fd >= 0)
		close(fd);
	w->fd = -1;
	return -1;
}

static void
close_listener(struct sim *s, struct loop_watch *w)
{
	int fd = w->fd;

	loop_unwatch(&s->loop, w);
	if (fd >= 0)
		close(fd);
}

static int
update(struct sim_port *p)
{
	int which, rc = 0;

	if (p->sim->shared)
		return 0;
	for (which = 0; which < SIM_PORTS; which++) {
		struct loop_watch *w = &p->listener[which];
		bool open = listen_open(p, which);

		if (open && w->fd < 0)
			rc |= open_listener(p->sim, w, p->addr, which);
		else if (!open && w->fd >= 0)
			close_listener(p->sim, w);
	}
	return rc;
}

void
listen_update(struct sim_port *p)
{
	/* A port taken by somebody else meanwhile was said; try again. */
	if (update(p) < 0)
		loop_after(&p->sim->loop, &p->reopen, 1000);
}

static void
reopen(void *arg)
{
	listen_update(arg);
}

void
listen_refuse(struct sim_port *p, int64_t ms)
{
	int64_t until = loop_now() + ms;

	if (until > p->refuse_until)
		p->refuse_until = until;
	listen_update(p);
	loop_after(&p->sim->loop, &p->reopen, p->refuse_until - loop_now() + 1);
}

/* Of all listeners there can ever be, and so many connections. */
static rlim_t
descriptors(const struct sim *s)
{
	rlim_t n = SPARE_FDS;
	size_t i;

	for (i = 0; i < s->count; i++)
		n += has_plain(&s->ports[i]) ? 2 : 1;
	return n;
}

/* Raises the limit of descriptors, which needs a privilege above the hard one;
 * is it still too low? */
static bool
must_share(const struct sim *s)
{
	rlim_t wanted = descriptors(s);
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return true;
	limit.rlim_cur = limit.rlim_max;
	more = (struct rlimit){wanted, wanted};
	if (limit.rlim_max >= wanted || setrlimit(RLIMIT_NOFILE, &more) < 0)
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return true;
	return wanted > limit.rlim_cur && s->count > 64;
}

static int
start_shared(struct sim *s)
{
	static void (*const ready[SIM_PORTS])(void *, uint32_t) = {
	    shared_plain_ready, shared_tls_ready};
	struct in_addr any = {.s_addr = htonl(INADDR_ANY)};
	int which;

	for (which = 0; which < SIM_PORTS; which++) {
		struct loop_watch *w = &s->listener[which];

		w->ready = ready[which];
		w->arg = s;
		if (open_listener(s, w, any, which) < 0)
			return -1;
	}
	return 0;
}

int
listen_start(struct sim *s)
{
	static void (*const ready[SIM_PORTS])(void *, uint32_t) = {
	    device_plain_ready, device_tls_ready};
	size_t i;
	int which;

	s->shared = must_share(s);
	for (which = 0; which < SIM_PORTS; which++)
		s->listener[which].fd = -1;
	for (i = 0; i < s->count; i++) {
		struct sim_port *p = &s->ports[i];

		p->reopen.fire = reopen;
		p->reopen.arg = p;
		for (which = 0; which < SIM_PORTS; which++) {
			p->listener[which].fd = -1;
			p->listener[which].ready = ready[which];
			p->listener[which].arg = p;
		}
		if (update(p) < 0)
			return -1;
	}
	return s->shared ? start_shared(s) : 0;
}

void
listen_stop(struct sim *s)
{
	size_t i;
	int which;

	for (which = 0; which < SIM_PORTS; which++) {
		close_listener(s, &s->listener[which]);
		for (i = 0; i < s->count; i++)
			close_listener(s, &s->ports[i].listener[which]);
	}
	for (i = 0; i < s->count; i++)
		loop_cancel(&s->loop, &s->ports[i].reopen);
}
