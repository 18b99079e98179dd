/*
 * Runs in the query language: ours, and as ePO names the two it has.  The words
 * of states are those of task_run.h, in the order of its numbers.
 */
#include "relation_internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const states[] = {
    "queued", "running", "paused", "aborted", "ended", NULL};
static const char *const sources[] = {"user", "task", "schedule", NULL};
static const char *const item_states[] = {"waiting", "running", "done", NULL};
static const char *const outcomes[] = {"ok", "changed", "waiting", "failed",
    "parked", "offline", "busy", "skipped", NULL};

#define BEGUN                                                                  \
	"(CASE WHEN r.started_at > 0 THEN r.started_at ELSE r.created_at END)"
#define PERCENT                                                                \
	"(CASE WHEN r.state = 4 THEN 100 WHEN r.total = 0 THEN 0"              \
	" ELSE r.done * 100 / r.total END)"
#define FAILURES "(r.n_failed + r.n_parked)"
#define DONE "i.state = 2"

/* clang-format off */
#define PLAIN(name, type, sql, help) {name, QUERY_##type, sql, NULL, help, NULL, NULL}
#define TIME(name, sql, help) {name, QUERY_TIME, sql, sql " > 0", help, NULL, NULL}
#define TEXT(name, sql, help) {name, QUERY_TEXT, sql, sql " <> ''", help, NULL, NULL}
#define STATE(name, sql, given, help, words) {name, QUERY_STATE, sql, given, help, words, NULL}

const struct query_column relation_runs[] = {
	PLAIN("AutoID", INT, "r.id", "number of the run"),
	{"ParentID", QUERY_INT, "r.parent", "r.parent > 0", "number of the run it is a part of", NULL, NULL},
	PLAIN("Name", TEXT, "r.name", "of its task"),
	PLAIN("Type", TEXT, "r.type", "of its task"),
	STATE("State", "r.state", NULL, "queued, running, paused, aborted or ended", states),
	STATE("Source", "r.source", NULL, "who made it: a user, a task or a schedule", sources),
	PLAIN("Actor", TEXT, "r.actor", "in whose name"),
	TEXT("Why", "r.why", "it was paused or aborted"),
	TIME("Created", "r.created_at", "when it was made"),
	TIME("Started", "r.started_at", "when it began"),
	TIME("Ended", "r.ended_at", "when it ended"),
	{"Seconds", QUERY_INT, "(r.ended_at - " BEGUN ")", "r.ended_at > 0", "how long it took", NULL, NULL},
	PLAIN("Percent", INT, PERCENT, "how much of it is done"),
	PLAIN("Devices", INT, "r.total", "how many it is for"),
	PLAIN("Done", INT, "r.done", "how many of them are done"),
	PLAIN("Ok", INT, "r.n_ok", "devices with nothing to do"),
	PLAIN("Changed", INT, "r.n_changed", "devices where it was done, and seen"),
	PLAIN("Waiting", INT, "r.n_waiting", "devices that wait for another CA"),
	PLAIN("Failed", INT, "r.n_failed", "devices where it failed"),
	PLAIN("Parked", INT, "r.n_parked", "devices that need a person"),
	PLAIN("Offline", INT, "r.n_offline", "devices not reached"),
	PLAIN("Busy", INT, "r.n_busy", "devices another worker had"),
	PLAIN("Skipped", INT, "r.n_skipped", "devices left out"),
};
_Static_assert(COUNT(relation_runs) == RELATION_RUNS, "all of them");

const struct query_column relation_items[] = {
	PLAIN("AutoID", INT, "i.id", "number of the device's part in the run"),
	PLAIN("RunID", INT, "i.run", "number of the run, AMT_Runs.AutoID"),
	PLAIN("LeafNodeID", INT, "i.device", "number of the device, EPOLeafNode.AutoID; it may be gone"),
	PLAIN("Name", TEXT, "i.name", "of the device, when the run began"),
	STATE("State", "i.state", NULL, "waiting, running or done", item_states),
	STATE("Result", "i.outcome", DONE, "ok, changed, waiting, failed, parked, offline, busy or skipped", outcomes),
	TEXT("Reason", "i.reason", "the finding that stands for a failure"),
	TEXT("Message", "i.message", "what was said of it"),
	PLAIN("Attempts", INT, "i.attempts", "how often it was tried"),
	PLAIN("Steps", INT, "i.steps", "how many steps were taken"),
	{"Milliseconds", QUERY_INT, "i.ms", DONE, "how long it took", NULL, NULL},
	TIME("Started", "i.started_at", "the first attempt"),
	TIME("Ended", "i.ended_at", "the last attempt"),
};
_Static_assert(COUNT(relation_items) == RELATION_ITEMS, "all of them");

/* Names as tasklog.listTaskHistory has them. */
const struct query_column relation_log[] = {
	PLAIN("Id", INT, "r.id", "number of the run, AMT_Runs.AutoID"),
	PLAIN("Name", TEXT, "r.name", "of its task"),
	TIME("StartDate", BEGUN, "when it began, or was made"),
	TIME("EndDate", "r.ended_at", "when it ended"),
	PLAIN("UserName", TEXT, "r.actor", "in whose name"),
	STATE("TaskSource", "r.source", NULL, "user, task or schedule", sources),
	{"Duration", QUERY_INT, "(1000 * (r.ended_at - " BEGUN "))", "r.ended_at > 0", "milliseconds it took", NULL, NULL},
	STATE("Status", "r.state", NULL, "queued, running, paused, aborted or ended", states),
	PLAIN("PercentComplete", INT, PERCENT, "how much of it is done"),
	PLAIN("Systems", INT, "r.total", "how many it is for"),
	PLAIN("Failures", INT, FAILURES, "failed and parked ones"),
	TEXT("Message", "r.why", "why it was paused or aborted"),
};
_Static_assert(COUNT(relation_log) == RELATION_LOG, "all of them");

const struct query_column relation_messages[] = {
	PLAIN("Id", INT, "m.id", "number of the message"),
	PLAIN("TaskLogId", INT, "m.run", "number of the run, OrionTaskLogTask.Id"),
	TIME("Date", "m.at", "when that was"),
	PLAIN("Message", TEXT, "m.text", "what happened to the run"),
};
_Static_assert(COUNT(relation_messages) == RELATION_MESSAGES, "all of them");
/* clang-format on */
