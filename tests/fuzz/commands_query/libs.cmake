set(libs report)
