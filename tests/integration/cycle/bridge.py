#!/usr/bin/python3
"""bridge.py: devices get their certificates from an enterprise CA over EST (an
imitation, est_ca.py): at once, after a person's approval, after a kill at any
word of it, or not at all; the device keeps what it has until then."""
import os

from est_ca import EstCa
from fleet import (FAULT_EXIT, Keeper, Sim, check, consistent,
                   equal, finish, folder, journal_empty, outcomes, verifies)

POINTS = ("bridge.before-asked", "bridge.asked", "bridge.answered",
          "bridge.recorded")


def configure(keeper, ca, login, anchors="anchors.pem"):
    with open(os.path.join(keeper.folder, "conf.d", "bridge.yaml"), "w") as f:
        f.write(f"""bridges:
  - name: corp
    kind: est
    url: https://127.0.0.1:{ca.port}
    label: amt
    anchors: {ca.path(anchors)}
    tls_ca: {ca.path("anchors.pem")}
    timeout: 5m
    {login}
""")


def waits(sim, keeper, ca, rows):
    """All wait for a person; what they had stays, everything else is done."""
    leaves = {row["name"]: sim.get(row["name"])["leaf_sha256"] for row in rows}
    ca.mode = "wait"
    names = list(leaves)
    equal(outcomes(keeper, "auto", "--all"), dict.fromkeys(names, "waiting"),
          "everybody waits")
    equal(len(ca.asked), len(names), "each asked once")
    equal({row["name"]: sim.get(row["name"])["leaf_sha256"] for row in rows},
          leaves, "each keeps its certificate")
    journal_empty(keeper, "while they wait")
    for name, reasons in keeper.reasons("--all").items():
        check("certificate-pending" in reasons, f"{name}: says what it waits "
              f"for: {reasons}")
        check("admin-password-due" not in reasons,
              f"{name}: the rest of the plan was done")
    pending = keeper.json("ca", "bridge", "pending")
    equal({row["device"] for row in pending}, set(names), "bridge pending")
    equal({row["state"] for row in pending}, {"pending"}, "their state")
    # Nobody is asked before the time the CA has named.
    outcomes(keeper, "reissue-certificates", "--all")
    equal(len(ca.asked), len(names), "nobody asks too early")


def approved(sim, keeper, ca, rows):
    ca.mode = "issue"
    for row in rows:
        keeper.run("ca", "bridge", "hasten", row["name"], expect=0)
    first = list(ca.asked)
    equal(outcomes(keeper, "reissue-certificates", "--all"),
          {row["name"]: "changed" for row in rows}, "after the approval")
    equal(sorted(ca.asked[len(first):]), sorted(first),
          "the same requests were asked after")
    equal(keeper.json("ca", "bridge", "pending"), [], "nobody waits any more")
    equal(set().union(*keeper.reasons("--all").values()), set(), "healthy")
    equal({c["issuer"] for c in keeper.json("ca", "list")}, {"corp"},
          "whose certificates they are")
    for row in rows:
        verifies(row, row["name"], ca.path("anchors.pem"))
        consistent(sim, keeper, row, row["name"])


def killed(sim, keeper, ca, rows):
    """The program is killed at each word between it and the CA."""
    for row, point in zip(rows, POINTS):
        name = row["name"]
        old = sim.get(name)["leaf_sha256"]
        ca.mode = "wait"
        out = keeper.run("run", "reissue-certificates", name,
                         fault=f"{point}:1")
        equal(out.returncode, FAULT_EXIT, f"{name}: killed at {point}")
        equal(sim.get(name)["leaf_sha256"], old,
              f"{name}: killed at {point}, keeps its certificate")
        ca.mode = "issue"
        keeper.run("ca", "bridge", "hasten", name)
        keeper.run("run", "reissue-certificates", name, expect=0)
        check(sim.get(name)["leaf_sha256"] != old,
              f"{name}: killed at {point}, has a new one in the end")
        consistent(sim, keeper, row, f"{name}: killed at {point}")
        journal_empty(keeper, f"{name}: killed at {point}")


def refused(sim, keeper, ca, row):
    """What the CA does not give, or gives wrong, changes nothing."""
    name = row["name"]
    old = sim.get(name)["leaf_sha256"]
    for mode, words in (("refuse", "not on my list"),
                        ("wrong names", "not a name of the device")):
        ca.mode = mode
        keeper.run("ca", "bridge", "hasten", name)
        out = keeper.run("run", "reissue-certificates", name)
        check(out.returncode != 0, f"{name}: {mode} fails")
        check(words in out.stdout + out.stderr, f"{name}: {mode} says why: "
              f"{out.stdout}{out.stderr}")
        equal(sim.get(name)["leaf_sha256"], old, f"{name}: {mode}")
    ca.stop()
    keeper.run("ca", "bridge", "hasten", name)
    out = keeper.run("run", "reissue-certificates", name)
    check(out.returncode != 0, f"{name}: fails without a CA")
    equal(sim.get(name)["leaf_sha256"], old, f"{name}: no CA")
    ca.start(ca.port)
    ca.mode = "issue"
    keeper.run("ca", "bridge", "hasten", name)
    keeper.run("run", "reissue-certificates", name, expect=0)
    check(sim.get(name)["leaf_sha256"] != old, f"{name}: in the end")
    consistent(sim, keeper, row, name)


def configurations(keeper, ca):
    """bridge test finds what is wrong before a device waits for it."""
    client = f"certificate: {ca.path('ra.pem')}\n    key: {ca.path('ra.key')}"
    password = os.path.join(keeper.folder, "est-password")
    with open(password, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write("open sesame\n")
    user = f"user: ra\n    password_file: {password}"
    configure(keeper, ca, user, "server.pem")
    out = keeper.run("ca", "bridge", "test", "corp")
    check("do not chain to the anchors" in out.stderr, "wrong anchors: "
          + out.stderr)
    configure(keeper, ca, client)
    out = keeper.run("ca", "bridge", "test", "corp", expect=0).stdout
    check("CN=Corp root CA,O=Corp: chains to anchors" in out, out)
    configure(keeper, ca, user)
    keeper.run("ca", "bridge", "test", "corp", expect=0)
    equal(keeper.json("ca", "bridge", "list")[0]["template"], "tls", "bridge list")
    return client


def main():
    where = folder()
    keeper = Keeper(where)
    ca = EstCa(os.path.join(where, "corp"))
    try:
        os.mkdir(os.path.join(keeper.folder, "conf.d"))
        keeper.edit("profile.yaml", "#templates:",
                    "templates:\n  - {name: tls, issuer: corp}")
        equal(keeper.run("ca", "list").returncode, 10,
              "an issuer that nobody has configured")
        client = configurations(keeper, ca)
        sim = Sim(where, len(POINTS), "--firmware", "12.0.67", "--seed", "5")
        keeper.run("device", "import", sim.csv, expect=0)
        waits(sim, keeper, ca, sim.devices)
        configure(keeper, ca, client)
        approved(sim, keeper, ca, sim.devices)
        killed(sim, keeper, ca, sim.devices)
        refused(sim, keeper, ca, sim.devices[0])
        equal(set(outcomes(keeper, "auto", "--all").values()), {"ok"},
              "nothing is left to do")
        sim.stop()
    finally:
        ca.stop()
    finish()


main()
