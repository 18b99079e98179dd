/*
 * More requests than the queue takes, while the records do not answer: the rest
 * is told to come again, and who waited is answered.
 */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "conf.h"
#include "err.h"
#include "fixture.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "record_internal.h"
#include "revocation_internal.h"
#include "rollover.h"

/* Several source addresses, for the limit of each. */
#define ADDRESSES 7
#define PER_ADDRESS 30
#define CLIENTS (ADDRESSES * PER_ADDRESS)
#define QUEUE 128 /* QUEUE_MAX of revocation.c; one more may be at work */
#define REFUSED_LEAST (CLIENTS - QUEUE - 1)

static struct fixture fixture;
static struct loop *loop;
static struct revocation *revocation;
static uint16_t port;

static struct {
	size_t refused, answered;
	int done[2];
} clients;

static int
bound(unsigned host, uint16_t *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK + host)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (void *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static int
setup(void **state)
{
	char listen[32];
	struct conf conf = {.revocation_listen = listen};
	struct err err;

	(void)state;
	log_set_level(LOG_ERROR);
	fixture_open(&fixture);
	loop = loop_new(&err);
	assert_non_null(loop);
	(void)close(bound(0, &port));
	(void)snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
	if (revocation_new(loop, fixture.ca, &conf, &revocation, &err) != 0)
		fail_msg("%s", err.text);
	return 0;
}

static void
on_stopped(void *cookie)
{
	loop_stop(cookie);
}

static int
teardown(void **state)
{
	(void)state;
	revocation_stop(revocation, on_stopped, loop);
	loop_run(loop);
	revocation_free(revocation);
	loop_free(loop);
	fixture_close(&fixture);
	return 0;
}

/* Connected, from this address. */
static int
reach(unsigned host)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	uint16_t own;
	int fd = bound(host, &own);

	assert_int_equal(connect(fd, (void *)&to, sizeof(to)), 0);
	return fd;
}

static void
ask(struct pollfd *client, unsigned host)
{
	char text[128];
	int len;

	len = snprintf(text, sizeof(text),
	    "GET /crl/%s.crl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	    ca_name(fixture.ca));
	client->fd = reach(host);
	client->events = POLLIN;
	assert_int_equal(send(client->fd, text, (size_t)len, 0), len);
}

/* The status line is enough. */
static void
take(struct pollfd *client)
{
	char text[13] = "";

	assert_int_equal(recv(client->fd, text, 12, MSG_WAITALL), 12);
	if (strcmp(text, "HTTP/1.1 200") == 0)
		clients.answered++;
	else if (strcmp(text, "HTTP/1.1 503") == 0)
		clients.refused++;
	else
		fail_msg("%s", text);
	(void)close(client->fd);
	client->fd = -1;
}

/* The lock is a thread's, so all of it is done in this one. */
static void *
run_clients(void *arg)
{
	struct pollfd all[CLIENTS];
	bool locked = true;
	size_t i;

	(void)arg;
	ca_store_lock(fixture.ca->store);
	for (i = 0; i < CLIENTS; i++)
		ask(&all[i], (unsigned)(1 + i / PER_ADDRESS));
	while (clients.refused + clients.answered < CLIENTS) {
		assert_true(poll(all, CLIENTS, 60000) > 0);
		for (i = 0; i < CLIENTS; i++)
			if (all[i].fd >= 0 && all[i].revents != 0)
				take(&all[i]);
		if (locked && clients.refused >= REFUSED_LEAST) {
			assert_int_equal(clients.answered, 0);
			ca_store_unlock(fixture.ca->store);
			locked = false;
		}
	}
	(void)!write(clients.done[1], "", 1);
	return NULL;
}

static void
clients_done(void *cookie, unsigned ready)
{
	(void)ready;
	loop_stop(cookie);
}

struct reader {
	char name[CA_NAME];
	char status[13];
	int done[2];
};

static void *
run_reader(void *arg)
{
	struct reader *r = arg;
	char text[128];
	int fd, len;

	len = snprintf(text, sizeof(text),
	    "GET /crl/%s.crl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	    r->name);
	fd = reach(0);
	assert_int_equal(send(fd, text, (size_t)len, 0), len);
	assert_int_equal(recv(fd, r->status, 12, MSG_WAITALL), 12);
	(void)close(fd);
	(void)!write(r->done[1], "", 1);
	return NULL;
}

static const char *
status_of(const char *name)
{
	static struct reader r;
	struct loop_io *io;
	pthread_t thread;

	memset(&r, 0, sizeof(r));
	(void)snprintf(r.name, sizeof(r.name), "%s", name);
	assert_int_equal(pipe(r.done), 0);
	io = loop_io_add(loop, r.done[0], LOOP_READ, clients_done, loop);
	assert_int_equal(pthread_create(&thread, NULL, run_reader, &r), 0);
	loop_run(loop);
	assert_int_equal(pthread_join(thread, NULL), 0);
	loop_io_del(io);
	(void)close(r.done[0]);
	(void)close(r.done[1]);
	return r.status + strlen("HTTP/1.1 ");
}

static void
test_queue_is_bounded(void **state)
{
	struct loop_io *io;
	pthread_t thread;

	(void)state;
	/* The first look at what must not lapse is over then: one that was at
	 * work would leave some that wait to be taken all at once. */
	assert_string_equal(status_of(ca_name(fixture.ca)), "200");
	assert_int_equal(pipe(clients.done), 0);
	io = loop_io_add(loop, clients.done[0], LOOP_READ, clients_done, loop);
	assert_int_equal(pthread_create(&thread, NULL, run_clients, NULL), 0);
	loop_run(loop);
	assert_int_equal(pthread_join(thread, NULL), 0);
	loop_io_del(io);
	(void)close(clients.done[0]);
	(void)close(clients.done[1]);
	/* Whether or not one was at work when the records stopped. */
	assert_in_range(clients.refused, REFUSED_LEAST, REFUSED_LEAST + 1);
	assert_int_equal(clients.answered, CLIENTS - clients.refused);
}

/* --- another CA --- */

/* The lists of the new one and of the one before; also while a request for one
 * that ends meanwhile waits. */
static void
test_another_ca(void **state)
{
	struct ca_roll roll = {.organisation = NULL};
	struct ca *next = NULL, *before = fixture.ca;
	char old[CA_NAME];
	struct err err;

	(void)state;
	(void)snprintf(old, sizeof(old), "%s", ca_name(before));
	assert_string_equal(status_of(old), "200");
	assert_int_equal(ca_rollover(before, &fixture.conf, &roll, &err), 0);
	assert_int_equal(ca_open(&fixture.conf, &next, &err), 0);
	assert_string_equal(status_of(ca_name(next)), "404");
	revocation_use(revocation, next);
	ca_close(before);
	fixture.ca = next;
	/* Once more while the first look of the new one is under way. */
	revocation_use(revocation, next);
	assert_string_equal(status_of(ca_name(next)), "200");
	assert_string_equal(status_of(old), "200");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_queue_is_bounded, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_another_ca, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
