#ifndef EPO_TAKE_INTERNAL_H_
#define EPO_TAKE_INTERNAL_H_
#include <stdint.h>

#include "intake.h"

struct epo_conf;
struct epo_report;
struct epo_row;
struct err;
struct upstream;
struct upstream_link;

/* Rows into the store, in its open transaction; all is borrowed. */
struct epo_take {
	const struct epo_conf *conf;
	struct intake_to to;
	const struct upstream *upstream;
	struct epo_report *report;
	int64_t now;
};
/*
 * The system is the device it was before; or the one with its UUID, or its
 * name; or a new one, when conf says so.  What cannot be decided is the link's
 * problem, for a person.  Which of our tags it has there is known from now on.
 */
int epo_take_row(
    struct epo_take *t, const struct epo_row *row, struct err *err);
/* An event about a system there; the device may be 0. */
int epo_take_tell(struct epo_take *t, const struct upstream_link *l,
    const char *kind, struct err *err);
#endif
