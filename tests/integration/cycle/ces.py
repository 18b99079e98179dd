#!/usr/bin/python3
"""ces.py: devices get their certificates from Microsoft's enrolment web services
(an imitation, ces_ca.py, behind a real Apache), by Kerberos with the lab's
controller, by password, by certificate: at once, after a person's approval, after
a kill at any word of it, or not at all; the device keeps what it has until then."""
import os
import subprocess

from apache import Apache
from ces_ca import CERTIFICATE, KERBEROS, PASSWORD, TEMPLATE, USER, CesCa
from fleet import (FAULT_EXIT, ROOT, Keeper, Sim, administrate, check,
                   consistent, equal, finish, folder, journal_empty, outcomes,
                   until_changed, verifies, who_holds)

ADDRESS, NOBODY = "127.0.0.20", "127.0.0.21"
REFUSED, UNREACHABLE, NO_ANSWER = 5, 70, 101  # exit codes
# Where it is killed while the CA waits, and what was heard when it has issued.
POINTS = {"bridge.before-asked": ["request"],
          "bridge.asked": ["request"],
          # The answer, with the request's number, is lost.
          "bridge.answered": ["request", "request"],
          "bridge.recorded": ["request", "query"]}


def labdns(*words, text=None):
    subprocess.run([os.path.join(ROOT, "tests/lab/labdns"), *words],
                   input=text, text=True, check=True)


def serve_as(host):
    """The service's name for the account that it runs as."""
    base = os.environ["LAB_BASE"]
    administrate("ldapmodify", f"dn: CN=svc-none,CN=Users,{base}\n"
                 "changetype: modify\nadd: servicePrincipalName\n"
                 f"servicePrincipalName: HTTP/{host}\n")


class Configuration:
    def __init__(self, keeper, ca):
        self.keeper, self.ca = keeper, ca
        self.password = os.path.join(keeper.folder, "ces-password")
        os.mkdir(os.path.join(keeper.folder, "conf.d"))
        self.set_password(PASSWORD)

    def set_password(self, text):
        with open(self.password, "w",
                  opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text + "\n")

    def write(self, login, address=None, label=TEMPLATE):
        words = {KERBEROS: "", USER: f"user: CORP\\ra\n    password_file: "
                 f"{self.password}", CERTIFICATE: "certificate: "
                 f"{self.ca.path('ra.pem')}\n    key: {self.ca.path('ra.key')}"}
        with open(os.path.join(self.keeper.folder, "conf.d", "bridge.yaml"),
                  "w") as f:
            f.write(f"""bridges:
  - name: corp
    kind: ces
    url: {self.ca.url(address or login)}
    policy: {self.ca.policy_url(address or login)}
    label: {label}
    anchors: {self.ca.path("anchors.pem")}
    timeout: 5m
    retry_first: 1m
    retry_most: 1m
    {words[login]}
""")

    def test(self, expect, words):
        out = self.keeper.run("ca", "bridge", "test", "corp", expect=expect)
        check(words in out.stdout + out.stderr,
              f"bridge test: no '{words}' in {out.stdout}{out.stderr}")
        return out.stdout


def configurations(conf, ca):
    """bridge test finds what is wrong before a device waits for it."""
    conf.write(USER)
    conf.test(0, "to CORP\\x5Cra")
    conf.set_password("another")
    conf.test(REFUSED, "refuses our login")
    conf.set_password(PASSWORD)
    conf.write(CERTIFICATE)
    conf.test(0, "to our certificate")
    # Each address has one way to log in.
    conf.write(USER, CERTIFICATE)
    conf.test(NO_ANSWER, "certificate required")
    conf.write(USER, KERBEROS)
    conf.test(REFUSED, "HTTP 401")
    conf.write(KERBEROS)
    conf.test(REFUSED, f"ticket for HTTP/{ca.host}: ")
    serve_as(ca.host)
    conf.write(KERBEROS, label="Machine")
    conf.test(REFUSED, "template Machine: names come from the directory")
    conf.write(KERBEROS, label="Secret")
    conf.test(REFUSED, "template Secret: our account has no right")
    conf.write(KERBEROS)
    ca.take_heard()
    shown = conf.test(0, f"to {os.environ['LAB_PRINCIPAL']} by Kerberos")
    for words in ("issuing CA,O=Corp: chains to anchors", "Kerberos, as this bridge does",
                  f"template {TEMPLATE}: may be enrolled, keys from 2048 bits",
                  "template Machine: not for devices"):
        check(words in shown, f"bridge test: no '{words}' in {shown}")
    who = os.environ["LAB_PRINCIPAL"]
    equal(ca.take_heard(), [("query", KERBEROS, who),
                            ("policies", KERBEROS, who)],
          "a test asks for nothing, and who asks is known by Kerberos")


def found_by_dns(keeper, conf):
    """Tickets of a controller that nobody has configured, and of the second one
    when the first does not answer."""
    dead = "dc0." + os.environ["LAB_DOMAIN"]
    labdns("-", text=f"{NOBODY} {dead}\n")
    labdns("--controller", dead)
    keeper.edit("amtkeeper.yaml", "  dc:", "  #dc:")
    conf.test(0, "by Kerberos")
    keeper.edit("amtkeeper.yaml", "  #dc:", f"  dc: {dead}")
    conf.test(UNREACHABLE, f"KDC {dead}")
    keeper.edit("amtkeeper.yaml", "  dc:", f"  dc: {os.environ['LAB_DC']}")
    conf.ca.take_heard()


