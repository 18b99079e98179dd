/* The part of the schema that is about tasks and runs: two of its steps. */
#include "store_internal.h"

/*
 * Client tasks, assignments and runs. The indexes carry the work:
 *   task_assignment_due  what is due, whatever there is beside it
 *   run_item_next        what may begin next of a run
 *   run_item UNIQUE      a device is once in a run
 */
#define POLICY_SQL                                                             \
	" canary INTEGER NOT NULL DEFAULT 0,"                                  \
	" wave INTEGER NOT NULL DEFAULT 0,"                                    \
	" wave_percent INTEGER NOT NULL DEFAULT 0,"                            \
	" max_failures INTEGER NOT NULL DEFAULT 0,"                            \
	" max_failure_percent INTEGER NOT NULL DEFAULT 0,"                     \
	" stop_after INTEGER NOT NULL DEFAULT 0,"                              \
	" parallel INTEGER NOT NULL DEFAULT 0,"                                \
	" retries INTEGER NOT NULL DEFAULT 0,"                                 \
	" retry_wait INTEGER NOT NULL DEFAULT 0"
#define TARGET_SQL                                                             \
	" target INTEGER NOT NULL,"                                            \
	" branch INTEGER REFERENCES branch ON DELETE SET NULL,"                \
	" tag INTEGER REFERENCES tag ON DELETE SET NULL,"                      \
	" query TEXT,"                                                         \
	" schedule TEXT,"
const char store_task_step[] =
    "CREATE TABLE task ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " note TEXT,"
    " settings TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " changed_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX task_name ON task (lower(name));"

    "CREATE TABLE task_assignment ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " task INTEGER NOT NULL REFERENCES task ON DELETE CASCADE," TARGET_SQL
    " trigger INTEGER NOT NULL DEFAULT 0,"
    " enabled INTEGER NOT NULL,"
    " next_due INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " last_at INTEGER NOT NULL DEFAULT 0,"
    " last_run INTEGER NOT NULL DEFAULT 0," POLICY_SQL ") STRICT;"
    "CREATE INDEX task_assignment_task ON task_assignment (task);"
    "CREATE INDEX task_assignment_branch ON task_assignment (branch)"
    " WHERE branch IS NOT NULL;"
    "CREATE INDEX task_assignment_tag ON task_assignment (tag)"
    " WHERE tag IS NOT NULL;"
    "CREATE INDEX task_assignment_due ON task_assignment (next_due)"
    " WHERE enabled = 1 AND next_due > 0;"
    "CREATE INDEX task_assignment_trigger ON task_assignment (trigger)"
    " WHERE enabled = 1 AND trigger > 0;"
    "CREATE TABLE task_assignment_device ("
    " assignment INTEGER NOT NULL REFERENCES task_assignment"
    " ON DELETE CASCADE,"
    " device INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,"
    " PRIMARY KEY (assignment, device)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX task_assignment_device_of ON task_assignment_device"
    " (device);"

    /* Examples: what the maintenance guide recommends. They are a person's to
     * change or remove; none is assigned to anything. */
    "INSERT INTO task (name, type, note, settings, created_at, changed_at)"
    " VALUES"
    " ('AMT maintenance', 'amt-maintenance',"
    "  'whatever is due, and nothing else',"
    "  '{\"when\":\"automatic\"}', 0, 0),"
    " ('Repair renamed systems', 'amt-maintenance',"
    "  'the network settings follow the host, and the certificate the name',"
    "  '{\"tasks\":[\"sync-network\",\"reissue-certificates\"],"
    "\"when\":\"needed\"}', 0, 0),"
    " ('Re-issue certificates', 'amt-maintenance',"
    "  'a new TLS certificate, as once a year',"
    "  '{\"tasks\":[\"reissue-certificates\"],\"when\":\"always\"}', 0, 0),"
    " ('Renew AD password', 'amt-maintenance',"
    "  'a new password of the AD object, as every 30 days against 42',"
    "  '{\"tasks\":[\"renew-ad-password\"],\"when\":\"always\"}', 0, 0),"
    " ('Synchronize clocks', 'amt-maintenance',"
    "  'as every two weeks with Kerberos',"
    "  '{\"tasks\":[\"sync-clock\"],\"when\":\"needed\"}', 0, 0),"
    " ('Collect properties', 'collect-properties',"
    "  'read the firmware and diagnose', '{}', 0, 0),"
    " ('Enforce profile', 'enforce-profile',"
    "  'bring everything that differs to the profile', '{}', 0, 0);";

