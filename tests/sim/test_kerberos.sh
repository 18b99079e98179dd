#!/bin/bash
# Kerberos against a real domain controller: names, keys, clock, replay, SIDs.
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${LAB_DIR:-}" ]; then
	lab=$here/../lab/labrun
	[ -x "$lab" ] && command -v samba >/dev/null || exit 77
	exec "$lab" bash "$0" "$@"
fi
# shellcheck source=lib.sh
. "$here/lib.sh"
negotiate=$2
start_sim --devices 2 --firmware 16.1.25 --domain "$LAB_DOMAIN" \
    --realm "$LAB_REALM"
host=pc00000.$LAB_DOMAIN

# --- the device's account ----------------------------------------------------
fresh() { kdestroy -q 2>/dev/null; kinit -k -t "$1" "$2"; }
modify() { # LDIF on stdin
	ldapmodify -Q -Y GSSAPI -H "ldap://$LAB_DC" >"$tmp/ldap" 2>&1 ||
		{ cat "$tmp/ldap"; return 1; }
}
unicode() { printf '"%s"' "$1" | iconv -t UTF-16LE | base64 -w 0; }
create() {
	modify <<-EOF
	dn: CN=pc00000-iME,$LAB_OU
	changetype: add
	objectClass: computer
	sAMAccountName: pc00000-iME\$
	userAccountControl: 4096
	servicePrincipalName: HTTP/$host:16992
	servicePrincipalName: HTTP/$host:16993
	msDS-SupportedEncryptionTypes: 28
	unicodePwd:: $(unicode "$1")
	EOF
}
set_password() {
	modify <<-EOF
	dn: CN=pc00000-iME,$LAB_OU
	changetype: modify
	replace: unicodePwd
	unicodePwd:: $(unicode "$1")
	EOF
}
fresh "$LAB_KEYTAB" "$LAB_PRINCIPAL"
ok "account" create Dev1ce-Passw0rd
salt=${LAB_REALM}hostpc00000-ime.$LAB_DOMAIN

