#ifndef EPO_COMMANDS_INTERNAL_H_
#define EPO_COMMANDS_INTERNAL_H_
#include "call_internal.h"

/* What the table of commands (commands.c) points to. */

#define REMOTE_EPO_VERSION "5.10.0" /* whose commands and shapes these are */

/* cmd_core.c */
command_fn remote_token, remote_help, remote_list_queries, remote_execute_query,
    remote_list_databases, remote_version, remote_status_report;
/* cmd_tables.c */
command_fn remote_list_tables, remote_list_datatypes;
/* cmd_system.c */
command_fn remote_find, remote_find_groups, remote_group_systems,
    remote_set_properties, remote_wakeup;
command_looked_fn remote_wakeup_looked;
/* cmd_tag.c */
command_fn remote_find_tag, remote_apply_tag, remote_clear_tag,
    remote_exclude_tag, remote_create_tag;
/* cmd_user.c */
command_fn remote_list_users;
/* cmd_clienttask.c, cmd_clienttask_xml.c */
command_fn remote_task_find, remote_task_run, remote_task_export,
    remote_task_import;
/* cmd_scheduler.c */
command_fn remote_import_tasks, remote_list_server_tasks,
    remote_get_server_task, remote_run_server_task, remote_update_server_task,
    remote_list_running, remote_cancel, remote_pause, remote_resume;
/* cmd_servertask.c */
command_fn remote_run_criteria;
/* cmd_tasklog.c */
command_fn remote_list_history, remote_list_subtasks, remote_list_messages,
    remote_list_sources, remote_purge_log;
/* cmd_amt.c */
command_fn remote_enforce_profile, remote_run_maintenance, remote_assign_task,
    remote_unassign_task, remote_list_runs, remote_list_results;
/* cmd_handler.c */
command_fn remote_list_handlers;
/* cmd_host.c */
command_fn remote_set_host;
#endif
