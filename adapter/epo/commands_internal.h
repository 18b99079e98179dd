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
#endif
