#ifndef COMMANDS_DEVICE_INTERNAL_H_
#define COMMANDS_DEVICE_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_device_add(struct cli *c);
int cmd_device_set(struct cli *c);
int cmd_device_import(struct cli *c);
int cmd_device_list(struct cli *c);
int cmd_device_show(struct cli *c);
int cmd_device_remove(struct cli *c);
int cmd_secret_show(struct cli *c);
#endif
