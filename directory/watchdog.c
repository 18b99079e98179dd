/*
 * What bounds a call.  libldap's own timeouts cover most waits, but not all: an
 * ldaps handshake with a server that accepts and says nothing spins for ever,
 * and half an answer blocks in read().  Both end at once when the socket is
 * shut down, so a thread of the connection's own does that when the time is
 * over. The call then fails as if the server had gone.
 */
#include <assert.h>
#include <lber.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "clock.h"
#include "directory.h"
#include "directory_internal.h"
#include "mem.h"

struct watchdog {
	struct ldap_conncb callbacks; /* libldap keeps a pointer to it */
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	int fd;	       /* -1: not connected */
	int64_t until; /* clock_mono_ms(); 0: not armed */
	bool connected;
	bool bitten;
	bool quit;
};

static void
sleep_until(struct watchdog *w, int64_t until)
{
	struct timespec t = {
	    .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};

	pthread_cond_clockwait(&w->changed, &w->lock, CLOCK_MONOTONIC, &t);
}

static void *
watch(void *arg)
{
	struct watchdog *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->quit) {
		if (w->until == 0 || w->bitten) {
			pthread_cond_wait(&w->changed, &w->lock);
		} else if (clock_mono_ms() < w->until) {
			sleep_until(w, w->until);
		} else {
			w->bitten = true;
			if (w->fd >= 0)
				shutdown(w->fd, SHUT_RDWR);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct watchdog *
watchdog_new(void)
{
	struct watchdog *w = mem_alloc(sizeof(*w));
	sigset_t all, old;
	int error;

	w->fd = -1;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	/* Signals are for the program's own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&w->thread, NULL, watch, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	assert(error == 0);
	return w;
}

void
watchdog_free(struct watchdog *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->quit = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* libldap has connected, and has not sent anything yet. */
static int
connected(LDAP *ld, Sockbuf *sb, LDAPURLDesc *server, struct sockaddr *address,
    struct ldap_conncb *callbacks)
{
	struct watchdog *w = callbacks->lc_arg;
	ber_socket_t fd = -1;

	(void)ld;
	(void)server;
	(void)address;
	ber_sockbuf_ctrl(sb, LBER_SB_OPT_GET_FD, &fd);
	pthread_mutex_lock(&w->lock);
	w->fd = fd;
	w->connected = true;
	if (w->bitten)
		shutdown(fd, SHUT_RDWR);
	pthread_mutex_unlock(&w->lock);
	return LDAP_SUCCESS;
}

/* libldap is about to close: the number may soon be another file's. */
static void
closing(LDAP *ld, Sockbuf *sb, struct ldap_conncb *callbacks)
{
	struct watchdog *w = callbacks->lc_arg;

	(void)ld;
	(void)sb;
	pthread_mutex_lock(&w->lock);
	w->fd = -1;
	pthread_mutex_unlock(&w->lock);
}

void
watchdog_attach(struct watchdog *w, LDAP *ld)
{
	w->callbacks.lc_add = connected;
	w->callbacks.lc_del = closing;
	w->callbacks.lc_arg = w;
	ldap_set_option(ld, LDAP_OPT_CONNECT_CB, &w->callbacks);
}

void
watchdog_arm(struct watchdog *w, unsigned ms)
{
	pthread_mutex_lock(&w->lock);
	w->until = clock_mono_ms() + ms;
	w->bitten = false;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void
watchdog_disarm(struct watchdog *w)
{
	/* The thread finds out when it wakes: no signal, no switch. */
	pthread_mutex_lock(&w->lock);
	w->until = 0;
	pthread_mutex_unlock(&w->lock);
}

bool
watchdog_connected(struct watchdog *w)
{
	bool result;

	pthread_mutex_lock(&w->lock);
	result = w->connected;
	pthread_mutex_unlock(&w->lock);
	return result;
}

bool
watchdog_bitten(struct watchdog *w)
{
	bool result;

	pthread_mutex_lock(&w->lock);
	result = w->bitten;
	pthread_mutex_unlock(&w->lock);
	return result;
}
