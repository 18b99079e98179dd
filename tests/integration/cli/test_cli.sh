#!/bin/bash
# The program from `init` to `serve`, against simulated firmware: exit codes,
# output formats, recovery after kill -9, and that no password gets out.
#
#	test_cli.sh AMTKEEPER AMTKEEPER-SIM
set -u
keeper=$1
sim=$2
tmp=$(mktemp -d "${TMPDIR:-/tmp}/clitest.XXXXXX")
sim_pid=
export AMTKEEPER_CONFIG=$tmp/etc/amtkeeper.yaml NO_COLOR=1

# shellcheck disable=SC2317 # by trap
cleanup() {
	[ -n "$sim_pid" ] && kill "$sim_pid" 2>/dev/null && wait "$sim_pid"
	rm -rf "$tmp"
}
trap cleanup EXIT
# shellcheck source=tests/integration/cli/checks.sh
. "$(dirname "$0")/checks.sh"

# keep_count COLUMN VALUE: rows of the CSV in $tmp/out that have it
keep_count() {
	python3 -c '
import csv, sys
rows = csv.DictReader(open(sys.argv[1], newline=""))
print(sum(r[sys.argv[2]] == sys.argv[3] for r in rows))' "$tmp/out" "$1" "$2"
}

start_sim() { # OPTION...
	local n=0
	"$sim" --devices 10 --first 127.78.0.1 --state "$tmp/sim" \
	    --control "$tmp/ctl" --write-fleet "$tmp/fleet.csv" \
	    --drift mixed \
	    --port-tls 26993 --port-plain 26992 \
	    >"$tmp/sim.out" 2>"$tmp/sim.err" &
	sim_pid=$!
	until grep -q ready "$tmp/sim.out"; do
		n=$((n + 1))
		if [ $n -gt 3000 ] || ! kill -0 $sim_pid 2>/dev/null; then
			echo "the simulator does not start"
			cat "$tmp/sim.err"
			exit 1
		fi
		sleep 0.1
	done
}

ctl() {
	"$sim" --ctl "$tmp/ctl" "$@" >/dev/null ||
		{ echo "FAILED: control $*" && failed=1; }
}

wait_for() { # TEXT in a file: serve's log
	local n
	for n in $(seq 3000); do
		grep -q "$1" "$tmp/${2:-serve.out}" && return
		sleep 0.1
	done
	echo "FAILED: no $1 in 5 minutes ($n looks)"
	failed=1
}

wait_for_intent() { # until a change is under way
	local n
	for n in $(seq 6000); do
		[ "$(sqlite3 -cmd '.timeout 5000' "$tmp/etc/fleet.db" 'SELECT
		    count(*) FROM intent WHERE ended_at IS NULL')" != 0 ] &&
			return
		sleep 0.05
	done
	echo "FAILED: nothing under way in 5 minutes ($n looks)"
	failed=1
}

open_intents() {
	"$keeper" journal -o csv | tail -n +2 | wc -l
}

# --- an installation ---
keep 10 config check
says err 'amtkeeper init'
keep 2 init --dir "$tmp/etc" --ou OU=AMT,DC=example
keep 0 init --dir "$tmp/etc"
is 'mode of the vault key' "$(stat -c %a "$tmp/etc/vault.key")" 600
keep 21 init --dir "$tmp/etc"
keep 0 config check
keep 0 config show
says out '^run.parallel += 64 '
keep 0 config show --origin
says out "^config +$tmp/etc/amtkeeper.yaml +environment"
says out '^run.parallel +64 +default'
says out "^database +$tmp/etc/fleet.db +$tmp/etc/amtkeeper.yaml:[0-9]+"
keep 0 -c "$tmp/etc/amtkeeper.yaml" config show -o csv
says out "^configuration,config,$tmp/etc/amtkeeper.yaml,option,,"
says out '^profile,clock.skew,1m,default,,'
keep 0 config show -o json
is 'a place for each' "$(jq '[.[] | select(.origin == "file") |
    select(.file == null or .line < 1)] | length' "$tmp/out")" 0
mv "$tmp/etc/ca.key" "$tmp/key"
keep 0 config check
says err "warning: .*ca_key: $tmp/etc/ca.key: No such file"
mv "$tmp/key" "$tmp/etc/ca.key"
keep 0 device list -o json
is 'an empty fleet' "$(tr -d '\n' <"$tmp/out")" '[]'
keep 0 device list
says err 'nothing to show'
keep 0 journal
says err 'nothing to show'
keep 4 discover
says err 'there is no device yet: "device add" and "device import"'
keep 2 init --dir "$tmp/no" --realm AD.EXAMPLE.TEST
says err '--realm needs --domain, --principal and --keytab'
keep 2 device bogus
says err 'try "amtkeeper device --help"'
keep 0 help ca template list
keep 0 runs items --help
says out 'offline\|busy\|skipped$'
keep 0 version -o json
is 'the version as JSON' "$(jq -r '.[].name' "$tmp/out")" amtkeeper
version=$(jq -r '.[].version' "$tmp/out")
keep 0 --version
is 'the version by option' "$(cat "$tmp/out")" "amtkeeper $version"
keep 0 events --verify

