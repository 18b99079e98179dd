include(${CMAKE_CURRENT_LIST_DIR}/../ca/libs.cmake)
list(APPEND libs ca loop store engine conf Threads::Threads)
