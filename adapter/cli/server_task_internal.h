#ifndef CLI_SERVER_TASK_INTERNAL_H_
#define CLI_SERVER_TASK_INTERNAL_H_
#include "cli_internal.h"
#include "server_order.h"

/* What commands about server tasks share. */
struct server_order server_cli_order(struct cli *c);
/* CODE_OK, or the code with the complaint printed. */
int server_cli_find(struct cli *c, const char *name, struct server_task *ret);
/* What would flow where, as a table. */
int server_cli_flow(struct cli *c, const struct server_task *s);

int cmd_server_task_list(struct cli *c);
int cmd_server_task_show(struct cli *c);
int cmd_server_task_actions(struct cli *c);
int cmd_server_task_add(struct cli *c);
int cmd_server_task_set(struct cli *c);
int cmd_server_task_enable(struct cli *c);
int cmd_server_task_disable(struct cli *c);
int cmd_server_task_remove(struct cli *c);
int cmd_server_task_export(struct cli *c);
int cmd_server_task_import(struct cli *c);
int cmd_server_task_run(struct cli *c);
int cmd_server_task_log(struct cli *c);
int cmd_mail_password(struct cli *c);
int cmd_mail_test(struct cli *c);
#endif
