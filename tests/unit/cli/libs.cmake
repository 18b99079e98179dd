# Whose headers the tests include.
set(libs record report PkgConfig::json)
