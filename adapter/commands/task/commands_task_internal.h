#ifndef COMMANDS_TASK_INTERNAL_H_
#define COMMANDS_TASK_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_schedule_preview(struct cli *c);
int cmd_schedule_check(struct cli *c);
int cmd_server_task_list(struct cli *c);
int cmd_server_task_actions(struct cli *c);
int cmd_server_task_show(struct cli *c);
int cmd_server_task_add(struct cli *c);
int cmd_server_task_set(struct cli *c);
int cmd_server_task_enable(struct cli *c);
int cmd_server_task_disable(struct cli *c);
int cmd_server_task_remove(struct cli *c);
int cmd_server_task_run(struct cli *c);
int cmd_server_task_log(struct cli *c);
int cmd_server_task_import(struct cli *c);
int cmd_server_task_export(struct cli *c);
int cmd_mail_password(struct cli *c);
int cmd_mail_test(struct cli *c);
int cmd_task_list(struct cli *c);
int cmd_task_types(struct cli *c);
int cmd_task_show(struct cli *c);
int cmd_task_add(struct cli *c);
int cmd_task_set(struct cli *c);
int cmd_task_remove(struct cli *c);
int cmd_task_assign(struct cli *c);
int cmd_task_assignments(struct cli *c);
int cmd_task_enable(struct cli *c);
int cmd_task_disable(struct cli *c);
int cmd_task_unassign(struct cli *c);
int cmd_task_run(struct cli *c);
int cmd_runs_list(struct cli *c);
int cmd_runs_show(struct cli *c);
int cmd_runs_items(struct cli *c);
int cmd_runs_messages(struct cli *c);
int cmd_runs_wait(struct cli *c);
int cmd_runs_pause(struct cli *c);
int cmd_runs_resume(struct cli *c);
int cmd_runs_purge(struct cli *c);
int cmd_runs_abort(struct cli *c);
#endif
