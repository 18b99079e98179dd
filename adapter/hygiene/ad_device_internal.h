#ifndef AD_DEVICE_INTERNAL_H_
#define AD_DEVICE_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

#include "directory.h"
#include "err.h"
#include "krb.h"

struct daemon;
struct secret;

/*
 * A device's part in the domain: its object, a fresh ticket for each of its
 * service names, and whether the keys of a password open them.
 */
struct ad_device_ticket {
	char *spn;
	struct err err; /* why there is none; ERR_NONE */
	struct krb_ticket_facts facts;
};
struct ad_device {
	struct directory_object object;
	struct krb_keys keys; /* of the password */
	struct ad_device_ticket *tickets;
	size_t count;
	int64_t offset_ms, error_ms; /* the KDC's clock minus ours */
};

/* Blocking; daemon's loop runs meanwhile. password NULL: then nothing opens.
 * ERR_NOTFOUND: no such account. */
int ad_device_read(struct daemon *d, const char *account,
    const struct secret *password, struct ad_device *ret, struct err *err);
void ad_device_clear(struct ad_device *k);
#endif
