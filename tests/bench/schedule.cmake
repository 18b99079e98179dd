add_executable(bench_schedule EXCLUDE_FROM_ALL schedule.c)
target_link_libraries(bench_schedule PRIVATE schedule base warnings)