# --- a fleet ---
start_sim
printf 'run:\n  parallel: 0\n' >"$tmp/etc/amtkeeper.bad.yaml"
keep 10 -c "$tmp/etc/amtkeeper.bad.yaml" device list
says err 'amtkeeper.bad.yaml:2:13: run.parallel: must be a number'
head -n 2 "$tmp/fleet.csv" >"$tmp/bad.csv"
printf 'not a name,,,,,,,,\n' >>"$tmp/bad.csv"
keep 20 device import --strict "$tmp/bad.csv"
says err 'bad.csv:3: name: must be a DNS name'
keep 20 device add $'b\303\274cher.example' --password-file /dev/null
says err 'name: must be a DNS name: write letters beyond ASCII in their xn--'
is 'strict imports nothing' "$("$keeper" device list -o csv | wc -l)" 1
chmod 644 "$tmp/bad.csv"
keep 3 device import "$tmp/bad.csv"
says err 'bad.csv: others may read the passwords in it'
keep 0 device import "$tmp/fleet.csv"
is 'nobody else may read it' "$(grep -c 'others may read' "$tmp/err")" 0
says err '9 devices added, 0 changed, 1 were there already, 0 bad lines'
says out '3  pc00001.ad.example.test  added '
# The simulator listens on ports of its own here.
sqlite3 "$tmp/etc/fleet.db" \
    'UPDATE device SET tls_port = 26993, plain_port = 26992' || exit 1

# --- known devices, and passwords apart ---
cut -d, -f1,2 "$tmp/fleet.csv" | sed 's/name,.*/name,site/; 2,$s/,.*/,here/' \
    >"$tmp/facts.csv"
echo 'late.ad.example.test,there' >>"$tmp/facts.csv"
printf 'name,password\nlate.ad.example.test,P@ssw0rd-late\n' >"$tmp/late.csv"
chmod 640 "$tmp/late.csv"
keep 20 device import "$tmp/facts.csv" --update --passwords "$tmp/late.csv"
says err 'late.csv: others may read'
chmod 600 "$tmp/late.csv"
keep 20 device import "$tmp/fleet.csv" --passwords "$tmp/late.csv"
says err 'fleet.csv:1: has a column "password" beside --passwords'
keep 0 device import "$tmp/facts.csv"
keep 4 device list --site here # known ones are left alone
keep 0 device import -o csv "$tmp/facts.csv" --update \
    --passwords "$tmp/late.csv"
says out '^3,pc00001.ad.example.test,changed,site,'
says out '^12,late.ad.example.test,changed,password,'
says err '0 devices added, 11 changed'
keep 0 device import "$tmp/facts.csv" --update --passwords "$tmp/late.csv"
says err '0 devices added, 0 changed, 11 were there already'
keep 0 secret show late.ad.example.test --to "$tmp/late"
is 'its password is stored' "$(cat "$tmp/late")" P@ssw0rd-late
echo 'nobody.ad.example.test,P@ssw0rd-none' >>"$tmp/late.csv"
keep 20 device import "$tmp/facts.csv" --strict --passwords "$tmp/late.csv"
says err 'late.csv:3: no good line of the import names nobody'
keep 3 device import "$tmp/facts.csv" --passwords "$tmp/late.csv"
# A UUID of another device shows only while rows are stored.
keep 0 device set late.ad.example.test \
    --uuid 4c4c4544-0000-1111-2222-333344445555
{
	echo 'name,uuid'
	echo 'new.ad.example.test,'
	echo 'clash.ad.example.test,4C4C4544-0000-1111-2222-333344445555'
} >"$tmp/clash.csv"
keep 20 device import "$tmp/clash.csv" --strict
says err 'clash.csv:3: .*another device'
keep 4 device show new.ad.example.test
keep 3 device import "$tmp/clash.csv" -o csv
says out '^3,clash.ad.example.test,bad,,'
keep 0 device remove new.ad.example.test late.ad.example.test --yes

# So does a line that contradicts an earlier one of the same device.
{
	echo 'name,address'
	echo 'twice.ad.example.test,192.0.2.1'
	echo 'TWICE.ad.example.test,192.0.2.1'
	echo 'twice.ad.example.test,192.0.2.2'
} >"$tmp/twice.csv"
keep 20 device import "$tmp/twice.csv" --strict
says err 'twice.csv:4: an earlier line says otherwise'
keep 4 device show twice.ad.example.test
keep 3 device import "$tmp/twice.csv" -o csv
says out '^3,twice.ad.example.test,present,,'
says out '^4,twice.ad.example.test,bad,,'
keep 0 device remove twice.ad.example.test --yes

