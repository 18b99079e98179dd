#ifndef SERVER_TASK_INTERNAL_H_
#define SERVER_TASK_INTERNAL_H_
#include "cli.h"
#include "server_order.h"

/* What commands about server tasks share. */
struct server_order server_cli_order(struct cli *c);
/* CODE_OK, or the code with the complaint printed. */
int server_cli_find(struct cli *c, const char *name, struct server_task *ret);
/* What would flow where, as a table. */
int server_cli_flow(struct cli *c, const struct server_task *s);
#endif
