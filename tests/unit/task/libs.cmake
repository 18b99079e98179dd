include(${CMAKE_CURRENT_SOURCE_DIR}/unit/support/fake_fleet.cmake)
set(libs fake_fleet engine schedule conf store loop vault)
