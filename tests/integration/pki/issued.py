#!/usr/bin/python3
"""issued.py AMTKEEPER: what we issue, before judges that share no code with us:
every kind of certificate, by CAs with keys of every kind, and revocation, by
list and by OCSP, as they find it at the URLs in the certificates.  Prints a
table; what is wrong on purpose, each judge that can know must refuse."""
import base64
import glob
import os
import shutil
import sys
import tempfile

from authority import Authority, Token
from cryptography.hazmat.primitives.serialization import Encoding
from judges import (CLIENT, CRL, LEAF, OCSP, OWN, RESPONDER, SERVER, Leaf,
                    Place, heard, pem, responder)

TEMPLATES = """templates:
  - {name: server, usages: server, short_name: false}
  - {name: client, usages: client, short_name: false}
  - {name: both, usages: "server,client"}
  - {name: console, short_name: false,
     usages: "client,amt-remote-console,amt-local-console"}
  - {name: setup, usages: "server,amt-client-setup", short_name: false}
  - {name: strong, usages: "server,client", key: rsa-3072, short_name: false}
  - {name: curve, usages: "server,client", key: ec-p384, short_name: false}
  - {name: fixed, usages: server, short_name: false, address: true}
  - {name: login, usages: client, short_name: false, upn: true, sid: true}
"""
# template, key, purposes
KINDS = [("server", "rsa-2048", [SERVER]),
         ("client", "rsa-2048", [CLIENT]),
         ("both", "rsa-2048", [SERVER, CLIENT]),
         ("console", "rsa-2048", [CLIENT]),
         ("setup", "rsa-2048", [SERVER]),
         ("strong", "rsa-3072", [SERVER, CLIENT]),
         ("curve", "ec-p384", [SERVER, CLIENT]),
         ("fixed", "rsa-2048", [SERVER]),
         ("login", "rsa-2048", [CLIENT])]
# What a certificate names beyond its host, and what is known for it.
NAMES = {"both": "both", "fixed": "192.0.2.7"}
FACTS = {"fixed": {"read_at": 1, "dhcp_enabled": 0, "ip_address": "192.0.2.7"},
         "login": {"ad_upn": "login-iME$@corp.example",
                   "ad_sid": "S-1-5-21-1004336348-1177238915-682003330-1104"}}
# name, kind of the issuing key: in a sealed file, or in a PKCS#11 token
CAS = [("file", None), ("ec", "EC:secp384r1"), ("rsa", "rsa:3072"),
       ("ec-256", "EC:secp256r1")]


class Table:
    """A row for each thing judged; a cell is what a judge said of it."""

    def __init__(self):
        self.wrong, self.cells = [], 0
        self.line("", list(LEAF))

    def line(self, title, cells):
        print(f"{title:<42}" + "".join(f"{c:<9}" for c in cells), flush=True)

    def row(self, title, judges, *what, refuse=()):
        """Each judge says ok, but for those that are to refuse."""
        cells = []
        for name in LEAF:
            said = heard(judges[name], *what) if name in judges else "-"
            cells.append(said if said in ("ok", "-") else "no")
            self.cells += said != "-"
            if said != "-" and (said == "ok") == (name in refuse):
                self.wrong.append(f"{title}, {name}: {said}")
        self.line(title, cells)


def spoil(file, out):
    """One bit of the signature."""
    der = bytearray(pem(file).public_bytes(Encoding.DER))
    der[-1] ^= 1
    text = base64.encodebytes(bytes(der)).decode()
    with open(out, "w") as f:
        f.write("-----BEGIN CERTIFICATE-----\n" + text +
                "-----END CERTIFICATE-----\n")
    return out


