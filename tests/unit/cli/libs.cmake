# Whose headers the tests include.
set(libs report PkgConfig::json)
