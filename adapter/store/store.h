#ifndef STORE_H_
#define STORE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct device;
struct err;
struct secret;
struct store;
struct vault;

/*
 * The fleet: devices, secrets, events with their audit chain, journal.  The
 * only owner of the tables.  SQLite, WAL, synchronous=FULL; several processes
 * may have it open.
 *
 * Writing is grouped: the first write opens a transaction, store_commit() ends
 * it.  Nothing written is durable, and no step may be taken because of it,
 * before store_commit() returned 0.  When store_commit() fails everything since
 * the last commit is gone and the caller must drop what it believed.
 */

/* A new database with its schema; ERR_CONFLICT when path exists. The vault's
 * check value is stored in it. */
int store_create(const char *path, struct vault *vault, struct err *err);
/* Open and migrate. ERR_NOTFOUND when missing (never created here), ERR_STORAGE
 * when damaged or when the vault's key is not the one it was made with. The
 * vault is borrowed for the store's life. */
int store_open(const char *path, struct vault *vault, struct store **ret_store,
    struct err *err);
void store_close(struct store *s); /* rolls back what was not committed */
int store_commit(struct store *s, struct err *err);
void store_rollback(struct store *s);
/* Open it now: what is read from here on is as it stays until the commit. */
int store_lock(struct store *s, struct err *err);
/* Is a transaction open? */
bool store_dirty(const struct store *s);
/* What takes until this clock_mono_ms() fails with ERR_LIMIT, and the caller
 * rolls back; 0: no end. */
void store_deadline(struct store *s, int64_t mono_ms);
/* For a service: wait for other writers as long as the longest of them takes
 * (an import that is all or nothing), rather than give up and end. */
#define STORE_PATIENCE_MS 60000
void store_patience(struct store *s);
/* What this store is known by, as long as it lives and to nobody else's. */
#define STORE_UUID 37
int store_uuid(struct store *s, char out[STORE_UUID], struct err *err);

/* --- devices --- */
typedef int store_device_fn(
    void *cookie, const struct device *device, struct err *err);

/* What to choose; zeroed means all. All set conditions must hold. */
struct store_filter {
	const char *name;   /* shell pattern on name, uuid or address */
	const char *reason; /* has this reason code */
	const char *site;
	int64_t due_before; /* next_due <= this and not 0 */
	size_t limit;	    /* 0 = no limit */
	bool unleased;	    /* nobody is working on it */
	const char *after;  /* behind this name in name order */
};

/* All fields but the lease; sets d->id. ERR_CONFLICT when the name, UUID or
 * Active Directory account is another device's. */
int store_device_add(struct store *s, struct device *d, struct err *err);
/* By exact name or uuid (ASCII case ignored, as DNS does); a copy, given.
 * ERR_NOTFOUND. */
int store_device_find(struct store *s, const char *name,
    struct device **ret_device, struct err *err);
int store_device_get(
    struct store *s, int64_t id, struct device **ret_device, struct err *err);
/* Its site alone, given; NULL: none. ERR_NOTFOUND. */
int store_device_site(
    struct store *s, int64_t id, char **ret_site, struct err *err);
/* Write the HOST fields. ERR_CONFLICT when the new name is taken. */
int store_device_save_host(
    struct store *s, const struct device *d, struct err *err);
/* Write the STATE fields; ERR_CONFLICT when the lease is no longer ours, or
 * another device has this Active Directory account. */
int store_device_save_state(struct store *s, const struct device *d,
    int64_t lease_token, struct err *err);
/* With its secrets; ERR_CONFLICT while an intent is open. Events stay. */
int store_device_remove(struct store *s, int64_t id, struct err *err);
/* In name order (due_before: in next_due order); fn may write, commit and
 * remove; its -1 stops and returns. */
int store_device_scan(struct store *s, const struct store_filter *filter,
    store_device_fn *fn, void *cookie, struct err *err);
