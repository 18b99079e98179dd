#!/bin/bash
# What --trace says of clients: enough to do the same again.
. "$(dirname "$0")/lib.sh"
start_sim --devices 2 --trace "$tmp/trace"
is "a request" "$(post pc00001 "$get_settings")" 200
stop_sim
is "each step of it, of the device it went to" \
    "$(cut -d' ' -f1,3,4 "$tmp/trace" | sed 's/resumed\|full/shaken/')" \
    "1 open
1 shaken
1 request none
1 unauthorized
1 open
1 shaken
1 request Digest"
like "and its body" "$(tail -n 1 "$tmp/trace")" \
    '^1 2 request Digest <.*AMT_GeneralSettings.*>$'
"$SIM" --devices 1 --state "$tmp/state" --trace "$tmp/none/trace" 2>"$tmp/err"
is "nowhere to write it" $? 1
like "and named" "$(cat "$tmp/err")" 'cannot write .*/none/trace'
done_testing
