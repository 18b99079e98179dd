#ifndef REMOVE_INTERNAL_H_
#define REMOVE_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

#include "cli.h"

/* What "device remove" says, of the store here or a service elsewhere. */

/* Certificates of a device that are valid still. */
struct remove_left {
	char *serial, *issuer;
	int64_t not_after;
	const char *state; /* "valid", "revoked", "marked" */
};
struct remove_lefts {
	struct remove_left *all;
	size_t count;
	int64_t now;
};
/* A zeroed, "valid" one behind them, to be filled: its texts are given. */
struct remove_left *remove_left_new(struct remove_lefts *l);

/* A device that left, and what it leaves behind. */
struct remove_gone {
	char *name, *ad_dn;
	const char *state, *ad_state;
	struct remove_lefts lefts;
};
void remove_gone_clear(struct remove_gone *g);

struct table *remove_table(const struct cli *c);
void remove_tell(
    const struct cli *c, struct table *t, const struct remove_gone *g);
/* Does whoever is asked want so many devices gone? Nobody is with --dry-run. */
bool remove_confirmed(struct cli *c, size_t count);

/* The whole command, with --server; devices were chosen. */
int remove_remote(struct cli *c);
#endif
