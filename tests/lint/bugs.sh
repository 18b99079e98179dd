#!/bin/sh
# bugs.sh ROOT: what cppcheck finds suspicious in the program, the
# simulated firmware and the fault tests.
cd "$1" || exit 1
set --
for folder in adapter/* ca directory krb tests/sim tests/fault; do
	[ ! -d "$folder" ] || set -- "$@" -I "$folder"
done
# Not what a compiler and valgrind see better: it takes what a function fills
# in, and a list's loop that may end without an element, for mistakes.
git ls-files adapter ca directory krb tests/sim tests/fault | grep '\.c$' |
    cppcheck -q -j "$(nproc)" --std=c11 --language=c --file-list=- \
	--enable=warning,performance,portability --inline-suppr \
	--suppress=uninitvar --suppress=legacyUninitvar \
	--suppress=nullPointerRedundantCheck --error-exitcode=1 "$@"
