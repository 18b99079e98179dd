#!/usr/bin/python3
"""hardened.py: the cycle over devices of AMT 22, which is said to refuse RSA
keys of 2048 bits, SHA-256 and AES-128 (see fw_hardened() of the simulator, and
its manual page: that is conjecture, there is no such firmware yet)."""
import os
import subprocess

from fleet import (Keeper, Sim, check, consistent, equal, finish, folder,
                   journal_empty)


def certificate(address):
    """The device's leaf as openssl prints it."""
    leaf = subprocess.run(
        ["openssl", "s_client", "-connect", f"{address}:16993"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return subprocess.run(["openssl", "x509", "-noout", "-text"],
                          input=leaf.stdout, capture_output=True,
                          timeout=60).stdout.decode()


def refused(keeper, sim, row):
    """A template that wants what the firmware refuses stops before it asks."""
    name, writes = row["name"], sim.get(row["name"])["flash_writes"]
    out = keeper.run("run", "reissue-certificates", name)
    check(out.returncode != 0, "rsa-2048 for AMT 22 is an error")
    check("key rsa-2048 is refused by AMT 22" in out.stdout + out.stderr,
          f"and says why: {out.stdout}{out.stderr}")
    equal(sim.get(name)["flash_writes"], writes, "and asks for nothing")


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, 4, "--drift", "clock,renamed,cert-expired,cert-name",
              "--firmware", "22.0.1")
    keeper.run("device", "import", sim.csv, expect=0)

    keeper.edit("profile.yaml", "#templates:",
                "templates:\n  - {name: tls, key: rsa-2048}")
    refused(keeper, sim, sim.devices[2])
    keeper.edit("profile.yaml", "  - {name: tls, key: rsa-2048}",
                "  - {name: tls, key: auto}")

    keeper.run("run", "auto", "--all", expect=0)
    equal(set().union(*keeper.reasons().values()), set(), "reasons after")
    journal_empty(keeper, "after the run")
    for row in sim.devices:
        consistent(sim, keeper, row, row["name"])
        text = certificate(row["address"])
        for line in ("Public-Key: (3072 bit)",
                     "Signature Algorithm: sha384WithRSAEncryption"):
            check(line in text, f"{row['name']}: {line}")
    out = keeper.json("run", "auto", "--all")
    equal({row["outcome"] for row in out}, {"ok"}, "second run")
    sim.stop()
    finish()


main()
