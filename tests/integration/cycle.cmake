# The real cycle: program, simulated firmware and a real AD controller; nothing
# between them is faked.  Each in namespaces of its own, and waiting more than
# working: they may run side by side.

# cycle(TEST SECONDS LABEL SCRIPT [OPTION...]): SECONDS it takes about, so that
# the long ones are begun first.
function(cycle test seconds label script)
  add_test(NAME e2e_${test}
    COMMAND ${PROJECT_SOURCE_DIR}/tests/lab/labrun /usr/bin/python3
      ${CMAKE_CURRENT_SOURCE_DIR}/cycle/${script}.py ${ARGN})
  set_tests_properties(e2e_${test} PROPERTIES COST ${seconds} LABELS ${label}
    TIMEOUT 3600 ENVIRONMENT
    "AMTKEEPER=$<TARGET_FILE:amtkeeper>;SIM=$<TARGET_FILE:amtkeeper-sim>;CMP_SERVER=$<TARGET_FILE:cmp_server>;STEP_CA=${CMAKE_CURRENT_BINARY_DIR}/step-ca;PYTHONDONTWRITEBYTECODE=1")
endfunction()

cycle(cycle 15 e2e cycle)
cycle(lost 85 e2e lost)
cycle(kill 90 e2e kill)
cycle(hostile 60 e2e hostile)
cycle(ticket 30 e2e ticket)
cycle(serve 15 e2e serve)
cycle(remote 25 e2e remote)
cycle(tasks 20 e2e tasks)
cycle(guide_rename 20 e2e guide_rename)
cycle(guide_months 25 e2e guide_months)
cycle(guide_years 20 e2e guide_years)
set_property(TEST e2e_guide_months e2e_guide_years APPEND PROPERTY
  ENVIRONMENT LAB_CLOCK=+0)
cycle(server_tasks 25 e2e server_tasks)
cycle(revocation 10 e2e revocation)
cycle(account 20 e2e account)
cycle(rollover 25 e2e rollover)
cycle(bridge 35 e2e bridge)
cycle(remove 30 e2e remove)
cycle(hardened 30 e2e hardened)
cycle(directory 20 e2e directory)
cycle(kerberos_alone 20 e2e kerberos_alone)
cycle(cmp 35 e2e cmp)
cycle(ces 20 e2e ces)
cycle(helper 15 e2e helper)
cycle(apis 30 e2e apis)
set_tests_properties(e2e_apis PROPERTIES FIXTURES_REQUIRED step_ca)
cycle(templates 10 e2e templates)
cycle(krb 20 e2e krb)
cycle(audit 25 e2e audit)
cycle(delegate 15 e2e delegate)
cycle(repair 20 e2e repair)
cycle(fallen 20 e2e fallen)
cycle(renew 30 e2e renew)
# Every fault point instead of every sixteenth; tests/run --full has it.
cycle(kill_more 480 slow kill --sample 1)
# At every message, each of the four ways.
cycle(fallen_more 240 slow fallen --sample 1)
