set(libs access store task conf schedule vault)
