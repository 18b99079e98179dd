/* The table of routes: dispatch, rights and the document are made of it. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "mem.h"
#include "str.h"

static const struct api_route routes[] = {
    /* --- devices --- */
    {"GET", "devices", "listDevices", "devices", ACCESS_DEVICE_READ,
	"Devices by name; with query by number; of a run, each with what went "
	"wrong there",
	"limit cursor filter reason site query run", NULL, API_PAGE_OF,
	&api_device_row, 200, 0, api_devices_list},
    {"POST", "devices", "addDevice", "devices", ACCESS_DEVICE_WRITE,
	"Take a device in", NULL, &api_device_form, API_ROW, &api_device_row,
	201, API_KEYED | API_LOCATED | API_TAGGED, api_devices_add},
    {"POST", "device-import", "importDevices", "devices", ACCESS_DEVICE_WRITE,
	"Take devices in by a CSV file with a heading; each line says what "
	"became of it, and a bad one is passed over",
	"update strict", NULL, API_PAGE_OF, &api_line_row, 200,
	API_TOLD | API_TAKES_CSV, api_devices_import},
    {"GET", "devices/{device}", "getDevice", "devices", ACCESS_DEVICE_READ,
	"A device by name, UUID or number", NULL, NULL, API_ROW,
	&api_device_row, 200, API_TAGGED, api_devices_get},
    {"PATCH", "devices/{device}", "changeDevice", "devices",
	ACCESS_DEVICE_WRITE,
	"Change what is said of its host, and what a person knows better of it",
	NULL, &api_device_change, API_ROW, &api_device_row, 200,
	API_TAGGED | API_MATCHED, api_devices_change},
    {"DELETE", "devices/{device}", "removeDevice", "devices",
	ACCESS_DEVICE_WRITE,
	"Let it leave the fleet; its certificates stay valid until revoked",
	NULL, NULL, API_NOTHING, NULL, 204, API_MATCHED, api_devices_remove},
    {"POST", "devices/{device}/trust", "trustDevice", "devices",
	ACCESS_DEVICE_WRITE,
	"Say what a person knows better than the worker on it; it is looked at "
	"anew",
	NULL, &api_trust_form, API_ROW, &api_device_row, 200, API_KEYED,
	api_devices_trust},
    {"GET", "findings", "listFindings", "devices", ACCESS_DEVICE_READ,
	"What is wrong with devices now, by their last reading",
	"limit cursor filter reason site query run", NULL, API_PAGE_OF,
	&api_finding_row, 200, API_CA, api_findings_list},
    {"GET", "plan", "listPlan", "devices", ACCESS_DEVICE_READ,
	"What a task (auto: all that is due) would change, by their last "
	"reading; of those that went wrong in a run, that alone; a page is so "
	"many devices",
	"limit cursor filter reason site query run task", NULL, API_PAGE_OF,
	&api_plan_row, 200, API_CA, api_plan_list},
    {"GET", "journal", "listJournal", "devices", ACCESS_EVENT_READ,
	"Changes of devices that are under way, the oldest first",
	"limit cursor device", NULL, API_PAGE_OF, &api_intent_row, 200, 0,
	api_journal_open},
    {"GET", "journal-ended", "listJournalEnded", "devices", ACCESS_EVENT_READ,
	"Changes of devices that are over, the newest first",
	"limit cursor device", NULL, API_PAGE_OF, &api_intent_row, 200, 0,
	api_journal_ended},
    {"POST", "devices/{device}/look", "lookAtDevice", "devices",
	ACCESS_TASK_RUN, "Read and diagnose it: a run", NULL, NULL, API_ROW,
	&api_run_answer, 202, API_KEYED | API_LOCATED, api_devices_look},
    {"POST", "devices/{device}/maintain", "maintainDevice", "devices",
	ACCESS_TASK_RUN, "Do what is due, or the tasks named: a run", NULL,
	&api_maintain, API_ROW, &api_run_answer, 202, API_KEYED | API_LOCATED,
	api_devices_maintain},

    /* --- queries --- */
    {"GET", "queries", "listQueries", "queries", ACCESS_QUERY_RUN,
	"Saved queries", NULL, NULL, API_PAGE_OF, &api_query_row, 200, 0,
	api_queries_list},
    {"GET", "query-columns", "listQueryColumns", "queries", ACCESS_QUERY_RUN,
	"Tables and columns that can be asked for", NULL, NULL, API_PAGE_OF,
	&api_column_row, 200, 0, api_columns_list},
    {"GET", "query-operators", "listQueryOperators", "queries",
	ACCESS_QUERY_RUN, "The words of the query language", NULL, NULL,
	API_PAGE_OF, &api_operator_row, 200, 0, api_operators_list},
    {"POST", "query", "askQuery", "queries", ACCESS_QUERY_RUN,
	"Run a query that is not saved; Accept: text/csv gives CSV", NULL,
	&api_query_ask, API_REPORT, NULL, 200, 0, api_queries_ask},
    {"POST", "query-file", "importQueries", "queries", ACCESS_QUERY_WRITE,
	"Save the queries that ePO exported; one that cannot be run here is "
	"passed over",
	"replace", NULL, API_PAGE_OF, &api_imported_query_row, 200,
	API_TOLD | API_TAKES_XML, api_queries_import},
    {"GET", "queries/{query}", "getQuery", "queries", ACCESS_QUERY_RUN,
	"A saved query by name or number", NULL, NULL, API_ROW, &api_query_row,
	200, API_TAGGED, api_queries_get},
    {"PUT", "queries/{query}", "putQuery", "queries", ACCESS_QUERY_WRITE,
	"Save a query under this name, or replace the one it has", NULL,
	&api_query_form, API_ROW, &api_query_row, 200, API_TAGGED | API_MATCHED,
	api_queries_put},
    {"DELETE", "queries/{query}", "removeQuery", "queries", ACCESS_QUERY_WRITE,
	"Forget a query that somebody saved, and no task goes by", NULL, NULL,
	API_NOTHING, NULL, 204, API_MATCHED, api_queries_remove},
    {"POST", "queries/{query}/run", "runQuery", "queries", ACCESS_QUERY_RUN,
	"Run a saved query; Accept: text/csv gives CSV", "top", NULL,
	API_REPORT, NULL, 200, 0, api_queries_run},

    /* --- tasks and assignments --- */
    {"GET", "task-types", "listTaskTypes", "tasks", API_ANYBODY,
	"What can be done to devices, and the names it goes by", NULL, NULL,
	API_PAGE_OF, &api_type_row, 200, 0, api_types_list},
    {"GET", "tasks", "listTasks", "tasks", ACCESS_TASK_READ,
	"Client tasks by name", "limit cursor", NULL, API_PAGE_OF,
	&api_task_row, 200, 0, api_tasks_list},
    {"POST", "tasks", "addTask", "tasks", ACCESS_TASK_WRITE, "A new task", NULL,
	&api_task_form, API_ROW, &api_task_row, 201,
	API_KEYED | API_LOCATED | API_TAGGED, api_tasks_add},
    {"GET", "tasks/{task}", "getTask", "tasks", ACCESS_TASK_READ,
	"A task by name or number", NULL, NULL, API_ROW, &api_task_row, 200,
	API_TAGGED, api_tasks_get},
    {"PATCH", "tasks/{task}", "changeTask", "tasks", ACCESS_TASK_WRITE,
	"Change a task", NULL, &api_task_change, API_ROW, &api_task_row, 200,
	API_TAGGED | API_MATCHED, api_tasks_change},
    {"DELETE", "tasks/{task}", "removeTask", "tasks", ACCESS_TASK_WRITE,
	"Forget a task and its assignments; its runs stay", NULL, NULL,
	API_NOTHING, NULL, 204, API_MATCHED, api_tasks_remove},
    {"POST", "tasks/{task}/run", "runTask", "tasks", ACCESS_TASK_RUN,
	"Do it now", NULL, &api_run_form, API_ROW, &api_run_answer, 202,
	API_KEYED | API_LOCATED, api_tasks_run},
    {"GET", "assignments", "listAssignments", "assignments", ACCESS_TASK_READ,
	"Who gets which task when", "limit cursor task", NULL, API_PAGE_OF,
	&api_assignment_row, 200, 0, api_assignments_list},
    {"POST", "assignments", "addAssignment", "assignments",
	ACCESS_SCHEDULE_WRITE, "Give a task to devices, by a schedule", NULL,
	&api_assign_form, API_ROW, &api_assignment_row, 201,
	API_KEYED | API_LOCATED | API_TAGGED, api_assignments_add},
    {"GET", "assignments/{assignment}", "getAssignment", "assignments",
	ACCESS_TASK_READ, "An assignment", NULL, NULL, API_ROW,
	&api_assignment_row, 200, API_TAGGED, api_assignments_get},
    {"PATCH", "assignments/{assignment}", "changeAssignment", "assignments",
	ACCESS_SCHEDULE_WRITE, "Change its schedule or pace", NULL,
	&api_assign_change, API_ROW, &api_assignment_row, 200,
	API_TAGGED | API_MATCHED, api_assignments_change},
    {"DELETE", "assignments/{assignment}", "removeAssignment", "assignments",
	ACCESS_SCHEDULE_WRITE, "Take it away; its runs stay", NULL, NULL,
	API_NOTHING, NULL, 204, API_MATCHED, api_assignments_remove},
    {"POST", "assignments/{assignment}/run", "runAssignment", "assignments",
	ACCESS_TASK_RUN, "Run it now; its schedule goes on", NULL, NULL,
	API_ROW, &api_run_answer, 202, API_KEYED | API_LOCATED,
	api_assignments_run},

    /* --- server tasks --- */
    {"GET", "server-tasks", "listServerTasks", "server-tasks",
	ACCESS_SCHEDULE_READ, "Server tasks by name", "limit cursor", NULL,
	API_PAGE_OF, &api_server_row, 200, 0, api_servers_list},
    {"POST", "server-tasks", "addServerTask", "server-tasks",
	ACCESS_SCHEDULE_WRITE,
	"A new server task; each of its actions asks for its own right too",
	NULL, &api_server_form, API_ROW, &api_server_row, 201,
	API_KEYED | API_LOCATED | API_TAGGED, api_servers_add},
    {"GET", "server-tasks/{task}", "getServerTask", "server-tasks",
	ACCESS_SCHEDULE_READ, "A server task by name or number", NULL, NULL,
	API_ROW, &api_server_row, 200, API_TAGGED, api_servers_get},
    {"PATCH", "server-tasks/{task}", "changeServerTask", "server-tasks",
	ACCESS_SCHEDULE_WRITE,
	"Change it; this asks for the rights of its actions, old and new", NULL,
	&api_server_change, API_ROW, &api_server_row, 200,
	API_TAGGED | API_MATCHED, api_servers_change},
    {"DELETE", "server-tasks/{task}", "removeServerTask", "server-tasks",
	ACCESS_SCHEDULE_WRITE, "Forget it; what it did stays on record", NULL,
	NULL, API_NOTHING, NULL, 204, API_MATCHED, api_servers_remove},
    {"GET", "server-tasks/{task}/flow", "getServerTaskFlow", "server-tasks",
	ACCESS_SCHEDULE_READ,
	"How many devices would flow to each of its actions now", NULL, NULL,
	API_PAGE_OF, &api_flow_row, 200, 0, api_servers_flow},
    {"POST", "server-task-check", "checkServerTask", "server-tasks",
	ACCESS_SCHEDULE_READ, "The same of actions that are not saved", NULL,
	&api_server_check, API_PAGE_OF, &api_flow_row, 200, 0,
	api_servers_check},
    {"GET", "server-task-actions", "listActionKinds", "server-tasks",
	ACCESS_SCHEDULE_READ, "What a server task can be made of", NULL, NULL,
	API_PAGE_OF, &api_kind_row, 200, 0, api_servers_kinds},
    {"GET", "server-task-file", "exportServerTasks", "server-tasks",
	ACCESS_SCHEDULE_READ, "All of them, or one, as ePO's XML", "task", NULL,
	API_XML, NULL, 200, 0, api_servers_export},
    {"POST", "server-task-file", "importServerTasks", "server-tasks",
	ACCESS_SCHEDULE_WRITE, "Take all of such a file, or none", NULL,
	&api_server_file, API_ROW, &api_imported_row, 200, API_KEYED,
	api_servers_import},
    {"POST", "server-tasks/{task}/run", "runServerTask", "server-tasks",
	ACCESS_TASK_RUN,
	"Run it now, enabled or not; this asks for the rights of its actions",
	NULL, NULL, API_ROW, &api_run_answer, 202, API_KEYED | API_LOCATED,
	api_servers_run},
    {"GET", "server-tasks/{task}/runs", "listServerTaskRuns", "server-tasks",
	ACCESS_RUN_READ, "Executions under its name, the newest first",
	"limit cursor", NULL, API_PAGE_OF, &api_run_answer, 200, 0,
	api_servers_runs},

    /* --- runs --- */
    {"GET", "runs", "listRuns", "runs", ACCESS_RUN_READ,
	"Runs, the newest first", "limit cursor state task type since", NULL,
	API_PAGE_OF, &api_run_answer, 200, 0, api_runs_list},
    {"POST", "runs", "addRun", "runs", ACCESS_TASK_RUN,
	"Do something to devices now, of no task that is kept", NULL,
	&api_work_form, API_ROW, &api_run_answer, 202, API_KEYED | API_LOCATED,
	api_runs_add},
    {"POST", "run-purge", "purgeRuns", "runs", ACCESS_RUN_PURGE,
	"Forget runs that are over and older, some at a time", NULL,
	&api_purge_form, API_ROW, &api_purged_row, 200, API_KEYED,
	api_runs_purge},
    {"GET", "runs/{run}", "getRun", "runs", ACCESS_RUN_READ, "A run", NULL,
	NULL, API_ROW, &api_run_answer, 200, API_TAGGED, api_runs_get},
    {"GET", "runs/{run}/items", "listRunItems", "runs", ACCESS_RUN_READ,
	"What became of each device", "limit cursor outcome", NULL, API_PAGE_OF,
	&api_item_row, 200, 0, api_runs_items},
    {"GET", "runs/{run}/messages", "listRunMessages", "runs", ACCESS_RUN_READ,
	"What happened to the run itself", "limit cursor", NULL, API_PAGE_OF,
	&api_message_row, 200, 0, api_runs_messages},
    {"GET", "runs/{run}/actions", "listRunActions", "runs", ACCESS_RUN_READ,
	"What became of each action of a server task's run", NULL, NULL,
	API_PAGE_OF, &api_action_row, 200, 0, api_runs_actions},
    {"GET", "runs/{run}/stream", "followRun", "runs", ACCESS_RUN_READ,
	"Its progress as it is made: events run, message, end", NULL, NULL,
	API_EVENTS, NULL, 200, 0, api_runs_get},
    {"POST", "runs/{run}/pause", "pauseRun", "runs", ACCESS_RUN_CONTROL,
	"Begin no further devices", NULL, &api_state_form, API_ROW,
	&api_run_answer, 200, API_KEYED, api_runs_pause},
    {"POST", "runs/{run}/resume", "resumeRun", "runs", ACCESS_RUN_CONTROL,
	"Go on with a paused run", NULL, &api_state_form, API_ROW,
	&api_run_answer, 200, API_KEYED, api_runs_resume},
    {"POST", "runs/{run}/abort", "abortRun", "runs", ACCESS_RUN_CONTROL,
	"End it; devices under way finish", NULL, &api_state_form, API_ROW,
	&api_run_answer, 200, API_KEYED, api_runs_abort},
    {"GET", "schedules/preview", "previewSchedule", "schedules",
	ACCESS_SCHEDULE_READ, "What a schedule means, and its next runs",
	"schedule after count", NULL, API_ROW, &api_preview_row, 200, 0,
	api_schedules_preview},
    {"POST", "schedules/check", "checkSchedule", "schedules",
	ACCESS_SCHEDULE_READ,
	"Is it in time, before what devices have runs out? Nothing is saved",
	NULL, &api_check_form, API_PAGE_OF, &api_check_row, 200, 0,
	api_schedules_check},

    /* --- tags, groups, events, users --- */
    {"GET", "tags", "listTags", "tags", ACCESS_DEVICE_READ, "Tags", NULL, NULL,
	API_PAGE_OF, &api_tag_row, 200, 0, api_tags_list},
    {"POST", "tags", "addTag", "tags", ACCESS_TAG_WRITE,
	"A tag, made when it is not there", NULL, &api_tag_form, API_ROW,
	&api_tag_row, 200, API_KEYED, api_tags_add},
    {"DELETE", "tags/{tag}", "removeTag", "tags", ACCESS_TAG_WRITE,
	"Take it from all devices, and forget it; 409 while a task goes by it",
	NULL, NULL, API_NOTHING, NULL, 204, 0, api_tags_remove},
    {"POST", "tags/{tag}/apply", "applyTag", "tags", ACCESS_TAG_WRITE,
	"Give it to devices", NULL, &api_tagging, API_ROW, &api_tagged_row, 200,
	API_KEYED, api_tags_apply},
    {"POST", "tags/{tag}/clear", "clearTag", "tags", ACCESS_TAG_WRITE,
	"Take it from devices", NULL, &api_tagging, API_ROW, &api_tagged_row,
	200, API_KEYED, api_tags_clear},
    {"POST", "tags/{tag}/exclude", "excludeTag", "tags", ACCESS_TAG_WRITE,
	"Take it from devices for good: no query gives it again", NULL,
	&api_tagging, API_ROW, &api_tagged_row, 200, API_KEYED,
	api_tags_exclude},
    {"GET", "groups", "listGroups", "groups", ACCESS_DEVICE_READ,
	"The tree of groups, by path", NULL, NULL, API_PAGE_OF, &api_group_row,
	200, 0, api_groups_list},
    {"GET", "events", "listEvents", "events", ACCESS_EVENT_READ,
	"The audit chain, from its beginning, a time, or so many before its end",
	"limit cursor device since last", NULL, API_PAGE_OF, &api_event_row,
	200, 0, api_events_list},
    {"GET", "events/stream", "followEvents", "events", ACCESS_EVENT_READ,
	"Events as they happen; Last-Event-ID goes on behind that one", NULL,
	NULL, API_EVENTS, NULL, 200, 0, NULL},
    {"GET", "forward", "listForwardPlaces", "forward", ACCESS_EVENT_READ,
	"How far events have come at each place", NULL, NULL, API_PAGE_OF,
	&api_place_row, 200, 0, api_places_list},
    {"GET", "forward-dead", "listDeadLetters", "forward", ACCESS_EVENT_READ,
	"Events that a webhook would not take", "limit cursor place", NULL,
	API_PAGE_OF, &api_letter_row, 200, 0, api_letters_list},
    {"POST", "forward/{place}/again", "sendDeadLetters", "forward",
	ACCESS_MESSAGE_SEND, "Send dead letters once more", NULL,
	&api_letters_form, API_ROW, &api_letters_row, 202, API_KEYED,
	api_letters_again},
    {"POST", "forward/{place}/drop", "dropDeadLetters", "forward",
	ACCESS_MESSAGE_SEND, "Forget dead letters; the events stay", NULL,
	&api_letters_form, API_ROW, &api_letters_row, 200, API_KEYED,
	api_letters_drop},
    {"GET", "epo-servers", "listEpoServers", "epo-servers", ACCESS_EVENT_READ,
	"ePO servers above us, and how the last sync with each went", NULL,
	NULL, API_PAGE_OF, &api_upstream_row, 200, 0, api_upstreams_list},
    {"GET", "certificates", "listCertificates", "certificates", ACCESS_CA_READ,
	"What the CA has issued, the newest first",
	"limit cursor device expiring", NULL, API_PAGE_OF, &api_cert_row, 200,
	API_CA, api_certs_list},
    {"GET", "certificates/{serial}", "getCertificate", "certificates",
	ACCESS_CA_READ, "A certificate by its serial number, hexadecimal", NULL,
	NULL, API_ROW, &api_cert_row, 200, API_CA, api_certs_get},
    {"GET", "certificates/{serial}/pem", "getCertificatePem", "certificates",
	ACCESS_CA_READ, "The certificate itself, PEM", NULL, NULL, API_PEM,
	NULL, 200, API_CA, api_certs_pem},
    {"POST", "certificates/{serial}/revoke", "revokeCertificate",
	"certificates", ACCESS_CA_ADMIN, "Revoke it; the CRL has it then", NULL,
	&api_revocation, API_ROW, &api_cert_row, 200, API_KEYED | API_CA,
	api_certs_revoke},
    {"GET", "ca/issuers", "listIssuers", "ca", ACCESS_CA_READ,
	"The issuing CAs: active, old, waiting", NULL, NULL, API_PAGE_OF,
	&api_issuer_row, 200, API_CA, api_issuers_list},
    {"GET", "ca/chain", "getCaChain", "ca", ACCESS_CA_READ,
	"The CA's certificates, PEM", "part", NULL, API_PEM, NULL, 200, API_CA,
	api_ca_chain},
    {"GET", "ca/crl", "getCrl", "ca", ACCESS_CA_READ,
	"The revocation list, DER", "issuer", NULL, API_CRL, NULL, 200, API_CA,
	api_ca_crl},
    {"GET", "ca/health", "listCaFindings", "ca", ACCESS_CA_READ,
	"What is wrong with the CA and what it issued", NULL, NULL, API_PAGE_OF,
	&api_health_row, 200, API_CA, api_ca_health},
    {"GET", "ca/blocks", "listBlockedKeys", "ca", ACCESS_CA_READ,
	"Keys that are never certified", "limit cursor", NULL, API_PAGE_OF,
	&api_blocked_row, 200, API_CA, api_blocks_list},
    {"POST", "ca/blocks", "blockKeys", "ca", ACCESS_CA_ADMIN,
	"Never certify keys again", NULL, &api_block_form, API_ROW,
	&api_blocking_row, 200, API_KEYED | API_CA, api_blocks_add},
    {"DELETE", "ca/blocks/{sha256}", "unblockKey", "ca", ACCESS_CA_ADMIN,
	"Allow a key again", NULL, NULL, API_NOTHING, NULL, 204, API_CA,
	api_blocks_remove},
    {"GET", "ca/templates", "listTemplates", "ca", ACCESS_CA_READ,
	"The profile's certificate templates", NULL, NULL, API_PAGE_OF,
	&api_template_row, 200, API_CA, api_templates_list},
    {"GET", "ca/template-problems", "listTemplateProblems", "ca",
	ACCESS_CA_READ, "What is wrong with templates", NULL, NULL, API_PAGE_OF,
	&api_problem_row, 200, API_CA, api_templates_check},
    {"GET", "ca/bridges", "listBridges", "ca", ACCESS_CA_READ,
	"The enterprise's CAs that are configured", NULL, NULL, API_PAGE_OF,
	&api_bridge_row, 200, API_CA, api_bridges_list},
    {"GET", "ca/bridge-requests", "listBridgeRequests", "ca", ACCESS_CA_READ,
	"Requests that a CA has not granted", NULL, NULL, API_PAGE_OF,
	&api_pending_row, 200, API_CA, api_pending_list},
    {"POST", "ca/bridge-requests/{device}/hasten", "hastenBridgeRequest", "ca",
	ACCESS_CA_ADMIN, "Ask for a device's at once", NULL, NULL, API_NOTHING,
	NULL, 204, API_CA, api_pending_hasten},
    {"GET", "users", "listUsers", "users", ACCESS_USER_READ, "Users", NULL,
	NULL, API_PAGE_OF, &api_user_row, 200, 0, api_users_list},
    {"GET", "users/{user}", "getUser", "users", ACCESS_USER_READ,
	"A user by name", NULL, NULL, API_ROW, &api_user_row, 200, API_TAGGED,
	api_users_get},
    {"POST", "users", "addUser", "users", ACCESS_USER_ADMIN, "Let somebody in",
	NULL, &api_user_form, API_ROW, &api_user_row, 201,
	API_LOCATED | API_TAGGED, api_users_add},
    {"PATCH", "users/{user}", "changeUser", "users", ACCESS_USER_ADMIN,
	"Change what a user may; other sets or a password end sessions", NULL,
	&api_user_change, API_ROW, &api_user_row, 200, API_TAGGED | API_MATCHED,
	api_users_change},
    {"GET", "permission-sets", "listPermissionSets", "users", ACCESS_USER_READ,
	"Permission sets, and the rights in them", NULL, NULL, API_PAGE_OF,
	&api_set_row, 200, 0, api_sets_list},
    {"GET", "users/{user}/tokens", "listTokens", "users", ACCESS_USER_READ,
	"A user's tokens", NULL, NULL, API_PAGE_OF, &api_token_row, 200, 0,
	api_tokens_list},
    {"POST", "users/{user}/tokens", "addToken", "users", ACCESS_USER_ADMIN,
	"A token; the answer is the only one that shows it", NULL,
	&api_token_form, API_ROW, &api_new_token_row, 201, 0, api_tokens_add},
    {"DELETE", "users/{user}/tokens/{token}", "removeToken", "users",
	ACCESS_USER_ADMIN, "End a token", NULL, NULL, API_NOTHING, NULL, 204, 0,
	api_tokens_remove},
    {"DELETE", "users/{user}", "removeUser", "users", ACCESS_USER_ADMIN,
	"Let a user in no more", NULL, NULL, API_NOTHING, NULL, 204,
	API_MATCHED, api_users_remove},

    /* --- jobs --- */
    {"GET", "jobs", "listJobs", "jobs", API_ANYBODY,
	"Your jobs, the oldest first; with user.admin everybody's", NULL, NULL,
	API_PAGE_OF, &api_job_row, 200, 0, api_jobs_list},
    {"GET", "jobs/{job}", "getJob", "jobs", API_ANYBODY, "A job by number",
	NULL, NULL, API_ROW, &api_job_row, 200, 0, api_jobs_get},
    {"GET", "jobs/{job}/rows", "getJobRows", "jobs", API_ANYBODY,
	"What one that ended has found, as the command has it", NULL, NULL,
	API_ROWS, NULL, 200, 0, api_jobs_rows},
    {"DELETE", "jobs/{job}", "removeJob", "jobs", API_ANYBODY,
	"End it when it is at work, else forget it", NULL, NULL, API_NOTHING,
	NULL, 204, API_TOLD, api_jobs_remove},
    {"POST", "events/verify", "verifyEvents", "jobs", ACCESS_EVENT_READ,
	"Is the audit chain whole? A job", NULL, NULL, API_ROW, &api_job_row,
	202, API_KEYED | API_LOCATED | API_TOLD, api_events_verify},
    {"POST", "directory/audit", "auditDirectory", "jobs", ACCESS_EVENT_READ,
	"What is wrong with objects in Active Directory: a job", NULL,
	&api_audit_form, API_ROW, &api_job_row, 202,
	API_KEYED | API_LOCATED | API_TOLD, api_directory_audit},
    {"POST", "krb/status", "krbStatus", "jobs", ACCESS_EVENT_READ,
	"The domain's Kerberos, and our part in it: a job", NULL, NULL, API_ROW,
	&api_job_row, 202, API_KEYED | API_LOCATED | API_TOLD, api_krb_status},
    {"POST", "ca/bridges/{bridge}/test", "testBridge", "jobs", ACCESS_CA_READ,
	"Does that CA answer, and is it the right one? A job", NULL, NULL,
	API_ROW, &api_job_row, 202, API_KEYED | API_LOCATED | API_TOLD,
	api_bridges_test},
    {"POST", "epo-servers/{server}/test", "testEpoServer", "jobs",
	ACCESS_EVENT_READ, "Does it let us in, and do what is needed? A job",
	NULL, NULL, API_ROW, &api_job_row, 202,
	API_KEYED | API_LOCATED | API_TOLD, api_upstreams_test},
    {"POST", "forward/{place}/test", "testForwardPlace", "jobs",
	ACCESS_MESSAGE_SEND, "Send a test message there: a job", NULL, NULL,
	API_ROW, &api_job_row, 202, API_KEYED | API_LOCATED | API_TOLD,
	api_places_test},
    {"POST", "mail/test", "testMail", "jobs", ACCESS_MESSAGE_SEND,
	"Send a test message: a job", NULL, &api_mail_form, API_ROW,
	&api_job_row, 202, API_KEYED | API_LOCATED | API_TOLD, api_mail_test},

    /* --- itself --- */
    {"GET", "self", "getSelf", "self", API_ANYBODY,
	"Who asks, and what he may do", NULL, NULL, API_ROW, &api_self_row, 200,
	0, api_self_get},
    {"GET", "version", "getVersion", "self", API_ANYBODY,
	"The program's version", NULL, NULL, API_ROW, &api_version_row, 200, 0,
	api_version_get},
    {"GET", "openapi.json", "getDocument", "self", API_ANYBODY, "This document",
	NULL, NULL, API_DOCUMENT, NULL, 200, API_TAGGED, NULL},
};
#define COUNT (sizeof(routes) / sizeof(routes[0]))

