#!/bin/bash
# What a device keeps: over a restart, a kill, a power cycle.
. "$(dirname "$0")/lib.sh"
start_sim --devices 3 --seed 7
leaf=$(field pc00001 leaf_sha256)
realm=$(field pc00001 realm)
hash=$(printf %s "admin:$realm:New-Passw0rd1" | openssl md5 -binary | base64)
change=$(invoke AMT_AuthorizationService SetAdminAclEntryEx \
    "<r:Username>admin</r:Username><r:DigestPassword>$hash</r:DigestPassword>")
is "new password" "$(post pc00001 "$change")" 200
stop_sim KILL

start_sim --devices 3 --seed 7
is "survives a kill" "$(post pc00001 "$get_settings" -u admin:New-Passw0rd1)" 200
is "so does the certificate" "$(field pc00001 leaf_sha256)" "$leaf"
is "the old password does not" "$(post pc00001 "$get_settings")" 401
ctl set pc00002 skew-ms -90000 >"$tmp/out2"
ctl set 2 os-fqdn new.ad.example.test >"$tmp/out2"
like "clock" "$(ctl get pc00002)" '"clock_offset_ms":-90000,'
stop_sim
is "SIGTERM is a clean end" "$stop_status" 0
ok "socket is removed" test ! -e "$tmp/ctl"
start_sim --devices 3 --seed 7 --write-hosts "$tmp/hosts"
is "settings survive" "$(field pc00002 clock_offset_ms)" -90000
like "hosts follow the new name" "$(cat "$tmp/hosts")" \
    '127\.100\.0\.3 new\.ad\.example\.test'
is "wrong passwords survive" "$(field pc00001 wrong_credentials)" 1

ctl set pc00000 offline >"$tmp/out2"
is "offline" "$(post pc00000 "$get_settings")" 000
ctl set pc00000 online >"$tmp/out2"
is "online" "$(post pc00000 "$get_settings")" 200
ctl quit >"$tmp/out2"
wait "$sim_pid"
is "quit is a clean end" $? 0
sim_pid=

is "passwords are the owner's" "$(stat -c %a "$tmp/fleet.csv")" 600
first=$(cut -d, -f1-3,6 "$tmp/fleet.csv")
rm -rf "$tmp/state"
start_sim --devices 3 --seed 7
is "a seed repeats itself" "$(cut -d, -f1-3,6 "$tmp/fleet.csv")" "$first"
stop_sim

# Without a pool this takes minutes.
"$SIM" --devices 400 --state "$tmp/many" --port-plain $plain --port-tls $tls \
    >"$tmp/out" 2>"$tmp/err" &
sim_pid=$!
until test -e "$tmp/many/pc00000.state"; do sleep 0.05; done
stop_sim
ok "SIGTERM ends a start at once" test "$(find "$tmp/many" -name '*.state' |
    wc -l)" -lt 400
first=$(sed -n 's/^device.0.realm //p' "$tmp/many/pc00000.state")
"$SIM" --devices 1 --state "$tmp/many" --port-plain $plain --port-tls $tls \
    --ready-fd 1 >"$tmp/out" 2>"$tmp/err" &
sim_pid=$!
until grep -q ready "$tmp/out"; do sleep 0.05; done
is "what was made is kept" \
    "$(sed -n 's/^device.0.realm //p' "$tmp/many/pc00000.state")" "$first"
stop_sim

echo junk >>"$tmp/state/pc00001.state"
"$SIM" --devices 3 --state "$tmp/state" --port-plain $plain --port-tls $tls \
    >"$tmp/out" 2>"$tmp/err"
is "a broken state is not replaced" $? 1
like "and named" "$(cat "$tmp/err")" 'pc00001.state cannot be read'
"$SIM" --devices 0 --state "$tmp/state" 2>"$tmp/err"
is "wrong option" $? 2
done_testing
