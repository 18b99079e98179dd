#ifndef COMMANDS_EPO_INTERNAL_H_
#define COMMANDS_EPO_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_epo_login(struct cli *c);
int cmd_epo_test(struct cli *c);
int cmd_epo_sync(struct cli *c);
int cmd_epo_status(struct cli *c);
int cmd_epo_accept(struct cli *c);
#endif
