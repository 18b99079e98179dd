#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "loop.h"
#include "mem.h"

/* For what must come, on a loaded machine and under valgrind, too. */
#define PATIENCE_MS 120000

static void
need(bool good, const struct err *err)
{
	if (good)
		return;
	(void)fprintf(stderr, "client: %s\n", err->text);
	abort();
}

void
client_open(struct client *client, const struct net_peer_conf *conf)
{
	struct err err = {0};

	*client = (struct client){0};
	client->loop = loop_new(&err);
	need(client->loop != NULL, &err);
	client->net = net_new(client->loop, &err);
	need(client->net != NULL, &err);
	client_again(client, conf);
}

void
client_again(struct client *client, const struct net_peer_conf *conf)
{
	struct net_peer_conf patient = *conf;
	struct err err = {0};

	if (patient.connect_ms == 0)
		patient.connect_ms = PATIENCE_MS;
	net_peer_free(client->peer);
	client->peer = net_peer_new(client->net, &patient, &err);
	need(client->peer != NULL, &err);
}

static void
keep(struct client *client, const struct net_answer *answer)
{
	size_t i;

	client->status = answer->status;
	client->body = mem_dup_len(buf_text(answer->body), answer->body->len);
	client->body_len = answer->body->len;
	client->fresh = answer->fresh;
	client->closes = answer->closes;
	for (i = 0; i < 2 && answer->challenges[i] != NULL; i++)
		(void)snprintf(client->challenge[i],
		    sizeof(client->challenge[i]), "%s", answer->challenges[i]);
}

static void
on_done(void *cookie, const struct net_answer *answer, const struct err *err)
{
	struct client *client = cookie;

	client->calls++;
	client->err = *err;
	if ((answer == NULL) == (err->kind == ERR_NONE))
		abort();
	if (answer != NULL)
		keep(client, answer);
	loop_stop(client->loop);
}

enum err_kind
client_send(struct client *client, const struct net_request *request)
{
	struct err err = {0};
	unsigned calls = client->calls;

	free(client->body);
	client->body = NULL;
	client->status = 0;
	memset(client->challenge, 0, sizeof(client->challenge));
	if (net_exchange(client->peer, request, on_done, client, &err) != 0) {
		client->err = err;
		return err.kind;
	}
	if (client->calls != calls)
		abort(); /* done() from inside net_exchange() */
	loop_run(client->loop);
	if (client->calls != calls + 1)
		abort();
	return client->err.kind;
}

enum err_kind
client_post(struct client *client, const char *body)
{
	static const char *const headers[] = {
	    "Content-Type: application/soap+xml; charset=utf-8", NULL};
	struct net_request request = {.method = "POST",
	    .path = "/wsman",
	    .headers = headers,
	    .body = body,
	    .body_len = strlen(body),
	    .timeout_ms =
		client->timeout_ms > 0 ? client->timeout_ms : PATIENCE_MS,
	    .answer_max = client->answer_max > 0 ? client->answer_max : 65536};

	return client_send(client, &request);
}

void
client_close(struct client *client)
{
	net_peer_free(client->peer);
	net_free(client->net);
	loop_free(client->loop);
	free(client->body);
}
