#ifndef FORWARD_PLACE_H_
#define FORWARD_PLACE_H_
#include <stdint.h>

#include "store_forward.h"

struct conf_forward;
struct err;
struct store;

/*
 * The places that events are sent to, as people see them, and what they order
 * about letters that a webhook would not take.
 */
struct forward_status {
	const char *state;	 /* "new", "well", "behind", "failing" */
	struct store_forward at; /* all zero while it is new */
	int64_t behind, oldest;	 /* events not there yet; when the first was */
	int64_t dead;
};
int forward_status(struct store *s, const struct conf_forward *f,
    struct forward_status *ret, struct err *err);

/* Who orders; each order that does something has its event, and nothing is
 * committed here. */
struct forward_order {
	struct store *store;
	const char *actor; /* "cli:alice" */
	int64_t now;
};
/* Dead letters of a place, or that of one event (not 0), are sent once more, as
 * they were, by serve: one that is refused again is a dead letter again, the
 * others are gone once they have arrived.  At least once, under the webhook-id
 * they had.  How many; ERR_NOTFOUND: it is no dead letter. */
int forward_again(const struct forward_order *o, const char *place,
    int64_t event, int64_t *ret_count, struct err *err);
/* They are forgotten; the events stay in the audit chain. */
int forward_drop(const struct forward_order *o, const char *place,
    int64_t event, int64_t *ret_count, struct err *err);
#endif
