# The imitation of an enterprise's CMP CA.
if(NOT TARGET cmp_ca)
  add_library(cmp_ca STATIC ${CMAKE_CURRENT_LIST_DIR}/cmp_ca.c)
  target_include_directories(cmp_ca PUBLIC ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(cmp_ca PUBLIC OpenSSL::Crypto base PRIVATE warnings)
endif()
