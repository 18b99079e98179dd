#!/bin/bash
# The query language on the command line: what a person asks, saves and gets
# wrong, and a query joined with a task against simulated firmware.
#
#	test_query.sh AMTKEEPER AMTKEEPER-SIM
set -u
keeper=$1
sim=$2
tmp=$(mktemp -d "${TMPDIR:-/tmp}/querytest.XXXXXX")
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

"$sim" --devices 10 --first 127.79.0.1 --state "$tmp/sim" \
    --control "$tmp/ctl" --write-fleet "$tmp/fleet.csv" --drift mixed \
    >"$tmp/sim.out" 2>"$tmp/sim.err" &
sim_pid=$!
for _ in $(seq 3000); do
	grep -q ready "$tmp/sim.out" 2>/dev/null && break
	kill -0 $sim_pid 2>/dev/null || { cat "$tmp/sim.err" && exit 1; }
	sleep 0.1
done

keep 0 init --dir "$tmp/etc"
keep 0 device import "$tmp/fleet.csv"

# well_formed: is $tmp/out XML, and HTML that loads and runs nothing?
well_formed() {
	if python3 - "$tmp/out" <<'EOF'
import html.parser
import sys
import xml.dom.minidom

text = open(sys.argv[1], encoding="utf-8").read()
xml.dom.minidom.parseString(text)
tags, bad = {}, []


class Look(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        tags[tag] = tags.get(tag, 0) + 1
        bad.extend(a for a, _ in attrs
                   if a in ("src", "href", "style") or a.startswith("on"))


Look().feed(text)
bad += [t for t in ("script", "link", "img", "iframe") if t in tags]
assert not bad, bad
assert tags["tr"] > 1 and tags["svg"] > 0, tags
EOF
	then
		echo "ok: a page"
	else
		echo "FAILED: no page"
		failed=1
	fi
}

# --- before anything was read ---
keep 0 query never-maintained -o csv
is 'all of them' "$(wc -l <"$tmp/out")" 11
says out '^EPOLeafNode.NodeName,EPOLeafNode.LastUpdate,AMT_CustomProps.Vers'
keep 0 discover -q
keep 0 query certificates-by-expiry -o html
well_formed
says out '>AMT_CustomProps.CertExpires, by week<'
keep 0 query systems-by-tls-state -o html
well_formed
keep 2 device list -o html
says err 'html is for the command "query"'
keep 0 query 'Clock Skew' -o json
skewed=$(jq -r '.[]."EPOLeafNode.NodeName"' "$tmp/out")
is 'some clocks are off' "$(echo "$skewed" | grep -c '^pc')" \
    "$("$keeper" device list --reason clock-skew -o csv | grep -c '^pc')"
says out '"AMT_CustomProps.ClockRead":"20'

# --- the query and the task ---
keep 0 run sync-clock --query clock-skew
says err " $(echo "$skewed" | wc -l) changed, 0 failed"
keep 0 query clock-skew
says err 'nothing to show'
keep 4 run sync-clock --query clock-skew
says err 'no device matches'
keep 0 device list -o csv \
    --query '(olderThan AMT_CustomProps.CertExpires -31536000000)'
keep 0 device list -o csv --query '(notBlank AMT_CustomProps.LastRun)'
is 'those that were repaired' "$(grep -c '^pc' "$tmp/out")" \
    "$(echo "$skewed" | wc -l)"
keep 0 device list -o csv 'pc0000[0-4]*' --query '(gt AutoID 3)'
is 'patterns and a query narrow each other' \
    "$(grep -c '^pc' "$tmp/out")" 2
keep 20 run auto --query systems-by-tls-state
says err 'rows of groups are no rows of EPOLeafNode'

# --- a device that is away: the guide's first query ---
"$sim" --ctl "$tmp/ctl" set pc00000 offline >/dev/null || failed=1
keep 0 diagnose -q pc00000.ad.example.test
keep 0 query amt-communication-errors -o csv
says out '^pc00000.*,Failed to enforce policy: '

# --- clauses ---
keep 0 query --table AMT_CustomProps --select 'TLS (count)' --group TLS \
    --order '(desc (count))'
says out '^TLS +COUNT$'
keep 0 query --select NodeName --order '(desc NodeName)' --top 1 -o csv
is 'the last one' "$(tail -n 1 "$tmp/out")" pc00009.ad.example.test
keep 0 query --table EPOBranchNode
says out 'My Organization'

# --- tags and the tree ---
keep 0 tag add AMT-CommError --query amt-communication-errors
says err '1 devices changed, 0 were so already'
keep 0 tag exclude VIP pc00001.ad.example.test
keep 0 tag add vip 'pc0000[12]*'
says err '1 devices changed, 1 were so already'
keep 0 tag list -o csv
says out '^2,VIP,1,1$'
keep 0 query '(and (hasTag AppliedTags VIP) (doesNotHaveTag AppliedTags x))' \
    -o csv
says out '^3,pc00002.ad.example.test,1,.*,VIP,VIP,$'
keep 0 query "(hasTagExcluded AppliedTags 'vip')" -o csv
says out '^2,pc00001'
keep 5 tag remove VIP
keep 4 tag remove nosuch --all
keep 20 tag add 'a,b'
keep 0 tag remove VIP --all
keep 0 tag delete VIP --yes
keep 0 query '(doesNotHaveAnyTag AppliedTags)' -o csv
is 'all but the one away' "$(grep -c ,pc "$tmp/out")" 9
keep 0 device set pc00003.ad.example.test --group 'Berlin/Lab'
says err 'changed group'
keep 20 device set pc00003.ad.example.test --group 'Berlin//Lab'
printf 'name,group\npc00004.ad.example.test,my organization\\berlin\n' \
    >"$tmp/groups.csv"
printf 'pc00005.ad.example.test,a\\\\b\n' >>"$tmp/groups.csv"
keep 3 device import "$tmp/groups.csv" --update -o csv
says out '^2,pc00004.ad.example.test,changed,group,$'
says out '^3,.*,bad,.*group: a name in the path is empty'
keep 0 query --select 'NodeName EPOBranchNode.NodeTextPath' \
    --where '(descendsFrom ParentID 2)' --order NodeName -o csv
is 'two below Berlin' "$(tail -n 2 "$tmp/out" | cut -d . -f 1 | xargs)" \
    'pc00003 pc00004'
says out '^pc00004.ad.example.test,My Organization.Berlin$'

# --- saved ---
keep 0 query save 'Old firmware' --select 'NodeName AMT_CustomProps.Version' \
    --where '(lt AMT_CustomProps.MajorVersion 99)' --description 'all of it'
keep 21 query save 'old FIRMWARE'
keep 0 query save 'old firmware' --select NodeName --replace
keep 0 query 'OLD firmware' -o csv
is 'it was replaced' "$(head -n 1 "$tmp/out")" EPOLeafNode.NodeName
keep 0 query list -o csv
says out '^100,.*,EPOLeafNode,yes,'
keep 0 query show 'Old firmware'
says out '^sql +SELECT d.name'
keep 20 query save bad --where '(eq Nothing 1)'
keep 0 query remove 'old firmware'
keep 4 query 'Old firmware'
keep 5 query remove clock-skew

# --- imported ---
cat >"$tmp/export.xml" <<'END'
<list id="1">
  <query id="2">
    <name>Certs &amp; names</name>
    <description>from a console</description>
    <target>EPOLeafNode</target>
    <table-uri>query:table?orion.table.columns=EPOLeafNode.NodeName%3AAMT_CustomProps.DNSName&amp;orion.table.order.by=EPOLeafNode.NodeName&amp;orion.table.order=desc</table-uri>
    <condition-uri>query:condition?orion.condition.sexp=%28+where+%28+startsWith+EPOLeafNode.NodeName+%22pc0000%22+%29+%29</condition-uri>
    <summary-uri>query:summary?orion.query.type=table.table&amp;orion.sum.query=false</summary-uri>
  </query>
  <query id="3">
    <property name="name">Older</property>
    <property name="target">EPOLeafNode</property>
    <property name="tableURI">query:table?orion.table.columns=EPOLeafNode.NodeName</property>
    <property name="conditionURI">query:condition?orion.condition.sexp=%28where%20%28eq%20EPOLeafNode.NodeName+%22pc00001.ad.example.test%22%29%29</property>
  </query>
  <query><name>Events</name><target>EPOEvents</target></query>
  <query>
    <name>Versions</name>
    <target>EPOLeafNode</target>
    <summary-uri>query:summary?orion.query.type=pie.pie&amp;orion.sum.query=true&amp;orion.sum.group.by=AMT_CustomProps.Version&amp;orion.sum.order=desc&amp;pie.slice.title=x</summary-uri>
  </query>
</list>
END
keep 3 query import "$tmp/export.xml" -o csv
says out '^Certs & names,EPOLeafNode,saved,,$'
says out '^Events,EPOEvents,bad,.*no table in EPOEvents'
says out '^Versions,EPOLeafNode,saved,,not taken: pie.slice.title$'
says err '3 queries saved, 1 passed over'
keep 0 query show versions
says out '^group +\(group AMT_CustomProps.Version\)'
says out '^chart +pie'
keep 0 query versions -o html
well_formed
says out '<(path|circle) class="slice0"'
keep 0 query versions -o html --chart line
says out '<polyline'
keep 20 query versions -o html --chart cake
keep 20 query save cake --chart cake
keep 0 query runs-by-result -o csv
says out '^AMT_RunItems.Result,count'
keep 0 query '(versionGe AMT_CustomProps.Version 1)' -o csv
is 'all have a version' "$(wc -l <"$tmp/out")" 11
keep 0 query '(isInSubnet AMT_CustomProps.IPAddress "127.79.0.0/16")' -o csv
is 'all are there' "$(wc -l <"$tmp/out")" 11
keep 0 query 'certs & names' -o csv
is 'the imported order' "$(sed -n 2p "$tmp/out" | cut -d . -f 1)" pc00009
keep 0 query Older -o csv
is 'the imported condition' "$(tail -n 1 "$tmp/out")" pc00001.ad.example.test
keep 3 query import "$tmp/export.xml" -q
says out 'is saved already'
keep 3 query import "$tmp/export.xml" --replace
printf '<list/>' >"$tmp/empty.xml"
keep 20 query import "$tmp/empty.xml"
printf '<!DOCTYPE x [<!ENTITY a "b">]><list><query/></list>' >"$tmp/dtd.xml"
keep 20 query import "$tmp/dtd.xml"

# --- what goes wrong ---
keep 2 query
keep 2 query clock-skew --where '(eq AutoID 1)'
says err 'a saved query goes without'
keep 2 query '(eq AutoID 1)' --where '(eq AutoID 1)'
says err 'one of them'
keep 0 query '(eq AutoID 1)' --select NodeName --order '(desc NodeName)' -o csv
is 'a condition beside options' "$(cat "$tmp/out")" "$(printf 'EPOLeafNode.NodeName\npc00000.ad.example.test')"
keep 20 query '(eq NodeNmae x)'
says err 'where, character 5: no column of EPOLeafNode in NodeNmae; near: Node'
keep 20 query '(eq NodeName x'
says err 'character 1: the parenthesis that opens here is never closed'
keep 1 query "$(printf '%0100d' 0 | tr 0 '(')"
says err 'nested more than 64 deep'
keep 1 query "('$(head -c 100000 /dev/zero | tr '\0' x)"
says err 'longer than so many bytes'
keep 4 query tables Nothing
keep 0 query tables epoleafnode
says out '^EPOLeafNode +ManagedState +enum +'
keep 0 query operators -o json
is 'the language' "$(jq '[.[].operator] | index("newerThanFull") != null' \
    "$tmp/out")" true
keep 0 events --verify

# --- the audit chain: which query, which tag ---
keep 0 events -o json
of_kind() {
	jq -r "[.[] | select(.kind == \"$1\") | .detail | fromjson.$2] | unique
	    | join(\",\")" "$tmp/out"
}
is 'queries that were saved' "$(of_kind query.saved query)" \
    'Certs & names,Old firmware,Older,Versions,old firmware'
is 'the one that was removed' "$(of_kind query.removed query)" 'old firmware'
is 'tags that were made' "$(of_kind tag.created tag)" 'AMT-CommError,VIP'
is 'the tag by its name' "$(of_kind tag.deleted tag)" VIP

exit $failed
