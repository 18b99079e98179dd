if(NOT TARGET epo_fixture)
  add_library(epo_fixture STATIC ${CMAKE_CURRENT_LIST_DIR}/fixture.c)
  target_include_directories(epo_fixture PUBLIC ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(epo_fixture PUBLIC epo access store loop base
    PRIVATE vault cmocka warnings)
endif()
set(libs epo_fixture query loop store store_task)
