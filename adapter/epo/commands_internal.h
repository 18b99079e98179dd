#ifndef EPO_COMMANDS_INTERNAL_H_
#define EPO_COMMANDS_INTERNAL_H_
#include "call_internal.h"

/* What the table of commands (commands.c) points to. */

/* cmd_core.c */
command_fn epo_token, epo_help, epo_list_queries, epo_execute_query,
    epo_list_databases, epo_version, epo_status_report;
/* cmd_tables.c */
command_fn epo_list_tables, epo_list_datatypes;
/* cmd_system.c */
command_fn epo_find, epo_find_groups, epo_group_systems, epo_set_properties,
    epo_wakeup;
command_looked_fn epo_wakeup_looked;
/* cmd_tag.c */
command_fn epo_find_tag, epo_apply_tag, epo_clear_tag, epo_exclude_tag,
    epo_create_tag;
/* cmd_user.c */
command_fn epo_list_users;
/* cmd_clienttask.c, cmd_clienttask_xml.c */
command_fn epo_task_find, epo_task_run, epo_task_export, epo_task_import;
/* cmd_scheduler.c */
command_fn epo_list_server_tasks, epo_get_server_task, epo_run_server_task,
    epo_update_server_task, epo_list_running, epo_cancel, epo_pause, epo_resume;
/* cmd_tasklog.c */
command_fn epo_list_history, epo_list_subtasks, epo_list_messages,
    epo_list_sources, epo_purge_log;
/* cmd_amt.c */
command_fn epo_enforce_profile, epo_run_maintenance, epo_assign_task,
    epo_unassign_task, epo_list_runs, epo_list_results;
#endif
