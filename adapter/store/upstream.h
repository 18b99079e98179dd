#ifndef UPSTREAM_H_
#define UPSTREAM_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct secret;
struct store;

/*
 * Consoles above us, as an ePO: how far we have read each, which of its systems
 * is which device, and what we have published there (upstream_push.h).  Writes
 * join the store's transaction.  Structs own their texts; *_clear() frees them
 * and leaves a zeroed one, which is allowed too.
 */
enum upstream_state {
	UPSTREAM_NEW,	 /* never spoken to */
	UPSTREAM_GOOD,	 /* the last sync went well */
	UPSTREAM_FAILED, /* it did not; it is tried again at next_at */
	UPSTREAM_DENIED, /* it refused our credentials: a person gives others */
	UPSTREAM_CHANGED, /* another server, or version: a person accepts it */
};
const char *upstream_state_name(enum upstream_state s); /* "new", ... */

struct upstream {
	int64_t id;
	char *name;
	char *mark; /* 8 hex digits: what we publish there carries it */
	enum upstream_state state;
	char *version, *unique_id;    /* as accepted; NULL: not known */
	char *seen_version, *seen_id; /* as it says now, when CHANGED */
	char *error;		      /* why FAILED, DENIED, CHANGED */
	char *remarks; /* of a good one: what it cannot; or NULL */
	int64_t error_at;
	int64_t failures;  /* in a row */
	int64_t next_at;   /* not before; 0: at once */
	int64_t good_at;   /* end of the last good sync */
	int64_t pulled_at; /* begin of the last pull that came to its end */
	int64_t full_at;   /* begin of the last of those that read all */
	/* A pull under way: its number, when it began (0: none is), whether it
	 * reads all, and the last system's number it has read. */
	int64_t pass, pass_began, pass_after;
	bool pass_full;
};
void upstream_clear(struct upstream *u);

/* Of this name, made when it is not there. */
int upstream_take(
    struct store *s, const char *name, struct upstream *ret, struct err *err);
/* ERR_NOTFOUND. */
int upstream_find(
    struct store *s, const char *name, struct upstream *ret, struct err *err);
/* All but id, name and mark. */
int upstream_save(struct store *s, const struct upstream *u, struct err *err);
/* It is another server: what we knew of its systems and published there is
 * forgotten; devices stay. */
int upstream_forget(struct store *s, int64_t id, struct err *err);

/* At most one process at a time syncs: ERR_CONFLICT while another's hold
 * lasts. Taking what one has prolongs it. */
int upstream_hold(struct store *s, int64_t id, const char *owner, int64_t now,
    int64_t until, struct err *err);
int upstream_release(
    struct store *s, int64_t id, const char *owner, struct err *err);

/* Sealed by the vault. */
int upstream_put_login(struct store *s, int64_t id, const char *user,
    const struct secret *password, struct err *err);
/* Both are given; ERR_NOTFOUND when there is none. */
int upstream_get_login(struct store *s, int64_t id, char **ret_user,
    struct secret **ret_password, struct err *err);

/* --- its systems --- */
struct upstream_link {
	int64_t id; /* 0 until stored */
	int64_t upstream;
	int64_t remote; /* its number there: EPOLeafNode.AutoID */
	int64_t device; /* 0: none of ours */
	bool taken;	/* it was one of ours: not taken in again by itself */
	char *name;	/* its name there */
	char *tags;	/* those it gave the device, by ", "; or NULL */
	char *problem;	/* why it could not be taken; or NULL */
	int64_t pass;	/* of the last pull that read it */
	int64_t seen_at;
	int64_t gone_at; /* a pull of all has not found it; 0: is there */
};
void upstream_link_clear(struct upstream_link *l);

/* ERR_NOTFOUND. */
int upstream_link_find(struct store *s, int64_t upstream, int64_t remote,
    struct upstream_link *ret, struct err *err);
/* The one that is this device; ERR_NOTFOUND. */
int upstream_link_of(struct store *s, int64_t upstream, int64_t device,
    struct upstream_link *ret, struct err *err);
/* The device whose host has this name, as it was last said; 0: none, -1 in
 * *ret_device: several. */
int upstream_device_of_host(struct store *s, const char *host,
    const char *domain, int64_t *ret_device, struct err *err);
/* Sets the id of a new one. ERR_CONFLICT when the device is another's. */
int upstream_link_save(
    struct store *s, struct upstream_link *l, struct err *err);
typedef int upstream_link_fn(
    void *cookie, const struct upstream_link *l, struct err *err);
/* Those that a pull of all, the pass, has not read and that are not gone yet
 * are now, the first `limit` of them by number; fn for each, before, may write
 * events. *ret_more: there may be further ones. */
struct upstream_sweep {
	int64_t upstream, pass, now, limit;
};
int upstream_link_sweep(struct store *s, const struct upstream_sweep *sweep,
    upstream_link_fn *fn, void *cookie, bool *ret_more, struct err *err);
/* How many the pass has read. */
int upstream_link_read(struct store *s, int64_t upstream, int64_t pass,
    int64_t *ret_count, struct err *err);
/* All that need a person: gone, or with a problem; by number. */
int upstream_link_scan(struct store *s, int64_t upstream, upstream_link_fn *fn,
    void *cookie, struct err *err);

struct upstream_counts {
	int64_t systems, devices, gone, problems;
	int64_t unsure; /* published, and not known whether it arrived */
	int64_t issues; /* open there */
};
int upstream_count(struct store *s, int64_t upstream,
    struct upstream_counts *ret, struct err *err);

/* Give the device these tags and take those away that it had from there; both
 * by ", ", NULL: none. What a person excluded stays so. A name that cannot be
 * one of ours is passed over. *ret_changed: did anything change? */
int upstream_mirror_tags(struct store *s, int64_t device, const char *before,
    const char *now, bool *ret_changed, struct err *err);
#endif
