#ifndef DAEMON_H_
#define DAEMON_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct conf;
struct device;
struct engine;
struct loop;
struct net;
struct ports;
struct profile;
struct store;
struct vault;
struct ca;
struct ca_conf;
struct ca_new;
struct ca_bridge;
struct desk_tickets;

/*
 * Sets the parts up in order and plugs the real modules into the engine's
 * ports.  Any part that does not answer stops the start: nothing is made in its
 * place, and no device is touched before all parts are there.
 */
struct daemon {
	struct conf *conf;
	struct profile *profile;
	struct vault *vault;
	struct store *store;
	struct ca *ca;
	struct ca_bridge **bridges; /* as in conf */
	size_t bridge_count;
	struct desk_tickets *tickets; /* for those; NULL: no Kerberos */
	struct loop *loop;
	struct net *net;
	struct ports *ports;
	struct engine *engine;
};

/* Configuration and profile only. */
int daemon_load(
    const char *conf_file, struct daemon *ret_daemon, struct err *err);

enum daemon_parts {   /* each with those before it */
	DAEMON_STORE, /* vault and store */
	DAEMON_CA,    /* and the bridges to others */
	DAEMON_ENGINE /* loop, ports, engine */
};

/* Open the parts of a loaded one. actor names us in events ("run", "serve");
 * borrowed until daemon_close(), which is the caller's also after a failure. */
int daemon_open(struct daemon *d, enum daemon_parts parts, const char *actor,
    struct err *err);
/* The bridges alone, which reads their files, and asks nobody: can they be
 * used?  Not before daemon_open(). */
int daemon_open_bridges(struct daemon *d, struct err *err);
void daemon_close(struct daemon *d); /* a zeroed one is allowed */

/* How a CA is made. */
struct daemon_ca_new {
	const struct ca_new *how;
	bool offline; /* no root: a request for somebody else's (ca.h) */
};

/* Make what the configuration names and nobody has yet: vault key, store and
 * CA; they stay closed. ERR_CONFLICT when any of them exists; nothing is left
 * behind on failure. */
int daemon_create(
    struct daemon *d, const struct daemon_ca_new *ca, struct err *err);
/* The CA alone, beside a vault and a store that exist. */
int daemon_create_ca(
    struct daemon *d, const struct daemon_ca_new *ca, struct err *err);
/* Where the CA's files are; needs the store open, for its vault. */
struct ca_conf daemon_ca_conf(const struct daemon *d);
/* The bridge of this name; NULL. */
struct ca_bridge *daemon_bridge(const struct daemon *d, const char *name);

/* Ask at conf->revocation_url for what certificates name there: the CRL, the
 * issuing certificate and OCSP. fn is told of each place; problem is NULL when
 * it is as it should be. Blocking, with DAEMON_CA open. ERR_NOTFOUND when no
 * URL is set, ERR_UNREACHABLE when its name does not resolve. */
struct daemon_place {
	const char *what; /* "crl", "ca", "ocsp" */
	const char *url;
	const char *problem;
};
typedef void daemon_place_fn(void *cookie, const struct daemon_place *place);
int daemon_check_revocation(
    struct daemon *d, daemon_place_fn *fn, void *cookie, struct err *err);

/* Who our own server's certificate is for, in the CA's records. */
#define DAEMON_CONSOLE "console"

/*
 * One WS-Man call to a device with its stored password and trust (its known
 * certificate, or one of our CA in its name); blocking, with all parts open.
 * done() gets the reply, borrowed, only after success.  A device of which
 * neither certificate nor realm is known yet must be discovered first.  It is
 * held as by engine_hold() meanwhile, with the same refusals.
 */
struct wsman_reply;
struct wsman_request;
typedef void daemon_reply_fn(void *cookie, const struct wsman_reply *reply);
int daemon_call(struct daemon *d, int64_t device,
    const struct wsman_request *request, daemon_reply_fn *done, void *cookie,
    struct err *err);

/*
 * For a CSR that a person brings, by the same door as a device's: names as the
 * device should be called now.  Issued when ret_cert is not NULL (clear it; the
 * same CSR again gets the same one until that is revoked or due for renewal),
 * else only checked.  With DAEMON_CA open.
 * As ca_issue(); ERR_REFUSED for another CA's template.
 */
struct daemon_csr {
	const struct device *device;
	const struct profile_template *template;
	const uint8_t *der;
	size_t len;
};
struct ca_cert;
int daemon_sign(struct daemon *d, const struct daemon_csr *csr,
    struct ca_cert *ret_cert, struct err *err);

/* For a command that asks once and waits: run the loop until a port_done_fn is
 * called, with the wait as its cookie or as the cookie's first member. */
struct daemon_wait {
	struct loop *loop;
	struct err err; /* of the answer */
};
void daemon_waited(void *wait, const struct err *err);
/* The answer's error, given on. */
int daemon_await(struct daemon_wait *w, struct err *err);
#endif
