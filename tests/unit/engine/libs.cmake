set(libs conf store loop vault)
