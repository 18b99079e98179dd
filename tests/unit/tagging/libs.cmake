# A store in a folder of its own, as the store's tests have it.
target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit/store)
set(libs store db vault query SQLite::SQLite3)
