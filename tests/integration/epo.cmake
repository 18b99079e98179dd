# Other consoles, imitated in Python: an ePO server that misbehaves, and those
# that devices are taken from; and amtkeeper itself as an ePO.
function(console_test name seconds)
  add_test(NAME integration_${name}
    COMMAND ${alone} /usr/bin/python3
      ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/epo/test_${name}.py)
  set_tests_properties(integration_${name} PROPERTIES
    TIMEOUT 600 LABELS "integration;sanitized" COST ${seconds} ENVIRONMENT
    "AMTKEEPER=$<TARGET_FILE:amtkeeper>;PYTHONDONTWRITEBYTECODE=1")
endfunction()
console_test(sync 12)
console_test(import 3)
console_test(peer 5)
