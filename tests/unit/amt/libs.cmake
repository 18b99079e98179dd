set(libs loop OpenSSL::Crypto)
