# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154
# Sourced by test_*.sh: a simulator of our own, and HTTP spoken by hand so that
# requests can be wrong on purpose.  $1 of the test is the simulator's path.
set -u
trap '' PIPE # peers hang up here
SIM=$1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/simtest.XXXXXX")
sim_pid=
failed=0
# Seconds for what must come: no measure, a loaded machine has all of them.
patience=300
trap 'stop_sim; rm -rf "$tmp"' EXIT

ok() { # TEXT COMMAND...
	local text=$1
	shift
	if "$@"; then
		echo "ok: $text"
	else
		echo "FAILED: $text"
		failed=1
	fi
}

is() { # TEXT GOT WANTED
	if [ "$2" = "$3" ]; then
		echo "ok: $1"
	else
		echo "FAILED: $1: got '$2', wanted '$3'"
		failed=1
	fi
}

like() { # TEXT GOT REGEX
	if [[ $2 =~ $3 ]]; then
		echo "ok: $1"
	else
		echo "FAILED: $1: got '$2', wanted /$3/"
		failed=1
	fi
}

done_testing() {
	if [ -n "$sim_pid" ]; then # under a sanitizer leaks show here
		stop_sim
		is "the simulator ends cleanly" "$stop_status" 0
		cat "$tmp/err"
	fi
	exit $failed
}

# Ports are kept over a restart, so that addresses stay the same.
base=$((20000 + $$ % 5000 * 2))
plain=$base
tls=$((base + 1))

start_sim() { # OPTION...
	local n=0
	: >"$tmp/out" # or the "ready" of an earlier one would do
	"$SIM" --state "$tmp/state" --control "$tmp/ctl" \
	    --port-plain $plain --port-tls $tls --key-pool "$tmp/pool" \
	    --write-fleet "$tmp/fleet.csv" "$@" >"$tmp/out" 2>"$tmp/err" &
	sim_pid=$!
	until grep -q ready "$tmp/out"; do
		n=$((n + 1))
		if [ $n -gt $((20 * patience)) ] || ! kill -0 $sim_pid 2>/dev/null; then
			echo "the simulator does not start:"
			cat "$tmp/err"
			sim_pid=
			exit 1
		fi
		sleep 0.05
	done
}

stop_sim() { # [SIGNAL]; sets stop_status
	stop_status=
	[ -n "$sim_pid" ] || return 0
	kill "-${1:-TERM}" "$sim_pid" 2>/dev/null
	wait "$sim_pid" 2>/dev/null
	stop_status=$?
	sim_pid=
}

ctl() { "$SIM" --ctl "$tmp/ctl" "$@"; }
field() { # DEVICE NAME: a number, word or string of "get"
	ctl get "$1" | sed -n "s/.*[{,]\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p"
}
column() { # DEVICE N
	awk -F, -v d="$1" -v n="$2" 'index($1, d) == 1 { print $n }' \
	    "$tmp/fleet.csv"
}
address() { column "$1" 2; }
password() { column "$1" 3; }

md5() { printf %s "$1" | md5sum | cut -c1-32; }

