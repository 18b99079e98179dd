#ifndef COMMANDS_RUN_INTERNAL_H_
#define COMMANDS_RUN_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_discover(struct cli *c);
int cmd_diagnose(struct cli *c);
int cmd_plan(struct cli *c);
int cmd_run(struct cli *c);
#endif
