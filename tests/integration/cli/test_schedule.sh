#!/bin/bash
# Schedules on the command line: what runs next, and whether a fleet is served
# in time, with the cases of the maintenance guide.  The fleet's facts are put
# into the store: no device is asked.
#
#	test_schedule.sh AMTKEEPER
set -u
keeper=$1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/scheduletest.XXXXXX")
export AMTKEEPER_CONFIG=$tmp/etc/amtkeeper.yaml NO_COLOR=1 TZ=Europe/Berlin
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/integration/cli/checks.sh
. "$(dirname "$0")/checks.sh"

# --- preview: without any configuration ---
keep 0 schedule preview 'daily at 02:30' --after 2027-03-27 -n 3 -o csv
is 'the gap' "$(cat "$tmp/out")" 'utc,local
2027-03-27T01:30:00Z,2027-03-27T02:30:00+01:00
2027-03-28T01:00:00Z,2027-03-28T03:00:00+02:00
2027-03-29T00:30:00Z,2027-03-29T02:30:00+02:00'
says err '^amtkeeper: schedule: daily at 02:30 missed run$'
keep 0 schedule preview 'daily at 00:00 UTC' --after 2027-03-27 -n 1 -o csv
is 'from then on' "$(sed 1d "$tmp/out")" \
    '2027-03-27T00:00:00Z,2027-03-27T00:00:00+00:00'
keep 0 schedule preview '0 3 * * 1-5 UTC' --after 2026-11-27T12:00:00Z -n 1 -o json
says out '2026-11-30T03:00:00Z'
keep 0 schedule preview 'when reachable'
says err 'does not go by the clock'
keep 20 schedule preview 'daily at 03:00 randm 4h'
says err 'character 16: randm is neither'
keep 2 schedule preview 'daily at 03:00' --after yesterday
says err 'wanted a date as'
printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:x BEGIN:VEVENT UID:1 \
    'DTSTART;VALUE=DATE:20261224' 'DTEND;VALUE=DATE:20261227' END:VEVENT \
    END:VCALENDAR >"$tmp/holidays.ics"
keep 0 schedule preview 'daily at 12:00 UTC missed skip' -n 2 -o csv \
    --after 2026-12-23 --except "$tmp/holidays.ics"
is 'holidays' "$(cut -d , -f 1 "$tmp/out" | tail -n 2 | xargs)" \
    '2026-12-23T12:00:00Z 2026-12-27T12:00:00Z'
says err 'missed skip except 2026-12-24..2026-12-26$'