# --- names, files and tasks that are none ---
keep 4 device show pc00001
says err "names are whole, 'pc00001\*' is what begins so"
keep 4 device set nosuch.ad.example.test --site x
says err 'the name or UUID nosuch.ad.example.test'
keep 2 device set pc00001.ad.example.test
says err 'nothing to change'
keep 20 ca certify "$tmp/nosuch"
keep 20 ca chain --out "$tmp/nosuch/file"
keep 0 device list -o csv pc00001.ad.example.test
says out '^pc00001.ad.example.test,here,,,,' # not known, rather than no

keep 0 discover -o csv
is 'all were read' "$(wc -l <"$tmp/out")" 11
keep 0 diagnose --offline
says out '^pc00001.*clock-skew'
says out '^pc00002.*name-mismatch'
says out '^pc00004.*certificate-expired'
keep 3 diagnose --offline --check -q
keep 4 device list --reason offline
keep 2 device list --reason nonsense
keep 0 plan AutoMaintain --device 'pc00002*' pc00001.ad.example.test
says out '^  names.set +name-mismatch'
is 'grouped and in order' "$(grep -c '^pc0000[12]' "$tmp/out")" 2
is 'the first group' "$(sed -n 2p "$tmp/out")" pc00001.ad.example.test
says err 'steps: .*names.set 1'
says err '2 devices: 2 to change in [0-9]+ steps, 0 as they should be'
# On a terminal a table fits; what a program reads never depends on a window.
script -qec "stty cols 60; '$keeper' device list" "$tmp/typescript" \
    >/dev/null 2>&1
is 'no line is longer than the terminal' \
    "$(tr -d '\r' <"$tmp/typescript" | sed 's/\x1b\[[0-9;]*m//g' |
	grep '^pc' | awk 'length > 60' | wc -l)" 0
is 'it says what is not shown' \
    "$(grep -c -- '(not shown: .*--wide shows all)' "$tmp/typescript")" 1
keep 0 device list
is 'a file has all columns' "$(head -n 1 "$tmp/out" | wc -w)" 10
keep 5 run auto
keep 2 run nonsense --all
keep 0 run renew-ad-password pc00001.ad.example.test --dry-run
says err 'warning: ad.enabled is false: renew-ad-password does nothing'
keep 0 run sync-clock --reason clock-skew --dry-run -o json
says out '"step":"clock.set"'

# --- killed in the middle, again and again ---
for delay in 0.3 0.8 1.4; do
	"$keeper" run auto --all -q >/dev/null 2>&1 &
	pid=$!
	sleep $delay
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
done
keep 0 run auto --all
is 'no change stays open' "$(open_intents)" 0
keep 0 run auto --all -o csv
is 'nothing is left to do' "$(grep -c ',auto,ok,0,' "$tmp/out")" 10
keep 0 diagnose --check
keep 0 events --verify

# --- events as they happen ---
keep 0 events --last 2 -o csv
is 'the last two' "$(wc -l <"$tmp/out")" 3
keep 0 events --since 2100-01-01 -o json
is 'none is of the future' "$(tr -d '\n' <"$tmp/out")" '[]'
keep 2 events --since 1h --last 3
keep 2 events --follow --verify
keep 0 events --follow --limit 3 -o json
is 'one object per line' "$(python3 -c '
import json, sys
print(sum("id" in json.loads(line) for line in sys.stdin))' <"$tmp/out")" 3
for signal in INT TERM; do
	# A shell's background jobs ignore SIGINT; python gives it back.
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$keeper" events -f --last 1 -o csv \
	    >"$tmp/follow" 2>&1 &
	pid=$!
	wait_for '^id,at' follow
	keep 0 device set pc00003.ad.example.test --site "$signal"
	wait_for 'pc00003.*device.changed' follow
	kill -$signal $pid
	wait $pid
	is "exit code after SIG$signal" $? 0
done
{
	timeout 300 "$keeper" events --follow 2>"$tmp/err"
	echo $? >"$tmp/code"
} | head -n 1 >"$tmp/out"
is 'exit code when the reader goes away' "$(cat "$tmp/code")" 0
is 'and nothing to complain of' "$(cat "$tmp/err")" ''

# --- texts that are not ASCII, and those a terminal would obey ---
keep 0 device set pc00001.ad.example.test --site $'K\xc3\xb6ln'
LC_ALL=C.UTF-8 keep 0 device list --site $'K\xc3\xb6ln'
says out $'^pc00001.ad.example.test  K\xc3\xb6ln +[0-9]'
LC_ALL=C keep 0 device list --site $'K\xc3\xb6ln'
says out '^pc00001.ad.example.test  K.xC3.xB6ln '
LC_ALL=C keep 0 device list --site $'K\xc3\xb6ln' -o csv
says out $',K\xc3\xb6ln,'
keep 20 device set pc00001.ad.example.test --site $'a\e[2Jb\xc2\x9b1m'
says err 'site: must be at most 64 bytes, none of a control'
# as a device could send it
sqlite3 "$tmp/etc/fleet.db" "UPDATE device SET
    site = CAST(x'611b5b324a62c29b316d' AS TEXT) WHERE name LIKE 'pc00001%'"
