#ifndef CONF_INTERNAL_H_
#define CONF_INTERNAL_H_
#include <string.h>

#include "conf.h"
#include "option_internal.h"

/* --- conf_table.c --- */

extern const struct conf_table conf_main_table;

/* --- conf_bridge.c --- */

extern const struct conf_table conf_bridge_table;
/* Rules over several options; what opening a bridge checks is not checked
 * here. ERR_INVALID with the place. */
int conf_bridge_check(
    const struct conf *c, const struct conf_node *roots, struct err *err);

/* --- conf_forward.c --- */

extern const struct conf_table conf_forward_table;
int conf_forward_check(
    const struct conf *c, const struct conf_node *roots, struct err *err);

/* --- conf_mail.c --- */

/* What is wrong with it; NULL. */
const char *conf_mail_server(const char *text);
const char *conf_mail_from(const char *text);
#endif
