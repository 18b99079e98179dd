#ifndef EPO_COMMANDS_INTERNAL_H_
#define EPO_COMMANDS_INTERNAL_H_
#include "call_internal.h"

/* What the table of commands (commands.c) points to. */

/* cmd_core.c */
command_fn cmd_token, cmd_help, cmd_list_queries, cmd_execute_query,
    cmd_list_databases, cmd_version, cmd_status_report;
/* cmd_tables.c */
command_fn cmd_list_tables, cmd_list_datatypes;
/* cmd_system.c */
command_fn cmd_find, cmd_find_groups, cmd_group_systems, cmd_set_properties,
    cmd_wakeup;
command_looked_fn cmd_wakeup_looked;
/* cmd_tag.c */
command_fn cmd_find_tag, cmd_apply_tag, cmd_clear_tag, cmd_exclude_tag,
    cmd_create_tag;
/* cmd_user.c */
command_fn cmd_list_users;
/* cmd_clienttask.c, cmd_clienttask_xml.c */
command_fn cmd_task_find, cmd_task_run, cmd_task_export, cmd_task_import;
/* cmd_scheduler.c */
command_fn cmd_list_server_tasks, cmd_get_server_task, cmd_run_server_task,
    cmd_update_server_task, cmd_list_running, cmd_cancel, cmd_pause, cmd_resume;
/* cmd_tasklog.c */
command_fn cmd_list_history, cmd_list_subtasks, cmd_list_messages,
    cmd_list_sources, cmd_purge_log;
/* cmd_amt.c */
command_fn cmd_enforce_profile, cmd_run_maintenance, cmd_assign_task,
    cmd_unassign_task, cmd_list_runs, cmd_list_results;
#endif
