set(libs store schedule report)