for format in table csv json; do
	LC_ALL=C.UTF-8 keep 0 device show pc00001.ad.example.test -o $format
	is 'no escape gets out' "$(LC_ALL=C tr -d '\n -~\r' <"$tmp/out" | wc -c)" 0
done
LC_ALL=C.UTF-8 keep 4 device show $'a\e[2Jb\xc2\x9b1m'
is 'nor does it come back' "$(LC_ALL=C tr -d '\n -~' <"$tmp/err" | wc -c)" 0
keep 0 device set pc00001.ad.example.test --site here

# --- readers that went away, and disks that are full ---
# unread CODE ARGUMENT...: as keep, with a standard output nobody reads
unread() {
	local wanted=$1
	shift
	mkfifo "$tmp/fifo"
	{
		sleep 0.1 # until the reader is gone
		"$keeper" "$@" 2>"$tmp/err" </dev/null
		echo $? >"$tmp/code"
	} >"$tmp/fifo" &
	: <"$tmp/fifo"
	wait $!
	rm "$tmp/fifo"
	cat "$tmp/err" >>"$tmp/all"
	is "$* without a reader" "$(cat "$tmp/code")" "$wanted"
}
for format in table json csv; do
	unread 0 device list -o $format
	is 'and nothing to complain of' "$(cat "$tmp/err")" ''
done
unread 0 events -o csv
is 'and nothing to complain of' "$(cat "$tmp/err")" ''
unread 0 help --man
unread 4 device list nosuch
unread 0 run reissue-certificates --all -o json
says err 'nobody reads|Broken pipe: rows are lost, the work is not'
says err ': 10 devices: 0 ok, 10 changed'
unread 0 diagnose
"$keeper" device list >/dev/full 2>"$tmp/err"
is 'exit code when the disk is full' $? 1
says err 'cannot write the output'
"$keeper" run reissue-certificates --all -o csv >/dev/full 2>"$tmp/err"
is 'exit code of a run when the disk is full' $? 1
says err 'No space left on device: rows are lost, the work is not'
says err ': 10 devices: 0 ok, 10 changed'
"$keeper" run auto --all -o csv >&- 2>"$tmp/err"
is 'exit code of a run without an output' $? 1
says err 'Bad file descriptor: rows are lost, the work is not'
"$keeper" diagnose --all -o csv >/dev/full 2>"$tmp/err"
is 'exit code of diagnose when the disk is full' $? 1
keep 0 events --verify

# --- stopped politely ---
"$keeper" run reissue-certificates --all -q >/dev/null 2>&1 &
pid=$!
wait_for_intent
kill -TERM $pid
wait $pid
is 'exit code when interrupted' $? 6
is 'no change stays open' "$(open_intents)" 0
keep 0 run reissue-certificates --all -q

# --- devices that are not well ---
ctl set pc00003 offline
keep 70 discover pc00003.ad.example.test
keep 3 run sync-clock -a --max-failures 5
keep 5 run sync-clock -a --max-failures 1
ctl set pc00003 online
keep 0 discover pc00003.ad.example.test
keep 0 secret show pc00005.ad.example.test --to "$tmp/right"
is 'only its owner reads it' "$(stat -c %a "$tmp/right")" 600
keep 21 secret show pc00005.ad.example.test --to "$tmp/right"
keep 5 secret show pc00005.ad.example.test --reveal
keep 0 device remove pc00005.ad.example.test --yes
printf 'Wr0ng-Passw0rd!' >"$tmp/wrong"
chmod 600 "$tmp/wrong"
keep 0 device add pc00005.ad.example.test --address 127.78.0.6 \
    --password-file "$tmp/wrong"
keep 21 device add PC00005.ad.example.test --password-file "$tmp/wrong"
sqlite3 "$tmp/etc/fleet.db" \
    'UPDATE device SET tls_port = 26993, plain_port = 26992'
keep 71 run auto pc00005.ad.example.test
keep 0 device list --reason credentials-rejected -o csv
is 'one was refused' "$(wc -l <"$tmp/out")" 2

# --- corrected by a person ---
keep 20 device set pc00005.ad.example.test --os-host 'no host'
keep 20 device set pc00005.ad.example.test --uuid 1234
keep 4 device set nosuch --site berlin
keep 0 device set pc00005.ad.example.test --password-file "$tmp/right" \
    --forget-identity --site berlin
