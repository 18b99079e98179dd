#ifndef USER_REMOTE_INTERNAL_H_
#define USER_REMOTE_INTERNAL_H_
#include <stdbool.h>

struct access_user;
struct cli;
struct secret;

/* Users of a service elsewhere (cli_remote.h); codes as there. The password
 * goes in the body. */
int user_remote_add(struct cli *c, const struct access_user *u);
int user_remote_set(struct cli *c, const struct access_user *u);
/* Before anybody is asked for a password, or whether to: is there one? */
int user_remote_find(struct cli *c);
int user_remote_remove(struct cli *c);
#endif
