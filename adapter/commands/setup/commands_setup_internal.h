#ifndef COMMANDS_SETUP_INTERNAL_H_
#define COMMANDS_SETUP_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_init(struct cli *c);
int cmd_serve(struct cli *c);
int cmd_config_check(struct cli *c);
int cmd_config_show(struct cli *c);
int cmd_config_example(struct cli *c);
#endif
