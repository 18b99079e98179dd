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
	.help = "Who this server is: its unique id and version",
	.run = cmd_status_report},
    {.name = "amt.createTag",
	.args = "tagName",
	.right = "tag.write",
	.help = "Makes a tag, and returns its id; one that is there already is "
		"left as it is",
	.run = cmd_create_tag},
    {.name = "core.executeQuery",
	.args = "queryId [database=<>] / target=<> [select=<>] [where=<>] "
		"[order=<>] [group=<>] [database=<>] [depth=<>] "
		"[joinTables=<>]",
	.right = "query.run",
	.help = "Runs a saved query, by number or name, or one made of "
		"S-expressions, and returns its rows",
	.run = cmd_execute_query},
    {.name = "core.getSecurityToken",
	.args = "",
	.help = "A token to be sent as orion.user.security.token",
	.run = cmd_token,
	.hidden = true},
    {.name = "core.help",
	.args = "[command] [prefix=<>]",
	.help = "Lists all commands you may run, those with a prefix, or one",
	.run = cmd_help},
    {.name = "core.listDatabases",
	.args = "",
	.right = "query.run",
	.help = "Lists the databases that can be queried",
	.run = cmd_list_databases},
    {.name = "core.listDatatypes",
	.args = "[type]",
	.right = "query.run",
	.help = "Lists the types of columns and the operators of the query "
		"language",
	.run = cmd_list_datatypes},
    {.name = "core.listQueries",
	.args = "",
	.right = "query.run",
	.help = "Lists the saved queries",
	.run = cmd_list_queries},
    {.name = "core.listTables",
	.args = "[table]",
	.right = "query.run",
	.help = "Lists the tables that can be queried, with their columns and "
		"relations",
	.run = cmd_list_tables},
    {.name = "epo.getVersion",
	.args = "",
	.help = "Version of ePO whose Web API is spoken here",
	.run = cmd_version},
    {.name = "epogroup.findSystems",
	.args = "groupId [searchSubgroups]",
	.right = "device.read",
	.help = "Lists the systems of a group; searchSubgroups: and of those "
		"below it",
	.run = cmd_group_systems},
    {.name = "system.applyTag",
	.args = "names tagName",
	.right = "tag.write",
	.help = "Gives a tag, by name or id, to systems, by name or id, and "
		"returns to how many that had it not",
	.run = cmd_apply_tag},
    {.name = "system.clearTag",
	.args = "names tagName [all]",
	.right = "tag.write",
	.help = "Takes a tag, or with all=true every tag, from systems, and "
		"returns from how many",
	.run = cmd_clear_tag},
    {.name = "system.excludeTag",
	.args = "names tagName",
	.right = "tag.write",
	.help = "Takes a tag from systems, which never get it again, and "
		"returns how many changed",
	.run = cmd_exclude_tag},
    {.name = "system.find",
	.args = "searchText [searchNameOnly]",
	.right = "device.read",
	.help = "Finds systems whose name, address, MAC address, tags or "
		"properties contain a text",
	.run = cmd_find},
    {.name = "system.findGroups",
	.args = "[searchText]",
	.right = "device.read",
	.help = "Finds groups of the system tree",
	.run = cmd_find_groups},
    {.name = "system.findTag",
	.args = "[searchText]",
	.right = "device.read",
	.help = "Finds tags whose name contains a text",
	.run = cmd_find_tag},
    {.name = "system.setUserProperties",
	.args = "names [description] [customField1] [customField2] "
		"[customField3] [customField4]",
	.right = "device.write",
	.help = "Sets the description and the custom fields of systems, and "
		"returns how many changed",
	.run = cmd_set_properties},
    {.name = "system.wakeupAgent",
	.args = "names [fullProps] [superAgent] [randomMinutes] "
		"[forceFullPolicyUpdate] [useAllHandlers] "
		"[retryIntervalSeconds] [attempts] [abortAfterMinutes] "
		"[includeSubgroups]",
	.right = "task.run",
	.help = "Reads the firmware of systems anew, waits for that "
		"abortAfterMinutes (5 if left out), and returns how many "
		"answered",
	.run = cmd_wakeup,
	.looked = cmd_wakeup_looked},
};

const struct command *
command_at(size_t i)
{
	return i < COUNT(commands) ? &commands[i] : NULL;
}

const struct command *
command_find(const char *name)
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
command_allowed(
    const struct command *command, const struct remote_caller *caller)
{
	return command->right == NULL ||
	    caller->may(caller->cookie, command->right);
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
