#include "commands.h"

#include "commands_ca.h"
#include "commands_device.h"
#include "commands_directory.h"
#include "commands_epo.h"
#include "commands_event.h"
#include "commands_query.h"
#include "commands_run.h"
#include "commands_setup.h"
#include "commands_task.h"
#include "commands_user.h"
#include "commands_wsman.h"

/*
 * Words users know from elsewhere stay in sight: "task" for what the code calls
 * a play, the names of SCS, rpc-go and ePO as aliases of tasks.
 */

/* As they stand in the help. */
static const struct cli_command *const groups[] = {commands_setup,
    commands_device, commands_run, commands_query, commands_event,
    commands_task, commands_server, commands_schedule, commands_user,
    commands_epo, commands_ca, commands_directory, commands_wsman,
    commands_forward, commands_config, commands_secret, NULL};

static cli_section *const sections[] = {
    cmd_man_tasks, cmd_man_schedules, cmd_man_findings, cmd_man_audit, NULL};

static const char *const of_plays[] = {"run", "plan", NULL};
static const struct cli_first plays = {
    .commands = of_plays, .word = cmd_play_word};

const struct cli_program *
commands(void)
{
	static const struct cli_program program = {.groups = groups,
	    .sections = sections,
	    .first = &plays,
	    .html = "query"};

	return &program;
}
