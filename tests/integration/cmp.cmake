# The CMP bridge against somebody else's server: the one in Debian's openssl,
# which gives one certificate made beforehand.
add_executable(integration_cmp ${CMAKE_CURRENT_LIST_DIR}/cmp/test_cmp_peer.c)
target_link_libraries(integration_cmp PRIVATE
  ca_fixture db vault http_peer ca base cmocka OpenSSL::Crypto warnings)
add_test(NAME integration_cmp COMMAND ${alone}
  $<TARGET_FILE:integration_cmp>)
set_tests_properties(integration_cmp PROPERTIES
  TIMEOUT 900 LABELS integration)

# The imitated CA for the whole cycle, e2e_cmp in cycle.cmake.
add_executable(cmp_server ${CMAKE_CURRENT_LIST_DIR}/cmp/cmp_server.c)
target_link_libraries(cmp_server PRIVATE
  ca_fixture cmp_ca http_peer base Threads::Threads OpenSSL::Crypto warnings)
