set(libs loop PkgConfig::microhttpd Threads::Threads)
