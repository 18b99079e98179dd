#!/bin/bash
# What the tests of the command line share, to be sourced: they set $keeper, the
# program, $tmp, a folder that goes away, and end with exit $failed.
failed=0

# keep CODE ARGUMENT...: run it, compare the exit code; output in $tmp/out, err,
# and of all commands in $tmp/all
keep() {
	local wanted=$1 code
	shift
	timeout 600 "$keeper" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	sed -i 's/\r$//' "$tmp/out" # of CSV
	if [ $code = "$wanted" ]; then
		echo "ok: $* ($code)" | cut -c 1-100
	else
		echo "FAILED: $*: exit code $code, not $wanted" | cut -c 1-200
		sed 's/^/    /' "$tmp/out" "$tmp/err"
		failed=1
	fi
}

# says FILE REGEX: does $tmp/FILE have such a line?
says() {
	if grep -Eq -- "$2" "$tmp/$1"; then
		echo "ok: says $2"
	else
		echo "FAILED: $1 does not say $2"
		sed 's/^/    /' "$tmp/$1"
		failed=1
	fi
}

# is TEXT GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		echo "ok: $1"
	else
		echo "FAILED: $1: got $2, wanted $3"
		failed=1
	fi
}
