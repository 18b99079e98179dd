if(NOT TARGET ca_fixture)
  add_library(ca_fixture STATIC ${CMAKE_CURRENT_LIST_DIR}/fixture.c
    ${CMAKE_CURRENT_LIST_DIR}/other_ca.c ${CMAKE_CURRENT_LIST_DIR}/corp.c
    ${CMAKE_CURRENT_LIST_DIR}/csr_form.c ${CMAKE_CURRENT_LIST_DIR}/csr_key.c
    ${CMAKE_CURRENT_LIST_DIR}/csr_names.c ${CMAKE_CURRENT_LIST_DIR}/csr_spec.c ${CMAKE_CURRENT_LIST_DIR}/key_pool.c)
  target_include_directories(ca_fixture PUBLIC ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(ca_fixture PUBLIC ca base
    PRIVATE db vault cmocka OpenSSL::Crypto warnings)
  # key_pool.c, whoever is first to want it.
  target_link_options(ca_fixture INTERFACE -Wl,--wrap=EVP_PKEY_Q_keygen
    -Wl,--undefined=__wrap_EVP_PKEY_Q_keygen)
endif()
include(${CMAKE_CURRENT_SOURCE_DIR}/unit/support/http_peer.cmake)
set(libs ca_fixture db vault http_peer OpenSSL::Crypto)
include(${CMAKE_CURRENT_SOURCE_DIR}/unit/support/cmp_ca.cmake)
list(APPEND libs cmp_ca)
