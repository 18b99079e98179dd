# A store in a folder of its own, as the store's tests have it.
if(NOT TARGET store_fixture)
  add_library(store_fixture INTERFACE)
  target_include_directories(store_fixture INTERFACE
    ${CMAKE_CURRENT_SOURCE_DIR}/unit/store)
endif()
set(libs store_fixture store vault db query loop SQLite::SQLite3)
