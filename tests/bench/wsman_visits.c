/*
 * Device visits through wsman sessions: what bench_bare_curl does, done by our
 * code, certificates pinned and answers parsed.  With --keep the sessions of
 * the first round are kept and only their connections closed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "options.h"
#include "secret.h"
#include "wsman.h"

struct visit {
	struct world *world;
	struct wsman *session;
	char leaf[65];
	unsigned done;
};

struct world {
	struct bench_options options;
	struct secret *password;
	struct loop *loop;
	struct net *net;
	struct visit *visits;
	unsigned next, ended, failed;
	struct err err; /* of the first that failed */
};

static void begin_visit(struct world *world);

static void
end_visit(struct visit *visit, const struct err *err)
{
	struct world *world = visit->world;

	if (err != NULL && world->failed++ == 0)
		world->err = *err;
	if (world->options.keep) {
		wsman_disconnect(visit->session);
	} else {
		wsman_free(visit->session);
		visit->session = NULL;
	}
	world->ended++;
	if (world->next < world->options.devices)
		begin_visit(world);
	else if (world->ended == world->options.devices)
		loop_stop(world->loop);
}

static void next_call(struct visit *visit);

static void
on_done(void *cookie, const struct wsman_reply *reply, const struct err *err)
{
	struct visit *visit = cookie;

	if (reply == NULL) {
		end_visit(visit, err);
		return;
	}
	visit->done++;
	if (visit->done == visit->world->options.exchanges)
		end_visit(visit, NULL);
	else
		next_call(visit);
}

static void
next_call(struct visit *visit)
{
	struct wsman_request request = {
	    .verb = WSMAN_GET, .class_name = "AMT_GeneralSettings"};
	struct err err = {0};

	if (wsman_call(visit->session, &request, 60000, on_done, visit, &err) !=
	    0)
		end_visit(visit, &err);
}

/* The leaf of each device is learnt unmeasured, as discovery would. */
static void
on_looked(void *cookie, const struct wsman_reply *reply, const struct err *err)
{
	struct visit *visit = cookie;
	struct world *world = visit->world;

	(void)reply;
	(void)err;
	if (wsman_leaf(visit->session) != NULL)
		(void)snprintf(visit->leaf, sizeof(visit->leaf), "%s",
		    wsman_leaf(visit->session));
	wsman_free(visit->session);
	visit->session = NULL;
	loop_stop(world->loop);
}

static void
open_session(struct visit *visit, bool look)
{
	struct world *world = visit->world;
	struct net_trust trust = {
	    .leaf_sha256 = visit->leaf[0] != '\0' ? visit->leaf : NULL};
	struct wsman_conf conf = {.port = world->options.port,
	    .tls = world->options.tls,
	    .user = look ? NULL : world->options.user,
	    .password = look ? NULL : world->password,
	    .trust = look ? NULL : &trust,
	    .connect_ms = 60000};
	struct err err = {0};
	char address[16];

	bench_address(
	    &world->options, (unsigned)(visit - world->visits), address);
	conf.address = address;
	if (wsman_new(world->net, &conf, &visit->session, &err) != 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

static void
begin_visit(struct world *world)
{
	struct visit *visit = &world->visits[world->next++];

	visit->done = 0;
	if (visit->session == NULL)
		open_session(visit, false);
	next_call(visit);
}

static void
look_at_all(struct world *world)
{
	struct wsman_request request = {.verb = WSMAN_IDENTIFY};
	unsigned i;

	for (i = 0; world->options.tls && i < world->options.devices; i++) {
		open_session(&world->visits[i], true);
		if (wsman_call(world->visits[i].session, &request, 10000,
			on_looked, &world->visits[i], &world->err) == 0)
			loop_run(world->loop);
	}
}

static void
visit_all(struct world *world)
{
	unsigned i;

	world->next = world->ended = 0;
	for (i = 0; i < world->options.at_once; i++)
		begin_visit(world);
	loop_run(world->loop);
}

int
main(int argc, char *argv[])
{
	static struct world world;
	struct bench_span span;
	struct net_stats stats;
	unsigned i;

	bench_options_read(&world.options, argc, argv);
	world.password =
	    secret_new(world.options.password, strlen(world.options.password));
	world.loop = loop_new(&world.err);
	world.net = world.loop != NULL ? net_new(world.loop, &world.err) : NULL;
	if (world.net == NULL) {
		(void)fprintf(stderr, "%s\n", world.err.text);
		return 1;
	}
	world.visits = mem_array(world.options.devices, sizeof(*world.visits));
	for (i = 0; i < world.options.devices; i++)
		world.visits[i].world = &world;
	look_at_all(&world);
	if (world.options.keep)
		visit_all(&world);
	bench_start(&span);
	for (i = 0; i < world.options.rounds; i++)
		visit_all(&world);
	bench_print(&span, "wsman_visits", &world.options, world.failed);
	net_stats(world.net, &stats);
	(void)fprintf(stderr,
	    "in all: %lu exchanges, %lu connections, "
	    "%lu handshakes, %lu resumed\n",
	    (unsigned long)stats.exchanges, (unsigned long)stats.connections,
	    (unsigned long)stats.handshakes, (unsigned long)stats.resumed);
	if (world.failed > 0)
		(void)fprintf(stderr, "first failure: %s\n", world.err.text);
	for (i = 0; i < world.options.devices; i++)
		wsman_free(world.visits[i].session);
	net_free(world.net);
	loop_free(world.loop);
	secret_free(world.password);
	free(world.visits);
	return world.failed > 0;
}
