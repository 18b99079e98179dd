#!/usr/bin/python3
"""cmp.py: devices get their certificates from an enterprise CA over CMP (an
imitation, tests/integration/cmp/cmp_server.c): at once, after a person's
approval, after a kill at any word of it, or not at all; what they replace is
revoked there.  The device keeps what it has until then."""
import os
import subprocess

from fleet import (FAULT_EXIT, PATIENCE, Keeper, Sim, check, consistent,
                   equal, finish, folder, journal_empty, outcomes,
                   until_changed, verifies, who_holds)

# Where it is killed, and what the CA has heard in the end.
POINTS = {"bridge.before-asked": "p10cr;certConf;",
          "bridge.asked": "p10cr;certConf;",
          "bridge.answered": "p10cr;p10cr;certConf;",
          "bridge.unconfirmed": "p10cr;certConf;",
          # It has heard the confirmation, denies it the second time, and the
          # certificate that nobody has seen is asked for anew.
          "bridge.confirmed": "p10cr;certConf;p10cr;certConf;"}
SECRET = "sesame, and some more of it"


class CmpCa:
    def __init__(self, where):
        self.where = where
        os.makedirs(where)
        self.child = subprocess.Popen(
            [os.environ["CMP_SERVER"], where, SECRET], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.child.stdout.readline())

    def tell(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return self.child.stdout.readline().rstrip("\n")

    def asked(self):
        """Without what was revoked, which depends on what was replaced."""
        words = self.tell("asked").split(";")[:-1]
        self.revoked = [w for w in words if w.startswith("rr ")]
        return "".join(w + ";" for w in words if not w.startswith("rr "))

    def stop(self):
        self.child.stdin.close()
        self.child.wait(PATIENCE)


def configure(keeper, ca, secret):
    path = os.path.join(keeper.folder, "cmp-secret")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(secret + "\n")
    with open(os.path.join(keeper.folder, "conf.d", "bridge.yaml"), "w") as f:
        f.write(f"""bridges:
  - name: plant
    kind: cmp
    url: http://127.0.0.1:{ca.port}/pkix/
    anchors: {ca.where}/anchors.pem
    user: amtkeeper
    password_file: {path}
    timeout: 5m
    retry_first: 1s
    retry_most: 1s
""")


def configurations(keeper, ca):
    configure(keeper, ca, "not the right one, alas")
    out = keeper.run("ca", "bridge", "test", "plant")
    check("compare the secret" in out.stderr, "wrong secret: " + out.stderr)
    configure(keeper, ca, "short")
    out = keeper.run("ca", "bridge", "test", "plant")
    check("at least 16 bytes" in out.stderr, "short secret: " + out.stderr)
    out = keeper.run("config", "check")
    equal(out.returncode, 10, "config check with a short secret")
    check("bridge plant: over http the secret must have" in out.stderr,
          "and why: " + out.stderr)
    configure(keeper, ca, SECRET)
    keeper.run("config", "check", expect=0)
    out = keeper.run("ca", "bridge", "test", "plant", expect=0).stdout
    check("CN=Plant CA: chains to anchors" in out, out)
    equal(ca.asked(), "genm;", "bridge test asks for nothing")


def waits(sim, keeper, ca):
    """All wait for a person, each over several processes."""
    names = [row["name"] for row in sim.devices]
    leaves = {name: sim.get(name)["leaf_sha256"] for name in names}
    ca.tell("wait")
    equal(outcomes(keeper, "auto", "--all"), dict.fromkeys(names, "waiting"),
          "everybody waits")
    equal(ca.asked().count("p10cr;"), len(names), "each asked for once")
    equal({name: sim.get(name)["leaf_sha256"] for name in names}, leaves,
          "each keeps its certificate")
    journal_empty(keeper, "while they wait")
    pending = keeper.json("ca", "bridge", "pending")
    equal({row["state"] for row in pending}, {"pending"}, "their state")
    ids = {row["request"] for row in pending}
    equal(len(ids), len(names), "each has a transaction of its own")
    for name in names:
        keeper.run("ca", "bridge", "hasten", name, expect=0)
    outcomes(keeper, "reissue-certificates", "--all")
    equal(ca.asked(), "pollReq;" * len(names), "asked after, not for")
    equal({row["request"] for row in keeper.json("ca", "bridge", "pending")},
          ids, "and it is the same transactions")


def approved(sim, keeper, ca):
    ca.tell("issue")
    for row in sim.devices:
        keeper.run("ca", "bridge", "hasten", row["name"], expect=0)
    equal(outcomes(keeper, "reissue-certificates", "--all"),
          {row["name"]: "changed" for row in sim.devices}, "after approval")
    asked = ca.asked()
    equal((asked.count("pollReq;"), asked.count("certConf;"),
           asked.count("p10cr;")),
          (len(sim.devices), len(sim.devices), 0), "what the CA has heard")
    equal(keeper.json("ca", "bridge", "pending"), [], "nobody waits any more")
    equal(set().union(*keeper.reasons("--all").values()), set(), "healthy")
    equal({c["issuer"] for c in keeper.json("ca", "list")}, {"plant"},
          "whose certificates they are")
    for row in sim.devices:
        verifies(row, row["name"],
                 os.path.join(ca.where, "anchors.pem"))
        consistent(sim, keeper, row, row["name"])


def killed(sim, keeper, ca):
    """The program is killed at each word between it and the CA."""
    for row, (point, asked) in zip(sim.devices, POINTS.items()):
        name = row["name"]
        old = sim.get(name)["leaf_sha256"]
        ca.asked()
        out = keeper.run("run", "reissue-certificates", name,
                         fault=f"{point}:1")
        equal(out.returncode, FAULT_EXIT, f"{name}: killed at {point}")
        equal(sim.get(name)["leaf_sha256"], old,
              f"{name}: killed at {point}, keeps its certificate")
        check(until_changed(sim, keeper, name, old),
              f"{name}: killed at {point}, has a new one in the end")
        equal(ca.asked(), asked, f"{name}: killed at {point}, what was asked")
        equal(len(ca.revoked), asked.count("certConf;"),
              f"{name}: killed at {point}, the one it had is revoked, and "
              "one that it never got")
        consistent(sim, keeper, row, f"{name}: killed at {point}")
        journal_empty(keeper, f"{name}: killed at {point}")


def refused(sim, keeper, ca):
    """What the CA does not give, or gives wrong, changes nothing."""
    row = sim.devices[0]
    name = row["name"]
    old = sim.get(name)["leaf_sha256"]
    for mode, words, heard in (
            ("refuse", "badCertTemplate): not on my list", "p10cr;"),
            ("wrong-names", "not a name of the device", "certConf-")):
        ca.asked()
        ca.tell(mode)
        keeper.run("ca", "bridge", "hasten", name)
        out = keeper.run("run", "reissue-certificates", name)
        check(out.returncode != 0, f"{name}: {mode} fails")
        check(words in out.stdout + out.stderr, f"{name}: {mode} says why: "
              f"{out.stdout}{out.stderr}")
        check(heard in ca.asked(), f"{name}: {mode}, what the CA has heard")
        equal(sim.get(name)["leaf_sha256"], old, f"{name}: {mode}")
    ca.tell("issue")
    check(until_changed(sim, keeper, name, old), f"{name}: in the end")
    consistent(sim, keeper, row, name)


def main():
    where = folder()
    keeper = Keeper(where)
    ca = CmpCa(os.path.join(where, "plant"))
    try:
        os.mkdir(os.path.join(keeper.folder, "conf.d"))
        keeper.edit("profile.yaml", "#templates:",
                    "templates:\n  - {name: tls, issuer: plant}")
        configurations(keeper, ca)
        sim = Sim(where, len(POINTS), "--firmware", "12.0.67", "--seed", "7")
        keeper.run("device", "import", sim.csv, expect=0)
        waits(sim, keeper, ca)
        approved(sim, keeper, ca)
        killed(sim, keeper, ca)
        refused(sim, keeper, ca)
        equal(set(outcomes(keeper, "auto", "--all").values()), {"ok"},
              "nothing is left to do")
        equal(who_holds(keeper.folder, SECRET), ["cmp-secret"],
              "where the secret is")
        sim.stop()
    finally:
        ca.stop()
    finish()


main()
