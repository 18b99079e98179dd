# Protocols are tried whole, with our records behind them.
include(${CMAKE_CURRENT_SOURCE_DIR}/unit/ca/libs.cmake)
