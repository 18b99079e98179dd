#!/bin/sh
# ad_second.sh LAB PROGRAM [WORD]: run PROGRAM where the DNS prefers the second
# controller.
set -eu
echo "$LAB_DC2_ADDRESS $LAB_DC2" | "$1/labdns" -
"$1/labdns" --controller "$LAB_DC2"
shift
exec "$@"
