"""Judges of certificates that share no code with us or with each other:
OpenSSL, GnuTLS, NSS, Botan, and the decoders of cryptography and pyasn1. Each
is a function that gives "ok" or in a few words why not."""
import os

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from pyasn1.codec.der import decoder, encoder
from pyasn1.type import univ
from pyasn1_modules import rfc2560, rfc5280

from authority import call, must

SERVER, CLIENT = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
RESPONDER = "1.3.6.1.5.5.7.3.9"
OPENSSL = {SERVER: "sslserver", CLIENT: "sslclient", RESPONDER: "ocsphelper"}
NSS = {SERVER: "1", CLIENT: "0", RESPONDER: "10"}


class Place:
    """Where a CA's certificates lie, and NSS' database of them."""

    def __init__(self, ca):
        self.path, self.db = ca.path, "sql:" + ca.path("nss")
        os.mkdir(ca.path("nss"))
        must("certutil", "-N", "-d", self.db, "--empty-password")
        for name, trust in (("root", "CT,,"), ("issuing", ",,")):
            must("certutil", "-A", "-d", self.db, "-n", name, "-t", trust,
                 "-a", "-i", ca.path(f"{name}.pem"))


class Leaf:
    """A certificate, what it is to be for and whose."""

    def __init__(self, file, purpose, host=None, strength="medium"):
        self.file, self.purpose, self.host = file, purpose, host
        self.strength = strength
        self.cert = pem(file)


def pem(file):
    with open(file, "rb") as f:
        return x509.load_pem_x509_certificate(f.read())


def last_words(said, cut=48):
    lines = [line for line in said.split("\n") if line.strip()]
    return lines[-1][-cut:] if lines else "silent"


# --- a leaf, not revoked by the list ---

def openssl(at, leaf):
    host = ("-verify_hostname", leaf.host) if leaf.host else ()
    code, said = call(
        "openssl", "verify", "-x509_strict", "-auth_level", "2", "-purpose",
        OPENSSL[leaf.purpose], *host, "-crl_check", "-CRLfile",
        at.path("crl.pem"), "-CAfile", at.path("root.pem"), "-untrusted",
        at.path("issuing.pem"), leaf.file)
    error = [line for line in said.split("\n") if " depth lookup: " in line]
    return "ok" if code == 0 else last_words(error[0] if error else said)


def gnutls(at, leaf):
    host = ("--verify-hostname", leaf.host) if leaf.host else ()
    chain = b"".join(open(name, "rb").read()
                     for name in (leaf.file, at.path("issuing.pem")))
    code, said = call(
        "certtool", "--verify", "--load-ca-certificate", at.path("root.pem"),
        "--load-crl", at.path("crl.pem"), "--verify-profile", leaf.strength,
        "--verify-purpose", leaf.purpose, *host, given=chain)
    return "ok" if code == 0 else last_words(said)


def nss(at, leaf):
    code, said = call(
        "vfychain", "-d", at.db, "-pp", "-g", "leaf", "-m", "crl", "-s",
        "forbidFetching,requireInfo", "-u", NSS[leaf.purpose], "-a", leaf.file)
    return "ok" if code == 0 else last_words(said)


def by_botan(*files):
    """Its exit code says nothing."""
    _, said = call("botan", "cert_verify", *files)
    good = said == "Certificate passes validation checks"
    return "ok" if good else last_words(said)


def botan(at, leaf):
    return by_botan(leaf.file, at.path("issuing.pem"), at.path("root.pem"))


def verify(key, signature, signed, digest):
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(digest))
    else:
        key.verify(signature, signed, padding.PKCS1v15(), digest)


def by_issuer(at, cert):
    issuer = pem(at.path("issuing.pem"))
    verify(issuer.public_key(), cert.signature, cert.tbs_certificate_bytes,
           cert.signature_hash_algorithm)
    return issuer


