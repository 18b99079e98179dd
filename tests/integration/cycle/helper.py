#!/usr/bin/python3
"""helper.py: devices get their certificates through a helper of certmonger's,
the real one of its local CA; and certmonger gets one through us as its helper.
"""
import os
import subprocess

from fleet import (PATIENCE, Keeper, Sim, check, consistent, equal, finish,
                   folder, wait_for)

HELPER = "/usr/lib/certmonger/local-submit"


def helper_ca(where):
    """The helper's own CA; its certificate in a file."""
    state = os.path.join(where, "local-ca")
    os.mkdir(state, 0o700)
    out = subprocess.run([HELPER, "-d", state], text=True, check=True,
                         capture_output=True, timeout=PATIENCE,
                         env={"CERTMONGER_OPERATION": "FETCH-ROOTS"})
    anchors = os.path.join(where, "anchors.pem")
    with open(anchors, "w") as f:
        f.write(out.stdout[out.stdout.index("-----BEGIN"):])
    return state, anchors


class Certmonger:
    """The daemon, with nothing of the system's, on a socket of its own."""

    def __init__(self, where):
        self.where = os.path.join(where, "certmonger")
        names = ("REQUESTS_DIR", "CAS_DIR", "TMPDIR", "CONFIG_DIR",
                 "LOCAL_CA_DIR")
        self.env = dict(os.environ)
        for name in names:
            self.env["CERTMONGER_" + name] = self.path(name)
            os.makedirs(self.path(name), 0o700)
        socket = self.path("socket")
        self.child = subprocess.Popen(
            ["certmonger", "-n", "-L", "-P", socket, "-B"], env=self.env,
            stderr=subprocess.DEVNULL)
        self.env["CERTMONGER_PVT_ADDRESS"] = "unix:path=" + socket
        wait_for(lambda: os.path.exists(socket), PATIENCE,
                 "certmonger listens")

    def path(self, name):
        return os.path.join(self.where, name)

    def run(self, *words):
        out = subprocess.run(["getcert", *words], env=self.env, text=True,
                             capture_output=True, timeout=PATIENCE)
        return out.stdout + out.stderr

    def request(self, name, fqdn):
        """Until certmonger has a certificate, or stops asking."""
        out = self.run("request", "-w", "-c", "amtkeeper", "-T", "hand",
                       "-I", name, "-f", self.path(name + ".pem"),
                       "-k", self.path(name + ".key"), "-N", f"CN={fqdn}",
                       "-D", fqdn)
        return out + self.run("list", "-i", name)

    def stop(self):
        self.child.terminate()
        self.child.wait(PATIENCE)


def as_helper(where, keeper, fqdn):
    """certmonger asks us."""
    monger = Certmonger(where)
    try:
        config = os.path.join(keeper.folder, "amtkeeper.yaml")
        monger.run("add-ca", "-c", "amtkeeper", "-e",
                   f"{keeper.program} -c {config} ca helper")
        out = monger.request("good", fqdn)
        check("status: MONITORING" in out, f"certmonger has it: {out}")
        root = os.path.join(where, "root.pem")
        keeper.run("ca", "chain", "--all", "--out", root, expect=0)
        out = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile",
                              root, monger.path("good.pem")], text=True,
                             capture_output=True, timeout=PATIENCE).stdout
        check("good.pem: OK" in out, f"and it verifies: {out}")
        out = monger.request("bad", "stranger.ad.example.test")
        check("CA_REJECTED" in out and "device of this fleet" in out,
              f"a stranger is told why not: {out}")
    finally:
        monger.stop()
    out = keeper.run("ca", "helper")
    equal(out.returncode, 4, "asked for nothing")
    keeper.env["CERTMONGER_OPERATION"] = "GET-NEW-REQUEST-REQUIREMENTS"
    equal(keeper.run("ca", "helper").returncode, 6, "asked for what it cannot")
    keeper.env["CERTMONGER_OPERATION"] = "GET-SUPPORTED-TEMPLATES"
    equal(keeper.run("ca", "helper").stdout, "hand\n", "templates of ours")
    del keeper.env["CERTMONGER_OPERATION"]


