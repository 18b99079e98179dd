set(libs store conf PkgConfig::json)
target_compile_definitions(${target} PRIVATE
  FORWARD_VERSION="${PROJECT_VERSION}")
