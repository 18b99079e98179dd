#ifndef WISH_H_
#define WISH_H_
#include <stdint.h>

struct device;
struct profile;

/*
 * The object that should stand for a device in Active Directory: what plans
 * are made against, and what an audit compares with.  Pure.
 */
#define WISH_TEXT 2048
struct wish_object {
	char account[256];
	char fqdn[256];	       /* dNSHostName, lower case */
	char spns[WISH_TEXT];  /* as ad_spns: sorted */
	int64_t enctypes;      /* AES for AMT 8 and later, RC4 before */
	char mark[288];	       /* description; it belongs to this device */
	char former_mark[288]; /* an older one that counts too; "" = none */
};
void wish_object(
    const struct device *d, const struct profile *p, struct wish_object *out);
/* Whose mark a description is: UUID or name of a device, borrowed; NULL when it
 * is none. */
const char *wish_marked(const char *description);
#endif
