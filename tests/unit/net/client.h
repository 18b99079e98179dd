#ifndef CLIENT_H_
#define CLIENT_H_
#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "net.h"

/* One peer and how its latest exchange ended. */
struct client {
	struct loop *loop;
	struct net *net;
	struct net_peer *peer;
	unsigned timeout_ms; /* 0: 2 min */
	size_t answer_max;   /* 0: 64 KB */
	/* the result */
	unsigned calls; /* of done(), in all */
	struct err err;
	int status;
	char *body;
	size_t body_len;
	char challenge[2][200];
	bool fresh, closes;
};

void client_open(struct client *client, const struct net_peer_conf *conf);
/* POST /wsman with this body, until it is done; what went wrong. */
enum err_kind client_post(struct client *client, const char *body);
enum err_kind client_send(
    struct client *client, const struct net_request *request);
/* A new peer in the place of the old one, in the same net. */
void client_again(struct client *client, const struct net_peer_conf *conf);
void client_close(struct client *client);
#endif
