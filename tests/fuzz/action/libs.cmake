set(libs store schedule)
