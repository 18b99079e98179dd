/* The part of the schema that is about who comes in: one step. */
#include "store_internal.h"

/*
 * A failure is kept under the SHA-256 of the name in lower case: what people
 * type there may be a password.
 */
const char store_users_step[] =
    "CREATE TABLE login_user ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL,"
    " note TEXT,"
    " sets TEXT NOT NULL,"
    " hash TEXT,"
    " certificate TEXT,"
    " enabled INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " changed_at INTEGER NOT NULL,"
    " login_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX login_user_name ON login_user (lower(name));"
    "CREATE UNIQUE INDEX login_user_certificate ON login_user (certificate)"
    " WHERE certificate IS NOT NULL;"

    "CREATE TABLE user_key ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " owner INTEGER NOT NULL REFERENCES login_user ON DELETE CASCADE,"
    " kind INTEGER NOT NULL,"
    " name TEXT,"
    " sha256 BLOB NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " used_at INTEGER NOT NULL,"
    " expires_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX user_key_sha256 ON user_key (sha256);"
    "CREATE INDEX user_key_user ON user_key (owner, kind, id);"
    "CREATE INDEX user_key_expires ON user_key (expires_at)"
    " WHERE expires_at > 0;"

    "CREATE TABLE login_failure ("
    " name BLOB PRIMARY KEY NOT NULL,"
    " count INTEGER NOT NULL,"
    " last_at INTEGER NOT NULL,"
    " locked_until INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX login_failure_last ON login_failure (last_at);"

    "CREATE TABLE own_certificate ("
    " name TEXT PRIMARY KEY NOT NULL,"
    " chain TEXT NOT NULL,"
    " sealed BLOB NOT NULL,"
    " at INTEGER NOT NULL"
    ") STRICT;";
