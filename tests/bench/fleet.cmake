# What benches of the store share.
add_library(bench_fleet STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/fleet.c)
target_include_directories(bench_fleet PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(bench_fleet PUBLIC store vault base PRIVATE warnings)
