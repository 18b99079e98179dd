include(${CMAKE_CURRENT_SOURCE_DIR}/unit/support/http_peer.cmake)
set(libs loop http_peer PkgConfig::microhttpd OpenSSL::SSL Threads::Threads)
