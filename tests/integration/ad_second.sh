#!/bin/sh
# ad_second.sh LAB PROGRAM [WORD]: run PROGRAM where the DNS prefers the second
# controller; "sites": where that is the only one of its site, Branch.
set -eu
echo "$LAB_DC2_ADDRESS $LAB_DC2" | "$1/labdns" -
if [ "${3-}" = sites ]; then
	"$1/labdns" --controller "$LAB_DC2" Branch
else
	"$1/labdns" --controller "$LAB_DC2"
fi
shift
code=0
"$@" || code=$?
# The program took its standard error for itself.
[ $code = 0 ] || [ ! -e "$LAB_DIR/log" ] || cat "$LAB_DIR/log"
exit $code
