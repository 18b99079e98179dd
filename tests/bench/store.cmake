add_executable(bench_store EXCLUDE_FROM_ALL store.c)
target_link_libraries(bench_store PRIVATE bench_fleet store db base SQLite::SQLite3
  warnings)
