# The console of `serve`: HTTPS, users and limits, by curl and raw sockets.
add_test(NAME integration_console
  COMMAND ${alone} /usr/bin/python3
    ${CMAKE_CURRENT_LIST_DIR}/console/console.py $<TARGET_FILE:amtkeeper>)
set_tests_properties(integration_console PROPERTIES TIMEOUT 600
  LABELS "integration;sanitized" COST 15
  ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
