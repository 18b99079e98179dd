#ifndef FLEET_INTERNAL_H_
#define FLEET_INTERNAL_H_
#include "transport_internal.h"

/* Loads or makes every device; 0, or -1 with a message. */
int fleet_make(struct sim *s);
void fleet_free(struct sim *s);
/* Initial passwords and all: for "device import". */
int fleet_write_csv(const struct sim *s, const char *file);
/* "address name" lines; a renamed host under its new name only. */
int fleet_write_hosts(const struct sim *s, const char *file);
/* By FQDN, host part, current host name, address or index; or NULL. */
struct sim_port *fleet_find(struct sim *s, const char *name);
struct sim_port *fleet_at(struct sim *s, struct in_addr addr);
/* Does a rule's glob mean this device? */
bool fleet_named(const struct sim_port *p, const char *pattern);
#endif
