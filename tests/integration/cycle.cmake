# The real cycle: program, simulated firmware and a real AD controller; nothing
# between them is faked.
foreach(name cycle lost kill hostile ticket serve revocation bridge remove
    hardened cmp helper)
  add_test(NAME e2e_${name}
    COMMAND ${PROJECT_SOURCE_DIR}/tests/lab/labrun /usr/bin/python3
      ${CMAKE_CURRENT_SOURCE_DIR}/cycle/${name}.py)
  set_tests_properties(e2e_${name} PROPERTIES LABELS e2e TIMEOUT 900
    RUN_SERIAL ON ENVIRONMENT
    "AMTKEEPER=$<TARGET_FILE:amtkeeper>;SIM=$<TARGET_FILE:amtkeeper-sim>;CMP_SERVER=$<TARGET_FILE:cmp_server>;PYTHONDONTWRITEBYTECODE=1")
endforeach()

# Every third fault point instead of every sixteenth; tests/run --full has it.
add_test(NAME e2e_kill_more
  COMMAND ${PROJECT_SOURCE_DIR}/tests/lab/labrun /usr/bin/python3
    ${CMAKE_CURRENT_SOURCE_DIR}/cycle/kill.py --sample 3)
set_tests_properties(e2e_kill_more PROPERTIES LABELS slow TIMEOUT 1800
  RUN_SERIAL ON ENVIRONMENT
  "AMTKEEPER=$<TARGET_FILE:amtkeeper>;SIM=$<TARGET_FILE:amtkeeper-sim>;PYTHONDONTWRITEBYTECODE=1")
