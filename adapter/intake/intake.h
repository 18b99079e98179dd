#ifndef INTAKE_H_
#define INTAKE_H_
#include <stdbool.h>
#include <stdint.h>

struct buf;
struct device;
struct err;
struct secret;
struct store;

/*
 * How devices come in: what a person, a file or another console says of one is
 * checked, becomes a record, and changes one that is there, always the same
 * way.
 */

#define INTAKE_FIELDS_MAX 128 /* names of all facts, parted by commas */

/* What a person or a file says of a new device; borrowed, NULL: nothing. */
struct intake {
	const char *name, *address, *uuid, *os_host, *os_domain, *site;
	const char *os_address; /* of its host, by its own word */
	const char *group;	/* path in the tree */
	const char *leaf_sha256;
	bool plain;
};

/* Where to, and who does it (for events); borrowed. */
struct intake_to {
	struct store *store;
	const char *actor;
};

/* Can it be so? ERR_INVALID naming the field that is wrong. */
int intake_check(const struct intake *in, struct err *err);
/* A record of it (given), due at once; NULL with the error of intake_check().
 */
struct device *intake_device(const struct intake *in, struct err *err);
/* The host facts that are given, into a record that is there; its name, its
 * trust and what is not given stay. The names of those that are others now are
 * appended to *changed, parted by commas. */
int intake_change(const struct intake *in, struct device *d,
    struct buf *changed, struct err *err);
/* The group that is given, made in the open transaction when it is not there,
 * into the record; its name to *changed (may be NULL) when it is another. */
int intake_group(struct store *s, const struct intake *in, struct device *d,
    struct buf *changed, struct err *err);
/* Put record, password and event into the open transaction. ERR_CONFLICT when
 * the name is taken. */
int intake_add(const struct intake_to *to, struct device *device,
    const struct secret *password, struct err *err);
/* The host facts of a stored device as given, into the open transaction, with
 * an event; password (may be NULL) is taken only when none is stored yet: the
 * stored one is newer than any list. *changed as above, empty: nothing was
 * written. ERR_CONFLICT when the UUID is another device's; the record is then
 * as it was. */
int intake_update(const struct intake_to *to, const struct intake *in,
    const struct device *known, const struct secret *password,
    struct buf *changed, struct err *err);
/* What a person knows better than the worker on a device: it has another
 * certificate, another password, or TLS by now.  Errors so far are forgotten,
 * and it is due at once; in the open transaction.  ERR_CONFLICT while somebody
 * works on it; ERR_INVALID: no password that firmware can have. */
struct intake_trust {
	const struct secret *password; /* that it has now; NULL: as it was */
	bool forget_identity;	       /* what it shows next is its own */
	bool tls;		       /* never plain again */
};
int intake_trust(const struct intake_to *to, int64_t id,
    const struct intake_trust *t, struct err *err);
/* An event that these fields (names parted by commas) were changed. */
int intake_event(const struct intake_to *to, const struct device *d,
    const char *fields, struct err *err);
/* Have serve look at it now, in the open transaction: when to look is the
 * worker's to write, hence under a lease. A device that somebody works on, or
 * that refused its password, is left alone. */
int intake_wake(const struct intake_to *to, int64_t id, struct err *err);
/* 8-4-4-4-12 hex digits; one that is all 0 or all f stands for none. */
bool intake_is_uuid(const char *text);
/* Is this a password firmware can have? (8 to 32 printable ASCII characters but
 * : , and ": Intel AMT, SetAdminAclEntryEx) */
#define INTAKE_PASSWORD_MIN 8
#define INTAKE_PASSWORD_MAX 32
int intake_check_password(const struct secret *password, struct err *err);
#endif