keep 0 secret show pc00005.ad.example.test --previous 1 --to "$tmp/before"
is 'the password before' "$(cat "$tmp/before")" 'Wr0ng-Passw0rd!'
keep 0 secret show pc00005.ad.example.test --to "$tmp/now"
is 'the password now' "$(cat "$tmp/now")" "$(cat "$tmp/right")"
keep 4 secret show pc00005.ad.example.test --previous 2 --to "$tmp/none"
keep 2 secret show pc00005.ad.example.test --previous 0 --to "$tmp/none"
keep 0 events -d pc00005.ad.example.test -o json
says out 'secret.revealed.*previous[^0-9]*1'
keep 0 events -d pc00005.ad.example.test -o json
says out 'device.changed.*forget-identity'
keep 0 device list --site berlin -o csv
is 'one is in berlin' "$(wc -l <"$tmp/out")" 2
keep 0 run auto pc00005.ad.example.test

# --- classes ---
keep 0 wsman get pc00001.ad.example.test AMT_GeneralSettings
says out '"HostName": "pc00001"'
keep 0 wsman get pc00001.ad.example.test AMT_GeneralSettings --xml
cp "$tmp/out" "$tmp/answer.xml"
keep 0 wsman decode "$tmp/answer.xml"
says out '"HostName":"pc00001"'
head -c 300 "$tmp/answer.xml" >"$tmp/half.xml"
keep 20 wsman decode "$tmp/half.xml"
keep 0 wsman enum pc00001.ad.example.test AMT_PublicKeyCertificate
says out '^\['
keep 0 wsman invoke pc00001.ad.example.test \
    AMT_TimeSynchronizationService GetLowAccuracyTimeSynch
keep 5 wsman invoke pc00001.ad.example.test AMT_SetupAndConfigurationService \
    CommitChanges
keep 102 wsman get pc00001.ad.example.test AMT_NoSuchClass
says err 'a class it does not have: AMT_NoSuchClass'
keep 4 wsman get nosuch AMT_GeneralSettings

# --- and a script that goes on calling them ---
wrong_sent() {
	"$sim" --ctl "$tmp/ctl" get pc00002 | python3 -c '
import json, sys
print(json.load(sys.stdin)["wrong_credentials"])'
}
strikes() {
	sqlite3 "$tmp/etc/fleet.db" \
	    "SELECT strikes FROM device WHERE name LIKE 'pc00002.%'"
}
name=pc00002.ad.example.test
keep 0 secret show $name --to "$tmp/right2"
keep 0 device set $name --password-file "$tmp/wrong"
before=$(wrong_sent)
for n in 1 2 3 4 5; do
	keep 71 wsman get $name AMT_GeneralSettings
done
says err 'refused 3 times.*device set'
is 'three wrong passwords and no more' $(($(wrong_sent) - before)) 3
is 'each is a strike' "$(strikes)" 3
keep 0 device list --reason credentials-rejected -o csv
says out "^$name,"
keep 0 device set $name --password-file "$tmp/right2"
sqlite3 "$tmp/etc/fleet.db" \
    "UPDATE device SET strikes = 2 WHERE name = '$name'"
keep 102 wsman get $name AMT_NoSuchClass
is 'a fault comes from behind the login' "$(strikes)" 0