def waits(sim, keeper, ca):
    names = [row["name"] for row in sim.devices]
    leaves = {name: sim.get(name)["leaf_sha256"] for name in names}
    ca.mode = "wait"
    equal(outcomes(keeper, "auto", "--all"), dict.fromkeys(names, "waiting"),
          "everybody waits")
    equal(ca.take_heard(), [("request", KERBEROS, os.environ["LAB_PRINCIPAL"])]
          * len(names), "each asked once, by Kerberos")
    equal({name: sim.get(name)["leaf_sha256"] for name in names}, leaves,
          "each keeps its certificate")
    journal_empty(keeper, "while they wait")
    pending = keeper.json("ca", "bridge", "pending")
    equal({row["state"] for row in pending}, {"pending"}, "their state")
    equal(sorted(row["request"] for row in pending),
          sorted(str(n) for n in ca.requests), "by the CA's numbers")


def approved(sim, keeper, ca):
    """By another process, which logs in in another way."""
    ca.mode = "issue"
    for row in sim.devices:
        keeper.run("ca", "bridge", "hasten", row["name"], expect=0)
    equal(outcomes(keeper, "reissue-certificates", "--all"),
          {row["name"]: "changed" for row in sim.devices}, "after approval")
    equal(ca.take_heard(), [("query", USER, "CORP\\ra")] * len(sim.devices),
          "asked after, not for")
    equal(keeper.json("ca", "bridge", "pending"), [], "nobody waits any more")
    equal(set().union(*keeper.reasons("--all").values()), set(), "healthy")
    for row in sim.devices:
        verifies(row, row["name"], ca.path("anchors.pem"))
        consistent(sim, keeper, row, row["name"])


def killed(sim, keeper, ca):
    """The program is killed at each word between it and the CA."""
    for row, (point, heard) in zip(sim.devices, POINTS.items()):
        name = row["name"]
        old = sim.get(name)["leaf_sha256"]
        ca.mode = "wait"
        ca.take_heard()
        out = keeper.run("run", "reissue-certificates", name,
                         fault=f"{point}:1")
        equal(out.returncode, FAULT_EXIT, f"{name}: killed at {point}")
        equal(sim.get(name)["leaf_sha256"], old,
              f"{name}: killed at {point}, keeps its certificate")
        ca.mode = "issue"
        check(until_changed(sim, keeper, name, old),
              f"{name}: killed at {point}, has a new one in the end")
        equal(ca.take_heard(),
              [(what, CERTIFICATE, "CN=ra") for what in heard],
              f"{name}: killed at {point}, what was asked")
        consistent(sim, keeper, row, f"{name}: killed at {point}")
        journal_empty(keeper, f"{name}: killed at {point}")


def refused(sim, keeper, ca):
    """What the CA does not give, or gives wrong, changes nothing."""
    row = sim.devices[0]
    name = row["name"]
    old = sim.get(name)["leaf_sha256"]
    for mode, words in (
            ("no right", "no right to enroll for this template (CERTSRV_E_"),
            ("refuse", "a certificate manager has denied the request"),
            ("busy", "the service does not reach its CA"),
            ("wrong names", "not a name of the device")):
        ca.mode = mode
        keeper.run("ca", "bridge", "hasten", name)
        out = keeper.run("run", "reissue-certificates", name)
        shown = out.stdout + out.stderr + keeper.run(
            "ca", "bridge", "pending", "-o", "json").stdout
        check(words in shown, f"{name}: {mode} says why: {shown}")
        equal(sim.get(name)["leaf_sha256"], old, f"{name}: {mode}")
    ca.mode = "issue"
    check(until_changed(sim, keeper, name, old), f"{name}: in the end")
    consistent(sim, keeper, row, name)


def main():
    where = folder()
    host = "ces." + os.environ["LAB_DOMAIN"]
    labdns("-", text=f"{ADDRESS} {host}\n")
    keeper = Keeper(where)
    ca = CesCa(os.path.join(where, "corp"), host)
    try:
        apache = Apache(os.path.join(where, "apache"), ca,
                        os.environ["LAB_NONE_KEYTAB"], ADDRESS)
        conf = Configuration(keeper, ca)
        configurations(conf, ca)
        found_by_dns(keeper, conf)
        keeper.edit("profile.yaml", "#templates:",
                    "templates:\n  - {name: tls, issuer: corp}")
        sim = Sim(where, len(POINTS), "--firmware", "12.0.67", "--seed", "11")
        keeper.run("device", "import", sim.csv, expect=0)
        waits(sim, keeper, ca)
        conf.write(USER)
        approved(sim, keeper, ca)
        conf.write(CERTIFICATE)
        killed(sim, keeper, ca)
        refused(sim, keeper, ca)
        equal(set(outcomes(keeper, "auto", "--all").values()), {"ok"},
              "nothing is left to do")
        equal(who_holds(keeper.folder, PASSWORD), ["ces-password"],
              "where the password is")
        sim.stop()
        apache.stop()
    finally:
        ca.stop()
    finish()


main()
