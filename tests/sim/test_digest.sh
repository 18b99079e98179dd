#!/bin/bash
# Digest as the firmware does it: challenge, counts, session cache, lock-out.
. "$(dirname "$0")/lib.sh"
start_sim --devices 4 --firmware 15.0.23 --drift none,tls-off \
    --lock-after 3 --lock 3600
old=pc00001 # TLS off, plain port open
secret=$(password $old)

is "right password" "$(post pc00000 "$get_settings")" 200
like "and its answer" "$(cat "$tmp/answer")" '<g:HostName>pc00000</g:HostName>'
is "wrong password" "$(post pc00000 "$get_settings" -u admin:Wrong-1pass)" 401
is "is counted" "$(field pc00000 wrong_credentials)" 1
dial pc00003
printf 'POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\n\r\n' \
    "$(printf %s "admin:$(password pc00003)" | base64)" >&"$out"
receive
hang_up
is "Basic" "$status" 401
is "is counted" "$(field pc00003 wrong_credentials)" 1

dial $old
printf 'POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n' >&"$out"
receive
is "no Authorization" "$status" 401
like "challenge" "$head" 'WWW-Authenticate: Digest realm="Digest:[0-9A-F]{32}", nonce="[A-Za-z0-9+/]{32}",stale="false",qop="auth"'
like "page" "$body" 'Log on failed. Incorrect user name or password, or user account temporarily locked.'
ok "page is of 690 to 693 bytes" test ${#body} -ge 690 -a ${#body} -le 693
like "Connection: close" "$head" 'Connection: close'
ok "and closed" closed
hang_up
is "is no wrong password" "$(field $old wrong_credentials)" 0

challenge $old
dial $old
send 00000001 "$get_settings"
receive
is "own Digest" "$status" 200
send 00000003 "$get_settings"
receive
is "nc may skip, connection is kept" "$status" 200
send 00000003 "$get_settings"
receive
is "plain: nc may not repeat" "$status" 401
ok "and closed" closed
hang_up
is "is told" "$(field $old last_client_error)" "Digest nc does not grow"

dial $old
send 4 "$get_settings"
receive
is "nc needs eight digits" "$status" 401
hang_up
is "is told" "$(field $old last_client_error)" \
    "Digest nc is not eight hex digits"
dial $old
send 00000004 "$get_settings"
receive
is "nonce lives on over connections" "$status" 200
hang_up

dial $old
uri=/other send 00000005 "$get_settings"
receive
is "uri is not the path" "$status" 401
hang_up
dial $old
qop=auth-int send 00000005 "$get_settings"
receive
is "15 has no auth-int" "$status" 401
hang_up
dial $old
(realm=Digest:00000000000000000000000000000000 send 00000005 "$get_settings")
receive
is "wrong realm" "$status" 401
hang_up
is "all of them are the client's mistakes" "$(field $old client_errors)" 5
is "none is a wrong password" "$(field $old wrong_credentials)" 0

dial $old
forced_response='' send 00000006 "$get_settings"
receive
is "empty response" "$status" 401
hang_up
nonce=$(printf 'A%.0s' {1..32})
dial $old
send 00000001 "$get_settings"
receive
is "unknown nonce" "$status" 401
hang_up
is "is stale, not wrong" "$(field $old stale_credentials)" 1
is "only the empty response was wrong" "$(field $old wrong_credentials)" 1

# the empty one was the first of three
challenge $old
for nc in 00000001 00000002; do
	dial $old
	(secret=Wrong-1pass send $nc "$get_settings")
	receive
	hang_up
done
dial $old
send 00000003 "$get_settings"
receive
is "locked: even the right password" "$status" 401
hang_up
is "is counted" "$(field $old wrong_credentials)" 4
ctl set $old power-cycle >"$tmp/out2"
until ctl get $old | grep -q '"plain_open":true'; do sleep 0.05; done
challenge $old
dial $old
send 00000001 "$get_settings"
receive
is "a power cycle unlocks" "$status" 200
hang_up
stop_sim

# --- TLS, auth-int and a changed password ----------------------------------
rm -rf "$tmp/state"
start_sim --devices 2 --firmware 16.1.25 --nonce-uses 4
secret=$(password pc00000)
challenge_tls() {
	dial_tls pc00000
	printf 'POST /wsman HTTP/1.1\r\nHost: x\r\n\r\n' >&"$out"
	receive
	realm=$(sed -n 's/.*realm="\([^"]*\)".*/\1/p' <<<"$head")
	nonce=$(sed -n 's/.*nonce="\([^"]*\)".*/\1/p' <<<"$head")
	hang_up_tls
}
challenge_tls
like "16.1 offers auth-int" "$head" 'qop="auth-int, auth"'
dial_tls pc00000
send 00000001 "$get_settings"
receive
is "TLS" "$status" 200
send 00000001 "$get_settings"
receive
is "session cache: nc may repeat" "$status" 200
qop=auth-int send 00000002 "$get_settings"
receive
is "auth-int" "$status" 200
hang_up_tls
dial_tls pc00000
send 00000002 "$get_settings"
receive
is "the cache is the connection's" "$status" 401
hang_up_tls
dial_tls pc00000
send 00000003 "$get_settings"
receive
is "fourth use of the nonce" "$status" 200
send 00000004 "$get_settings"
receive
is "a fifth is one too many" "$status" 401
hang_up_tls
is "is stale" "$(field pc00000 stale_credentials)" 1

challenge_tls
new=$(printf %s "admin:$realm:New-Passw0rd1" | openssl md5 -binary | base64)
change=$(invoke AMT_AuthorizationService SetAdminAclEntryEx \
    "<r:Username>admin</r:Username><r:DigestPassword>$new</r:DigestPassword>")
dial_tls pc00000
send 00000001 "$change"
receive
is "new password" "$status" 200
like "is set" "$body" 'ReturnValue>0<'
send 00000001 "$get_settings"
receive
is "ends the session" "$status" 401
hang_up_tls
is "old password" "$(post pc00000 "$get_settings")" 401
is "new password" "$(post pc00000 "$get_settings" -u admin:New-Passw0rd1)" 200
done_testing
