#!/usr/bin/python3
"""rollover.py: from one root to the next.  Devices keep what the old issuing CA
gave them until they are due; whoever trusts one of the two roots alone verifies
all of them.  The devices themselves trust both, until the old one is at its
end."""
import base64
import hashlib
import os
import re
import sqlite3
import subprocess

from fleet import (FAULT_EXIT, Keeper, Sim, check, consistent, equal, finish,
                   folder, journal_empty)


class Readers:
    """openssl, in a folder."""

    def __init__(self, where):
        self.where = where

    def path(self, name):
        return os.path.join(self.where, name)

    def run(self, *words):
        out = subprocess.run(words, cwd=self.where, capture_output=True,
                             input=b"", timeout=60)
        return (out.stdout + out.stderr).decode("utf-8", "replace")

    def leaf(self, address, name):
        """What the device shows, as a file."""
        out = self.run("openssl", "s_client", "-connect", f"{address}:16993")
        pem = re.search("-----BEGIN CERT.*?END CERTIFICATE-----\n", out, re.S)
        with open(self.path(name), "w") as f:
            f.write(pem.group(0))

    def verifies(self, leaf, root, chain):
        """By who trusts this root alone and is shown that chain."""
        return f"{leaf}: OK" in self.run(
            "openssl", "verify", "-x509_strict", "-purpose", "sslserver",
            "-no-CAfile", "-no-CApath", "-CAfile", root, "-untrusted", chain,
            leaf)


# What happens to the answer when a root is given to a device.
LOSSES = ["drop-answer", "close-before", "half-body", "wrong-xml", "status 500"]
POINTS = ["step.prepared", "step.intended", "step.acted", "step.observed",
          "step.settled"]


def sha256(pem):
    """Of a certificate in PEM."""
    body = "".join(pem.split("-----")[2].split())
    return hashlib.sha256(base64.b64decode(body)).hexdigest()


def roots(sim, name):
    return sorted(hashlib.sha256(bytes.fromhex(c["der"])).hexdigest()
                  for c in sim.get(name)["certs"] if c["root"])


def root_of(keeper, *words):
    return keeper.run("ca", "chain", "--root", *words, expect=0).stdout


def trusted(keeper, sim, wanted, what):
    """Each device trusts these, and the record says so."""
    for row in sim.devices:
        equal(roots(sim, row["name"]), sorted(wanted), f"{what}: {row['name']}")
        record = keeper.device(row["name"])
        equal(sorted(record["trusted_roots"].split()), sorted(wanted),
              f"{what}: on record")


def pushed(keeper, sim, foreign):
    """The roots of both lines; a root of somebody else stays."""
    old, new = root_of(keeper, "--issuer", "1"), root_of(keeper)
    both = [sha256(old), sha256(new)]
    found = keeper.reasons("--offline")
    check(all("trusted-root-missing" in r for r in found.values()),
          f"told: {found}")
    for row, loss in zip(sim.devices[2:], LOSSES):
        sim.fault(f"{row['name']} AMT_PublicKeyManagementService."
                  f"AddTrustedRootCertificate {loss} times 1")
    for point in POINTS:
        out = keeper.run("run", "enforce-profile", sim.devices[1]["name"],
                         fault=f"{point}:1")
        equal(out.returncode, FAULT_EXIT, f"killed at {point}")
    keeper.run("run", "enforce-profile", "--all")
    keeper.run("run", "enforce-profile", "--all", expect=0)
    equal([f for f in sim.ctl("faults") if f["fired"] == 0], [],
          "every planted loss happened")
    trusted(keeper, sim, both + foreign, "after the rollover")
    before = {r["name"]: sim.get(r["name"])["flash_writes"]
              for r in sim.devices}
    keeper.run("run", "enforce-profile", "--all", expect=0)
    equal({r["name"]: sim.get(r["name"])["flash_writes"]
           for r in sim.devices}, before, "nothing is written twice")
    return both


def removed(keeper, sim, both, foreign):
    """The old line is gone: so is its root, as soon as the device lets go."""
    keeper.run("run", "reissue-certificates", "--all", expect=0)
    with sqlite3.connect(os.path.join(keeper.folder, "ca.db")) as db:
        db.execute("DELETE FROM ca_cross")
        db.execute("DELETE FROM ca_line_certificate WHERE line = 1")
        db.execute("UPDATE ca_intent SET line = 2 WHERE line = 1")
        db.execute("UPDATE ca_crl SET number = number + 100, line = 2"
                   " WHERE line = 1")
        db.execute("DELETE FROM ca_line WHERE id = 1")
    db.close()
    name = sim.devices[0]["name"]
    sim.ctl("set", name, "hold-roots", "on")
    out = keeper.run("run", "enforce-profile", name)
    check("root.remove" in out.stdout and "AccessDenied" in out.stdout,
          f"the refusal is told: {out.stdout}")
    equal(roots(sim, name), sorted(both + foreign), "in use: it stays")
    journal_empty(keeper, "after the refusal")
    sim.ctl("set", name, "hold-roots", "off")
    sim.fault(f"{sim.devices[2]['name']} *Delete* drop-answer times 1")
    keeper.run("run", "enforce-profile", "--all")
    keeper.run("run", "enforce-profile", "--all", expect=0)
    trusted(keeper, sim, both[1:] + foreign, "after the old line's end")


def chain(keeper, readers, name, *words):
    with open(readers.path(name), "w") as f:
        f.write(keeper.run("ca", "chain", *words, expect=0).stdout)


def states(keeper):
    return [row["state"] for row in keeper.json("ca", "show")]


