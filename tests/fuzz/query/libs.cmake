# The fleet's own tables, so that words of the corpus are columns.
set(libs store)