def pyca(at, leaf):
    issuer = by_issuer(at, leaf.cert)
    get = leaf.cert.extensions.get_extension_for_class
    if leaf.purpose not in [u.dotted_string
                            for u in get(x509.ExtendedKeyUsage).value]:
        return "not for this purpose"
    if leaf.host and leaf.host not in get(
            x509.SubjectAlternativeName).value.get_values_for_type(
                x509.DNSName):
        return "another name"
    with open(at.path("crl.der"), "rb") as f:
        crl = x509.load_der_x509_crl(f.read())
    if crl.get_revoked_certificate_by_serial_number(leaf.cert.serial_number):
        return "revoked"
    return "ok" if crl.is_signature_valid(issuer.public_key()) else "CRL"


def exactly(der, spec):
    """Decoded by its ASN.1 module and encoded again: the same octets."""
    value, rest = decoder.decode(der, asn1Spec=spec)
    if rest or encoder.encode(value) != der:
        raise ValueError(f"not the DER of {type(spec).__name__}")
    return value


def exact_extensions(extensions):
    known = rfc5280.certificateExtensionsMap
    for e in extensions:
        if e["extnID"] in known:
            exactly(bytes(e["extnValue"]), known[e["extnID"]])
        else:
            exactly(bytes(e["extnValue"]), univ.Any())


def exact_certificate(cert):
    cert = exactly(cert.public_bytes(Encoding.DER), rfc5280.Certificate())
    exact_extensions(cert["tbsCertificate"]["extensions"])
    return "ok"


def pyasn1(_at, leaf):
    return exact_certificate(leaf.cert)


LEAF = {"openssl": openssl, "gnutls": gnutls, "nss": nss, "botan": botan,
        "pyca": pyca, "pyasn1": pyasn1}


# --- our own certificates, and the list ---

def own_openssl(at, file):
    code, said = call("openssl", "verify", "-x509_strict", "-auth_level", "3",
                      "-CAfile", at.path("root.pem"), file)
    return "ok" if code == 0 else last_words(said)


def own_gnutls(at, file):
    with open(file, "rb") as f:
        code, said = call("certtool", "--verify", "--load-ca-certificate",
                          at.path("root.pem"), "--verify-profile", "high",
                          given=f.read())
    return "ok" if code == 0 else last_words(said)


def own_nss(at, file):
    code, said = call("vfychain", "-d", at.db, "-pp", "-u", "3", "-a", file)
    return "ok" if code == 0 else last_words(said)


def own_botan(at, file):
    return by_botan(file, at.path("root.pem"))


def own_pyca(at, file):
    cert, root = pem(file), pem(at.path("root.pem"))
    verify(root.public_key(), cert.signature, cert.tbs_certificate_bytes,
           cert.signature_hash_algorithm)
    basic = cert.extensions.get_extension_for_class(x509.BasicConstraints)
    return "ok" if basic.critical and basic.value.ca else "no CA"


def own_pyasn1(_at, file):
    return exact_certificate(pem(file))


OWN = {"openssl": own_openssl, "gnutls": own_gnutls, "nss": own_nss,
       "botan": own_botan, "pyca": own_pyca, "pyasn1": own_pyasn1}


def crl_openssl(at):
    _, said = call("openssl", "crl", "-in", at.path("crl.pem"), "-noout",
                   "-CAfile", at.path("chain.pem"))
    return "ok" if said == "verify OK" else last_words(said)


def crl_gnutls(at):
    code, said = call(
        "certtool", "--verify-crl", "--load-ca-certificate",
        at.path("issuing.pem"), "--infile", at.path("crl.pem"))
    return "ok" if code == 0 else last_words(said)


def crl_nss(at):
    """Taken into the database, where nss() looks."""
    code, said = call("crlutil", "-I", "-d", at.db, "-i", at.path("crl.der"))
    return "ok" if code == 0 else last_words(said)


def crl_pyca(at):
    with open(at.path("crl.der"), "rb") as f:
        crl = x509.load_der_x509_crl(f.read())
    issuer = pem(at.path("issuing.pem"))
    number = crl.extensions.get_extension_for_class(x509.CRLNumber)
    good = crl.is_signature_valid(issuer.public_key()) and \
        number.value.crl_number > 0 and crl.issuer == issuer.subject
    return "ok" if good else "not its issuer's"


