set(libs store PkgConfig::json)
