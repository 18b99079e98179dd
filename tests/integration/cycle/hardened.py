#!/usr/bin/python3
"""hardened.py: the cycle over devices of AMT 22, new or updated, which is said to
refuse RSA keys of 2048 bits, SHA-256 and AES-128 (see fw_hardened() of the
simulator, and its manual page: that is conjecture, there is no such firmware
yet)."""
import glob
import os
import subprocess

from fleet import (PATIENCE, Keeper, Sim, check, consistent, equal, finish,
                   folder, journal_empty)


def certificate(address):
    """The device's leaf as openssl prints it."""
    leaf = subprocess.run(
        ["openssl", "s_client", "-connect", f"{address}:16993"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    return subprocess.run(["openssl", "x509", "-noout", "-text"],
                          input=leaf.stdout, capture_output=True,
                          timeout=PATIENCE).stdout.decode()


def refuse_weak_template(keeper, sim):
    """A template that wants what the firmware refuses stops before it asks."""
    name = sim.devices[4]["name"]
    writes = sim.get(name)["flash_writes"]
    keeper.edit("profile.yaml", "#templates:",
                "templates:\n  - {name: tls, key: rsa-2048}")
    out = keeper.run("run", "reissue-certificates", name)
    check(out.returncode != 0, "rsa-2048 for AMT 22 is an error")
    check("key rsa-2048 is refused by AMT 22" in out.stdout + out.stderr,
          f"and says why: {out.stdout}{out.stderr}")
    equal(sim.get(name)["flash_writes"], writes, "and asks for nothing")
    keeper.edit("profile.yaml", "  - {name: tls, key: rsa-2048}",
                "  - {name: tls, key: auto}")


def update_firmware(where):
    """A device keeps its certificate over an update from 21 to 22."""
    for file in glob.glob(os.path.join(where, "sim/*.state")):
        with open(file) as f:
            text = f.read()
        with open(file, "w") as f:
            f.write(text.replace("device.0.major 21\n", "device.0.major 22\n"))


def add_new(keeper, sim, known):
    """Import the devices behind those that are known."""
    with open(sim.csv) as f:
        lines = f.readlines()
    more = sim.csv + ".more"
    with open(more, "w") as f:
        f.writelines(lines[:1] + lines[1 + known:])
    keeper.run("device", "import", more, expect=0)


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, 2, "--firmware", "21.0.1")
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    equal(set().union(*keeper.reasons().values()), set(), "reasons of AMT 21")
    check("Public-Key: (2048 bit)" in certificate(sim.devices[0]["address"]),
          "AMT 21 has a key of 2048 bits")
    sim.stop()

    update_firmware(where)
    sim = Sim(where, 5, "--firmware", "22.0.1", "--drift",
              "none,none,clock,renamed,cert-expired")
    add_new(keeper, sim, 2)
    refuse_weak_template(keeper, sim)

    keeper.run("discover", "--all", expect=0)
    before = keeper.reasons()
    for row in sim.devices[:2]:
        equal(before[row["name"]], {"profile-drift"},
              f"{row['name']}: reasons after the update")
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
