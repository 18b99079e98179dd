# Protocols are tried whole, with our records behind them.
include(${CMAKE_CURRENT_SOURCE_DIR}/unit/ca/libs.cmake)
if(NOT TARGET api_peer)
  add_library(api_peer STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/bridge/api_peer.c)
  target_include_directories(api_peer PUBLIC
    ${CMAKE_CURRENT_SOURCE_DIR}/unit/bridge)
  target_compile_definitions(api_peer PRIVATE
    TESTS_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(api_peer PUBLIC ca_fixture http_peer PkgConfig::json
    PRIVATE cmocka OpenSSL::Crypto warnings)
endif()
list(APPEND libs api_peer net)
