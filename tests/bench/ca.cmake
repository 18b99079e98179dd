# The CA alone: bench_X from ca/X.c.
add_library(bench_ca STATIC EXCLUDE_FROM_ALL
  ${CMAKE_CURRENT_LIST_DIR}/ca/askers.c
  ${CMAKE_CURRENT_LIST_DIR}/ca/ca_bench.c
  ${CMAKE_CURRENT_LIST_DIR}/ca/ocsp_ask.c)
target_include_directories(bench_ca PUBLIC ${CMAKE_CURRENT_LIST_DIR}/ca)
target_link_libraries(bench_ca PUBLIC ca base
  PRIVATE vault OpenSSL::Crypto warnings)
foreach(name issue growth openssl ocsp)
  add_executable(bench_${name} EXCLUDE_FROM_ALL
    ${CMAKE_CURRENT_LIST_DIR}/ca/${name}.c)
  target_link_libraries(bench_${name} PRIVATE bench_ca db OpenSSL::Crypto
    Threads::Threads warnings)
endforeach()
