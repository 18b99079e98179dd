add_executable(bench_ocsp EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/ocsp.c)
target_link_libraries(bench_ocsp PRIVATE ca vault base OpenSSL::Crypto warnings)
