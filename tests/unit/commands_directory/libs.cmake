set(libs hygiene)