def crl_pyasn1(at):
    with open(at.path("crl.der"), "rb") as f:
        crl = exactly(f.read(), rfc5280.CertificateList())["tbsCertList"]
    exact_extensions(crl["crlExtensions"])
    for entry in crl["revokedCertificates"]:
        exact_extensions(entry["crlEntryExtensions"])
    return "ok"


CRL = {"openssl": crl_openssl, "gnutls": crl_gnutls, "nss": crl_nss,
       "pyca": crl_pyca, "pyasn1": crl_pyasn1}


# --- what OCSP says, asked at the URL in the certificate ---

def url_of(cert):
    return next(d.access_location.value for d in
                cert.extensions.get_extension_for_class(
                    x509.AuthorityInformationAccess).value
                if d.access_method == x509.AuthorityInformationAccessOID.OCSP)


def ocsp_openssl(at, leaf):
    _, said = call(
        "openssl", "ocsp", "-CAfile", at.path("root.pem"), "-verify_other",
        at.path("issuing.pem"), "-issuer", at.path("issuing.pem"), "-cert",
        leaf.file, "-url", url_of(leaf.cert), "-respout",
        at.path("answer.der"))
    good = "Response verify OK" in said and f"{leaf.file}: good" in said
    return "ok" if good else last_words(said.replace("\n\t", " "))


def ocsp_gnutls(at, leaf):
    _, said = call(
        "ocsptool", f"--ask={url_of(leaf.cert)}", "--load-cert", leaf.file,
        "--load-issuer", at.path("issuing.pem"), "--load-trust",
        at.path("chain.pem"))
    good = "Certificate Status: good" in said and "Success" in said
    return "ok" if good else last_words(said)


def ocsp_nss(at, leaf):
    code, said = call(
        "vfychain", "-d", at.db, "-pp", "-g", "leaf", "-m", "ocsp", "-s",
        "requireInfo,failIfNoInfo", "-u", NSS[leaf.purpose], "-a", leaf.file)
    return "ok" if code == 0 else last_words(said)


def ocsp_botan(at, leaf):
    _, said = call("botan", "ocsp_check", leaf.file, at.path("issuing.pem"))
    return "ok" if said == "OCSP check OK" else last_words(said)


def ocsp_pyca(at, leaf):
    """Of the answer that openssl got."""
    with open(at.path("answer.der"), "rb") as f:
        answer = ocsp.load_der_ocsp_response(f.read())
    responder = answer.certificates[0]
    by_issuer(at, responder)
    verify(responder.public_key(), answer.signature,
           answer.tbs_response_bytes, answer.signature_hash_algorithm)
    good = answer.certificate_status == ocsp.OCSPCertStatus.GOOD and \
        answer.serial_number == leaf.cert.serial_number
    return "ok" if good else answer.certificate_status.name


def ocsp_pyasn1(at, _leaf):
    with open(at.path("answer.der"), "rb") as f:
        answer = exactly(f.read(), rfc2560.OCSPResponse())
    basic = exactly(bytes(answer["responseBytes"]["response"]),
                    rfc2560.BasicOCSPResponse())
    return "ok" if len(basic["tbsResponseData"]["responses"]) == 1 else "more"


OCSP = {"openssl": ocsp_openssl, "gnutls": ocsp_gnutls, "nss": ocsp_nss,
        "botan": ocsp_botan, "pyca": ocsp_pyca, "pyasn1": ocsp_pyasn1}


def responder(at):
    """The certificate of who signed the last answer, as a file."""
    with open(at.path("answer.der"), "rb") as f:
        answer = ocsp.load_der_ocsp_response(f.read())
    file = at.path("responder.pem")
    with open(file, "wb") as f:
        f.write(answer.certificates[0].public_bytes(Encoding.PEM))
    return file


def heard(judge, *what):
    try:
        return judge(*what)
    except Exception as e:  # pylint: disable=broad-except
        return f"{type(e).__name__} {e}"[-48:]