# --- check: 1,000 devices whose passwords and certificates are of today ---
keep 0 init --dir "$tmp/etc" --realm AD.EXAMPLE.TEST --domain ad.example.test \
    --principal svc-amt@AD.EXAMPLE.TEST --keytab "$tmp/svc.keytab" \
    --ou OU=AMT,DC=ad,DC=example,DC=test
{
	echo name,address
	seq -f 'pc%04g.corp.example,192.0.2.1' 1000
} >"$tmp/fleet.csv"
keep 0 device import -q "$tmp/fleet.csv"
db=
for file in "$tmp"/etc/*.db; do
	sqlite3 "$file" .tables | grep -qw device && db=$file
done
sql() { sqlite3 "$db" "$1"; }
every='every 30 days at 00:00 UTC from '$(date -u +%Y-%m-%d)
keep 4 schedule check "$every"
says err 'no run was measured yet'
keep 4 schedule check "$every" --duration 30s
says err 'of none of these 1000 devices is known when'
sql "UPDATE device SET ad_read_at = 1, ad_dn = 'CN=' || name, ad_uac = 4096,
    ad_password_at = unixepoch('now', 'start of day'), ad_max_age = 42 * 86400,
    cert_not_after = unixepoch('now', 'start of day') + 365 * 86400"

# 42 days, every 30: 12 of grace but for the run, 17 turns of 60 at once.
keep 0 schedule check "$every" --duration 30s --parallel 60 \
    --for ad-password -o csv
is 'twelve days less a run' "$(tail -n 1 "$tmp/out" | cut -d , -f 1-4)" \
    "ad-password,1000,0,$((12 * 86400 - 17 * 30))"
keep 0 schedule check "$every" --duration 30s --parallel 60 --for ad-password
says out '^ad-password +1000 +0 +11d 23h +pc'
says err '1000 devices of 30s each \(as you say\), 60 at once: a run takes 8m 30s'
keep 3 schedule check "${every/30/45}" --duration 30s --for ad-password -o csv
says out '^ad-password,1000,1000,-'
says err '1000 certificates and passwords run out before'
keep 3 schedule check "${every/30/45}" --duration 30s --for ad-password --late -o csv
is 'a row for each' "$(wc -l <"$tmp/out")" 1001
# Only when needed, ten days before: the run after 30 days does nothing.
keep 3 schedule check "$every" --duration 30s --parallel 60 --for ad-password \
    --when-needed -o csv
is 'eighteen days late' "$(tail -n 1 "$tmp/out" | cut -d , -f 1-4)" \
    "ad-password,1000,1000,-$((18 * 86400 + 17 * 30))"
keep 0 schedule check "$every" --duration 30s --parallel 60 --for ad-password -o json
is 'as JSON' "$(jq -c '.[0] | [.runs, .longest, .margin, .late]' "$tmp/out")" \
    "[12,510,$((12 * 86400 - 17 * 30)),0]"
# What a client task renews, and what of that is assigned.
keep 0 schedule check "$every" --duration 30s --parallel 60 -o csv \
    --task renew-ad-password
is 'the same by task' "$(tail -n 1 "$tmp/out" | cut -d , -f 1-4)" \
    "ad-password,1000,0,$((12 * 86400 - 17 * 30))"
keep 3 schedule check "$every" --duration 30s --task amt-maintenance -o csv
says out '^ad-password,1000,1000,-' # that one is when needed
keep 4 schedule check "$every" --duration 30s --task collect-properties
says err 'renews nothing that runs out'
keep 0 device set pc0007.corp.example --group 'Lab\North'
keep 0 schedule check "$every" --duration 30s --group Lab -o csv --for ad-password
is 'of a group' "$(tail -n 1 "$tmp/out" | cut -d , -f 1-5)" \
    "ad-password,1,0,$((12 * 86400 - 30)),pc0007.corp.example"
keep 3 task assign renew-ad-password --all --schedule "${every/30/45}" \
    --check --duration 30s
says err 'renew-ad-password|Renew AD password: not assigned'
keep 0 task assignments -o json
is 'not assigned' "$(jq length "$tmp/out")" 0
keep 0 task assign renew-ad-password --all --schedule "$every" --check --duration 30s
says err 'a run takes [0-9]+m'
keep 0 task assignments -o json
is 'assigned' "$(jq length "$tmp/out")" 1
keep 0 schedule check "$every" --duration 30s --query '(eq NodeName pc0007.corp.example)' -o csv
says out '^certificates,1,0,'
# Yearly on the first Thursday of November: once 371 days apart.
keep 3 schedule check 'monthly on first thu of nov at 03:00 Europe/Berlin' \
    --duration 30s --for certificates -o csv
keep 0 schedule check 'monthly on first thu of nov,may at 03:00 Europe/Berlin' \
    --duration 30s --for certificates -o csv
sed -i 's/^  #max_age: .*/  max_age: 0/' "$tmp/etc/profile.yaml"
keep 10 schedule check "$every" --duration 30s --for admin-password
says err 'keeps no admin-password'
keep 0 task add 'New admin passwords' --task renew-admin-password
keep 4 schedule check "$every" --duration 30s --task 'New admin passwords'
says err 'renews what the profile does not keep'
keep 20 schedule check 'once on 2020-01-01 at 03:00' --duration 30s
says err 'never runs again'
keep 20 task assign renew-ad-password --all --duration 30s --check \
    --schedule 'daily at 03:00 missed skip only mon 05:00-06:00'
says err 'windows and exceptions leave no time'
keep 3 schedule check "$every stop after 5m" --duration 30s --parallel 60 --for ad-password
says err 'leave 400 devices out'
keep 2 schedule check 'when reachable' --duration 30s
says err 'does not go by the clock'

# --- as measured: in runs, else in the journal ---
sql "INSERT INTO intent (device, play, step, args, outcome, attempts, opened_at,
    ended_at, result) SELECT id, 'p', 's', '{}', 'done', 1, 1000, 1019, ''
    FROM device LIMIT 50" || failed=1
keep 0 schedule check "$every" --parallel 60 --for ad-password
says err '1000 devices of 20s each \(95 of 100'
sql "INSERT INTO run (name, type, settings, source, actor, target, occurrence,
    created_at, done) VALUES ('r', 't', '{}', 0, 'a', 4, 0, 1, 200);
    INSERT INTO run_item (run, device, name, not_before, state, ms)
    SELECT 1, id, name, 0, 2, CASE WHEN id <= 192 THEN 5000 ELSE 600000 END
    FROM device WHERE id <= 200" || failed=1
keep 0 schedule check "$every" --parallel 60 --for ad-password
says err '1000 devices of 5s each \(95 of 100'
exit $failed
