#!/bin/bash
# Keys from a pool: each goes to one device, and who must share is told.
. "$(dirname "$0")/lib.sh"
key=AMT_PublicPrivateKeyPair

generate() { # DEVICE
	post "$1" "$(invoke AMT_PublicKeyManagementService GenerateKeyPair \
	    "<r:KeyAlgorithm>0</r:KeyAlgorithm><r:KeyLength>2048</r:KeyLength>")"
	sed -n 's/.*ReturnValue>\([0-9][0-9]*\)<.*/ \1/p' "$tmp/answer"
}
public_key() { # DEVICE HANDLE
	local get
	get=$(envelope $key http://schemas.xmlsoap.org/ws/2004/09/transfer/Get '')
	get=${get/<a:MessageID>/"<w:SelectorSet><w:Selector Name=\"InstanceID\">\
Intel(r) AMT Key: Handle: $2</w:Selector></w:SelectorSet><a:MessageID>"}
	post "$1" "$get" >"$tmp/status"
	grep -o 'DERKey>[^<]\+' "$tmp/answer"
}

# Six keys: one each for the first certificate of two devices, one more each.
for _ in 1 2 3 4 5 6; do
	openssl genrsa -traditional 2048 2>/dev/null
done >"$tmp/pool"
start_sim --devices 2 --firmware 15.0.1
is "enough keys are no matter" "$(cat "$tmp/err")" ""
is "a new key" "$(generate pc00000)" "200 0"
stop_sim
start_sim --devices 2 --firmware 15.0.1
is "a new key after a restart" "$(generate pc00001)" "200 0"
public_keys() {
	for device in pc00000 pc00001; do
		public_key $device 0
		public_key $device 1
	done
}
public_keys >"$tmp/public"
is "are all there" "$(grep -c DERKey "$tmp/public")" 4
is "and all different" "$(sort -u "$tmp/public" | wc -l)" 4
stop_sim

rm -r "$tmp/state"
start_sim --devices 2 --firmware 15.0.1
is "another run, in another order" \
    "$(generate pc00001), $(generate pc00000)" "200 0, 200 0"
is "gives each device the same keys" "$(public_keys)" "$(cat "$tmp/public")"
stop_sim

rm -r "$tmp/state"
start_sim --devices 4 --firmware 15.0.1
like "who must share is told" "$(cat "$tmp/err")" \
    '2 keys are left for 4 devices'
stop_sim

echo junk >"$tmp/pool"
"$SIM" --devices 1 --state "$tmp/none" --key-pool "$tmp/pool" 2>"$tmp/err"
is "no pool" $? 1
like "is said" "$(cat "$tmp/err")" 'key-pool: cannot use'
is "and left as it is" "$(cat "$tmp/pool")" junk
done_testing
