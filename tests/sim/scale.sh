#!/bin/bash
# One process with 10,000 devices: starts, answers, ends.
. "$(dirname "$0")/lib.sh"
count=10000
last=pc0$((count - 1))
limit() { # TEXT GOT MOST
	ok "$1: $2, at most $3" test "$2" -le "$3"
}
seconds() { # COMMAND...: sets took
	local from=$SECONDS
	"$@"
	took=$((SECONDS - from))
}
megabytes() { awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$sim_pid/status"; }

start_sim --devices 4 # makes the key pool
stop_sim
rm -r "$tmp/state"
seconds start_sim --devices $count --firmware mix --drift mixed
limit "seconds to start" $took 120
limit "megabytes" "$(megabytes)" 200
is "all are told" "$(grep -c ^pc "$tmp/fleet.csv")" $count

good=0
for i in $(shuf -i 0-$((count - 1)) -n 40); do
	device=$(printf 'pc%05d' "$i")
	if [ "$(column "$device" 8)" = yes ]; then
		status=$(post "$device" "$get_settings" --tls-max 1.2 \
		    --ciphers DEFAULT@SECLEVEL=0)
	else
		status=$(scheme=http tls=$plain post "$device" "$get_settings")
	fi
	[ "$status" = 200 ] && good=$((good + 1))
done
is "a sample of 40 answers" $good 40
ctl set $last skew-ms -90000 >"$tmp/out2"
seconds stop_sim
is "SIGTERM is a clean end" "$stop_status" 0
limit "seconds to the end" $took 10

seconds start_sim --devices $count
limit "seconds to start again" $took 60
is "state survives" "$(field $last clock_offset_ms)" -90000
done_testing