# --- beside a run ---
ctl fault $name AMT_GeneralSettings.Get delay 3000 times 1
"$keeper" discover $name -q >/dev/null 2>&1 &
pid=$!
n=0
until [ "$(sqlite3 -cmd '.timeout 5000' "$tmp/etc/fleet.db" 'SELECT count(*)
    FROM lease WHERE lease_owner IS NOT NULL')" != 0 ] || [ $n -gt 100 ]; do
	n=$((n + 1))
	sleep 0.02
done
events() { "$keeper" events -d $name -o csv | grep -c wsman.invoked; }
before=$(events)
keep 21 wsman invoke $name AMT_SetupAndConfigurationService CommitChanges --yes
says err 'another process is working on this device'
is 'a call that is not made is no event' "$(events)" "$before"
wait $pid
is 'exit code of the run beside it' $? 0
keep 0 wsman get $name AMT_GeneralSettings

# --- not away, and not refused ---
python3 -c '
import socket
server = socket.create_server(("0.0.0.0", 27993))
print("ready", flush=True)
while True:
    server.accept()[0].sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")' \
    >"$tmp/plain.out" &
pid=$!
wait_for ready plain.out
sqlite3 "$tmp/etc/fleet.db" \
    "UPDATE device SET tls_port = 27993 WHERE name = '$name'"
keep 70 discover $name
says out 'answers without TLS on port 27993'
keep 0 device list --reason tls-disabled -o csv
says out "^$name,"
kill $pid
wait $pid 2>/dev/null
sqlite3 "$tmp/etc/fleet.db" "
    UPDATE device SET tls_port = 26993 WHERE name = '$name';
    DELETE FROM secret WHERE device =
	(SELECT id FROM device WHERE name = '$name')"
keep 20 discover $name
says out 'credentials-missing'
keep 20 wsman get $name AMT_GeneralSettings
says err 'device set'
keep 0 device set $name --password-file "$tmp/right2"
keep 0 discover $name

# --- the daemon ---
mkdir "$tmp/etc/conf.d"
printf 'serve:\n  poll: 1s\n' >"$tmp/etc/conf.d/poll.yaml"
"$keeper" serve -v >"$tmp/serve.out" 2>&1 &
pid=$!
wait_for serve.start
ctl set pc00001 skew-ms 600000
sqlite3 "$tmp/etc/fleet.db" \
    "UPDATE device SET next_due = 1 WHERE name LIKE 'pc00001%'"
wait_for 'device.done device=pc00001.ad.example.test'
says serve.out 'device=pc00001.ad.example.test play=auto outcome=changed'
keep 0 device remove pc00006.ad.example.test --yes
kill -TERM $pid
wait $pid
is 'exit code of serve' $? 0
says serve.out 'event=serve.stop pending=0'
cat "$tmp/serve.out" >>"$tmp/all"

# --- the CA ---
keep 0 ca list --expiring 10y -o json
serial=$(sed -n '/pc00006/d; s/.*"serial":"\([0-9a-f]*\)".*/\1/p' "$tmp/out" |
	head -n 1) # that device's has its turn below
keep 5 ca revoke "$serial"
keep 0 ca revoke "$serial" --reason superseded --yes
keep 4 ca revoke 00ff --yes

# --- a certificate by hand ---
csr() { # FILE NAME [NAME]
	openssl req -new -newkey rsa:2048 -nodes -keyout "$tmp/hand.key" \
	    -subj "/CN=$2" -addext "subjectAltName=DNS:$2${3:+,DNS:$3}" \
	    -out "$tmp/$1" 2>/dev/null
}
fqdn=$("$keeper" ca list -d pc00001.ad.example.test -o csv |
    sed -n '2s/.*dns:\([a-z0-9.-]*ad.example.test\).*/\1/p')
csr hand.csr "$fqdn" "${fqdn%%.*}"
csr other.csr pc99999.ad.example.test pc99999
keep 0 ca sign --check "$tmp/hand.csr" pc00001.ad.example.test
says err 'breaks no rule'
keep 5 ca sign --check "$tmp/other.csr" pc00001.ad.example.test
says err 'pc99999'
keep 0 ca csr check "$tmp/hand.csr" pc00001.ad.example.test
says err 'breaks no rule'
keep 5 ca csr check "$tmp/other.csr" pc00001.ad.example.test
says err 'CSR rule names.subject: CN "pc99999'
keep 20 ca sign "$tmp/hand.key" pc00001.ad.example.test
says err 'no certificate request'
keep 4 ca sign "$tmp/hand.csr" pc77777.ad.example.test
keep 4 ca sign --template none "$tmp/hand.csr" pc00001.ad.example.test
keep 0 ca sign "$tmp/hand.csr" pc00001.ad.example.test --out "$tmp/hand.pem"
openssl req -in "$tmp/hand.csr" -outform DER -out "$tmp/hand.der"
keep 0 ca sign "$tmp/hand.der" pc00001.ad.example.test
is 'the same request gets the same certificate' "$(cat "$tmp/out")" \
    "$(cat "$tmp/hand.pem")"
keep 0 ca chain --all --out "$tmp/all.pem"
is 'OpenSSL takes it' "$(openssl verify -x509_strict -purpose sslserver \
    -CAfile "$tmp/all.pem" "$tmp/hand.pem")" "$tmp/hand.pem: OK"
serial=$(openssl x509 -in "$tmp/hand.pem" -noout -serial | sed 's/.*=//' |
    tr A-F a-f)
keep 0 ca export "$serial"
is 'it comes out as it went in' "$(cat "$tmp/out")" "$(cat "$tmp/hand.pem")"
keep 0 ca export --chain "$serial"
is 'with its chain' "$(grep -c BEGIN "$tmp/out")" 3
keep 4 ca export 0123456789
keep 0 ca export "$(echo "$serial" | tr a-f A-F | sed 's/../&:/g; s/:$//')"
is 'its serial number as others write it' "$(cat "$tmp/out")" \
    "$(cat "$tmp/hand.pem")"
keep 20 ca ocsp ''
cat "$tmp/hand.csr" "$tmp/hand.csr" >"$tmp/two.csr"
keep 20 ca sign "$tmp/two.csr" pc00001.ad.example.test
says err 'more than one block of PEM'
: >"$tmp/empty"
keep 20 ca block add "$tmp/empty"
says err 'no key is in it'
keep 0 ca revoke --yes "$serial"
keep 0 ca sign "$tmp/hand.csr" pc00001.ad.example.test
is 'not the revoked one again' "$(openssl x509 -in "$tmp/out" -noout -serial |
    grep -ci "$serial")" 0
keep 0 ca revoke --yes "$(openssl x509 -in "$tmp/out" -noout -serial |
    sed 's/.*=//' | tr A-F a-f)"
