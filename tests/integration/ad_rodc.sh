#!/bin/sh
# ad_rodc.sh LAB PROGRAM: run PROGRAM where the DNS prefers a read-only controller.
set -eu
echo "$LAB_DC2_ADDRESS $LAB_DC2" | "$1/labdns" -
"$1/labdns" --controller "$LAB_DC2"
exec "$2" rodc
