set(libs PkgConfig::krb5)
