# The device port against simulated firmware: real HTTP, TLS and Digest.
if(TARGET amtkeeper-sim)
  add_executable(integration_device
    ${CMAKE_CURRENT_LIST_DIR}/device/test_device.c
    ${CMAKE_CURRENT_LIST_DIR}/device/bench.c
    ${CMAKE_CURRENT_LIST_DIR}/device/simulator.c)
  target_link_libraries(integration_device PRIVATE
    daemon port engine store conf ca krb amt wsman net vault loop base cmocka
    warnings)
  add_dependencies(integration_device amtkeeper-sim)
  add_test(NAME integration_device
    COMMAND ${alone} $<TARGET_FILE:integration_device>
      $<TARGET_FILE:amtkeeper-sim>)
  set_tests_properties(integration_device PROPERTIES
    TIMEOUT 900 LABELS "integration;sanitized;long" COST 50)
endif()
