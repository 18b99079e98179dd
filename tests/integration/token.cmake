# A CA whose issuing key is in a PKCS#11 token (SoftHSM2) or a TPM (swtpm).
if(TARGET amtkeeper)
  add_executable(ca_token ${CMAKE_CURRENT_LIST_DIR}/token/ca_token.c)
  target_link_libraries(ca_token PRIVATE
    ca_fixture ca db vault base cmocka warnings)
  add_test(NAME integration_token
    COMMAND ${alone} bash ${CMAKE_CURRENT_LIST_DIR}/token/test_token.sh
      $<TARGET_FILE:ca_token> $<TARGET_FILE:amtkeeper>)
  set_tests_properties(integration_token PROPERTIES
    TIMEOUT 900 LABELS integration COST 40)
endif()
