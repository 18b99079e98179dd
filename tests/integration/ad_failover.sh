#!/bin/sh
# ad_failover.sh LAB PROGRAM: run PROGRAM where the DNS prefers a controller
# that is not there.
set -eu
echo "127.0.0.99 dc0.$LAB_DOMAIN" | "$1/labdns" -
"$1/labdns" --controller "dc0.$LAB_DOMAIN"
exec "$2"
