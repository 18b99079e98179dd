/* All commands: a row each. */
#include <string.h>
#include <strings.h>

#include "commands_internal.h"
#include "err.h"
#include "str.h"

#define SUFFIX ".do"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct command commands[] = {
    {.name = "DxlClient.getStatusReport",
	.args = "",
	.right = ANYBODY,
	.help = "Who this server is: its unique id and version",
	.run = remote_status_report},
    {.name = "agentmgmt.listAgentHandlers",
	.args = "",
	.right = ACCESS_DEVICE_READ,
	.help = "Lists who speaks to the systems: this server",
	.run = remote_list_handlers},
    {.name = "amt.assignTask",
	.args =
	    "taskId [group=<>] [tag=<>] [query=<>] [names=<>] [all=<>] [schedule=<>]",
	.right = ACCESS_TASK_WRITE,
	.help =
	    "Gives a client task to a group, a tag, the rows of a query or systems, by a schedule (\"monthly on first thu of nov at 03:00\") or by hand alone, and returns the id of the server task",
	.run = remote_assign_task},
    {.name = "amt.createTag",
	.args = "tagName",
	.right = ACCESS_TAG_WRITE,
	.help = "Makes a tag, and returns its id; one that is there already is "
		"left as it is",
	.run = remote_create_tag},
    {.name = "amt.enforceProfile",
	.args = "names [canary=<>] [maxFailures=<>]",
	.right = ACCESS_TASK_RUN,
	.help =
	    "Brings all that differs on systems to their profile, and returns the task log id",
	.run = remote_enforce_profile},
    {.name = "amt.listResults",
	.args = "taskLogId [maxRows] [after=<>]",
	.right = ACCESS_RUN_READ,
	.help =
	    "Lists what became of each system of a run, the first 1000 behind the id of a result",
	.run = remote_list_results},
    {.name = "amt.listRuns",
	.args = "[maxRows]",
	.right = ACCESS_RUN_READ,
	.help =
	    "Lists runs with their results by number, the newest 1000 first",
	.run = remote_list_runs},
    {.name = "amt.pauseRun",
	.args = "taskLogId",
	.right = ACCESS_RUN_CONTROL,
	.help = "Begins no further system of a run until it is resumed",
	.run = remote_pause},
    {.name = "amt.resumeRun",
	.args = "taskLogId",
	.right = ACCESS_RUN_CONTROL,
	.help = "Goes on with a run that was paused",
	.run = remote_resume},
    {.name = "amt.runMaintenance",
	.args = "names [tasks] [always=<>] [canary=<>] [maxFailures=<>]",
	.right = ACCESS_TASK_RUN,
	.help =
	    "Runs maintenance tasks (sync-clock, sync-network, reissue-certificates, renew-ad-password, renew-admin-password) on systems where needed, or always, or without tasks whatever is due, and returns the task log id",
	.run = remote_run_maintenance},
    {.name = "amt.setHost",
	.args = "names hostName [address=<>]",
	.right = ACCESS_DEVICE_WRITE,
	.help =
	    "Says how the host of a system is called now, \"pc7.corp.example\", and by which address or DNS name its firmware is reached, as an agent or an inventory knows it, and returns whether that was another",
	.run = remote_set_host},
    {.name = "amt.unassignTask",
	.args = "taskName",
	.right = ACCESS_TASK_WRITE,
	.help = "Takes a server task away, by name or id",
	.run = remote_unassign_task},
    {.name = "clienttask.export",
	.args = "[productId] [fileName]",
	.right = ACCESS_TASK_READ,
	.help = "Returns the client tasks as XML",
	.run = remote_task_export},
    {.name = "clienttask.find",
	.args = "[searchText]",
	.right = ACCESS_TASK_READ,
	.help = "Finds client tasks whose name contains a text",
	.run = remote_task_find},
    {.name = "clienttask.importClientTask",
	.args = "importFileName",
	.right = ACCESS_TASK_WRITE,
	.help =
	    "Takes client tasks from such a file, in place of those of the same names, and returns how many",
	.run = remote_task_import},
    {.name = "clienttask.run",
	.args =
	    "names productId taskId [retryAttempts] [retryIntervalInSeconds] [abortAfterMinutes] [useAllAgentHandlers] [stopAfterMinutes] [randomizationInterval]",
	.right = ACCESS_TASK_RUN,
	.help = "Runs a client task, by id or name, on systems now",
	.run = remote_task_run},
    {.name = "core.executeQuery",
	.args = "queryId [database=<>] / target=<> [select=<>] [where=<>] "
		"[order=<>] [group=<>] [database=<>] [depth=<>] "
		"[joinTables=<>]",
	.right = ACCESS_QUERY_RUN,
	.help = "Runs a saved query, by number or name, or one made of "
		"S-expressions, and returns its rows",
	.run = remote_execute_query},
    {.name = "core.getSecurityToken",
	.args = "",
	.right = ANYBODY,
	.help = "A token to be sent as orion.user.security.token",
	.run = remote_token,
	.hidden = true},
    {.name = "core.help",
	.args = "[command] [prefix=<>]",
	.right = ANYBODY,
	.help = "Lists all commands you may run, those with a prefix, or one",
	.run = remote_help},
    {.name = "core.listDatabases",
	.args = "",
	.right = ACCESS_QUERY_RUN,
	.help = "Lists the databases that can be queried",
	.run = remote_list_databases},
    {.name = "core.listDatatypes",
	.args = "[type]",
	.right = ACCESS_QUERY_RUN,
	.help = "Lists the types of columns and the operators of the query "
		"language",
	.run = remote_list_datatypes},
    {.name = "core.listQueries",
	.args = "",
	.right = ACCESS_QUERY_RUN,
	.help = "Lists the saved queries",
	.run = remote_list_queries},
    {.name = "core.listTables",
	.args = "[table]",
	.right = ACCESS_QUERY_RUN,
	.help = "Lists the tables that can be queried, with their columns and "
		"relations",
	.run = remote_list_tables},
    {.name = "core.listUsers",
	.args = "[permSetName]",
	.right = ACCESS_USER_READ,
	.help = "Lists the users, or those with a permission set",
	.run = remote_list_users},
    {.name = "epo.getVersion",
	.args = "",
	.right = ANYBODY,
	.help = "Version of ePO whose Web API is spoken here",
	.run = remote_version},
    {.name = "epogroup.findSystems",
	.args = "groupId [searchSubgroups]",
	.right = ACCESS_DEVICE_READ,
	.help = "Lists the systems of a group; searchSubgroups: and of those "
		"below it",
	.run = remote_group_systems},
    {.name = "scheduler.cancelServerTask",
	.args = "taskLogId",
	.right = ACCESS_RUN_CONTROL,
	.help = "Aborts a run; systems that it has begun are finished",
	.run = remote_cancel},
    {.name = "scheduler.getServerTask",
	.args = "taskName",
	.right = ACCESS_SCHEDULE_READ,
	.help = "Returns a server task, by name or id",
	.run = remote_get_server_task},
    {.name = "scheduler.listAllServerTasks",
	.args = "",
	.right = ACCESS_SCHEDULE_READ,
	.help = "Lists the server tasks: trees of actions, and client tasks "
		"that groups, tags, queries or systems have",
	.run = remote_list_server_tasks},
    {.name = "scheduler.listRunningServerTasks",
	.args = "",
	.right = ACCESS_RUN_READ,
	.help = "Lists runs that are not at their end",
	.run = remote_list_running},
    {.name = "scheduler.runServerTask",
	.args = "taskName",
	.right = ACCESS_TASK_RUN,
	.help =
	    "Runs a server task now, by name or id, and returns the task log id",
	.run = remote_run_server_task},
    {.name = "scheduler.updateServerTask",
	.args = "taskName [status=<>]",
	.right = ACCESS_SCHEDULE_WRITE,
	.help = "Sets the status of a server task: enabled or disabled",
	.run = remote_update_server_task},
    {.name = "system.applyTag",
	.args = "names tagName",
	.right = ACCESS_TAG_WRITE,
	.help = "Gives a tag, by name or id, to systems, by name or id, and "
		"returns to how many that had it not",
	.run = remote_apply_tag},
    {.name = "system.clearTag",
	.args = "names tagName [all]",
	.right = ACCESS_TAG_WRITE,
	.help = "Takes a tag, or with all=true every tag, from systems, and "
		"returns from how many",
	.run = remote_clear_tag},
    {.name = "system.excludeTag",
	.args = "names tagName",
	.right = ACCESS_TAG_WRITE,
	.help = "Takes a tag from systems, which never get it again, and "
		"returns how many changed",
	.run = remote_exclude_tag},
    {.name = "system.find",
	.args = "searchText [searchNameOnly]",
	.right = ACCESS_DEVICE_READ,
	.help = "Finds systems whose name, address, MAC address, tags or "
		"properties contain a text",
	.run = remote_find},
    {.name = "system.findGroups",
	.args = "[searchText]",
	.right = ACCESS_DEVICE_READ,
	.help = "Finds groups of the system tree",
	.run = remote_find_groups},
    {.name = "system.findTag",
	.args = "[searchText]",
	.right = ACCESS_DEVICE_READ,
	.help = "Finds tags whose name contains a text",
	.run = remote_find_tag},
    {.name = "system.runTagCriteria",
	.args = "tagID [resetTaggedSystems]",
	.right = ACCESS_TASK_RUN,
	.help = "Runs the server tasks that give a tag, by id or name, to the "
		"rows of a query, and returns how many that are",
	.run = remote_run_criteria},
    {.name = "system.setUserProperties",
	.args = "names [description] [customField1] [customField2] "
		"[customField3] [customField4]",
	.right = ACCESS_DEVICE_WRITE,
	.help = "Sets the description and the custom fields of systems, and "
		"returns how many changed",
	.run = remote_set_properties},
    {.name = "system.wakeupAgent",
	.args = "names [fullProps] [superAgent] [randomMinutes] "
		"[forceFullPolicyUpdate] [useAllHandlers] "
		"[retryIntervalSeconds] [attempts] [abortAfterMinutes] "
		"[includeSubgroups]",
	.right = ACCESS_TASK_RUN,
	.help = "Reads the firmware of systems anew, waits for that "
		"abortAfterMinutes (5 if left out), and returns how many "
		"answered",
	.run = remote_wakeup,
	.looked = remote_wakeup_looked},
    {.name = "task.importTasks",
	.args = "file",
	.right = ACCESS_SCHEDULE_WRITE,
	.help = "Adds server tasks of an XML file that ePO exported, and "
		"returns how many; commands that are not known are kept, and "
		"not valid",
	.run = remote_import_tasks},
    {.name = "tasklog.listMessages",
	.args = "taskLogId",
	.right = ACCESS_RUN_READ,
	.help = "Lists what was said of a run",
	.run = remote_list_messages},
    {.name = "tasklog.listSubtasks",
	.args = "taskLogId",
	.right = ACCESS_RUN_READ,
	.help = "Lists the runs that are part of a run",
	.run = remote_list_subtasks},
    {.name = "tasklog.listTaskHistory",
	.args = "[taskName] [taskSource] [maxRows] [age] [unit]",
	.right = ACCESS_RUN_READ,
	.help =
	    "Lists runs of the last age days (or hours, ...), the newest 1000 first",
	.run = remote_list_history},
    {.name = "tasklog.listTaskSources",
	.args = "",
	.right = ACCESS_RUN_READ,
	.help = "Lists where runs come from",
	.run = remote_list_sources},
    {.name = "tasklog.purge",
	.args = "age [unit]",
	.right = ACCESS_RUN_PURGE,
	.help =
	    "Removes ended runs that are older than age days (or hours, ...), and returns how many",
	.run = remote_purge_log},
};

