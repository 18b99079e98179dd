add_executable(bench_query EXCLUDE_FROM_ALL query.c)
target_link_libraries(bench_query PRIVATE bench_fleet store query base
  SQLite::SQLite3 warnings)
