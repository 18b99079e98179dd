set(libs PkgConfig::ldap)
