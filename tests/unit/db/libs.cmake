set(libs SQLite::SQLite3)
