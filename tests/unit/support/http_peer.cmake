# The scripted HTTP(S) server of the net and wsman tests.
if(NOT TARGET http_peer)
  add_library(http_peer STATIC ${CMAKE_CURRENT_LIST_DIR}/http_peer.c
    ${CMAKE_CURRENT_LIST_DIR}/identity.c)
  target_include_directories(http_peer PUBLIC ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(http_peer
    PUBLIC OpenSSL::SSL PRIVATE Threads::Threads warnings)
endif()
