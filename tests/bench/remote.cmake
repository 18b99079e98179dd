add_executable(bench_remote EXCLUDE_FROM_ALL remote.c)
target_link_libraries(bench_remote PRIVATE epo access store query loop vault base
  warnings)
