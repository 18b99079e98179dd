#ifndef DAEMON_H_
#define DAEMON_H_
#include <stdbool.h>
#include <stdint.h>

struct conf;
struct engine;
struct err;
struct loop;
struct ports;
struct profile;
struct store;
struct vault;
struct ca;

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
	struct ca *ca;	   /* NULL without ENGINE */
	struct loop *loop; /* NULL without ENGINE */
	struct ports *ports;
	struct engine *engine;
};

enum daemon_parts {
	DAEMON_STORE, /* conf, profile, vault, store */
	DAEMON_ENGINE /* and CA, loop, ports, engine */
};

int daemon_open(const char *conf_file, enum daemon_parts parts,
    const char *actor, struct daemon *ret_daemon, struct err *err);
void daemon_close(struct daemon *d); /* a zeroed one is allowed */

/* `serve`: recover, then work on what is due until SIGTERM or SIGINT; parks or
 * finishes every device before it returns. */
int daemon_serve(struct daemon *d, struct err *err);

/* Own clock against the KDC's, when a directory is configured: ERR_REFUSED when
 * off by more than conf->clock_limit. Blocking; before a run. */
int daemon_check_clock(
    struct daemon *d, int64_t *ret_offset_ms, struct err *err);

/* For port_*.c, called by daemon_open(). */
struct net;
int port_device_new(struct loop *loop, struct net *net, const struct conf *conf,
    struct ca *ca, struct ports *ports, struct err *err);
void port_device_free(struct ports *ports);
int port_ca_new(
    struct loop *loop, struct ca *ca, struct ports *ports, struct err *err);
void port_ca_free(struct ports *ports);
/* Directory and KDC together: both run on workers with connections of their
 * own. Leaves self NULL when conf->directory is false. */
int port_directory_new(struct loop *loop, const struct conf *conf,
    struct ports *ports, struct err *err);
void port_directory_free(struct ports *ports);
#endif
