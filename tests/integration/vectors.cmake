# Other people's test vectors, from Debian's python3-cryptography-vectors: CSRs
# at our door, and NIST's PKITS where chains are verified.
set(vectors /usr/lib/python3/dist-packages/cryptography_vectors/x509)
foreach(name csr_files pkits)
  set(target vectors_${name})
  add_executable(${target} ${CMAKE_CURRENT_LIST_DIR}/vectors/test_${name}.c
    ${CMAKE_CURRENT_LIST_DIR}/vectors/verdicts.c)
  target_compile_definitions(${target} PRIVATE VECTORS="${vectors}"
    VERDICTS="${CMAKE_CURRENT_LIST_DIR}/vectors")
  target_link_libraries(${target} PRIVATE
    ca_fixture ca base cmocka OpenSSL::Crypto warnings)
  add_test(NAME integration_${target} COMMAND ${target})
  set_tests_properties(integration_${target} PROPERTIES
    TIMEOUT 600 LABELS integration)
endforeach()
