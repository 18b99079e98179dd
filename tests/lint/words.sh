#!/bin/sh
# words.sh ROOT: nothing unfinished by its own words, no path of a machine, no
# secret-looking file, every script passes shellcheck.
cd "$1" || exit 1
bad=0
complain() { echo "$1"; bad=1; }
found=$(git grep -nIE 'TODO|FIXME|not implemented' -- adapter ca directory krb contrib tests/sim ':!*/man/*')
[ -z "$found" ] || complain "unfinished by its own words:
$found"
found=$(git grep -nIE '/w[o]rk/|/h[o]me/|/r[o]ot/\.' -- .)
[ -z "$found" ] || complain "paths of a machine:
$found"
extra=$(git ls-tree --name-only HEAD | grep -vxE 'CMakeLists.txt|CMakePresets.json|adapter|ca|directory|krb|tests|contrib|README.md|LICENSE|\..*')
[ -z "$extra" ] || complain "top-level entries nobody asked for: $extra"
scripts=$(git grep -lE '^#!/bin/(ba)?sh' -- contrib tests .ci)
# shellcheck disable=SC2086
shellcheck -x -S warning -e SC1090,SC1091,SC2034,SC2154 $scripts || bad=1
[ $bad = 0 ] && echo "words: clean"
exit $bad