keep 0 ca crl --pem
says out 'BEGIN X509 CRL'
keep 0 ca crl --out "$tmp/ca.crl"
keep 0 ca chain --root
cp "$tmp/out" "$tmp/root.pem"
keep 0 ca chain
cp "$tmp/out" "$tmp/chain.pem"
if openssl verify -CAfile "$tmp/root.pem" "$tmp/chain.pem" >/dev/null &&
    openssl crl -inform DER -in "$tmp/ca.crl" -CAfile "$tmp/chain.pem" \
	-noout 2>&1 | grep -q 'verify OK'; then
	echo 'ok: OpenSSL verifies chain and CRL'
else
	echo 'FAILED: OpenSSL does not verify chain and CRL'
	failed=1
fi

# --- the next issuing CA, by the root here and by one elsewhere ---
keep 4 ca import "$tmp/chain.pem"
says err "no request is open"
keep 0 ca csr --out "$tmp/issuing.csr"
keep 0 ca csr
is 'the open request again' "$(cat "$tmp/out")" "$(cat "$tmp/issuing.csr")"
if openssl req -in "$tmp/issuing.csr" -verify -noout 2>&1 | grep -q OK; then
	echo 'ok: OpenSSL verifies the request'
else
	echo 'FAILED: OpenSSL does not verify the request'
	failed=1
fi
keep 20 ca import "$tmp/chain.pem"
says err 'for the key of our request'
keep 0 ca certify "$tmp/issuing.csr" --out "$tmp/issuing.pem"
keep 5 ca import "$tmp/issuing.pem"
keep 0 ca import "$tmp/issuing.pem" --yes
keep 3 ca health -o csv
says out '^warning,certificate-orphan,pc00006'
keep 0 ca revoke --yes "$(sed -n 's/.*orphan,[^,]*,\([0-9a-f]*\),.*/\1/p' \
    "$tmp/out")"
keep 0 ca health
says err "nothing found"
keep 0 ca show -o csv
says out '^2,active,'
says out '^1,old,'
keep 0 ca csr
openssl ecparam -name secp384r1 -genkey -noout -out "$tmp/root.key"
openssl req -x509 -new -key "$tmp/root.key" -sha384 -days 4000 \
    -subj '/CN=Offline Root' -addext 'basicConstraints=critical,CA:TRUE' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' -out "$tmp/offline.pem"
printf '%s\n' 'basicConstraints=critical,CA:TRUE,pathlen:0' \
    'keyUsage=critical,keyCertSign,cRLSign' 'subjectKeyIdentifier=hash' \
    'authorityKeyIdentifier=keyid' >"$tmp/issuing.ext"
openssl x509 -req -in "$tmp/out" -CA "$tmp/offline.pem" -CAkey "$tmp/root.key" \
    -sha384 -days 3000 -CAcreateserial -extfile "$tmp/issuing.ext" \
    -out "$tmp/issuing.pem" 2>/dev/null
keep 20 ca import "$tmp/issuing.pem" --yes
says err 'lacks the certificate of CN=Offline Root'
cat "$tmp/offline.pem" >>"$tmp/issuing.pem"
keep 0 ca import "$tmp/issuing.pem" --yes
keep 0 ca chain --all
is 'three issuing CAs, each with its root' \
    "$(grep -c 'BEGIN CERT' "$tmp/out")" 6
keep 0 ca crl --pem --issuer 1
keep 4 ca crl --pem --issuer 9
keep 0 ca template check
# What the older ones issued is ours, what is issued now is by the new one.
keep 0 discover --all
keep 0 device show --all -o csv
is 'certificates of the first issuing CA stay ours' \
    "$(keep_count cert_ours true)" "$(keep_count tls_enabled true)"
keep 0 run reissue-certificates pc00001.ad.example.test
keep 0 device show --all -o csv
is 'so is one of the new' "$(keep_count cert_ours true)" \
    "$(keep_count tls_enabled true)"
keep 0 diagnose --all

# A CA whose root was never here.
(
	export AMTKEEPER_CONFIG=$tmp/offline/amtkeeper.yaml
	keep 0 init --dir "$tmp/offline" --offline-root --organisation Example
	keep 0 ca show -o csv
	says out '^1,waiting,'
	keep 12 ca list
	keep 0 ca csr --out "$tmp/away.csr"
	AMTKEEPER_CONFIG=$tmp/etc/amtkeeper.yaml \
	    keep 0 ca certify "$tmp/away.csr" --out "$tmp/away.pem"
	keep 20 ca import "$tmp/away.pem" --yes
	AMTKEEPER_CONFIG=$tmp/etc/amtkeeper.yaml keep 0 ca chain --all
	cat "$tmp/out" >>"$tmp/away.pem"
	keep 0 ca import "$tmp/away.pem" --yes
	keep 0 ca list
	# It is revoked where its root is, and the list is brought here.
	serial=$(openssl x509 -in "$tmp/away.pem" -noout -serial)
	keep 5 ca revoke --yes "${serial#*=}"
	says err 'is not here: "ca revoke FILE"'
	(
		export AMTKEEPER_CONFIG=$tmp/etc/amtkeeper.yaml
		keep 20 ca revoke --yes "$tmp/away.pem"
		says err 'more than one block of PEM'
		openssl x509 -in "$tmp/away.pem" -out "$tmp/alone.pem"
		keep 0 ca revoke --yes --reason superseded "$tmp/alone.pem"
		keep 0 ca crl --root --issuer 2 --pem --out "$tmp/root.crl"
		exit $failed
	) || failed=1
	keep 0 ca health
	keep 0 ca crl --import "$tmp/root.crl"
	keep 0 ca show -o csv
	says out '^1,revoked,'
	keep 3 ca health -o csv
	says out '^bad,issuer-revoked,'
	exit $failed
) || failed=1
is 'no root key was made' "$(find "$tmp/offline" -name '*.root' | wc -l)" 0

