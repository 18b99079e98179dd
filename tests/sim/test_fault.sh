#!/bin/bash
# Faults by rule, and what CommitChanges does to connections.
. "$(dirname "$0")/lib.sh"
start_sim --devices 3 --firmware 15.0.23 --drift none,tls-off \
    --fault 'pc00000 *.Get drop-answer times 1 after 1'
hash() { printf %s "admin:$(field "$1" realm):$2" | openssl md5 -binary | base64; }

is "passes the first" "$(post pc00000 "$get_settings")" 200
is "drops the second" "$(post pc00000 "$get_settings")" 000
is "and is spent" "$(post pc00000 "$get_settings")" 200
like "is listed" "$(ctl faults)" '"action":"drop-answer",.*"fired":1'
ctl clear >"$tmp/out2"
is "clear" "$(ctl faults)" '[]'

ctl fault 'pc0000[0-2] AMT_AuthorizationService.Set* drop-answer times 1' >"$tmp/out2"
change() {
	invoke AMT_AuthorizationService SetAdminAclEntryEx \
	    "<r:Username>admin</r:Username><r:DigestPassword>$(hash \
	    "$1" "$2")</r:DigestPassword>"
}
is "lost answer" "$(post pc00000 "$(change pc00000 New-Passw0rd1)")" 000
is "but done" "$(post pc00000 "$get_settings" -u admin:New-Passw0rd1)" 200
ctl fault 'pc00000 AMT_AuthorizationService.Set* close-before times 1' >"$tmp/out2"
is "closed before" "$(post pc00000 "$(change pc00000 Other-Pass1)" \
    -u admin:New-Passw0rd1)" 000
is "and not done" "$(post pc00000 "$get_settings" -u admin:New-Passw0rd1)" 200

get() { post pc00002 "$get_settings" "$@"; }
once() { ctl fault "127.100.0.3 AMT_GeneralSettings.Get $* times 1" >"$tmp/out2"; }
once close-after
is "close-after" "$(get)" 000
once status 503
is "status" "$(get)" 503
once 401
is "401 in the session" "$(get)" 401
once garbage
is "garbage" "$(get)" 200
ok "is no XML" test "$(head -c 1 "$tmp/answer")" != '<'
once wrong-xml
is "wrong XML" "$(get)" 200
like "is XML" "$(cat "$tmp/answer")" '<x:Nothing/>'
once half-body
get >"$tmp/out2"
ok "half a body" test -z "$(grep '</a:Envelope>' "$tmp/answer")"
once endless-body
get --max-filesize 3000000 --limit-rate 100M >"$tmp/out2"
ok "a body without end" test "$(stat -c %s "$tmp/answer")" -gt 1000000
once delay 300
is "delay" "$(get)" 200
once delay 3600000
get >"$tmp/late" &
until ctl faults | grep -q '3600000.*"fired":1'; do sleep 0.05; done
is "is held" "$(cat "$tmp/late")" ''
ctl set pc00002 answer-now >"$tmp/out2"
wait $!
is "until it is asked for" "$(cat "$tmp/late")" 200
once delay 3600000
get >"$tmp/late" &
until ctl faults | grep -q '3600000.*3600000.*"fired":1'; do sleep 0.05; done
ctl clear >"$tmp/out2"
wait $!
is "or rules are cleared" "$(cat "$tmp/late")" 200
once wrong-realm
is "wrong realm" "$(get)" 401
ctl fault 'pc00000 connect refuse 3600 times 1' >"$tmp/out2"
is "refused connection" "$(post pc00000 "$get_settings")" 000
like "port is closed" "$(ctl get pc00000)" '"tls_open":false'
ctl fault 'pc00002 connect refuse 1 times 1' >"$tmp/out2"
is "refused for a second" "$(get)" 000
until ctl get pc00002 | grep -q '"tls_open":true'; do sleep 0.05; done
is "and comes back" "$(get)" 200
for bad in 'pc00000 x' 'pc00000 * explode' 'pc00000 * delay' \
    'pc00000 * status 99' 'pc00000 * 401 times' 'pc00000 * 401 times 0' \
    'pc00000 * 401 soon'; do
	like "no rule: $bad" "$(ctl fault "$bad")" '^\{"error"'
done
is "nothing was a wrong password" "$(field pc00002 wrong_credentials)" 0

# CommitChanges ends every connection and closes the port for a while.
old=pc00001
secret=$(password $old)
challenge $old
dial $old
idle=$in
dial $old
send 00000001 "$(invoke AMT_SetupAndConfigurationService CommitChanges '')"
receive
is "commit" "$status" 200
like "is done" "$body" 'ReturnValue>0<'
ok "ends its connection" closed
hang_up
in=$idle
ok "and the others" closed
hang_up
until ctl get $old | grep -q '"plain_open":true'; do sleep 0.05; done
challenge $old
dial $old
send 00000001 "$get_settings"
receive
is "and comes back" "$status" 200
hang_up
done_testing
