#ifndef CA_HEALTH_H_
#define CA_HEALTH_H_
#include "health.h"

struct conf;
struct err;
struct profile;
struct store;

/* ca_health() with the profile's templates and what devices show. All is
 * borrowed for the call; from any thread that owns the store. */
struct daemon_ca_health {
	struct store *store;
	struct ca *ca;
	const struct conf *conf;
	const struct profile *profile;
};
int daemon_ca_health(const struct daemon_ca_health *j, ca_finding_fn *fn,
    void *cookie, struct err *err);
#endif
