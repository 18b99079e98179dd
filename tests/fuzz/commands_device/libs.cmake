set(libs PkgConfig::json)
