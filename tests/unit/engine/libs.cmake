set(libs conf store loop)
