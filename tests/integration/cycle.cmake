# The real cycle: program, simulated firmware and a real AD controller; nothing
# between them is faked.
foreach(name cycle lost kill hostile serve)
  add_test(NAME e2e_${name}
    COMMAND ${PROJECT_SOURCE_DIR}/tests/lab/labrun /usr/bin/python3
      ${CMAKE_CURRENT_SOURCE_DIR}/cycle/${name}.py)
  set_tests_properties(e2e_${name} PROPERTIES LABELS e2e TIMEOUT 900
    RUN_SERIAL ON ENVIRONMENT
    "AMTKEEPER=$<TARGET_FILE:amtkeeper>;SIM=$<TARGET_FILE:amtkeeper-sim>;PYTHONDONTWRITEBYTECODE=1")
endforeach()

# Some kills leave a step whose outcome is waited for two minutes: too long for
# every run. tests/run --full has it.
set_tests_properties(e2e_kill PROPERTIES LABELS slow TIMEOUT 3000)
