/* What objects and bodies have: checks and document are made of this. */
#include <string.h>

#include "access_user.h"
#include "api_internal.h"
#include "ca.h"
#include "catalog.h"
#include "columns.h"
#include "intake.h"
#include "records.h"
#include "records_ca.h"
#include "schedule.h"
#include "server_task.h"
#include "server_xml.h"
#include "str.h"
#include "task.h"
#include "task_run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT_MAX 1024
#define CLAUSE_MAX 65536
#define NAME_MAX_ 255
#define YEAR INT64_C(31622400)

/* --- answers --- */

const struct api_row api_device_row = {.name = "Device",
    .make = record_device_kind,
    .help = "A device as it is known; no secret is in it; ad_password_why: by "
	    "what rule its object's password is due"};

#define POLICY                                                                 \
	INT("canary"), INT("wave"), INT("wave_percent"), INT("max_failures"),  \
	    INT("max_failure_percent"), INT("stop_after"), INT("parallel"),    \
	    INT("retries"), INT("retry_wait")
/* What others show, too; and what is the API's alone, of columns here. */
#define SHOWN(row, title, shown, text)                                         \
	const struct api_row row = {                                           \
	    .name = (title), .kind = &(shown), .help = (text)}
#define ANSWER(row, title, text)                                               \
	static KIND(row##_kind);                                               \
	SHOWN(row, title, row##_kind, text)

SHOWN(api_query_row, "Query", record_query_kind,
    "A saved query; own: not one of the program's");

SHOWN(api_task_row, "Task", record_task_kind,
    "A client task; settings is JSON as a text");

static const struct report_column api_assignment_row_kind_columns[] = {
    INT("id"), TEXT("task"), TEXT("target"), TEXT("target_name"), TEXT("query"),
    TEXT("schedule"), BOOL("enabled"), TIME("next_due"), TIME("created_at"),
    TIME("last_at"), INT("last_run"), POLICY};
ANSWER(api_assignment_row, "Assignment", "A task for devices, by a schedule");

SHOWN(api_run_answer, "Run", record_run_kind, "A task done to devices");

SHOWN(api_item_row, "RunItem", record_item_kind,
    "What became of one device of a run");

SHOWN(api_message_row, "RunMessage", record_message_kind,
    "What happened to a run itself");

SHOWN(api_event_row, "Event", record_event_kind,
    "A link of the audit chain; detail is JSON as a text");

SHOWN(
    api_tag_row, "Tag", record_tag_kind, "A tag, and how many devices have it");

static const struct report_column api_tagged_row_kind_columns[] = {
    TEXT("tag"), INT("changed"), INT("same")};
ANSWER(api_tagged_row, "Tagged", "How many devices changed");

static const struct report_column api_group_row_kind_columns[] = {
    INT("id"), TEXT("path")};
ANSWER(api_group_row, "Group", "A node of the tree of groups");

SHOWN(api_user_row, "User", record_user_kind,
    "Who may come in; password: has one");

static const struct report_column api_preview_row_kind_columns[] = {
    TEXT("schedule"), TEXT("zone"), TEXT("trigger"), LIST("utc"),
    LIST("local")};
ANSWER(api_preview_row, "Preview",
    "A schedule in its canonical words, and its next runs");

static const struct report_column api_version_row_kind_columns[] = {
    TEXT("name"), TEXT("version"), TEXT("api")};
ANSWER(api_version_row, "Version", "What answers");

static const struct report_column api_self_row_kind_columns[] = {
    TEXT("user"), LIST("rights")};
ANSWER(api_self_row, "Self", "Who asks");

SHOWN(api_cert_row, "Certificate", record_cert_kind,
    "A certificate in the CA's records");

SHOWN(api_server_row, "ServerTask", record_server_kind,
    "A tree of actions by a schedule; actions is JSON as a text");

SHOWN(api_action_row, "RunAction", record_action_kind,
    "What became of one action; under, run: 0, there is none; rows: -1, those "
    "of the one it is under");

SHOWN(api_kind_row, "ActionKind", record_sort_kind,
    "A kind of action, and the rights it asks for");

SHOWN(api_flow_row, "ActionFlow", record_flow_kind,
    "An action, and what it would be given; under: 0, none; rows: -1, it has "
    "none");

static const struct report_column api_imported_row_kind_columns[] = {
    INT("tasks"), INT("kept")};
ANSWER(api_imported_row, "Imported",
    "How many came in; kept: of those, with actions that cannot be run here");

SHOWN(api_finding_row, "Finding", record_finding_kind,
    "What is wrong with a device now, by its last reading; advice is about the "
    "first of the reasons");

SHOWN(api_plan_row, "PlannedStep", record_step_kind,
    "What a run would change, by the last reading; error: what cannot be "
    "done");

SHOWN(api_type_row, "TaskType", record_type_kind,
    "What can be done to devices; box: by amt-maintenance");

SHOWN(api_intent_row, "Intent", record_intent_kind,
    "A change of a device: under way, or as it ended; args is JSON as a text");

static const struct report_column api_purged_row_kind_columns[] = {
    INT("runs"), BOOL("more")};
ANSWER(api_purged_row, "Purged",
    "How many runs were forgotten; more: ask again for the others");

SHOWN(api_set_row, "PermissionSet", record_set_kind,
    "Rights that users have together");

SHOWN(api_token_row, "Token", record_token_kind,
    "What a program logs in with, but not itself");

SHOWN(api_new_token_row, "NewTokenShown", record_new_token_kind,
    "The same with the token, which is shown this once");

static const struct report_column api_job_row_kind_columns[] = {INT("id"),
    TEXT("kind"), TEXT("subject"), TEXT("owner"), TEXT("state"),
    TIME("created_at"), TIME("started_at"), TIME("ended_at"), INT("code"),
    INT("rows"), TEXT("said"), TEXT("text")};
ANSWER(api_job_row, "Job",
    "What takes its time: waiting, running, ended, failed (it was killed); "
    "code: as the exit code of the command is, -1: none yet; rows: how many, "
    "-1: none; said: notes and complaints; a while after its end it is "
    "forgotten");

static const struct report_column api_line_row_kind_columns[] = {
    INT("line"), TEXT("name"), TEXT("result"), LIST("changed"), TEXT("error")};
ANSWER(api_line_row, "ImportedDevice",
    "What became of a line: added, changed, unchanged, present (left alone), "
    "bad; with strict and a bad line: left");

static const struct report_column api_imported_query_row_kind_columns[] = {
    TEXT("name"), TEXT("table"), TEXT("result"), TEXT("error"), TEXT("note")};
ANSWER(api_imported_query_row, "ImportedQuery",
    "What became of a query of the file: saved or bad; note: what of it was "
    "not understood");

SHOWN(api_place_row, "ForwardPlace", record_place_kind,
    "Where events go: new, well, behind or failing");

SHOWN(api_letter_row, "DeadLetter", record_letter_kind,
    "An event that a webhook would not take; again_at: it is to be sent again");

static const struct report_column api_letters_row_kind_columns[] = {
    TEXT("name"), INT("letters")};
ANSWER(api_letters_row, "DeadLetters", "How many it was done to");

SHOWN(api_issuer_row, "Issuer", record_issuer_kind,
    "An issuing CA of ours: waiting, active, old, revoked or ended");

SHOWN(api_health_row, "CaFinding", record_health_kind,
    "What is wrong with the CA, or with what it issued: bad or warning");

SHOWN(api_blocked_row, "BlockedKey", record_blocked_kind,
    "A key that is never certified");

static const struct report_column api_blocking_row_kind_columns[] = {
    INT("added"), INT("known"), LIST("devices")};
ANSWER(api_blocking_row, "Blocked",
    "How many keys are new on the list; devices have a valid certificate of "
    "one, which is to be replaced and revoked");

SHOWN(api_template_row, "Template", record_template_kind,
    "A certificate template of the profile, and what follows from it; tls: "
    "the one devices get");

SHOWN(api_problem_row, "TemplateProblem", record_problem_kind,
    "What is wrong with a template");

SHOWN(api_bridge_row, "Bridge", record_bridge_kind,
    "Another CA, the template that is issued there, and how many requests "
    "wait for it");

SHOWN(api_pending_row, "BridgeRequest", record_pending_kind,
    "A request that another CA has not granted");

SHOWN(api_column_row, "QueryColumn", record_column_kind,
    "A column that can be asked for");

SHOWN(api_operator_row, "QueryOperator", record_operator_kind,
    "A word of the query language");

SHOWN(api_upstream_row, "EpoServer", record_upstream_kind,
    "An ePO server above us, and how the last sync with it went");

static const struct report_column api_check_row_kind_columns[] = {TEXT("what"),
    INT("devices"), INT("late"), INT("margin"), TEXT("closest"), TIME("end"),
    TIME("renewed"), INT("runs"), INT("longest"), TIME("until"),
    INT("unserved"), INT("overlaps"), INT("took")};
ANSWER(api_check_row, "ScheduleCheck",
    "One kind of what runs out; margin: seconds from the closest renewal to "
    "its end, negative: too late; closest null: none ends in the time looked "
    "at, and margin says nothing; longest, took: seconds of a run, of a "
    "device");

/* --- bodies --- */

#define FORM(form, title)                                                      \
	const struct api_form form = {                                         \
	    title, form##_fields, COUNT(form##_fields)}
#define HOST_FIELDS                                                            \
	{"address", API_TEXT, false, 0, 255, NULL, "where to connect"},        \
	    {"uuid", API_TEXT, false, 36, 36, NULL, "SMBIOS UUID"},            \
	    {"os_host", API_TEXT, false, 1, 63, NULL, "the host's own name"},  \
	    {"os_domain", API_TEXT, false, 1, 253, NULL, "and its domain"},    \
	    {"site", API_TEXT, false, 1, 64, NULL, "where it stands"},         \
	{                                                                      \
		"group", API_TEXT, false, 1, TEXT_MAX, NULL,                   \
		    "its group's path"                                         \
	}

static const struct api_field api_device_form_fields[] = {
    {"name", API_TEXT, true, 1, 253, NULL, "unique in the fleet: its FQDN"},
    {"password", API_SECRET, true, INTAKE_PASSWORD_MIN, INTAKE_PASSWORD_MAX,
	NULL, "of the firmware's admin"},
    HOST_FIELDS,
    {"pin", API_TEXT, false, 64, 64, NULL,
	"SHA-256 of the certificate it must present"},
    {"plain", API_BOOL, false, 0, 0, NULL, "it has no TLS yet"}};
FORM(api_device_form, "NewDevice");

#define TRUST_FIELDS                                                           \
	{"password", API_SECRET, false, INTAKE_PASSWORD_MIN,                   \
	    INTAKE_PASSWORD_MAX, NULL, "that its firmware's admin has now"},   \
	    {"forget_identity", API_BOOL, false, 0, 0, NULL,                   \
		"what it shows next is its own"},                              \
	{                                                                      \
		"tls", API_BOOL, false, 0, 0, NULL,                            \
		    "it has TLS now: never plain again"                        \
	}
static const struct api_field api_device_change_fields[] = {HOST_FIELDS,
    TRUST_FIELDS,
    {"description", API_TEXT, false, 0, TEXT_MAX, NULL, "for people"},
    {"custom1", API_TEXT, false, 0, TEXT_MAX, NULL, "custom field 1"},
    {"custom2", API_TEXT, false, 0, TEXT_MAX, NULL, "custom field 2"},
    {"custom3", API_TEXT, false, 0, TEXT_MAX, NULL, "custom field 3"},
    {"custom4", API_TEXT, false, 0, TEXT_MAX, NULL, "custom field 4"}};
FORM(api_device_change, "DeviceChange");

static const char *const whens[] = {"needed", "always", NULL};
static const struct api_field api_maintain_fields[] = {
    {"tasks", API_TEXTS, false, 1, 16, NULL,
	"as `amtkeeper task types` has them; none: what is due"},
    {"when", API_TEXT, false, 1, 16, whens, "needed, unless always"}};
FORM(api_maintain, "Maintenance");

#define CLAUSES                                                                \
	{"table", API_TEXT, false, 1, 64, NULL, "EPOLeafNode, unless said"},   \
	    {"select", API_TEXT, false, 0, CLAUSE_MAX, NULL, "columns"},       \
	    {"where", API_TEXT, false, 0, CLAUSE_MAX, NULL, "condition"},      \
	    {"order", API_TEXT, false, 0, CLAUSE_MAX, NULL, "order"},          \
	{                                                                      \
		"group", API_TEXT, false, 0, CLAUSE_MAX, NULL, "grouping"      \
	}
static const struct api_field api_query_form_fields[] = {CLAUSES,
    {"chart", API_TEXT, false, 0, NAME_MAX_, report_drawing_words,
	"as HTML draws it"},
    {"description", API_TEXT, false, 0, TEXT_MAX, NULL, "for people"}};
FORM(api_query_form, "QueryForm");
static const struct api_field api_query_ask_fields[] = {
    CLAUSES, {"top", API_INT, false, 1, 100000, NULL, "rows at most"}};
FORM(api_query_ask, "Question");

static const struct api_field api_task_form_fields[] = {
    {"name", API_TEXT, true, 1, NAME_MAX_, NULL, "unique"},
    {"type", API_TEXT, true, 1, 64, catalog_type_words, "what it does"},
    {"settings", API_TEXT, false, 2, TASK_SETTINGS_MAX, NULL,
	"JSON as a text; {}"},
    {"description", API_TEXT, false, 0, TEXT_MAX, NULL, "for people"}};
FORM(api_task_form, "NewTask");
static const struct api_field api_task_change_fields[] = {
    {"name", API_TEXT, false, 1, NAME_MAX_, NULL, "unique"},
    {"settings", API_TEXT, false, 2, TASK_SETTINGS_MAX, NULL, "JSON as a text"},
    {"description", API_TEXT, false, 0, TEXT_MAX, NULL, "for people"}};
FORM(api_task_change, "TaskChange");

#define POLICY_FIELDS                                                          \
	{"canary", API_INT, false, 0, TASK_DEVICES_MAX, NULL,                  \
	    "so many first"},                                                  \
	    {"wave", API_INT, false, 0, TASK_DEVICES_MAX, NULL,                \
		"then so many"},                                               \
	    {"wave_percent", API_INT, false, 0, 100, NULL, "or of 100"},       \
	    {"max_failures", API_INT, false, 0, TASK_DEVICES_MAX, NULL,        \
		"stop at so many failures"},                                   \
	    {"max_failure_percent", API_INT, false, 0, 100, NULL,              \
		"or of 100"},                                                  \
	    {"stop_after", API_INT, false, 0, TASK_STOP_AFTER_MAX, NULL,       \
		"seconds"},                                                    \
	    {"parallel", API_INT, false, 0, TASK_PARALLEL_MAX, NULL,           \
		"at once"},                                                    \
	    {"retries", API_INT, false, 0, TASK_RETRIES_MAX, NULL,             \
		"of those offline"},                                           \
	{                                                                      \
		"retry_wait", API_INT, false, 1, TASK_RETRY_WAIT_MAX, NULL,    \
		    "seconds, doubled each time"                               \
	}
#define TARGET_FIELDS                                                          \
	{"devices", API_TEXTS, false, 1, TASK_NAMED_MAX, NULL,                 \
	    "names, UUIDs or numbers"},                                        \
	    {"group", API_TEXT, false, 1, TEXT_MAX, NULL, "a group's path"},   \
	    {"tag", API_TEXT, false, 1, NAME_MAX_, NULL, "a tag's name"},      \
	    {"query", API_TEXT, false, 1, CLAUSE_MAX, NULL,                    \
		"a saved query's name, or a condition"},                       \
	{                                                                      \
		"all", API_BOOL, false, 0, 0, NULL, "the whole fleet"          \
	}
static const struct api_field api_run_form_fields[] = {
    TARGET_FIELDS, POLICY_FIELDS};
FORM(api_run_form, "NewRun");
static const struct api_field api_work_form_fields[] = {
    {"type", API_TEXT, true, 1, 64, catalog_type_words, "what is done"},
    {"tasks", API_TEXTS, false, 1, 16, NULL,
	"of amt-maintenance; none: what is due"},
    {"when", API_TEXT, false, 1, 16, whens, "needed, unless always"},
    TARGET_FIELDS, POLICY_FIELDS};
FORM(api_work_form, "Work");
static const struct api_field api_purge_form_fields[] = {{"older_than", API_INT,
    true, 604800, INT64_C(315360000), NULL, "seconds since they were made"}};
FORM(api_purge_form, "Purge");
static const struct api_field api_letters_form_fields[] = {{"event", API_INT,
    false, 1, INT64_C(1) << 53, NULL, "that one; none: all of the place"}};
FORM(api_letters_form, "DeadLettersChosen");
static const struct api_field api_block_form_fields[] = {
    {"keys", API_TEXT, true, 1, 524288, NULL,
	"SHA-256 of keys and notes, a line each; or one in PEM"},
    {"note", API_TEXT, false, 1, CA_BLOCK_NOTE_MAX, NULL, "of those without"}};
FORM(api_block_form, "KeysToBlock");
static const struct api_field api_trust_form_fields[] = {TRUST_FIELDS};
FORM(api_trust_form, "DeviceTrust");
static const struct api_field api_audit_form_fields[] = {
    {"ou", API_TEXT, false, 1, TEXT_MAX, NULL, "a DN; the profile's"},
    {"stale", API_INT, false, 1, INT64_C(315360000), NULL,
	"seconds without a sign of life; 90 days"}};
FORM(api_audit_form, "Audit");
static const struct api_field api_mail_form_fields[] = {
    {"to", API_TEXT, true, 1, TEXT_MAX, NULL, "an address"}};
FORM(api_mail_form, "MailTest");
static const struct api_field api_check_form_fields[] = {
    {"schedule", API_TEXT, true, 1, SCHEDULE_TEXT_MAX, NULL, "words, or cron"},
    {"task", API_TEXT, false, 1, NAME_MAX_, NULL,
	"what it renews; none: all that the profile keeps"},
    {"for", API_TEXTS, false, 1, 3, NULL,
	"or certificates, ad-password, admin-password"},
    {"when_needed", API_BOOL, false, 0, 0, NULL, "and that only when due"},
    {"duration", API_INT, false, 1, 86400, NULL,
	"seconds a device takes; as measured"},
    {"parallel", API_INT, false, 1, TASK_PARALLEL_MAX, NULL,
	"at once; run.parallel"},
    TARGET_FIELDS};
FORM(api_check_form, "Check");
static const struct api_field api_assign_form_fields[] = {
    {"task", API_TEXT, true, 1, NAME_MAX_, NULL, "its name or number"},
    {"schedule", API_TEXT, false, 1, SCHEDULE_TEXT_MAX, NULL,
	"none: by hand only"},
    {"enabled", API_BOOL, false, 0, 0, NULL, "unless false"}, TARGET_FIELDS,
    POLICY_FIELDS};
FORM(api_assign_form, "NewAssignment");
static const struct api_field api_assign_change_fields[] = {
    {"schedule", API_TEXT, false, 0, SCHEDULE_TEXT_MAX, NULL,
	"empty: by hand only"},
    {"enabled", API_BOOL, false, 0, 0, NULL, "does its schedule count?"},
    POLICY_FIELDS};
FORM(api_assign_change, "AssignmentChange");

static const struct api_field api_state_form_fields[] = {
    {"why", API_TEXT, false, 1, TEXT_MAX, NULL, "for people"}};
FORM(api_state_form, "Reason");

static const struct api_field api_tag_form_fields[] = {
    {"name", API_TEXT, true, 1, NAME_MAX_, NULL, "of the tag"}};
FORM(api_tag_form, "NewTag");
static const struct api_field api_tagging_fields[] = {
    {"devices", API_TEXTS, false, 1, TASK_NAMED_MAX, NULL,
	"names, UUIDs or numbers"},
    {"query", API_TEXT, false, 1, CLAUSE_MAX, NULL,
	"or a saved query's name, or a condition"}};
FORM(api_tagging, "Tagging");

#define ACTIONS(needed)                                                        \
	{                                                                      \
		"actions", API_TEXT, needed, 2, SERVER_TREE_MAX, NULL,         \
		    "JSON as a text: a list of {action: settings, then: list}" \
	}
static const struct api_field api_server_form_fields[] = {
    {"name", API_TEXT, true, 1, NAME_MAX_, NULL, "unique"}, ACTIONS(true),
    {"description", API_TEXT, false, 0, TEXT_MAX, NULL, "for people"},
    {"schedule", API_TEXT, false, 1, SCHEDULE_TEXT_MAX, NULL,
	"none: by hand only"},
    {"enabled", API_BOOL, false, 0, 0, NULL, "unless false"},
    {"overlap", API_BOOL, false, 0, 0, NULL,
	"may it begin while it is going?"}};
FORM(api_server_form, "NewServerTask");
static const struct api_field api_server_check_fields[] = {ACTIONS(true)};
FORM(api_server_check, "Actions");
static const struct api_field api_server_file_fields[] = {
    {"xml", API_TEXT, true, 1, SERVER_XML_MAX, NULL, "what ePO exported"},
    {"replace", API_BOOL, false, 0, 0, NULL, "those of the same names"}};
FORM(api_server_file, "ServerTaskFile");
static const struct api_field api_server_change_fields[] = {
    {"name", API_TEXT, false, 1, NAME_MAX_, NULL, "unique"}, ACTIONS(false),
    {"description", API_TEXT, false, 0, TEXT_MAX, NULL, "for people"},
    {"enabled", API_BOOL, false, 0, 0, NULL, "does its schedule count?"},
    {"overlap", API_BOOL, false, 0, 0, NULL, "may it begin while it is going?"},
    {"schedule", API_TEXT, false, 0, SCHEDULE_TEXT_MAX, NULL,
	"empty: by hand only"}};
FORM(api_server_change, "ServerTaskChange");

static const struct api_field api_revocation_fields[] = {{"reason", API_TEXT,
    false, 1, 32, ca_reason_words, "unspecified, unless said"}};
FORM(api_revocation, "Revocation");

#define USER_FIELDS                                                            \
	{"password", API_SECRET, false, ACCESS_PASSWORD_MIN,                   \
	    ACCESS_PASSWORD_MAX, NULL, "none: tokens only"},                   \
	    {"note", API_TEXT, false, 0, TEXT_MAX, NULL, "for people"},        \
	{                                                                      \
		"enabled", API_BOOL, false, 0, 0, NULL, "may come in"          \
	}
static const struct api_field api_user_form_fields[] = {
    {"name", API_TEXT, true, 1, NAME_MAX_, NULL, "unique"},
    {"sets", API_TEXT, true, 1, TEXT_MAX, NULL,
	"permission sets, parted by commas"},
    {"certificate", API_TEXT, false, 1, TEXT_MAX, NULL,
	"of a client: subject:, email:, upn:, dns: or uri: and its name"},
    USER_FIELDS};
FORM(api_user_form, "NewUser");
static const struct api_field api_token_form_fields[] = {
    {"name", API_TEXT, true, 1, ACCESS_TOKEN_NAME_MAX, NULL, "what it is for"},
    {"life", API_INT, false, 60, ACCESS_TOKEN_LIFE_MAX, NULL,
	"seconds; 90 days"}};
FORM(api_token_form, "NewToken");
static const struct api_field api_user_change_fields[] = {
    {"sets", API_TEXT, false, 1, TEXT_MAX, NULL,
	"permission sets, parted by commas"},
    {"certificate", API_TEXT, false, 0, TEXT_MAX, NULL,
	"of a client, as with a new user; empty: none any more"},
    USER_FIELDS};
FORM(api_user_change, "UserChange");

/* --- parameters --- */

static const char *const run_types[] = {
    CATALOG_TYPE_NAMES, SERVER_RUN, SERVER_ACTION, NULL};
static const char *const parts[] = {"chain", "all", "root", NULL};
static const char *const issuers[] = {"issuing", "root", NULL};
static const char *const answers[] = {"yes", "no", NULL};
static const struct api_field params[] = {
    {"update", API_TEXT, false, 2, 3, answers,
	"known devices: take over what is otherwise"},
    {"replace", API_TEXT, false, 2, 3, answers, "those of the same names"},
    {"strict", API_TEXT, false, 2, 3, answers,
	"all or nothing: one bad line, none"},
    {"limit", API_INT, false, 1, API_PAGE_MAX, NULL, "rows of a page"},
    {"cursor", API_TEXT, false, 1, TEXT_MAX, NULL, "next of the page before"},
    {"filter", API_TEXT, false, 1, TEXT_MAX, NULL,
	"shell pattern on name, UUID or address"},
    {"since", API_TEXT, false, 1, 64, NULL, "that time in RFC 3339, or later"},
    {"last", API_INT, false, 1, INT32_MAX, NULL,
	"from that many before the end on"},
    {"reason", API_TEXT, false, 1, 64, NULL, "has this finding"},
    {"site", API_TEXT, false, 1, 64, NULL, "stands there"},
    {"query", API_TEXT, false, 1, CLAUSE_MAX, NULL,
	"a saved query's name, or a condition: its devices"},
    {"run", API_INT, false, 1, INT64_MAX, NULL,
	"devices of this run, by their turn"},
    {"state", API_TEXT, false, 1, 16, task_state_words, "of runs"},
    {"type", API_TEXT, false, 1, 64, run_types, "of what they do"},
    {"part", API_TEXT, false, 1, 8, parts,
	"chain, unless all that may have certified a device, or the root"},
    {"issuer", API_TEXT, false, 1, 8, issuers, "ours, unless root"},
    {"expiring", API_INT, false, 1, YEAR, NULL, "within so many seconds"},
    {"place", API_TEXT, false, 1, NAME_MAX_, NULL, "of this place"},
    {"outcome", API_TEXT, false, 1, 16, task_outcome_words, "of devices"},
    {"task", API_TEXT, false, 1, NAME_MAX_, NULL, "of this task"},
    {"device", API_TEXT, false, 1, NAME_MAX_, NULL, "of this device"},
    {"top", API_INT, false, 1, 100000, NULL, "rows at most"},
    {"schedule", API_TEXT, true, 1, SCHEDULE_TEXT_MAX, NULL, "words, or cron"},
    {"after", API_TEXT, false, 1, 64, NULL, "a time in RFC 3339; now"},
    {"count", API_INT, false, 1, 100, NULL, "of runs; 10"},
};

const struct api_field *
api_param(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(params); i++)
		if (str_eq(params[i].name, name))
			return &params[i];
	return NULL;
}
