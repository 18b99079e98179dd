#!/usr/bin/python3
"""rollover.py: from one root to the next.  Devices keep what the old issuing CA
gave them until they are due; whoever trusts one of the two roots alone verifies
all of them."""
import os
import re
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


def chain(keeper, readers, name, *words):
    with open(readers.path(name), "w") as f:
        f.write(keeper.run("ca", "chain", *words, expect=0).stdout)


def states(keeper):
    return [row["state"] for row in keeper.json("ca", "show")]


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
        consistent(sim, keeper, row, row["name"])
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
    sim = Sim(where, 2, "--drift", "cert-expired", "--firmware", "15.0.23")
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    killed(keeper)
    keeper.run("ca", "rollover", "--yes", expect=0)
    either_root(keeper, sim, readers)
    by_file(keeper, readers)
    keeper.run("ca", "health", expect=0)
    journal_empty(keeper, "at the end")
    sim.stop()
    finish()


main()
