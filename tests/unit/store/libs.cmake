# SQLite itself, to tamper with a store behind its back.
set(libs store_task db vault query SQLite::SQLite3)