/* How many a scan without limit would visit. */
int store_device_count(struct store *s, const struct store_filter *filter,
    int64_t *ret_count, struct err *err);
/* The earliest next_due that is not 0; 0 when there is none. */
int store_next_due(struct store *s, int64_t *ret_at, struct err *err);

/* --- leases: at most one worker per device, over all processes --- */
/* Take the device until a time; ERR_CONFLICT when another owner's lease is
 * live. A new token is put in *ret_token. */
int store_lease_take(struct store *s, int64_t device, const char *owner,
    int64_t now, int64_t until, int64_t *ret_token, struct err *err);
/* Prolong; ERR_CONFLICT when the lease is no longer ours: dropped, or taken by
 * another after it expired. One that expired and was not taken still is. */
int store_lease_renew(struct store *s, int64_t device, int64_t token,
    int64_t until, struct err *err);
/* Let others have it; ERR_CONFLICT when it is no longer ours. */
int store_lease_drop(
    struct store *s, int64_t device, int64_t token, struct err *err);

/* --- secrets: sealed by the vault, bound to device and kind --- */
enum store_secret { STORE_SECRET_ADMIN, STORE_SECRET_AD };

/* The current one, given; ERR_NOTFOUND when there is none. */
int store_secret_get(struct store *s, int64_t device, enum store_secret kind,
    struct secret **ret_secret, struct err *err);
/* The one so many back; 0: the current one. ERR_NOTFOUND. */
int store_secret_previous(struct store *s, int64_t device,
    enum store_secret kind, unsigned back, struct secret **ret_secret,
    struct err *err);
/* Make it current; the one before is kept as previous (the last three). */
int store_secret_put(struct store *s, int64_t device, enum store_secret kind,
    const struct secret *secret, int64_t now, struct err *err);

/* --- groups: one tree, as ePO has it; a device is in one of them --- */
#define STORE_GROUP_ROOT 1
#define STORE_GROUP_ROOT_NAME "My Organization"

/* The group of this path ("Berlin\\Lab", "My Organization/Berlin"), made with
 * those above it when it is not there. ERR_INVALID. */
int store_group_check(const char *path, struct err *err); /* can it be one? */
int store_group_take(
    struct store *s, const char *path, int64_t *ret_id, struct err *err);
/* The same, of one that is there; ERR_NOTFOUND. */
int store_group_find(
    struct store *s, const char *path, int64_t *ret_id, struct err *err);

/* --- tags: names that devices have, or never get (excluded) --- */
struct store_tag {
	int64_t id;
	const char *name;
	int64_t devices, excluded; /* how many */
};
typedef int store_tag_fn(
    void *cookie, const struct store_tag *tag, struct err *err);

int store_tag_check(const char *name, struct err *err); /* can it be one? */
/* The tag of this name; made when it is not there. */
int store_tag_take(
    struct store *s, const char *name, int64_t *ret_id, struct err *err);
/* By name or number; ERR_NOTFOUND. */
int store_tag_find(
    struct store *s, const char *name, int64_t *ret_id, struct err *err);
/* Its name as it was made; given. ERR_NOTFOUND. */
int store_tag_name(
    struct store *s, int64_t tag, char **ret_name, struct err *err);
/* Give it to a device or exclude the device from it. A device that is excluded
 * does not get it; excluding takes it away. */
int store_tag_apply(struct store *s, int64_t device, int64_t tag,
    bool *ret_changed, struct err *err);
int store_tag_exclude(struct store *s, int64_t device, int64_t tag,
    bool *ret_changed, struct err *err);
/* Neither of the two any more. */
int store_tag_clear(struct store *s, int64_t device, int64_t tag,
    bool *ret_changed, struct err *err);
/* ERR_CONFLICT while an assignment or a server task goes by it. */
int store_tag_remove(struct store *s, int64_t tag, struct err *err);
int store_tag_scan(
    struct store *s, store_tag_fn *fn, void *cookie, struct err *err);

