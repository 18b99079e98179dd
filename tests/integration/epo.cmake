# The client of an ePO against one that misbehaves: an imitation, in Python.
add_test(NAME integration_epo
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/epo/test_sync.py)
set_tests_properties(integration_epo PROPERTIES
  TIMEOUT 600 LABELS "integration;sanitized" COST 25 ENVIRONMENT
  "AMTKEEPER=$<TARGET_FILE:amtkeeper>;PYTHONDONTWRITEBYTECODE=1")
