set(libs report store store_task task engine conf)
