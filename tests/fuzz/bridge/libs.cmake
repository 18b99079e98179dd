# Answers over HTTP come as struct net_fetched.
set(libs net)
