add_executable(bench_assignments EXCLUDE_FROM_ALL assignments.c)
target_link_libraries(bench_assignments PRIVATE bench_fleet store_task store schedule base
  warnings)
