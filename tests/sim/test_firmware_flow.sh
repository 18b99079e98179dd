#!/bin/bash
# A TLS certificate is replaced over the wire with curl and openssl: clock, key,
# request, signature, certificate, context, commit, clean-up.
. "$(dirname "$0")/lib.sh"
start_sim --devices 1 --firmware 12.0.67 --drift cert-soon
d=pc00000
pki=AMT_PublicKeyManagementService
xfer=http://schemas.xmlsoap.org/ws/2004/09/transfer
addr=http://schemas.xmlsoap.org/ws/2004/08/addressing

value() { # NAME: text of the answer's first element of that name
	sed -n "s/.*<[a-z]*:$1[^>]*>\([^<]*\)<.*/\1/p" "$tmp/answer"
}
epr() { # NAME CLASS SELECTOR VALUE
	printf %s "<r:$1><a:Address>$addr/role/anonymous</a:Address>" \
	    "<a:ReferenceParameters><w:ResourceURI>$ns/$2</w:ResourceURI>" \
	    "<w:SelectorSet><w:Selector Name=\"$3\">$4</w:Selector>" \
	    "</w:SelectorSet></a:ReferenceParameters></r:$1>"
}
select_one() { # ENVELOPE VALUE: the same with an InstanceID selector
	printf %s "${1/<\/s:Header>/<w:SelectorSet><w:Selector \
Name=\"InstanceID\">$2<\/w:Selector><\/w:SelectorSet><\/s:Header>}"
}
call() { # CLASS METHOD PARAMETERS: ReturnValue
	post $d "$(invoke "$1" "$2" "$3")" >/dev/null
	value ReturnValue
}
served() { # SHA-256 of the certificate in the handshake
	openssl s_client -connect "$(address $d):$tls" -legacy_server_connect \
	    -cipher DEFAULT:@SECLEVEL=0 </dev/null 2>/dev/null |
	    openssl x509 -noout -fingerprint -sha256 2>/dev/null
}

call AMT_TimeSynchronizationService GetLowAccuracyTimeSynch '' >/dev/null
now=$(date +%s)
is "clock is set" "$(call AMT_TimeSynchronizationService \
    SetHighAccuracyTimeSynch "<r:Ta0>$(value Ta0)</r:Ta0>\
<r:Tm1>$now</r:Tm1><r:Tm2>$now</r:Tm2>")" 0

is "key is made" "$(call $pki GenerateKeyPair \
    '<r:KeyAlgorithm>0</r:KeyAlgorithm><r:KeyLength>2048</r:KeyLength>')" 0
key=$(value Selector)
is "its handle" "$key" 'Intel(r) AMT Key: Handle: 1'
post $d "$(select_one "$(envelope AMT_PublicPrivateKeyPair $xfer/Get '')" \
    "$key")" >/dev/null
value DERKey | base64 -d >"$tmp/key.der"
ok "its public key is readable" openssl rsa -RSAPublicKey_in -inform DER \
    -in "$tmp/key.der" -pubout -out "$tmp/key.pem" 2>/dev/null

# signed with a key of ours: the firmware does not look
openssl req -new -newkey rsa:2048 -nodes -keyout "$tmp/ca.key" -subj "/CN=ca" \
    -x509 -days 30 -out "$tmp/ca.pem" 2>/dev/null
openssl x509 -new -force_pubkey "$tmp/key.pem" -subj "/CN=$d.ad.example.test" \
    -key "$tmp/ca.key" -out "$tmp/null.pem" 2>/dev/null
openssl x509 -x509toreq -in "$tmp/null.pem" -key "$tmp/ca.key" \
    -out "$tmp/wrong.csr" 2>/dev/null
csr() { openssl req -in "$1" -outform DER | base64 -w0; }
is "a request for another key is refused" "$(call $pki \
    GeneratePKCS10RequestEx "$(epr KeyPair AMT_PublicPrivateKeyPair \
    InstanceID "$key")<r:SigningAlgorithm>1</r:SigningAlgorithm>\
<r:NullSignedCertificateRequest>$(csr "$tmp/wrong.csr")\
</r:NullSignedCertificateRequest>")" 2062

# the CA certifies the public key it has read
openssl x509 -new -force_pubkey "$tmp/key.pem" -subj "/CN=$d.ad.example.test" \
    -CA "$tmp/ca.pem" -CAkey "$tmp/ca.key" -set_serial 7 -days 20 \
    -out "$tmp/leaf.pem" 2>/dev/null
leaf=$(openssl x509 -in "$tmp/leaf.pem" -outform DER | base64 -w0)
before=$(served)
is "certificate is stored" "$(call $pki AddCertificate \
    "<r:CertificateBlob>$leaf</r:CertificateBlob>")" 0
cert=$(value Selector)
is "once only" "$(call $pki AddCertificate \
    "<r:CertificateBlob>$leaf</r:CertificateBlob>")" 2058
context() { # OPERATION
	envelope AMT_TLSCredentialContext $xfer/"$1" \
	    "<r:AMT_TLSCredentialContext \
xmlns:r=\"$ns/AMT_TLSCredentialContext\">$(epr ElementInContext \
		AMT_PublicKeyCertificate InstanceID "$cert")$(epr \
		ElementProvidingContext AMT_TLSProtocolEndpointCollection \
		ElementName 'TLSProtocolEndpoint Instances Collection')\
</r:AMT_TLSCredentialContext>"
}
is "there is a context already" "$(post $d "$(context Create)")" 400
like "and the fault says so" "$(cat "$tmp/answer")" 'e:AlreadyExists'
is "it is replaced" "$(post $d "$(context Put)")" 200
is "the old certificate still serves" "$(served)" "$before"
old=$(select_one "$(envelope AMT_PublicKeyCertificate $xfer/Delete '')" \
    'Intel(r) AMT Certificate: Handle: 0')
is "and cannot be deleted" "$(post $d "$old")" 400
is "commit" "$(call AMT_SetupAndConfigurationService CommitChanges '')" 0

n=0 # the device is deaf for a moment
until [ "$(served)" = "$(openssl x509 -in "$tmp/leaf.pem" -noout -fingerprint \
    -sha256)" ] || [ $n -gt 3000 ]; do
	n=$((n + 1))
	sleep 0.1
done
is "the new one serves" "$(served)" \
    "$(openssl x509 -in "$tmp/leaf.pem" -noout -fingerprint -sha256)"
is "the old one can go" "$(post $d "$old")" 200
is "and its key" "$(post $d "$(select_one "$(envelope \
    AMT_PublicPrivateKeyPair $xfer/Delete '')" \
    'Intel(r) AMT Key: Handle: 0')")" 200
done_testing