const struct api_route *
api_route_at(size_t i)
{
	return i < COUNT ? &routes[i] : NULL;
}

void
api_match_clear(struct api_match *m)
{
	size_t i;

	for (i = 0; i < API_SEGMENTS; i++)
		free(m->segments[i]);
	memset(m, 0, sizeof(*m));
}

/* Segment by segment; those that stand for something are kept. */
static bool
matches(const char *template, const char *path, struct api_match *m)
{
	size_t want, have, n = 0;

	for (;;) {
		want = strcspn(template, "/");
		have = strcspn(path, "/");
		if (*template == '{') {
			if (have == 0 || n == API_SEGMENTS)
				return false;
			m->segments[n++] = mem_dup_len(path, have);
		} else if (want != have || strncmp(template, path, want) != 0) {
			return false;
		}
		template += want;
		path += have;
		if (*template != *path)
			return false;
		if (*template == '\0')
			return true;
		template ++;
		path++;
	}
}

static void
allow(struct api_match *m, const char *method)
{
	struct buf list;

	buf_init(&list, sizeof(m->allow) - 1);
	buf_printf(&list, "%s%s%s%s", m->allow, m->allow[0] == '\0' ? "" : ", ",
	    method, str_eq(method, "GET") ? ", HEAD" : "");
	(void)snprintf(m->allow, sizeof(m->allow), "%s", buf_text(&list));
	buf_free(&list);
}

int
api_route_find(const char *method, const char *path, struct api_match *ret)
{
	struct api_match m = {.route = NULL};
	char allowed[sizeof(m.allow)] = "";
	size_t i;

	memset(ret, 0, sizeof(*ret));
	if (str_eq(method, "HEAD"))
		method = "GET";
	for (i = 0; i < COUNT; i++) {
		if (matches(routes[i].path, path, &m)) {
			if (str_eq(routes[i].method, method)) {
				m.route = &routes[i];
				m.allow[0] = '\0';
				*ret = m;
				return 0;
			}
			(void)snprintf(m.allow, sizeof(m.allow), "%s", allowed);
			allow(&m, routes[i].method);
			(void)snprintf(allowed, sizeof(allowed), "%s", m.allow);
		}
		api_match_clear(&m);
	}
	(void)snprintf(ret->allow, sizeof(ret->allow), "%s", allowed);
	return allowed[0] == '\0' ? 404 : 405;
}
