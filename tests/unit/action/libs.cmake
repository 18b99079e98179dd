set(libs store task conf schedule vault)
