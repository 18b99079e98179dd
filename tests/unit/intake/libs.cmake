set(libs store)
