#ifndef CLI_INTAKE_INTERNAL_H_
#define CLI_INTAKE_INTERNAL_H_
#include <stdbool.h>

struct cli;
struct device;
struct err;
struct secret;

/* What a person or a file says of a new device; borrowed, NULL: nothing. */
struct intake {
	const char *name, *address, *uuid, *os_host, *os_domain, *site;
	const char *leaf_sha256;
	bool plain;
};

/* A record of it (given), due at once; NULL with ERR_INVALID naming the field
 * that is wrong. */
struct device *intake_device(const struct intake *in, struct err *err);
/* The fields that are given, into a record that is there; the name stays. */
int intake_change(const struct intake *in, struct device *d, struct err *err);
/* Put record, password and event into the open transaction. ERR_CONFLICT when
 * the name is taken. */
int intake_add(struct cli *c, struct device *device,
    const struct secret *password, struct err *err);
/* Is this a password firmware can have? (8 to 32 printable ASCII characters but
 * : , and ": Intel AMT, SetAdminAclEntryEx) */
int intake_check_password(const struct secret *password, struct err *err);
#endif
