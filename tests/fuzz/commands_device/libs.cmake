set(libs intake PkgConfig::json)