const struct command *
remote_command_at(size_t i)
{
	return i < COUNT(commands) ? &commands[i] : NULL;
}

const struct command *
remote_command_find(const char *name)
{
	size_t len = strlen(name), i;

	if (len > strlen(SUFFIX) &&
	    strcasecmp(name + len - strlen(SUFFIX), SUFFIX) == 0)
		len -= strlen(SUFFIX);
	for (i = 0; i < COUNT(commands); i++)
		if (strlen(commands[i].name) == len &&
		    strncasecmp(commands[i].name, name, len) == 0)
			return &commands[i];
	return NULL;
}

bool
remote_command_allowed(
    const struct command *command, const struct access_identity *who)
{
	return command->right == ANYBODY || access_may(who, command->right);
}

/* --- arguments of the usual kinds --- */

int
call_int(const struct call *c, const char *name, int64_t min, int64_t max,
    int64_t *ret, struct err *err)
{
	const char *text = call_text(c, name);

	if (text == NULL || str_int(text, min, max, ret) == 0)
		return 0;
	return err_set(err, ERR_INVALID,
	    "%s: wanted a number from %lld to %lld", name, (long long)min,
	    (long long)max);
}

int
call_bool(const struct call *c, const char *name, bool *ret, struct err *err)
{
	static const char *const words[] = {
	    "false", "no", "0", "true", "yes", "1"};
	const char *text = call_text(c, name);
	size_t i;

	for (i = 0; text != NULL && i < COUNT(words); i++)
		if (str_ieq(text, words[i])) {
			*ret = i >= COUNT(words) / 2;
			return 0;
		}
	return text == NULL
	    ? 0
	    : err_set(err, ERR_INVALID, "%s: wanted true or false", name);
}
