#ifndef KERBEROS_INTERNAL_H_
#define KERBEROS_INTERNAL_H_
#include <krb5/krb5.h>

struct sim;

/* A context that no krb5.conf can change; the sim's. NULL when there is none.
 */
krb5_context kerberos_context(struct sim *s);
#endif
