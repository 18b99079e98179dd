#ifndef COMMANDS_WSMAN_INTERNAL_H_
#define COMMANDS_WSMAN_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_wsman_get(struct cli *c);
int cmd_wsman_enum(struct cli *c);
int cmd_wsman_invoke(struct cli *c);
int cmd_wsman_decode(struct cli *c);
#endif