/* --- queries: ePO's language over the fleet, see query.h --- */
struct query;
struct query_graph;

/* The tables of the language, and what their columns are here. */
const struct query_graph *store_graph(void);
/* The one of devices, and the column with a device's number. */
#define STORE_SYSTEMS "EPOLeafNode"
#define STORE_SYSTEM_ID STORE_SYSTEMS ".AutoID"

struct store_cell {
	bool known;
	const char *text; /* of a text, list or tags; borrowed */
	int64_t number;	  /* of anything else */
};
typedef int store_query_fn(void *cookie, const struct store_cell *cells,
    size_t count, struct err *err);
/* A row at a time, in order; fn may not write, its -1 stops and returns.
 * *ret_cut: there were more rows than a query gets that does not say how many.
 */
int store_query(struct store *s, const struct query *q, store_query_fn *fn,
    void *cookie, bool *ret_cut, struct err *err);

/* Does it read runs? Not everybody may. */
bool store_query_reads_runs(const struct query *q);

#define STORE_SAVED_OWN 100
/* A query under a name; those that come with the program cannot be changed. */
struct store_saved {
	int64_t id; /* below STORE_SAVED_OWN: comes with the program */
	const char *name, *note;
	const char *target, *select, *where, *order, *group; /* or NULL */
	const char *chart; /* report_drawing_name(), or NULL */
};
typedef int store_saved_fn(
    void *cookie, const struct store_saved *saved, struct err *err);
/* fn once; by name in any case, or number. ERR_NOTFOUND. */
int store_saved_find(struct store *s, const char *name, store_saved_fn *fn,
    void *cookie, struct err *err);
/* Those of the program first, then by name; fn may not write. */
int store_saved_scan(
    struct store *s, store_saved_fn *fn, void *cookie, struct err *err);
/* Keep it; one of this name is replaced when told so, else ERR_CONFLICT. The
 * caller has compiled it. */
int store_saved_put(struct store *s, const struct store_saved *saved,
    bool replace, struct err *err);
/* ERR_NOTFOUND; ERR_REFUSED: it comes with the program; ERR_CONFLICT as of
 * tags. */
int store_saved_remove(struct store *s, const char *name, struct err *err);

/* --- events, each a link of the audit chain --- */
struct store_event {
	int64_t id;
	int64_t at;
	int64_t device;	    /* 0: none */
	const char *name;   /* device name at the time, or NULL */
	const char *kind;   /* "certificate.issued", "step.failed", ... */
	const char *actor;  /* "run", "serve", "cli:user" */
	const char *detail; /* JSON object, no secrets */
};
typedef int store_event_fn(
    void *cookie, const struct store_event *event, struct err *err);

/* id is ignored; hash = SHA-256(previous hash, all fields). */
int store_event_add(
    struct store *s, const struct store_event *event, struct err *err);
/* The same about d (NULL: no device), with {key: value} as its detail, or
 * nothing when key is NULL. */
int store_event_tell(struct store *s, const struct store_event *event,
    const struct device *d, const char *key, const char *value,
    struct err *err);
/* In id order after `after`; device 0 = all, limit 0 = no limit. fn may write
 * and commit; its -1 stops and returns. */
int store_event_scan(struct store *s, int64_t device, int64_t after,
    size_t limit, store_event_fn *fn, void *cookie, struct err *err);
/* Where to scan after, to begin with the first event of this time or later (it
 * may be yet to come), or with the last `count` ones; device 0 = all. */
int store_event_since(
    struct store *s, int64_t at, int64_t *ret_after, struct err *err);
int store_event_last(struct store *s, int64_t device, size_t count,
    int64_t *ret_after, struct err *err);
/* Walk the whole chain; ERR_STORAGE names the first event that breaks it, or is
 * missing at the end. */
int store_event_verify(struct store *s, int64_t *ret_count, struct err *err);
#endif
