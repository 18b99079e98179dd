#ifndef AUDIT_INTERNAL_H_
#define AUDIT_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit.h"
#include "wish.h"

struct daemon;
struct daemon_audit;
struct device;
struct directory;
struct err;
struct krb;

/* --- audit_join.c: what the run keeps of objects and devices ---------------
 */

/* Hashes of names, ASCII case ignored, without the names: what two of them
 * share must be looked at again. 4 bytes each, in three times the room at most.
 */
struct daemon_audit_set {
	uint32_t *slots;
	size_t room, count;
};
void daemon_audit_set_add(struct daemon_audit_set *s, const char *name);
/* 0: not in the set; 1: met for the first time; 2: met before. */
int daemon_audit_set_meet(struct daemon_audit_set *s, const char *name);
void daemon_audit_set_clear(struct daemon_audit_set *s);

/* The devices of the store by the account that they have or should have. */
struct daemon_audit_row {
	int64_t id; /* 0: free */
	uint32_t hash;
	bool met;
};
struct daemon_audit_fleet {
	struct daemon *d;
	struct daemon_audit_row *rows;
	size_t room, count;
};
/* Zeroed but for d before. Nothing is in it when the profile has no AD. */
int daemon_audit_fleet_load(struct daemon_audit_fleet *f, struct err *err);
void daemon_audit_fleet_clear(struct daemon_audit_fleet *f);

/* What an object of a device should be; texts are in here. */
struct daemon_audit_wish {
	struct device *device;
	struct wish_object object;
	struct directory_audit_wish wish; /* but for ou */
};
/* The device whose account this is: *ret filled, device NULL when it is
 * nobody's. The row is met from then on. */
int daemon_audit_fleet_find(struct daemon_audit_fleet *f, const char *account,
    struct daemon_audit_wish *ret, struct err *err);
/* fn for each device that was not met. */
typedef int daemon_audit_wish_fn(
    void *cookie, struct daemon_audit_wish *w, struct err *err);
int daemon_audit_fleet_unmet(struct daemon_audit_fleet *f,
    daemon_audit_wish_fn *fn, void *cookie, struct err *err);
void daemon_audit_wish_clear(struct daemon_audit_wish *w);

/* --- audit_domain.c: what is judged once, not by object --------------------
 */

/* Takes findings as they are made. */
struct daemon_audit_sink {
	const struct daemon_audit *how;
	bool told; /* one went out */
};
int daemon_audit_tell(
    void *sink, const struct directory_audit_finding *f, struct err *err);
int daemon_audit_rights(struct daemon *d, struct directory *directory,
    const char *ou, struct daemon_audit_sink *sink, struct err *err);
int daemon_audit_clocks(
    struct daemon *d, struct daemon_audit_sink *sink, struct err *err);
#endif