def kinds(table, ca, at, name, which):
    """Each kind of certificate, for all it is for."""
    # Botan wants somebody above.
    root = {k: v for k, v in OWN.items() if k != "botan"}
    table.row(f"{name}: root", root, at, at.path("root.pem"))
    table.row(f"{name}: issuing CA", OWN, at, at.path("issuing.pem"))
    ca.crl()
    table.row(f"{name}: CRL, empty", CRL, at)
    for template, key, purposes in which:
        host = f"{template}.corp.example"
        ca.know(host, **FACTS.get(template, {}))
        names = f"DNS:{host}"
        if template in NAMES:
            kind = "DNS" if template == "both" else "IP"
            names += f",{kind}:{NAMES[template]}"
        file = ca.sign(host, template, key, names)
        strength = "medium" if key == "rsa-2048" else "high"
        for purpose in purposes:
            leaf = Leaf(file, purpose, host, strength)
            what = "server" if purpose == SERVER else "client"
            table.row(f"{name}: {template} ({key}) as {what}", LEAF, at, leaf)
        table.row(f"{name}: {template}, OCSP", OCSP, at, leaf)
    table.row(f"{name}: OCSP responder", LEAF, at,
              Leaf(responder(at), RESPONDER))


def wrong(table, ca, at):
    """The judges can say no."""
    host = "client.corp.example"
    file = ca.path(f"{host}.pem")
    table.row("a client's as server", LEAF, at, Leaf(file, SERVER, host),
              refuse=("openssl", "gnutls", "nss", "pyca"))
    table.row("under another name", LEAF, at, Leaf(file, CLIENT, "pc9.example"),
              refuse=("openssl", "gnutls", "pyca"))
    spoilt = Leaf(spoil(file, ca.path("spoilt.pem")), CLIENT, host)
    table.row("one bit of the signature", LEAF, at, spoilt,
              refuse=("openssl", "gnutls", "nss", "botan", "pyca"))
    ca.revoke(host, "key-compromise")
    ca.crl()
    leaf = Leaf(file, CLIENT, host)
    table.row("CRL with one", CRL, at)
    table.row("revoked, by CRL", LEAF, at, leaf,
              refuse=("openssl", "gnutls", "nss", "pyca"))
    table.row("revoked, by OCSP", OCSP, at, leaf,
              refuse=("openssl", "gnutls", "nss", "botan", "pyca"))


def by_both(table, ca):
    """One request by two templates is two certificates; again, the same."""
    host = "server.corp.example"
    first, other, again = (
        ca.run("ca", "sign", "--template", template, ca.path(f"{host}.csr"),
               host) for template in ("server", "client", "server"))
    if first == other or first != again:
        table.wrong.append("one request, two templates: not two certificates")


def by(table, folder, number, name, kind, token):
    """A CA of its own; the keys of the hosts are those of the first."""
    host = f"127.0.0.{number}"
    ca = Authority(sys.argv[1], os.path.join(folder, name), TEMPLATES,
                   url=f"http://{host}:8080/amt", env=token.env,
                   init=token.options(name, kind) if kind else ())
    ca.add(*(f"{t}.corp.example" for t, _, _ in KINDS))
    for key in glob.glob(os.path.join(folder, CAS[0][0], "*.key")):
        if not os.path.exists(ca.path(os.path.basename(key))):
            shutil.copy(key, ca.folder)
    at = Place(ca)
    ca.serve()
    try:
        kinds(table, ca, at, name, KINDS if number <= 2 else KINDS[:2])
        if number == 1:
            by_both(table, ca)
            wrong(table, ca, at)
    finally:
        ca.stop()


def main():
    folder = tempfile.mkdtemp(prefix="amtkeeper-issued.")
    table = Table()
    try:
        token = Token(folder)
        for number, (name, kind) in enumerate(CAS, 1):
            by(table, folder, number, name, kind, token)
    finally:
        shutil.rmtree(folder)
    for line in table.wrong:
        print(f"FAIL {line}")
    print(f"{table.cells} verdicts, {len(table.wrong)} unexpected")
    sys.exit(bool(table.wrong))


main()
