# SQLite itself, to tamper with a store behind its back.
set(libs db vault query SQLite::SQLite3)
