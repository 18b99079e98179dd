# The fleet of the unit tests, and peers' parsers to read what comes out.
include(${CMAKE_CURRENT_SOURCE_DIR}/unit/epo/libs.cmake)
list(APPEND libs xml PkgConfig::json)
