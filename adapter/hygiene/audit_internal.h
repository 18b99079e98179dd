#ifndef AUDIT_INTERNAL_H_
#define AUDIT_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit.h"
#include "wish.h"

struct daemon;
struct ad_audit;
struct device;
struct directory;
struct err;
struct krb;

/* --- audit_join.c: what the run keeps of objects and devices ---------------
 */

/* Hashes of names, ASCII case ignored, without the names: what two of them
 * share must be looked at again. 4 bytes each, in three times the room at most.
 */
struct audit_set {
	uint32_t *slots;
	size_t room, count;
};
void audit_set_add(struct audit_set *s, const char *name);
/* 0: not in the set; 1: met for the first time; 2: met before. */
int audit_set_meet(struct audit_set *s, const char *name);
void audit_set_clear(struct audit_set *s);

/* The devices of the store by the account that they have or should have. */
struct audit_row {
	int64_t id; /* 0: free */
	uint32_t hash;
	bool met;
};
struct audit_fleet {
	struct daemon *d;
	struct audit_row *rows;
	size_t room, count;
};
/* Zeroed but for d before. Nothing is in it when the profile has no AD. */
int audit_fleet_load(struct audit_fleet *f, struct err *err);
void audit_fleet_clear(struct audit_fleet *f);

/* What an object of a device should be; texts are in here. */
struct audit_wish {
	struct device *device;
	struct wish_object object;
	struct directory_audit_wish wish; /* but for ou */
};
/* The device whose account this is: *ret filled, device NULL when it is
 * nobody's. The row is met from then on. */
int audit_fleet_find(struct audit_fleet *f, const char *account,
    struct audit_wish *ret, struct err *err);
/* fn for each device that was not met. */
typedef int audit_wish_fn(void *cookie, struct audit_wish *w, struct err *err);
int audit_fleet_unmet(
    struct audit_fleet *f, audit_wish_fn *fn, void *cookie, struct err *err);
void audit_wish_clear(struct audit_wish *w);

/* --- audit_domain.c: what is judged once, not by object --------------------
 */

/* Takes findings as they are made. */
struct audit_sink {
	const struct ad_audit *how;
	bool told; /* one went out */
};
int audit_tell(
    void *sink, const struct directory_audit_finding *f, struct err *err);
int audit_rights(struct daemon *d, struct directory *directory, const char *ou,
    struct audit_sink *sink, struct err *err);
int audit_clocks(struct daemon *d, struct audit_sink *sink, struct err *err);
#endif
