#!/bin/bash
# HTTP and TLS as the firmware speaks them.
. "$(dirname "$0")/lib.sh"
start_sim --devices 4 --firmware 15.0.23 --drift tls-off,none
old=pc00000
secret=$(password $old)

raw_request() { # TEXT: an unauthenticated request of any shape
	dial $old
	# shellcheck disable=SC2059
	printf "$1" >&"$out"
	receive
}

raw_request 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
is "front page" "$status" 303
like "leads to the logon page" "$head" 'Location: /logon.htm'
like "version" "$head" 'Server: Intel\(R\) Active Management Technology 15\.0\.23\.'
hang_up
for bad in 'POST /wsman HTTP/1.0\r\nHost: x\r\n\r\n' \
    'POST wsman HTTP/1.1\r\nHost: x\r\n\r\n' 'POST /wsman HTTP/1.1\r\n\r\n' \
    'POST /wsman HTTP/1.1\r\nHost : x\r\n\r\n' \
    'POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n' \
    'POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n' \
    'POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n' \
    'POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n' \
    'POST /wsman HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n'; do
	raw_request "$bad"
	is "refused: ${bad:0:70}" "$status" 400
	ok "and closed" closed
	hang_up
done
is "all are told" "$(field $old client_errors)" 9

challenge $old
dial $old
method=GET uri=/nowhere
header=$(digest 00000001 '')
printf 'GET /nowhere HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n' \
    "$header" >&"$out"
receive
is "404 after the login" "$status" 404
method=GET uri=/wsman
header=$(digest 00000002 '')
printf 'GET /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n' \
    "$header" >&"$out"
receive
is "only POST on /wsman" "$status" 405
hang_up
unset method uri

waits() { ! read -r -t 0.3 -N 1 -u "$in" _; }
# a body in chunks, with 100-continue that never comes
dial $old
header=$(digest 00000003 '')
printf 'POST /wsman HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n' >&"$out"
printf 'Authorization: %s\r\nTransfer-Encoding: chunked\r\n\r\n' \
    "$header" >&"$out"
ok "no 100 Continue" waits
printf '%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n' 100 "${get_settings:0:256}" \
    $((${#get_settings} - 256)) "${get_settings:256}" >"$tmp/chunked"
sed -i '1s/.*/100\r/' "$tmp/chunked"
cat "$tmp/chunked" >&"$out"
receive
is "chunked request" "$status" 200
like "chunks of the answer" "$raw" '^([0-9A-F]{4} )+0 $'
like "and the whole of it" "$body" '</a:Envelope>$'
is "header" "$(cut -d: -f1 <<<"$head" | tr '\n' ' ')" \
    "Date Server X-Frame-Options Content-Type Transfer-Encoding  "
# two at once on the same connection
send 00000004 "$get_settings"
send 00000005 "$get_settings"
receive
first=$status
receive
is "pipelined" "$first $status" "200 200"
send 00000006 '<not-soap/>'
receive
is "fault" "$status" 400
like "closes" "$head" 'Connection: close'
ok "really" closed
hang_up

# what is no XML is refused by a page, not by a fault
dial $old
send 00000007 'not XML'
receive
is "no XML" "$status" 400
like "a page" "$head" 'Content-Type: text/html'
like "says so" "$body" 'Bad Request'
hang_up

header=$(digest 00000008 '')
dial $old
printf 'POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n' \
    "$header" >&"$out"
printf 'Content-Type: text/html\r\nContent-Length: 0\r\n\r\n' >&"$out"
receive
is "HTML is no request" "$status" 400
hang_up

# the third connection at a time is reset
dial $old
one=$in
dial $old
two=$in
dial $old
{ printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&"$out"; } 2>/dev/null
ok "third connection is refused" test "$(receive 2>/dev/null; echo "$status")" = ''
hang_up
exec {one}>&- {two}>&-

ok "no TLS port without TLS" test "$(post $old "$get_settings")" = 000
ok "no plain port with TLS" \
    test "$(curl -s -o /dev/null -w '%{http_code}' "http://$(address pc00001):$plain/")" = 000
stop_sim

# --- TLS ---------------------------------------------------------------------
rm -rf "$tmp/state"
handshake() { # DEVICE OPTION...: what s_client says
	local device=$1
	shift
	openssl s_client -connect "$(address "$device"):$tls" "$@" \
	    </dev/null 2>&1
}
start_sim --devices 7 --firmware mix # 11.8 12.0 15.0 16.1 18.0 19.0 21.0
like "11 has TLS 1.0" "$(handshake pc00000 -tls1 -cipher \
    AES128-SHA:@SECLEVEL=0)" 'Cipher is AES128-SHA'
like "and RSA key transport" "$(handshake pc00000 -tls1_2)" \
    'Cipher is AES128-GCM-SHA256'
like "16.1 has no TLS 1.1" "$(handshake pc00003 -tls1_1 -cipher \
    DEFAULT:@SECLEVEL=0)" 'Cipher is \(NONE\)'
like "nor 1.3" "$(handshake pc00003)" 'New, TLSv1.2'
like "21 has TLS 1.3" "$(handshake pc00006)" 'New, TLSv1.3'
seen=$(handshake pc00003 -alpn h2,http/1.1 -servername other -showcerts)
is "leaf only" "$(grep -c 'BEGIN CERT' <<<"$seen")" 1
like "no ALPN" "$seen" 'No ALPN negotiated'
is "the fleet's list has its hash" "$(openssl x509 -outform DER <<<"$seen" |
    sha256sum | cut -d' ' -f1)" "$(column pc00003 7)"
handshake pc00003 -sess_out "$tmp/session" >"$tmp/out2"
like "a session is resumed" \
    "$(handshake pc00003 -sess_in "$tmp/session")" 'Reused, TLS'
like "but not on another device" \
    "$(handshake pc00004 -sess_in "$tmp/session")" 'New, TLS'
like "21 has AES-128" "$(handshake pc00006 -tls1_2 -cipher \
    ECDHE-RSA-AES128-GCM-SHA256)" 'Cipher is ECDHE-RSA-AES128-GCM-SHA256'
stop_sim
rm -rf "$tmp/state"
start_sim --devices 1 --firmware 22.0.1
like "22 has AES-256" "$(handshake pc00000 -tls1_2)" \
    'Cipher is ECDHE-RSA-AES256-GCM-SHA384'
like "and no AES-128" "$(handshake pc00000 -tls1_2 -cipher \
    ECDHE-RSA-AES128-GCM-SHA256)" 'Cipher is \(NONE\)'
like "nor in TLS 1.3" "$(handshake pc00000 -tls1_3 -ciphersuites \
    TLS_AES_128_GCM_SHA256)" 'Cipher is \(NONE\)'
done_testing
