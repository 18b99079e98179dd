#ifndef PORT_H_
#define PORT_H_
#include <stddef.h>

struct ca;
struct ca_bridge;
struct ca_template;
struct conf;
struct err;
struct loop;
struct net;
struct port_roots;
struct ports;
struct profile_template;

/*
 * The engine's four ports (ports.h) over the real parts: devices by amt, wsman
 * and net; the CA and its bridges; Active Directory and the KDC.  Who sets the
 * parts up makes them, in the order of struct ports.
 */
int port_device_new(struct loop *loop, struct net *net, const struct conf *conf,
    struct ca *ca, struct ports *ports, struct err *err);
void port_device_free(struct ports *ports);
/* Go on with this CA, which is borrowed in place of the one before; on the
 * loop, between two calls. On failure nothing is changed. */
int port_device_use(struct ports *ports, struct ca *ca, struct err *err);
/* Everything is borrowed. */
struct port_ca_parts {
	struct loop *loop;
	struct ca *ca;
	struct ca_bridge *const *bridges;
	size_t bridge_count;
};
int port_ca_new(
    const struct port_ca_parts *parts, struct ports *ports, struct err *err);
/* Likewise; calls under way hold the one before until they are done. */
void port_ca_use(struct ports *ports, struct ca *ca);
/* Begin nothing more: calls that wait are dropped without an answer, those at
 * work are waited for (they bound their own time) and answered. */
void port_ca_stop(struct ports *ports);
void port_ca_free(struct ports *ports); /* when none is under way */
/* Directory and KDC together: both run on workers with connections of their
 * own. Leaves self NULL when conf->directory is false. */
int port_directory_new(struct loop *loop, const struct conf *conf,
    struct ports *ports, struct err *err);
/* As port_ca_stop(). */
void port_directory_stop(struct ports *ports);
void port_directory_free(struct ports *ports); /* when none is under way */

/* The CA's roots in the engine's words, to be cleared. */
void port_ca_roots(const struct ca *ca, struct port_roots *ret);
void port_ca_roots_clear(struct port_roots *roots);

/* A profile's template in the CA's words; texts borrowed from it. */
struct ca_template port_template(const struct profile_template *t);
#endif