def leaves(keeper, state, names):
    """The helper's CA cannot be told: it is marked, and a person is told."""
    first, second = (keeper.device(name)["cert_serial"] for name in names[:2])
    told = [row for row in keeper.json("device", "remove", names[0],
                                       "--revoke", "--yes")
            if row["what"] == "certificate"]
    equal([row["name"] for row in told], [first], "the certificate it had")
    equal(told[0]["state"], "marked", "is marked")
    equal(told[0]["by_hand"], f"revoke serial {first} at the CA of bridge corp "
          f"({HELPER} -d {state}), by its own means: helper knows no "
          "revocation", "and what is to be done")
    out = keeper.run("ca", "revoke", second, "--yes", expect=0).stderr
    check("is marked here only" in out and f"revoke serial {second} at the CA "
          "of bridge corp" in out, f"a person is told: {out}")
    marked = {c["serial"] for c in keeper.json("ca", "list")
              if c["revoked_at"]}
    check({first, second} <= marked, f"both are on record: {marked}")
    # Without the bridge nobody can say more than its name.
    os.unlink(os.path.join(keeper.folder, "conf.d", "bridge.yaml"))
    keeper.edit("profile.yaml", "  - {name: tls, issuer: corp}",
                "  - {name: tls}")
    third = keeper.device(names[2])["cert_serial"]
    told = [row for row in keeper.json("device", "remove", names[2],
                                       "--revoke", "--yes")
            if row["what"] == "certificate"]
    equal([(row["state"], row["by_hand"]) for row in told],
          [("marked", f"revoke serial {third} at the CA behind corp, a bridge "
            "that is not configured any more")], "a bridge that is gone")


def main():
    where = folder()
    keeper = Keeper(where)
    state, anchors = helper_ca(where)
    os.mkdir(os.path.join(keeper.folder, "conf.d"))
    with open(os.path.join(keeper.folder, "conf.d", "bridge.yaml"), "w") as f:
        f.write(f"""bridges:
  - name: corp
    kind: helper
    command: {HELPER} -d {state}
    anchors: {anchors}
""")
    keeper.edit("profile.yaml", "#templates:",
                "templates:\n  - {name: tls, issuer: corp}\n"
                "  - {name: hand, short_name: false}")
    keeper.run("config", "check", expect=0)
    out = keeper.run("ca", "bridge", "test", "corp", expect=0)
    check("Local Signing Authority" in out.stdout and
          "chains to anchors" in out.stdout, f"bridge test: {out.stdout}")

    sim = Sim(where, 3, "--seed", "5", "--drift", "clock-renamed")
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    equal(set().union(*keeper.reasons("--all").values()), set(), "healthy")
    equal({c["issuer"] for c in keeper.json("ca", "list")}, {"corp"},
          "whose certificates they are")
    for row in sim.devices:
        consistent(sim, keeper, row, row["name"])
        true = sim.get(row["name"])
        out = subprocess.run(
            ["openssl", "s_client", "-connect", f"{row['address']}:16993",
             "-verify_hostname", true["os_fqdn"], "-CAfile", anchors,
             "-verify_return_error"], stdin=subprocess.DEVNULL, text=True,
            capture_output=True, timeout=PATIENCE)
        check("Verify return code: 0 (ok)" in out.stdout,
              f"{row['name']}: openssl verifies against the helper's CA")

    as_helper(where, keeper, sim.get(sim.devices[1]["name"])["os_fqdn"])

    # Its CA is gone: nothing changes, and it is said why.
    leaf = sim.get(sim.devices[0]["name"])["leaf_sha256"]
    os.rename(state, state + ".away")
    keeper.run("device", "set", sim.devices[0]["name"], "--os-host", "moved")
    out = keeper.run("run", "auto", sim.devices[0]["name"])
    check(out.returncode != 0 and "does not answer" in out.stdout + out.stderr,
          f"said why: {out.stdout}{out.stderr}")
    equal(sim.get(sim.devices[0]["name"])["leaf_sha256"], leaf,
          "keeps its certificate")
    leaves(keeper, state, [row["name"] for row in sim.devices])
    sim.stop()
    finish()


main()
