# A real step-ca for e2e_apis: Debian has it as a library for programs in Go.
# Built when a test wants it (half a minute of processor time), not before.
find_program(GO go REQUIRED)
set(step_ca ${CMAKE_CURRENT_BINARY_DIR}/step-ca)
add_custom_command(OUTPUT ${step_ca}
  COMMAND ${CMAKE_COMMAND} -E env GO111MODULE=off GOPATH=/usr/share/gocode
    GOCACHE=${CMAKE_CURRENT_BINARY_DIR}/go-cache GOFLAGS=-p=2
    ${GO} build -o ${step_ca} ${CMAKE_CURRENT_LIST_DIR}/step/step_ca.go
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/step/step_ca.go
  VERBATIM)
add_custom_target(step_ca DEPENDS ${step_ca})
add_test(NAME build_step_ca
  COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target step_ca)
set_tests_properties(build_step_ca PROPERTIES
  COST 40 LABELS e2e TIMEOUT 900 FIXTURES_SETUP step_ca)
