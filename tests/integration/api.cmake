# The API held against the OpenAPI document it serves, over HTTPS, against
# `serve` and simulated firmware.
if(TARGET amtkeeper-sim)
  add_test(NAME integration_api
    COMMAND ${alone} python3 ${CMAKE_CURRENT_LIST_DIR}/api/test_api.py
      $<TARGET_FILE:amtkeeper> $<TARGET_FILE:amtkeeper-sim>)
  set_tests_properties(integration_api PROPERTIES
    TIMEOUT 600 LABELS "integration;sanitized" COST 18
    ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endif()
