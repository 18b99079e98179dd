target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/adapter/api)
set(libs api access record report PkgConfig::json)
