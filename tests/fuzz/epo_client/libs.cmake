set(libs store intake net PkgConfig::json)
