set(libs api_client PkgConfig::json)
