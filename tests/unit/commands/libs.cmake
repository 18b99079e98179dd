# The frame is tested with all of its commands.
set(libs cli PkgConfig::json)
