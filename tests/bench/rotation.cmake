add_executable(bench_rotation EXCLUDE_FROM_ALL rotation.c)
target_link_libraries(bench_rotation PRIVATE port store conf loop base
  PkgConfig::ldap warnings)
