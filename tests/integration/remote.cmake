# Remote commands as ePO's clients send them, each by its own rules, against
# `serve` and simulated firmware.
if(TARGET amtkeeper-sim)
  add_test(NAME integration_remote
    COMMAND ${alone} python3 ${CMAKE_CURRENT_LIST_DIR}/remote/test_remote.py
      $<TARGET_FILE:amtkeeper> $<TARGET_FILE:amtkeeper-sim>)
  set_tests_properties(integration_remote PROPERTIES
    TIMEOUT 600 LABELS "integration;sanitized" COST 13
    ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endif()
