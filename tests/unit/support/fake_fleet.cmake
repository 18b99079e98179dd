# A store, an engine and devices that answer when they are told to.
if(NOT TARGET fake_fleet)
  add_library(fake_fleet STATIC ${CMAKE_CURRENT_LIST_DIR}/fake_fleet.c)
  target_include_directories(fake_fleet PUBLIC ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(fake_fleet
    PUBLIC engine conf store loop vault PRIVATE warnings)
endif()
