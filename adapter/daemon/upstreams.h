#ifndef UPSTREAMS_H_
#define UPSTREAMS_H_
#include "buf.h"
#include "epo_client.h"

struct conf;
struct err;

/* A console above us as configured, in the words of its client. */
struct upstream_conf {
	struct epo_conf epo;
	struct epo_rule rules[EPO_RULES_MAX];
	char *texts; /* of the rules */
	struct buf ca;
};
/* Reads the files. ERR_NOTFOUND when none is named so; ERR_INVALID for a rule
 * that cannot be, or an unknown finding. conf is borrowed until it is cleared.
 */
int upstream_conf_open(const struct conf *conf, const char *name,
    struct upstream_conf *ret, struct err *err);
void upstream_conf_clear(struct upstream_conf *u); /* a zeroed one is allowed */
#endif
