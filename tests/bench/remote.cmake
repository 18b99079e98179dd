add_executable(bench_remote EXCLUDE_FROM_ALL remote.c)
target_link_libraries(bench_remote PRIVATE bench_fleet epo access store query loop vault base
  warnings)
