#include "commands_wsman.h"

#include "command_rows.h"
#include "commands_wsman_internal.h"

/* Rows about devices, call by call. */
static const struct cli_option wsman_options[] = {
    {"xml", 0, CLI_FLAG, NULL, NULL, "as XML (else JSON)"}, END};

GROUPS offline_groups[] = {cli_offline_options, NULL};
GROUPS wsman_groups[] = {wsman_options, NULL};
GROUPS invoke_groups[] = {wsman_options, cli_yes_options, NULL};

LIST get_examples[] = {"wsman get pc1.corp.example AMT_GeneralSettings", NULL};
LIST enum_examples[] = {
    "wsman enum pc1.corp.example AMT_PublicKeyCertificate --xml", NULL};
LIST invoke_examples[] = {"wsman invoke pc1.corp.example "
			  "AMT_TimeSynchronizationService "
			  "GetLowAccuracyTimeSynch",
    NULL};
LIST decode_examples[] = {"wsman decode answer.xml", NULL};

const struct cli_command commands_wsman[] = {
    {"wsman get", "DEVICE CLASS [NAME=VALUE...]", "read one instance",
	"With the device's stored credentials and trust. NAME=VALUE are "
	"selectors. Like a run, a call has the device for itself (exit code 21 "
	"while another process works on it), and credentials that were refused "
	"too often are not sent again (71).",
	wsman_groups, 2, NO_LIMIT, get_examples, cmd_wsman_get},
    {"wsman enum", "DEVICE CLASS", "read all instances",
	"With the same care as \"wsman get\".", wsman_groups, 2, 2,
	enum_examples, cmd_wsman_enum},
    {"wsman invoke", "DEVICE CLASS METHOD [NAME=VALUE...]", "call a method",
	"A method that is not known to only read is refused without --yes: "
	"the change would be made outside the journal. With the same care as "
	"\"wsman get\".",
	invoke_groups, 3, NO_LIMIT, invoke_examples, cmd_wsman_invoke},
    {"wsman decode", "FILE|-", "a saved answer as JSON",
	"Succeeds only when the answer was understood.", offline_groups, 1, 1,
	decode_examples, cmd_wsman_decode},
    END};