# A keytab that is not there.
(
	export AMTKEEPER_CONFIG=$tmp/directory/amtkeeper.yaml
	keep 0 init --dir "$tmp/directory" --realm AD.EXAMPLE.TEST \
	    --domain ad.example.test --dc 127.0.0.1 \
	    --principal svc@AD.EXAMPLE.TEST --keytab "$tmp/nosuch"
	keep 0 config check
	says err "directory.keytab: $tmp/nosuch: No such file"
	keep 0 device add pc.ad.example.test --password-file "$tmp/right"
	keep 10 run auto pc.ad.example.test
	says err "keytab $tmp/nosuch cannot be read"
	exit $failed
) || failed=1

# --- certificate templates ---
keep 0 ca template list -o json
says out '"name":"tls".*"usages":\["server"\],"tls":true'
keep 0 ca template show tls
says out '^keys +RSA-2048 to AMT 21, RSA-3072 or P-384 from AMT 22 on$'
keep 0 ca template check
keep 4 ca template check nothing
keep 2 ca template
cat >>"$tmp/etc/profile.yaml" <<'EOF'
templates:
- {name: tls}
- {name: console, usages: 'amt-remote-console', short_name: false}
- {name: long, validity: 5y, usages: client, max_size: 700}
EOF
keep 3 ca template check -o csv
says out '^console,usage amt-remote-console is worth nothing without client'
says out '^long,"short_name names a server, but usage server is not among'
says out '^long,"a certificate may get [0-9]+ bytes long, max_size is 700"'
is 'one line for each problem' "$(wc -l <"$tmp/out")" 4
keep 3 ca template check long
keep 0 ca template check tls
printf 'revocation:\n  url: http://127.78.0.99:9/pki\n' \
    >"$tmp/etc/conf.d/pki.yaml"
keep 3 ca template check tls -o csv
says out '^,"?certificates name http://127.78.0.99:9/pki/crl/.* refused'
says out '^,"?certificates name http://127.78.0.99:9/pki/ca/.* refused'
says out '^,"?certificates name http://127.78.0.99:9/pki/ocsp, .* refused'
is 'one line for each place' "$(wc -l <"$tmp/out")" 4
keep 0 ca template check tls --offline
rm "$tmp/etc/conf.d/pki.yaml"

# --- keys that are never certified ---
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
    -out "$tmp/leaked.key" 2>/dev/null
openssl pkey -in "$tmp/leaked.key" -pubout -out "$tmp/leaked.pem"
hash=$(openssl pkey -pubin -in "$tmp/leaked.pem" -outform DER |
    sha256sum | cut -d' ' -f1)
keep 0 ca block add "$tmp/leaked.pem" --note 'on a share'
keep 0 ca block add "$hash"
says err '0 keys blocked, 1 were already'
printf '# weak\n%064d debian\nnonsense\n' 7 >"$tmp/list"
keep 20 ca block add "$tmp/list"
says err 'line 3: the SHA-256 of a public key has 64 hex digits'
keep 0 ca block list -o csv
says out "^$hash,.*,on a share"
says out '^0*7,.*,debian'
keep 5 ca block remove "$hash"
keep 0 ca block remove "$hash" --yes
keep 4 ca block remove "$hash" --yes

# --- secrets stay in ---
keep 5 secret show pc00001.ad.example.test
keep 5 secret show pc00001.ad.example.test --reveal
tail -n +2 "$tmp/fleet.csv" | cut -d, -f3 >"$tmp/passwords"
tail -n +2 "$tmp/late.csv" | cut -d, -f2 >>"$tmp/passwords"
if grep -aqFf "$tmp/passwords" "$tmp/all" "$tmp"/etc/*.db*; then
	echo 'FAILED: a password is in the output or a database'
	failed=1
else
	echo 'ok: no password in output or databases'
fi
mv "$tmp/etc/vault.key" "$tmp/key"
keep 11 device list
is 'no key is made in its place' "$([ -e "$tmp/etc/vault.key" ] || echo no)" no
mv "$tmp/key" "$tmp/etc/vault.key"
keep 0 device list -q

exit $failed
