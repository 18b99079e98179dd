# Whose headers cli_internal.h and the tests include.
set(libs daemon store engine conf)
