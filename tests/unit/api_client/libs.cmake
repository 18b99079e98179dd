include(${CMAKE_CURRENT_SOURCE_DIR}/unit/support/http_peer.cmake)
set(libs net http_peer PkgConfig::json)
