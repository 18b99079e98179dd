# Active Directory: everything here runs beside a real Samba controller, in
# namespaces of its own (tests/lab/labrun).
set(lab ${CMAKE_CURRENT_SOURCE_DIR}/../lab)

add_test(NAME lab_labrun COMMAND ${lab}/selftest_labrun)
add_test(NAME lab_selftest COMMAND ${lab}/labrun ${lab}/selftest)
set_tests_properties(lab_labrun lab_selftest PROPERTIES
  LABELS lab TIMEOUT 600)

# ad_X.c: a cmocka program.
set(command_ad_failover ${CMAKE_CURRENT_SOURCE_DIR}/ad_failover.sh ${lab})
foreach(name ad_directory ad_amend ad_krb ad_port ad_clock ad_failover ad_threads)
  add_executable(${name} ${CMAKE_CURRENT_SOURCE_DIR}/${name}.c
    ${CMAKE_CURRENT_SOURCE_DIR}/ad_lab.c)
  target_link_libraries(${name} PRIVATE directory krb base cmocka warnings
    PkgConfig::ldap PkgConfig::krb5)
  add_test(NAME lab_${name} COMMAND ${lab}/labrun ${command_${name}}
    $<TARGET_FILE:${name}>)
  set_tests_properties(lab_${name} PROPERTIES LABELS lab TIMEOUT 600)
endforeach()
target_sources(ad_port PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/ad_conf.c)
target_link_libraries(ad_port PRIVATE daemon port hygiene store conf loop)
target_link_libraries(ad_failover PRIVATE daemon port hygiene store conf loop)
set_tests_properties(lab_ad_clock PROPERTIES ENVIRONMENT LAB_FAKETIME=+10m)

# Beside a second controller.
add_executable(ad_second ${CMAKE_CURRENT_SOURCE_DIR}/ad_second.c
  ${CMAKE_CURRENT_SOURCE_DIR}/ad_conf.c
  ${CMAKE_CURRENT_SOURCE_DIR}/ad_lab.c)
target_link_libraries(ad_second PRIVATE daemon port hygiene store conf loop directory krb
  base cmocka warnings PkgConfig::ldap PkgConfig::krb5)
add_test(NAME lab_ad_second COMMAND ${lab}/labrun ${lab}/labsecond
  ${CMAKE_CURRENT_SOURCE_DIR}/ad_second.sh ${lab} $<TARGET_FILE:ad_second>)
add_test(NAME lab_ad_rodc COMMAND ${lab}/labrun ${lab}/labsecond --rodc
  ${CMAKE_CURRENT_SOURCE_DIR}/ad_second.sh ${lab} $<TARGET_FILE:ad_second>
  rodc)
add_test(NAME lab_ad_sites COMMAND ${lab}/labrun ${lab}/labsecond --site Branch
  ${CMAKE_CURRENT_SOURCE_DIR}/ad_second.sh ${lab} $<TARGET_FILE:ad_second>
  sites)
set_tests_properties(lab_ad_second lab_ad_rodc lab_ad_sites PROPERTIES LABELS lab
  TIMEOUT 600 ENVIRONMENT LAB_TOOLS=${lab})

# Beside an LDAP server that is no controller.
add_executable(ad_slapd ${CMAKE_CURRENT_SOURCE_DIR}/ad_slapd.c
  ${CMAKE_CURRENT_SOURCE_DIR}/ad_lab.c)
target_link_libraries(ad_slapd PRIVATE port daemon hygiene store conf loop
  directory krb base cmocka warnings PkgConfig::ldap PkgConfig::krb5)
add_test(NAME lab_ad_slapd COMMAND ${lab}/labrun ${lab}/labslapd
  $<TARGET_FILE:ad_slapd>)
set_tests_properties(lab_ad_slapd PROPERTIES LABELS lab TIMEOUT 600)
