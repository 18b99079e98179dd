include(${CMAKE_CURRENT_SOURCE_DIR}/unit/support/http_peer.cmake)
if(NOT TARGET wsman_device)
  add_library(wsman_device STATIC
    ${CMAKE_CURRENT_SOURCE_DIR}/unit/wsman/device.c)
  target_include_directories(wsman_device PUBLIC
    ${CMAKE_CURRENT_SOURCE_DIR}/unit/wsman)
  target_link_libraries(wsman_device
    PUBLIC http_peer PRIVATE OpenSSL::Crypto Threads::Threads warnings)
endif()
set(libs PkgConfig::json wsman_device net loop)
