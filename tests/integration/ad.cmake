# Active Directory: everything here runs beside a real Samba controller, in
# namespaces of its own (tests/lab/labrun).
set(lab ${CMAKE_CURRENT_SOURCE_DIR}/../lab)

add_test(NAME lab_labrun COMMAND ${lab}/selftest_labrun)
add_test(NAME lab_selftest COMMAND ${lab}/labrun ${lab}/selftest)
set_tests_properties(lab_labrun lab_selftest PROPERTIES
  LABELS lab TIMEOUT 120)
