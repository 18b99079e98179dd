include(${CMAKE_CURRENT_LIST_DIR}/../ca/libs.cmake)
list(APPEND libs ca directory wsman amt loop store engine conf http vault Threads::Threads)