const char store_run_step[] =
    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " parent INTEGER NOT NULL DEFAULT 0,"
    " task INTEGER REFERENCES task ON DELETE SET NULL,"
    " assignment INTEGER REFERENCES task_assignment ON DELETE SET NULL,"
    " name TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " settings TEXT NOT NULL,"
    " source INTEGER NOT NULL,"
    " actor TEXT NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0,"
    " why TEXT," TARGET_SQL " occurrence INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " started_at INTEGER NOT NULL DEFAULT 0,"
    " ended_at INTEGER NOT NULL DEFAULT 0,"
    " expanded INTEGER NOT NULL DEFAULT 0,"
    " total INTEGER NOT NULL DEFAULT 0,"
    " begun INTEGER NOT NULL DEFAULT 0,"
    " done INTEGER NOT NULL DEFAULT 0,"
    " begin_to INTEGER NOT NULL DEFAULT 0,"
    " owner TEXT,"
    " owner_until INTEGER NOT NULL DEFAULT 0,"
    " n_ok INTEGER NOT NULL DEFAULT 0,"
    " n_changed INTEGER NOT NULL DEFAULT 0,"
    " n_waiting INTEGER NOT NULL DEFAULT 0,"
    " n_failed INTEGER NOT NULL DEFAULT 0,"
    " n_parked INTEGER NOT NULL DEFAULT 0,"
    " n_offline INTEGER NOT NULL DEFAULT 0,"
    " n_busy INTEGER NOT NULL DEFAULT 0,"
    " n_skipped INTEGER NOT NULL DEFAULT 0," POLICY_SQL ") STRICT;"
    "CREATE INDEX run_open ON run (state, id) WHERE state IN (0, 1, 2);"
    "CREATE INDEX run_created ON run (created_at);"
    "CREATE INDEX run_task ON run (task) WHERE task IS NOT NULL;"
    "CREATE INDEX run_assignment ON run (assignment)"
    " WHERE assignment IS NOT NULL;"
    "CREATE INDEX run_branch ON run (branch) WHERE branch IS NOT NULL;"
    "CREATE INDEX run_tag ON run (tag) WHERE tag IS NOT NULL;"
    "CREATE INDEX run_parent ON run (parent) WHERE parent > 0;"

    "CREATE TABLE run_item ("
    " id INTEGER PRIMARY KEY,"
    " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    " device INTEGER NOT NULL," /* may be gone */
    " name TEXT NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0,"
    " begun INTEGER NOT NULL DEFAULT 0,"
    " outcome INTEGER NOT NULL DEFAULT 0,"
    " reason TEXT,"
    " message TEXT,"
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " steps INTEGER NOT NULL DEFAULT 0,"
    " ms INTEGER NOT NULL DEFAULT 0,"
    " started_at INTEGER NOT NULL DEFAULT 0,"
    " ended_at INTEGER NOT NULL DEFAULT 0,"
    " journal_at INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (run, device)"
    ") STRICT;"
    "CREATE INDEX run_item_next ON run_item (run, begun, not_before)"
    " WHERE state = 0;"
    "CREATE INDEX run_item_busy ON run_item (run) WHERE state = 1;"
    "CREATE INDEX run_item_order ON run_item (run, id);"
    "CREATE INDEX run_item_device ON run_item (device, id);"

    "CREATE TABLE run_message ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    " at INTEGER NOT NULL,"
    " text TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX run_message_run ON run_message (run, id);";

/* Devices that came back, for the assignments that wait for that. */
const char store_reach_step[] =
    "CREATE TABLE run_reachable ("
    " assignment INTEGER NOT NULL REFERENCES task_assignment"
    " ON DELETE CASCADE,"
    " device INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,"
    " at INTEGER NOT NULL,"
    " PRIMARY KEY (assignment, device)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX run_reachable_device ON run_reachable (device);";
