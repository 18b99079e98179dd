#ifndef API_PEER_H_
#define API_PEER_H_
#include "bridge_issue.h"
#include "bridge_kind.h"
#include "fixture.h"
#include "http_peer.h"
#include "other_ca.h"

struct identity;

/*
 * A CA with an HTTP API on loopback, as told: each request is answered by the
 * first row that its line begins with.  In a body @CERT@ stands for the
 * certificate that the CSR in the request asks for, as a JSON string without
 * its quotes; NULL hangs up.
 */
struct api_row {
	const char *line; /* "POST /1.0/sign" */
	const char *head; /* "200 OK", and headers */
	const char *body;
};

#define API_ROWS 12
struct api {
	struct fixture fixture;
	struct other_ca *other;
	struct other_wish wish;
	struct identity *root, *server, *client;
	struct http_peer *peer;
	struct ca_bridge *bridge;
	struct buf csr;
	struct ca_bridge_result got;
	struct err err;
	struct api_row rows[API_ROWS];
	/* what it has heard */
	char lines[4096]; /* "POST /1.0/sign;" of each */
	struct http_request last;
};

/* The files anchors.pem, tls.pem, and secret ("geheim") in the folder. */
void api_start(struct api *a);
void api_stop(struct api *a);
/* Put one before those that are there. */
void api_row(
    struct api *a, const char *line, const char *head, const char *body);
void api_forget(struct api *a); /* rows and what was heard */

/* The server's address, and a file of the folder that only we may read; given.
 */
char *api_url(const struct api *a, const char *host);
char *api_file(const struct api *a, const char *name, const char *text);
/* In the place of the one that is there; fails unless it opens. */
void api_open(struct api *a, const struct ca_bridge_conf *conf);
/* Fails unless it does not, for this reason. */
void api_open_fails(
    struct api *a, const struct ca_bridge_conf *conf, const char *text);

int api_ask(struct api *a);
void api_expect(struct api *a, enum ca_bridge_outcome outcome);
void api_fails(struct api *a, int rc, enum err_kind kind, const char *text);
/* Its test, what it said, and how it failed (ERR_NONE: it did not). */
void api_test(
    struct api *a, const char *said, enum err_kind kind, const char *text);
/* The one request on record: its state and id. */
void api_state(struct api *a, const char *state, char id[160]);
/* Revoke what was issued, serial 4711. */
int api_revoke(struct api *a, bool *ret_told);

/* A golden file's text; given. */
char *api_golden(const char *name);
/* The SubjectPublicKeyInfo of a certificate in PEM, appended. */
void api_key_of(const char *pem, struct buf *spki);
#endif
