#ifndef REVOKE_H_
#define REVOKE_H_
#include <stdbool.h>

struct cli;
struct device;
struct err;

/* Revoking for a person, at whichever CA a certificate is from. */

struct revoke_what {
	const char *serial;
	const char *issuer; /* as in struct ca_cert */
	int reason;	    /* RFC 5280 */
};
/* Revoke, and write the event; the caller commits. *ret_told false: that CA
 * cannot be told by us, only our record says so. device may be NULL. */
int revoke_at_ca(struct cli *c, const struct device *device,
    const struct revoke_what *r, bool *ret_told, struct err *err);
/* What a person is to do where its CA could not be told; given. */
char *revoke_there(const struct cli *c, const char *issuer, const char *serial);
#endif