def other_root(keeper, sim, where):
    """Somebody put a root of their own into each device."""
    path = os.path.join(where, "foreign.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
         os.devnull, "-subj", "/CN=Foreign Root", "-out", path], check=True,
        capture_output=True)
    with open(path) as f:
        pem = f.read()
    blob = "".join(pem.split("-----")[2].split())
    for row in sim.devices:
        keeper.run("wsman", "invoke", row["name"],
                   "AMT_PublicKeyManagementService",
                   "AddTrustedRootCertificate", f"CertificateBlob={blob}",
                   "--yes", expect=0)
    return [sha256(pem)]


def killed(keeper):
    """Whatever it dies at, it is the one or the other, and goes on."""
    for point in ("after-root-key", "after-key", "before-commit"):
        out = keeper.run("ca", "rollover", "--yes",
                         fault=f"ca.rollover.{point}:1")
        equal(out.returncode, FAULT_EXIT, f"killed at {point}")
        equal(states(keeper), ["active"], f"{point}: nothing happened")
    keeper.run("ca", "health", expect=0)


def either_root(keeper, sim, readers):
    new, old = keeper.json("ca", "show")
    equal((new["state"], old["state"]), ("active", "old"), "ca show")
    check(new["root"] != old["root"], "another root")
    check(old["root"] in new["cross"], "the old root vouches for the new CA")
    check(new["root"] in old["cross"], "the new root vouches for the old CA")
    for name, words in (
            ("root1.pem", ("--root", "--issuer", str(old["id"]))),
            ("root2.pem", ("--root",)),
            ("old.pem", ("--issuer", str(old["id"]))),
            ("new.pem", ()),
            ("old-cross.pem", ("--issuer", str(old["id"]), "--cross", "1")),
            ("new-cross.pem", ("--cross", "1"))):
        chain(keeper, readers, name, *words)
    # One device renews, the other is not due.
    keeper.run("run", "reissue-certificates", sim.devices[1]["name"],
               expect=0)
    for row, name in zip(sim.devices, ("leaf1.pem", "leaf2.pem")):
        readers.leaf(row["address"], name)
    for leaf, root, way, good in (
            ("leaf1.pem", "root1.pem", "old.pem", True),
            ("leaf1.pem", "root2.pem", "old-cross.pem", True),
            ("leaf1.pem", "root2.pem", "old.pem", False),
            ("leaf2.pem", "root2.pem", "new.pem", True),
            ("leaf2.pem", "root1.pem", "new-cross.pem", True),
            ("leaf2.pem", "root1.pem", "new.pem", False)):
        equal(readers.verifies(leaf, root, way), good,
              f"{leaf} under {root} by {way}")
    serial = keeper.device(sim.devices[0]["name"])["cert_serial"]
    out = keeper.run("ca", "export", serial, "--chain", "--cross", "1",
                     expect=0).stdout
    with open(readers.path("export.pem"), "w") as f:
        f.write(out)
    equal(out.count("BEGIN CERT"), 3, "leaf, cross-certificate, root")
    check(readers.verifies("export.pem", "root2.pem", "export.pem"),
          "what ca export gives verifies")


def by_file(keeper, readers):
    """A root elsewhere: another installation's, in the role of one that is
    offline."""
    base = os.path.join(readers.where, "elsewhere")
    os.mkdir(base)
    other = Keeper.__new__(Keeper)
    other.folder, other.program = base, keeper.program
    other.env = dict(os.environ, AMTKEEPER_CONFIG=os.path.join(
        base, "amtkeeper.yaml"))
    other.run("init", "--dir", base, expect=0)
    with open(readers.path("new.pem")) as f:
        own = f.read().split("-----END CERTIFICATE-----\n")[0]
    for name, text in (("own.pem", own + "-----END CERTIFICATE-----\n"),):
        with open(readers.path(name), "w") as f:
            f.write(text)
    crossed = other.run("ca", "certify", readers.path("own.pem"),
                        expect=0).stdout
    root = other.run("ca", "chain", "--root", expect=0).stdout
    with open(readers.path("crossed.pem"), "w") as f:
        f.write(crossed + root)
    out = keeper.run("ca", "cross", readers.path("crossed.pem"), "--yes",
                     fault="ca.cross.before-commit:1")
    equal(out.returncode, FAULT_EXIT, "killed before the commit")
    keeper.run("ca", "cross", readers.path("crossed.pem"), "--yes", expect=0)
    keeper.run("ca", "cross", readers.path("crossed.pem"), "--yes", expect=4)
    chain(keeper, readers, "third.pem", "--cross", "2")
    with open(readers.path("root3.pem"), "w") as f:
        f.write(root)
    check(readers.verifies("leaf2.pem", "root3.pem", "third.pem"),
          "a third root vouches for it")


def main():
    where = folder()
    keeper, readers = Keeper(where), Readers(where)
    keeper.edit("profile.yaml", "  #trusted_roots:", "  trusted_roots: true")
    sim = Sim(where, 2 + len(LOSSES), "--drift", "cert-expired", "--firmware",
              "15.0.23")
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    trusted(keeper, sim, [sha256(root_of(keeper))], "at first")
    foreign = other_root(keeper, sim, where)
    killed(keeper)
    keeper.run("ca", "rollover", "--yes", expect=0)
    both = pushed(keeper, sim, foreign)
    either_root(keeper, sim, readers)
    by_file(keeper, readers)
    keeper.run("ca", "health", expect=0)
    removed(keeper, sim, both, foreign)
    for row in sim.devices:
        consistent(sim, keeper, row, row["name"], wrong=len(POINTS))
    journal_empty(keeper, "at the end")
    sim.stop()
    finish()


main()
