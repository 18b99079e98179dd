#!/bin/bash
# A PKCS#11 token by SoftHSM2, a TPM by swtpm, and CAs whose keys are in them.
#
#	test_token.sh CA_TOKEN AMTKEEPER
set -eu
test=$1
keeper=$2
dir=$(mktemp -d "${TMPDIR:-/tmp}/tokentest.XXXXXX")
tpm_pid=

# shellcheck disable=SC2317 # by trap
cleanup() {
	[ -z "$tpm_pid" ] || { kill "$tpm_pid" && wait "$tpm_pid"; } || true
	rm -rf "$dir"
}
trap cleanup EXIT

# --- the token ---
module=/usr/lib/softhsm/libsofthsm2.so
export SOFTHSM2_CONF=$dir/softhsm2.conf
mkdir "$dir/tokens"
printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$dir/tokens" \
    >"$SOFTHSM2_CONF"
pin=735-token-928
printf '%s\n' "$pin" >"$dir/pin"
chmod 600 "$dir/pin"
for label in amt other; do
	softhsm2-util --init-token --free --label $label --pin "$pin" \
	    --so-pin 5678 >/dev/null
done
make_key() { # TYPE LABEL ID [TOKEN]
	pkcs11-tool --module $module --token-label "${4:-amt}" --login --pin "$pin" --keypairgen \
	    --key-type "$1" --label "$2" --id "$3" >/dev/null 2>&1
}
make_key rsa:3072 rsa 01
make_key EC:secp384r1 ec 02
make_key rsa:2048 short 03
make_key EC:prime192v1 p192 04
make_key EC:secp384r1 ec 02 other
make_key EC:secp384r1 ec3 05

# --- the TPM ---
mkdir "$dir/tpm"
port=$((20000 + $$ % 20000))
swtpm socket --tpm2 --tpmstate dir="$dir/tpm" --flags startup-clear \
    --server "type=tcp,bindaddr=127.0.0.1,port=$port" \
    --ctrl "type=tcp,bindaddr=127.0.0.1,port=$((port + 1))" \
    >"$dir/tpm.log" 2>&1 &
tpm_pid=$!
export TPM2OPENSSL_TCTI="swtpm:host=127.0.0.1,port=$port"
export TSS2_LOG=all+none
tpm_key() { # FILE OPTION...
	local file=$1
	shift
	openssl genpkey -provider tpm2 -provider default "$@" \
	    -pkeyopt "user-auth:$pin" -out "$dir/$file" 2>/dev/null
}
for _ in $(seq 100); do
	tpm_key ec.pem -algorithm EC -pkeyopt group:P-384 && break
	sleep 0.1
done
tpm_key rsa.pem -algorithm RSA -pkeyopt bits:3072
openssl genpkey -algorithm EC -pkeyopt group:P-384 -out "$dir/clear.pem"

uri() { printf 'pkcs11:token=amt;object=%s?module-path=%s' "$1" "$module"; }
TOKEN_PIN=$dir/pin TOKEN_RSA=$(uri rsa) TOKEN_EC=$(uri ec) \
TOKEN_RSA_2048=$(uri short) TOKEN_P192=$(uri p192) TOKEN_NONE=$(uri none) \
TOKEN_OTHER="pkcs11:token=other;object=ec?module-path=$module" \
TOKEN_OTHER_MODULE="pkcs11:object=ec?module-path=/nowhere/module.so" \
TOKEN_TPM_RSA="file:$dir/rsa.pem" TOKEN_TPM_EC="file:$dir/ec.pem" \
TOKEN_TPM_NONE="handle:0x81000042" TOKEN_CLEAR="file:$dir/clear.pem" \
    "$test"

# several at once, as beside `serve`: none sees a token half written
many() {
	for _ in $(seq 40); do
		"$keeper" ca crl --pem >/dev/null || return 1
	done
}

# --- as an administrator does it ---
export AMTKEEPER_CONFIG=$dir/etc/amtkeeper.yaml
"$keeper" init --dir "$dir/etc" -q \
    --key 'pkcs11:object=ec?module-path=/nowhere/module.so' \
    --pin-file "$dir/pin" && exit 1
[ ! -e "$dir/etc/ca.key" ]
"$keeper" init --dir "$dir/etc" --key "$(uri ec)" --pin-file "$dir/pin" -q
"$keeper" ca chain --all >"$dir/chain.pem"
"$keeper" ca chain --root >"$dir/root.pem"
openssl verify -x509_strict -CAfile "$dir/root.pem" "$dir/chain.pem"
PKCS11_MODULE_PATH=$module openssl pkey -engine pkcs11 -inform engine -pubin \
    -in 'pkcs11:token=amt;object=ec;type=public' -pubout \
    >"$dir/token.pub" 2>"$dir/err"
openssl x509 -in "$dir/chain.pem" -noout -pubkey | cmp - "$dir/token.pub"
"$keeper" ca crl --pem --out "$dir/crl.pem"
openssl crl -in "$dir/crl.pem" -noout -CAfile "$dir/chain.pem"
pids=()
for _ in 1 2 3 4; do
	many &
	pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
"$keeper" ca csr --key "$(uri rsa)" --pin-file - <"$dir/pin" \
    --out "$dir/next.csr"
openssl req -in "$dir/next.csr" -noout -verify
"$keeper" ca csr --pin-file "$dir/pin" 2>"$dir/err" && exit 1
grep -q 'for the token of --key' "$dir/err"
"$keeper" ca rollover --yes -q --root-key "$(uri ec3)" \
    --root-pin-file "$dir/pin"
"$keeper" ca chain --root | openssl x509 -noout -pubkey >"$dir/root.pub"
PKCS11_MODULE_PATH=$module openssl pkey -engine pkcs11 -inform engine -pubin \
    -in 'pkcs11:token=amt;object=ec3;type=public' -pubout 2>"$dir/err" |
    cmp - "$dir/root.pub"
"$keeper" ca crl --root --pem | openssl crl -noout -CAfile \
    <("$keeper" ca chain --root)
"$keeper" init --dir "$dir/none" --offline-root --root-key "$(uri ec)" \
    2>"$dir/err" && exit 1
grep -q 'leave out --root-key' "$dir/err"
if grep -rqs -e "$pin" "$dir/etc"; then
	echo "FAILED: the PIN can be read in a file"
	exit 1
fi
echo "ok: init, crl and csr with keys in a token"