# --- the device's settings ---------------------------------------------------
put_kerberos() { # PASSPHRASE
	local class=AMT_KerberosSettingData body
	body="<h:$class xmlns:h=\"$ns/$class\"><h:ElementName>Intel(r) AMT: Kerberos Settings</h:ElementName>"
	body+="<h:InstanceID>Intel (r) AMT: Kerberos Settings</h:InstanceID>"
	body+="<h:IterationCount>4096</h:IterationCount><h:KeyVersion>1</h:KeyVersion><h:KrbEnabled>true</h:KrbEnabled>"
	body+="<h:MaximumClockTolerance>5</h:MaximumClockTolerance>"
	body+="<h:Passphrase>$1</h:Passphrase><h:RealmName>$LAB_REALM</h:RealmName><h:Salt>$salt</h:Salt></h:$class>"
	post pc00000 "$(envelope $class \
	    http://schemas.xmlsoap.org/ws/2004/09/transfer/Put "$body")"
}
sid() { # S-1-5-21-...: base64 of the binary form
	local part hex='\x01' n=0
	local IFS=-
	# shellcheck disable=SC2086
	set -- ${1#S-1-}
	hex+=$(printf '\\x%02x\\x00\\x00\\x00\\x00\\x00\\x%02x' $(($# - 1)) "$1")
	shift
	for part; do
		for n in 0 8 16 24; do
			hex+=$(printf '\\x%02x' $((part >> n & 255)))
		done
	done
	printf '%b' "$hex" | base64 -w 0
}
is "Kerberos is off" "$(curl -sk -i -X POST \
    "https://$(address pc00000):$tls/wsman" | grep -c Negotiate)" 0
is "Kerberos settings" "$(put_kerberos Dev1ce-Passw0rd)" 200
is "Kerberos is on" "$(curl -sk -i -X POST \
    "https://$(address pc00000):$tls/wsman" | grep -c '^WWW-Authenticate: Negotiate')" 1
is "group in the ACL" "$(post pc00000 "$(invoke AMT_AuthorizationService \
    AddUserAclEntryEx "<r:KerberosUserSid>$(sid "$LAB_ADMINS_SID")</r:KerberosUserSid><r:AccessPermission>2</r:AccessPermission><r:Realms>3</r:Realms>")")" 200
like "is set" "$(cat "$tmp/answer")" 'ReturnValue>0<'

# --- logins -------------------------------------------------------------------
login() { # [HOST:PORT]: status, and what the client thinks
	local token answer from to helper
	coproc "$negotiate" "${1:-$host:16993}"
	helper=$COPROC_PID
	exec {from}<&"${COPROC[0]}" {to}>&"${COPROC[1]}"
	read -r -t 30 -u "$from" token
	printf %s "$token" >"$tmp/token"
	use_token
	answer=$(tr -d '\r' <"$tmp/head" |
	    sed -n 's/^WWW-Authenticate: Negotiate \(.*\)/\1/p')
	printf '%s\n' "$answer" >&"$to"
	read -r -t 30 -u "$from" answer
	exec {from}<&- {to}>&-
	result="$code $answer"
	wait "$helper" 2>/dev/null
}
use_token() {
	code=$(printf %s "$get_settings" | curl -sk -o "$tmp/answer" \
	    -D "$tmp/head" -w '%{http_code}' --max-time $patience -H Expect: \
	    -H "Authorization: Negotiate $(cat "$tmp/token")" --data-binary @- \
	    "https://$(address pc00000):$tls/wsman") || code=000
}

fresh "$LAB_OPERATOR_KEYTAB" "$LAB_OPERATOR_PRINCIPAL"
login
is "operator, mutual" "$result" "200 complete"
login
is "the same ticket again" "$result" "200 complete"
use_token
is "a replay" "$code" 401
is "is told" "$(field pc00000 last_client_error)" "ticket: replayed"
login "$host:16992"
is "another of the six names" "$result" "200 complete"

fresh "$LAB_NONE_KEYTAB" "$LAB_NONE_PRINCIPAL"
login
is "not in the ACL" "$result" "401 incomplete"
is "is told" "$(field pc00000 last_client_error)" \
    "ticket: no SID is in the device's ACL"

fresh "$LAB_OPERATOR_KEYTAB" "$LAB_OPERATOR_PRINCIPAL"
ctl set pc00000 skew-ms 240000 >"$tmp/out2"
login
is "clock 4 minutes fast" "$result" "200 complete"
ctl set pc00000 skew-ms 360000 >"$tmp/out2"
login
is "clock 6 minutes fast" "$result" "401 incomplete"
like "is told" "$(field pc00000 last_client_error)" "clock skew"
ctl set pc00000 skew-ms -86400000 >"$tmp/out2"
login
is "clock a day slow" "$result" "401 incomplete"
ctl set pc00000 skew-ms 315360000000 >"$tmp/out2"
login
is "clock ten years fast" "$result" "401 incomplete"
ctl set pc00000 skew-ms 0 >"$tmp/out2"

# --- devices that are wrong on purpose ------------------------------------------
wrongly() { ctl clear >"$tmp/out2"; ctl fault "pc00000 * $1" >"$tmp/out2"; }
wrongly no-answer
login
is "no answer token" "$result" "200 incomplete"
fresh "$LAB_NONE_KEYTAB" "$LAB_NONE_PRINCIPAL"
login
is "but the ticket is looked at" "$result" "401 incomplete"
for action in any-ticket forged-answer junk-answer; do
	wrongly $action
	login
	is "$action lets anybody in and convinces nobody" "$result" \
	    "200 incomplete"
	fresh "$LAB_OPERATOR_KEYTAB" "$LAB_OPERATOR_PRINCIPAL"
	login
	is "$action without looking" "$result" "200 incomplete"
	fresh "$LAB_NONE_KEYTAB" "$LAB_NONE_PRINCIPAL"
done
ctl clear >"$tmp/out2"
login
is "as before" "$result" "401 incomplete"

fresh "$LAB_KEYTAB" "$LAB_PRINCIPAL"
ok "new password" set_password Next-Passw0rd1
fresh "$LAB_OPERATOR_KEYTAB" "$LAB_OPERATOR_PRINCIPAL"
login
is "new ticket, old key" "$result" "401 incomplete"
is "is told" "$(field pc00000 last_client_error)" \
    "ticket: encrypted with another key"
is "new key" "$(put_kerberos Next-Passw0rd1)" 200
login
is "whatever the kvno" "$result" "200 complete"
is "nothing was a wrong password" "$(field pc00000 wrong_credentials)" 0
done_testing
