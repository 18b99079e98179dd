#!/bin/bash
# cmake --install into an empty root: program, manuals and completion, each
# where it is looked for and fit for use.
#
#	test_install.sh CMAKE BUILD
set -u
root=$(mktemp -d "${TMPDIR:-/tmp}/installtest.XXXXXX")
trap 'rm -rf "$root"' EXIT
failed=0

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$root/out" 2>&1; then
		echo "ok: $what"
	else
		echo "FAILED: $what"
		sed 's/^/    /' "$root/out"
		failed=1
	fi
}

check 'installs' env DESTDIR="$root" "$1" --install "$2" --prefix /usr
check 'nothing but what is ours' test "$(cd "$root" && find usr -type f |
    LC_ALL=C sort | tr '\n' ' ')" = "usr/sbin/amtkeeper \
usr/share/amtkeeper/amtkeeper.json usr/share/amtkeeper/amtkeeper.rules.yaml \
usr/share/bash-completion/completions/amtkeeper \
usr/share/man/man1/amtkeeper.1 usr/share/man/man5/amtkeeper.yaml.5 "
check 'the program runs' "$root/usr/sbin/amtkeeper" version
check 'the manuals are clean' mandoc -Tlint -W warning \
    "$root/usr/share/man/man1/amtkeeper.1" \
    "$root/usr/share/man/man5/amtkeeper.yaml.5"
# shellcheck disable=SC2016 # for the inner one
check 'the completion completes' bash -c '. "$1" && complete -p amtkeeper' - \
    "$root/usr/share/bash-completion/completions/amtkeeper"
exit $failed
