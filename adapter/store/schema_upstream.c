/* The step of the schema for consoles above us (upstream.h). */
#include "store_internal.h"

/*
 * The indexes carry: a system is one row per console, and a device at most one
 * system of each.  A device that is removed leaves its link, so that what was
 * published of it can be taken back.
 */
const char store_upstream_step[] =
    "CREATE TABLE upstream ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL,"
    " mark TEXT NOT NULL,"
    " login TEXT,"
    " sealed BLOB,"
    " state INTEGER NOT NULL DEFAULT 0,"
    " version TEXT,"
    " unique_id TEXT,"
    " seen_version TEXT,"
    " seen_id TEXT,"
    " error TEXT,"
    " remarks TEXT,"
    " error_at INTEGER NOT NULL DEFAULT 0,"
    " failures INTEGER NOT NULL DEFAULT 0,"
    " next_at INTEGER NOT NULL DEFAULT 0,"
    " good_at INTEGER NOT NULL DEFAULT 0,"
    " pulled_at INTEGER NOT NULL DEFAULT 0,"
    " full_at INTEGER NOT NULL DEFAULT 0,"
    " pass INTEGER NOT NULL DEFAULT 0,"
    " pass_began INTEGER NOT NULL DEFAULT 0,"
    " pass_after INTEGER NOT NULL DEFAULT 0,"
    " pass_full INTEGER NOT NULL DEFAULT 0,"
    " holder TEXT,"
    " held_until INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE UNIQUE INDEX upstream_name ON upstream (lower(name));"

    "CREATE TABLE upstream_link ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " upstream INTEGER NOT NULL REFERENCES upstream ON DELETE CASCADE,"
    " remote INTEGER NOT NULL,"
    " device INTEGER REFERENCES device ON DELETE SET NULL,"
    " taken INTEGER NOT NULL,"
    " name TEXT,"
    " tags TEXT,"
    " problem TEXT,"
    " pass INTEGER NOT NULL,"
    " seen_at INTEGER NOT NULL,"
    " gone_at INTEGER NOT NULL,"
    " shown TEXT,"
    " shown_state INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE UNIQUE INDEX upstream_link_remote"
    " ON upstream_link (upstream, remote);"
    "CREATE UNIQUE INDEX upstream_link_device"
    " ON upstream_link (device, upstream) WHERE device IS NOT NULL;"
    "CREATE INDEX upstream_link_trouble ON upstream_link (upstream, remote)"
    " WHERE gone_at > 0 OR problem IS NOT NULL;"

    "CREATE TABLE upstream_tag ("
    " link INTEGER NOT NULL REFERENCES upstream_link ON DELETE CASCADE,"
    " tag TEXT NOT NULL,"
    " state INTEGER NOT NULL,"
    " PRIMARY KEY (link, tag)"
    ") STRICT;"

    "CREATE TABLE upstream_issue ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " link INTEGER NOT NULL REFERENCES upstream_link ON DELETE CASCADE,"
    " reason TEXT NOT NULL,"
    " number INTEGER NOT NULL DEFAULT 0,"
    " state INTEGER NOT NULL,"
    " at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX upstream_issue_reason"
    " ON upstream_issue (link, reason);";

/* Devices by their host's name, for systems that have no other in common. */
const char store_host_step[] =
    "CREATE INDEX device_os_host ON device (lower(os_host), lower(os_domain))"
    " WHERE os_host <> '';";
