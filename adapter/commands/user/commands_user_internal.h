#ifndef COMMANDS_USER_INTERNAL_H_
#define COMMANDS_USER_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_user_add(struct cli *c);
int cmd_user_set(struct cli *c);
int cmd_user_list(struct cli *c);
int cmd_user_remove(struct cli *c);
int cmd_user_sets(struct cli *c);
int cmd_user_token_add(struct cli *c);
int cmd_user_token_list(struct cli *c);
int cmd_user_token_remove(struct cli *c);
#endif
