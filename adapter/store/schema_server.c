/* The part of the schema that is about server tasks (server_task.h). */
#include "store_internal.h"

/*
 * The indexes carry the work: server_task_due what is due, whatever there is
 * beside it; the primary keys an execution's actions, and their rows in order.
 */
const char store_server_step[] =
    "CREATE TABLE server_task ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL,"
    " note TEXT,"
    " owner TEXT NOT NULL,"
    " actions TEXT NOT NULL,"
    " schedule TEXT,"
    " trigger INTEGER NOT NULL DEFAULT 0,"
    " enabled INTEGER NOT NULL,"
    " overlap INTEGER NOT NULL,"
    " next_due INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " changed_at INTEGER NOT NULL,"
    " last_at INTEGER NOT NULL DEFAULT 0,"
    " last_run INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE UNIQUE INDEX server_task_name ON server_task (lower(name));"
    "CREATE INDEX server_task_due ON server_task (next_due)"
    " WHERE enabled = 1 AND next_due > 0;"
    "CREATE INDEX server_task_trigger ON server_task (trigger)"
    " WHERE enabled = 1 AND trigger > 0;"

    "CREATE TABLE server_run ("
    " run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,"
    " task INTEGER REFERENCES server_task ON DELETE SET NULL"
    ") STRICT;"
    "CREATE INDEX server_run_task ON server_run (task)"
    " WHERE task IS NOT NULL;"

    "CREATE TABLE server_action ("
    " run INTEGER NOT NULL REFERENCES server_run ON DELETE CASCADE,"
    " at INTEGER NOT NULL,"
    " parent INTEGER NOT NULL,"
    " kind TEXT NOT NULL,"
    " settings TEXT NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0,"
    " subtask INTEGER NOT NULL DEFAULT 0,"
    " rows INTEGER NOT NULL DEFAULT -1,"
    " done_to INTEGER NOT NULL DEFAULT 0,"
    " changed INTEGER NOT NULL DEFAULT 0,"
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " not_before INTEGER NOT NULL DEFAULT 0,"
    " message TEXT,"
    " PRIMARY KEY (run, at)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE server_row ("
    " run INTEGER NOT NULL REFERENCES server_run ON DELETE CASCADE,"
    " at INTEGER NOT NULL,"
    " number INTEGER NOT NULL,"
    " device INTEGER NOT NULL," /* may be gone */
    " PRIMARY KEY (run, at, number)"
    ") STRICT, WITHOUT ROWID;";
