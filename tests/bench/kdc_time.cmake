add_executable(bench_kdc_time EXCLUDE_FROM_ALL kdc_time.c)
target_link_libraries(bench_kdc_time PRIVATE krb base PkgConfig::krb5 warnings)
