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
/* What --file, --name, --description and --schedule say, into *s; CODE_USAGE,
 * said: nothing. */
int server_cli_change(struct cli *c, struct server_task *s);
/* So many came from a file, of which these are kept, not run. */
void server_cli_imported(const struct cli *c, size_t tasks, size_t kept);

/* --- with --server: the same of a service elsewhere --- */

/* Its texts and switches; clear *ret. */
int server_remote_find(
    struct cli *c, const char *name, struct server_task *ret);
int server_remote_add(struct cli *c, const struct server_task *s);
/* What is said of it alone is changed there. */
int server_remote_set(struct cli *c);
int server_remote_export(struct cli *c);
int server_remote_import(struct cli *c);
#endif
