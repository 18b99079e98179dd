#ifndef DIRECTORY_AUDIT_INTERNAL_H_
#define DIRECTORY_AUDIT_INTERNAL_H_
#include "audit.h"
#include "buf.h"

#define DIR_AUDIT_LIST 65536 /* of names, by blanks */

/* One object under the rules of audit.c and audit_names.c. */
struct dir_look {
	const struct directory_audit_case *c;
	const struct directory_audit_object *o;
	directory_audit_fn *fn;
	void *cookie;
	struct err *err;
	struct buf evidence, add, drop;
};

/* Of userAccountControl. */
bool dir_audit_is_user(const struct dir_look *l);
bool dir_audit_is_controller(const struct dir_look *l);
/* Tell of it: what is in the buffers is what it stands on, and gone after that.
 * What the caller's function says. */
int dir_audit_found(struct dir_look *l, enum directory_audit_code code);

/* Rules: 0 without a finding. */
int dir_audit_spns(struct dir_look *l);
int dir_audit_dns_host(struct dir_look *l);
#endif
