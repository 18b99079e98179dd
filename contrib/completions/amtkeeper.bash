# bash completion for amtkeeper; made by "amtkeeper help --completion"
_amtkeeper()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]}
	local word command= words= options=
	COMPREPLY=()
	case $prev in
	--config) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--output) COMPREPLY=($(compgen -W "table json csv html" -- "$cur"))
		return ;;
	--dir) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--state) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--keytab) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--pin-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--root-pin-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--password-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--token-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--ca-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--cert-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--key-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--password-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--from) COMPREPLY=($(compgen -W "csv dmt meshcentral" -- "$cur"))
		return ;;
	--passwords) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--ca) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--password-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--type) COMPREPLY=($(compgen -W "amt-maintenance collect-properties enforce-profile" -- "$cur"))
		return ;;
	--when) COMPREPLY=($(compgen -W "needed always automatic" -- "$cur"))
		return ;;
	--state) COMPREPLY=($(compgen -W "queued running paused aborted ended" -- "$cur"))
		return ;;
	--outcome) COMPREPLY=($(compgen -W "ok changed waiting failed parked offline busy skipped" -- "$cur"))
		return ;;
	--file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--password-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--except) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--for) COMPREPLY=($(compgen -W "certificates ad-password admin-password" -- "$cur"))
		return ;;
	--password-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--to) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--password-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--out) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--out) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--out) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--out) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--import) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--out) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--request) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--out) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--reason) COMPREPLY=($(compgen -W "unspecified key-compromise affiliation-changed superseded cessation-of-operation privilege-withdrawn" -- "$cur"))
		return ;;
	--out) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--secret-file) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--to) COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		-*) ;;
		*) command="${command:+$command }$word" ;;
		esac
	done
	case $command in
	'') words="init serve device discover diagnose plan run query tag journal events task runs server-task mail schedule user epo ca krb directory wsman forward config secret version help" ;;
	"device") words="add set import list show remove" ;;
	"query") words="list show save remove import tables operators" ;;
	"tag") words="list add exclude remove delete" ;;
	"task") words="list types show add set remove assign assignments enable disable unassign run" ;;
	"runs") words="list show items messages wait pause resume purge abort" ;;
	"server-task") words="list actions show add set enable disable remove run log import export" ;;
	"mail") words="password test" ;;
	"schedule") words="preview check" ;;
	"user") words="add set list remove sets token" ;;
	"user token") words="add list remove" ;;
	"epo") words="login test sync status accept" ;;
	"ca") words="init show chain csr import certify rollover cross sign csr helper export list crl ocsp check health revoke block template bridge" ;;
	"ca csr") words="check" ;;
	"ca block") words="add list remove" ;;
	"ca template") words="list show check" ;;
	"ca bridge") words="list test pending hasten" ;;
	"krb") words="status check keytab" ;;
	"krb keytab") words="export" ;;
	"directory") words="audit repair delegate" ;;
	"wsman") words="get enum invoke decode" ;;
	"forward") words="status test secret dead again drop" ;;
	"config") words="check show example" ;;
	"secret") words="show" ;;
	run|plan) words="sync-clock sync-network reissue-certificates renew-ad-password sync-ad-object renew-admin-password enforce-profile auto" ;;
	esac
	case $command in
	run\ *) command=run ;;
	plan\ *) command=plan ;;
	esac
	case $command in
	"init") options=" --dir --state --organisation --offline-root --realm --domain --dc --ou --principal --keytab --key --pin-file --root-key --root-pin-file" ;;
	"serve") options="" ;;
	"device add") options=" --address --password-file --uuid --os-host --os-domain --site --group --tls --plain --pin --server --token-file --ca-file --cert-file --key-file" ;;
	"device set") options=" --address --uuid --os-host --os-domain --site --group --password-file --ask-password --tls --forget-identity --server --token-file --ca-file --cert-file --key-file" ;;
	"device import") options=" --from --update --passwords --strict --plain --ca --user --password-file --server --token-file --ca-file --cert-file --key-file" ;;
	"device list") options=" --device --reason --site --query --all --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"device show") options=" --device --reason --site --query --all --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"device remove") options=" --device --reason --site --query --all --revoke --disable-object --delete-object --dry-run --yes --server --token-file --ca-file --cert-file --key-file" ;;
	"discover") options=" --device --reason --site --query --all --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"diagnose") options=" --device --reason --site --query --all --limit --offline --check --server --token-file --ca-file --cert-file --key-file" ;;
	"plan") options=" --device --reason --site --query --all --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"run") options=" --device --reason --site --query --all --limit --dry-run --max-failures --server --token-file --ca-file --cert-file --key-file" ;;
	"query") options=" --table --select --where --order --group --chart --join --top --server --token-file --ca-file --cert-file --key-file" ;;
	"query list") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"query show") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"query save") options=" --table --select --where --order --group --chart --description --replace --server --token-file --ca-file --cert-file --key-file" ;;
	"query remove") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"query import") options=" --replace --server --token-file --ca-file --cert-file --key-file" ;;
	"query tables") options="" ;;
	"query operators") options="" ;;
	"tag list") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"tag add") options=" --device --reason --site --query --all --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"tag exclude") options=" --device --reason --site --query --all --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"tag remove") options=" --device --reason --site --query --all --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"tag delete") options=" --yes --server --token-file --ca-file --cert-file --key-file" ;;
	"journal") options=" --device --ended --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"events") options=" --device --since --after --last --limit --follow --verify --server --token-file --ca-file --cert-file --key-file" ;;
	"task list") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"task types") options="" ;;
	"task show") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"task add") options=" --type --task --when --description --server --token-file --ca-file --cert-file --key-file" ;;
	"task set") options=" --name --task --when --description" ;;
	"task remove") options=" --yes --server --token-file --ca-file --cert-file --key-file" ;;
	"task assign") options=" --group --tag --device --reason --site --query --all --schedule --disabled --check --duration --canary --wave --max-failures --parallel --stop-after --retries --no-retries --retry-wait --server --token-file --ca-file --cert-file --key-file" ;;
	"task assignments") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"task enable") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"task disable") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"task unassign") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"task run") options=" --group --tag --device --reason --site --query --all --assignment --wait --canary --wave --max-failures --parallel --stop-after --retries --no-retries --retry-wait --server --token-file --ca-file --cert-file --key-file" ;;
	"runs list") options=" --state --task --since --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"runs show") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"runs items") options=" --outcome --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"runs messages") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"runs wait") options=" --outcome --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"runs pause") options=" --why --server --token-file --ca-file --cert-file --key-file" ;;
	"runs resume") options=" --why --server --token-file --ca-file --cert-file --key-file" ;;
	"runs purge") options=" --yes" ;;
	"runs abort") options=" --why --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task list") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task actions") options="" ;;
	"server-task show") options=" --edit --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task add") options=" --name --schedule --disabled --dry-run --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task set") options=" --file --name --schedule --description --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task enable") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task disable") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task remove") options=" --yes --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task run") options=" --wait --dry-run --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task log") options=" --run --since --limit --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task import") options=" --replace --server --token-file --ca-file --cert-file --key-file" ;;
	"server-task export") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"mail password") options=" --password-file" ;;
	"mail test") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"schedule preview") options=" --count --after --except" ;;
	"schedule check") options=" --group --tag --device --reason --site --query --all --task --for --when-needed --duration --parallel --late --limit" ;;
	"user add") options=" --sets --password-file --certificate --note --no-password --server --token-file --ca-file --cert-file --key-file" ;;
	"user set") options=" --sets --password-file --certificate --note --password --no-certificate --enable --disable --server --token-file --ca-file --cert-file --key-file" ;;
	"user list") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"user remove") options=" --yes --server --token-file --ca-file --cert-file --key-file" ;;
	"user sets") options="" ;;
	"user token add") options=" --name --life --to" ;;
	"user token list") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"user token remove") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"epo login") options=" --user --password-file" ;;
	"epo test") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"epo sync") options="" ;;
	"epo status") options="" ;;
	"epo accept") options=" --yes" ;;
	"ca init") options=" --organisation --offline-root --key --pin-file --root-key --root-pin-file" ;;
	"ca show") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"ca chain") options=" --root --all --issuer --cross --out --server --token-file --ca-file --cert-file --key-file" ;;
	"ca csr") options=" --organisation --new --out --key --pin-file" ;;
	"ca import") options=" --yes" ;;
	"ca certify") options=" --out" ;;
	"ca rollover") options=" --organisation --key --pin-file --root-key --root-pin-file --yes" ;;
	"ca cross") options=" --yes" ;;
	"ca sign") options=" --template --check --chain --cross --out" ;;
	"ca csr check") options=" --template" ;;
	"ca helper") options="" ;;
	"ca export") options=" --chain --cross --out --server --token-file --ca-file --cert-file --key-file" ;;
	"ca list") options=" --device --expiring --server --token-file --ca-file --cert-file --key-file" ;;
	"ca crl") options=" --root --import --issuer --out --pem --server --token-file --ca-file --cert-file --key-file" ;;
	"ca ocsp") options=" --request --out" ;;
	"ca check") options="" ;;
	"ca health") options="" ;;
	"ca revoke") options=" --reason --force --yes --server --token-file --ca-file --cert-file --key-file" ;;
	"ca block add") options=" --note" ;;
	"ca block list") options="" ;;
	"ca block remove") options=" --yes" ;;
	"ca template list") options=" --directory" ;;
	"ca template show") options=" --beside" ;;
	"ca template check") options=" --offline" ;;
	"ca bridge list") options="" ;;
	"ca bridge test") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"ca bridge pending") options="" ;;
	"ca bridge hasten") options="" ;;
	"krb status") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"krb check") options="" ;;
	"krb keytab export") options=" --out --replace" ;;
	"directory audit") options=" --ou --stale --server --token-file --ca-file --cert-file --key-file" ;;
	"directory repair") options=" --plan --dn --delete --ou --stale --yes" ;;
	"directory delegate") options=" --print --ou --account" ;;
	"wsman get") options=" --xml" ;;
	"wsman enum") options=" --xml" ;;
	"wsman invoke") options=" --xml --yes" ;;
	"wsman decode") options="" ;;
	"forward status") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"forward test") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"forward secret") options=" --secret-file" ;;
	"forward dead") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"forward again") options=" --server --token-file --ca-file --cert-file --key-file" ;;
	"forward drop") options=" --yes --server --token-file --ca-file --cert-file --key-file" ;;
	"config check") options="" ;;
	"config show") options=" --origin" ;;
	"config example") options=" --profile" ;;
	"secret show") options=" --reveal --to --previous" ;;
	"version") options="" ;;
	"help") options=" --man --completion" ;;
	esac
	if [[ $cur == -* ]]; then
		words="$options --config --output --wide --quiet --verbose --no-color --help --version"
	fi
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _amtkeeper amtkeeper
