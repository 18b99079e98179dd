# The program as a person uses it, against simulated firmware.
if(TARGET amtkeeper-sim)
  add_test(NAME integration_cli
    COMMAND ${alone} bash ${CMAKE_CURRENT_LIST_DIR}/cli/test_cli.sh
      $<TARGET_FILE:amtkeeper> $<TARGET_FILE:amtkeeper-sim>)
  set_tests_properties(integration_cli PROPERTIES
    TIMEOUT 1800 LABELS "integration;sanitized" COST 35)

  # Asking the fleet.
  add_test(NAME integration_query
    COMMAND ${alone} bash ${CMAKE_CURRENT_LIST_DIR}/cli/test_query.sh
      $<TARGET_FILE:amtkeeper> $<TARGET_FILE:amtkeeper-sim>)
  set_tests_properties(integration_query PROPERTIES
    TIMEOUT 600 LABELS "integration;sanitized" COST 10)
endif()

# --server: the same over the API of another machine.
if(TARGET amtkeeper-sim)
  add_test(NAME integration_server
    COMMAND ${alone} /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/cli/server.py
      $<TARGET_FILE:amtkeeper> $<TARGET_FILE:amtkeeper-sim>)
  set_tests_properties(integration_server PROPERTIES
    TIMEOUT 600 LABELS "integration;sanitized" COST 18
    ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endif()

# Schedules, and whether they serve a fleet in time.
add_test(NAME integration_schedule
  COMMAND ${alone} bash ${CMAKE_CURRENT_LIST_DIR}/cli/test_schedule.sh
    $<TARGET_FILE:amtkeeper>)
set_tests_properties(integration_schedule PROPERTIES
  TIMEOUT 600 LABELS "integration;sanitized" COST 5)

# What is installed is there, and where others look for it.
add_test(NAME integration_install
  COMMAND ${alone} bash ${CMAKE_CURRENT_LIST_DIR}/cli/test_install.sh
    ${CMAKE_COMMAND} ${CMAKE_BINARY_DIR})
set_tests_properties(integration_install PROPERTIES
  TIMEOUT 120 LABELS integration)

# Events to a real rsyslogd and to a webhook.
add_test(NAME integration_forward
  COMMAND ${alone} /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/cli/forward.py
    $<TARGET_FILE:amtkeeper>)
set_tests_properties(integration_forward PROPERTIES
  TIMEOUT 600 LABELS "integration;sanitized" COST 15)

# Mail to an imitation of a server.
add_test(NAME integration_mail
  COMMAND ${alone} /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/cli/mail.py
    $<TARGET_FILE:amtkeeper>)
set_tests_properties(integration_mail PROPERTIES
  TIMEOUT 600 LABELS "integration;sanitized" COST 5)

# /metrics of a live service, its alert rules and dashboard.
if(TARGET amtkeeper-sim)
  add_test(NAME integration_metrics
    COMMAND ${alone} /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/cli/metrics.py
      $<TARGET_FILE:amtkeeper> $<TARGET_FILE:amtkeeper-sim>)
  set_tests_properties(integration_metrics PROPERTIES
    TIMEOUT 600 LABELS "integration;sanitized" COST 15)
endif()
