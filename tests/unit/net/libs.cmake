include(${CMAKE_CURRENT_SOURCE_DIR}/unit/support/http_peer.cmake)
if(NOT TARGET net_client)
  add_library(net_client STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/net/client.c)
  target_include_directories(net_client PUBLIC
    ${CMAKE_CURRENT_SOURCE_DIR}/unit/net)
  target_link_libraries(net_client PUBLIC net loop base PRIVATE warnings)
endif()
set(libs net_client loop http_peer)
