# Whose headers cli_internal.h and the tests include.
set(libs daemon hygiene port store engine conf PkgConfig::json)