ns=http://intel.com/wbem/wscim/1/amt-schema/1
envelope() { # CLASS ACTION-URI BODY
	local soap=http://www.w3.org/2003/05/soap-envelope
	local addr=http://schemas.xmlsoap.org/ws/2004/08/addressing
	local wsman=http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd
	printf %s "<?xml version=\"1.0\" encoding=\"utf-8\"?>" \
	    "<s:Envelope xmlns:s=\"$soap\" xmlns:a=\"$addr\"" \
	    " xmlns:w=\"$wsman\"><s:Header><a:Action>$2</a:Action>" \
	    "<a:To>/wsman</a:To><w:ResourceURI>$ns/$1</w:ResourceURI>" \
	    "<a:MessageID>7</a:MessageID><a:ReplyTo><a:Address>" \
	    "$addr/role/anonymous</a:Address></a:ReplyTo></s:Header>" \
	    "<s:Body>$3</s:Body></s:Envelope>"
}
get_settings=$(envelope AMT_GeneralSettings \
    http://schemas.xmlsoap.org/ws/2004/09/transfer/Get '')
invoke() { # CLASS METHOD PARAMETERS
	envelope "$1" "$ns/$1/$2" \
	    "<r:$2_INPUT xmlns:r=\"$ns/$1\">$3</r:$2_INPUT>"
}

post() { # DEVICE BODY [CURL-OPTION...]: the status, "000" for no answer
	local device=$1 body=$2 code
	shift 2
	code=$(printf %s "$body" | curl -sk -o "$tmp/answer" \
	    -w '%{http_code}' --max-time $patience --digest \
	    -u "admin:$(password "$device")" -H Expect: \
	    -H 'Content-Type: application/soap+xml' --data-binary @- "$@" \
	    "${scheme:-https}://$(address "$device"):$tls/wsman") || code=000
	printf %s "$code"
}

# --- by hand ----------------------------------------------------------------
# A connection is descriptors $in and $out.
dial() { # DEVICE
	exec {in}<>"/dev/tcp/$(address "$1")/$plain"
	out=$in
}
dial_tls() { # DEVICE
	coproc openssl s_client -quiet -legacy_server_connect -cipher \
	    DEFAULT:@SECLEVEL=0 -connect "$(address "$1"):$tls" 2>/dev/null
	# copies, for bash closes its own when openssl ends
	exec {in}<&"${COPROC[0]}" {out}>&"${COPROC[1]}"
	tls_pid=$COPROC_PID
}
hang_up() {
	exec {in}>&-
	in=
}
hang_up_tls() {
	kill "$tls_pid" 2>/dev/null
	wait "$tls_pid" 2>/dev/null
	exec {in}<&- {out}>&-
	in=
}

# One answer from $in into status, head, body and raw (the body as sent).
receive() {
	local line length='' chunked='' size data
	status='' head='' body='' raw=''
	IFS= read -r -t $patience -u "$in" line || return 1
	line=${line%$'\r'}
	status=${line#HTTP/1.1 }
	status=${status%% *}
	while IFS= read -r -t $patience -u "$in" line; do
		line=${line%$'\r'}
		[ -n "$line" ] || break
		head+=$line$'\n'
		case $line in
		"Content-Length: "*) length=${line#*: } ;;
		"Transfer-Encoding: chunked") chunked=1 ;;
		esac
	done
	if [ -n "$chunked" ]; then
		while IFS= read -r -t $patience -u "$in" size; do
			size=${size%$'\r'}
			raw+="$size "
			data=
			[ "$size" = 0 ] || LC_ALL=C IFS= read -r -t $patience \
			    -N $((16#$size)) -u "$in" data
			body+=$data
			IFS= read -r -t $patience -u "$in" line
			[ "$size" != 0 ] || break
		done
	elif [ "${length:-0}" -gt 0 ]; then
		LC_ALL=C IFS= read -r -t $patience -N "$length" -u "$in" body
	fi
}
closed() { # a time-out has another status
	read -r -t $patience -N 1 -u "$in" _ 2>/dev/null
	[ $? = 1 ]
}

challenge() { # DEVICE: realm and nonce from a connection of its own
	local was=${in:-}
	dial "$1"
	printf 'POST /wsman HTTP/1.1\r\nHost: x\r\n\r\n' >&"$out"
	receive
	realm=$(sed -n 's/.*realm="\([^"]*\)".*/\1/p' <<<"$head")
	nonce=$(sed -n 's/.*nonce="\([^"]*\)".*/\1/p' <<<"$head")
	hang_up
	in=$was
	out=$was
}

# The value of Authorization; everything may be overridden by a variable.
digest() { # NC BODY
	local nc=$1 body=$2 ha1 ha2 response
	local u=${user:-admin} q=${qop:-auth} m=${method:-POST}
	local p=${uri:-/wsman} c=${cnonce:-0a4f113b}
	ha1=$(md5 "$u:$realm:$secret")
	ha2=$(md5 "$m:$p")
	[ "$q" = auth ] || ha2=$(md5 "$m:$p:$(md5 "$body")")
	response=$(md5 "$ha1:$nonce:$nc:$c:$q:$ha2")
	printf 'Digest username="%s", realm="%s", nonce="%s", uri="%s", ' \
	    "$u" "$realm" "$nonce" "$p"
	printf 'qop=%s, nc=%s, cnonce="%s", response="%s"' "$q" "$nc" "$c" \
	    "${forced_response-$response}"
}

send() { # NC BODY: one authenticated request on the open connection
	local header
	header=$(digest "$1" "$2")
	printf '%s /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n%s%d\r\n\r\n%s' \
	    "${method:-POST}" "$header" 'Content-Length: ' "${#2}" "$2" \
	    >&"$out"
}
