# The tables are what is looked at, not only what they do.
target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/adapter/api)
set(libs api access record store store_task vault task engine PkgConfig::json)
