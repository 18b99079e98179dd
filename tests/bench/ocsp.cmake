# bench_ocsp, bench_issue: the CA alone.
foreach(name ocsp issue)
  add_executable(bench_${name} EXCLUDE_FROM_ALL
    ${CMAKE_CURRENT_LIST_DIR}/${name}.c ${CMAKE_CURRENT_LIST_DIR}/ca_bench.c)
  target_link_libraries(bench_${name} PRIVATE ca db vault base OpenSSL::Crypto
    warnings)
endforeach()
