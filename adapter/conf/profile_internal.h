#ifndef PROFILE_INTERNAL_H_
#define PROFILE_INTERNAL_H_
#include "option_internal.h"
#include "profile.h"

/* Entries of the profile's lists, and rules over several of their options:
 * ERR_INVALID with the place. */

extern const struct conf_table profile_acl_table;
int profile_acl_check(const struct profile *p, const struct conf_node *root,
    const char *file, struct err *err);

extern const struct conf_table profile_template_table;
int profile_template_check(const struct profile *p,
    const struct conf_node *root, const char *file, struct err *err);
/* A profile that names no template has one of defaults. */
void profile_template_default(struct profile *p);
#endif
