#!/usr/bin/python3
"""audit.py: faults planted in a real Active Directory of two controllers, each
found with its code on its object, and nothing else; a clean OU, empty store and
fleet alike, has none.  Every code there is was planted."""
import json
import os
import subprocess

from far import OTHER_ADDRESS, OTHER_DC, in_the_dns
from fleet import PATIENCE, ROOT, Keeper, Sim, check, equal, finish, folder
from samdb import BASE, DAY, Domain, filetime

AMT = os.environ["LAB_OU"]
FLEET = "OU=Fleet," + AMT
OTHER = "OU=Other," + BASE
CONFIGURATION = "CN=beyond,CN=Services,CN=Configuration," + BASE
CLEAN, WARNED, BAD = 0, 7, 3
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class Faults:
    """What was planted, as (code, object)."""

    def __init__(self, domain):
        self.domain = domain
        self.wanted = set()

    def plant(self, dn, *codes):
        self.wanted |= {(code, dn) for code in codes}

    def computer(self, name, *codes, **values):
        dn = self.domain.computer(FLEET, name, **values)
        self.plant(dn, *codes)
        return dn


def audit(keeper, what, code, *args):
    out = keeper.run("directory", "audit", "-o", "json", *args, expect=code)
    rows = json.loads(out.stdout or "[]")
    told = [(row["code"], row["object"], row["evidence"]) for row in rows]
    equal(len(set(told)), len(told), f"{what}: each once")
    return {(row["code"], row["object"]): row for row in rows}


def compare(found, wanted, what):
    equal(sorted(set(found) - wanted), [], f"{what}: nothing but the planted")
    equal(sorted(wanted - set(found)), [], f"{what}: all of the planted")


def plant_passwords(faults):
    d = faults.domain
    d.set(faults.computer("overdue", "password-overdue"),
          pwdLastSet=filetime(50 * DAY))
    d.set(faults.computer("due", "password-due"), pwdLastSet=filetime(35 * DAY))
    faults.computer("never", "password-never-expires",
                    userAccountControl=str(0x11000))
    d.set(faults.computer("must", "password-must-change"), pwdLastSet="0")
    for name, days, code in (("expired", 50, "password-expired"),
                             ("expiring", 40, "password-expiring")):
        dn = d.user(FLEET, name)
        d.set(dn, pwdLastSet=filetime(days * DAY))
        faults.plant(dn, code)
    d.user(FLEET, "fine")
    # 14 days of slack, and a password that is newer than the logon.
    for name, logon, password, codes in (
            ("quiet", 100, 103, ("password-overdue",)),
            ("stale", 105, 110, ("stale", "password-overdue")),
            ("renewed", 200, 20, ())):
        dn = faults.computer(name, *codes)
        d.set(dn, pwdLastSet=filetime(password * DAY),
              lastLogonTimestamp=filetime(logon * DAY))
        d.created(dn, 400 * DAY)


def plant_names(faults):
    d = faults.domain
    faults.computer("nospn", "spn-missing", servicePrincipalName=None)
    faults.computer("stranger", "spn-foreign", servicePrincipalName=[
        f"HOST/stranger.{os.environ['LAB_DOMAIN']}", "HTTP/elsewhere.example.test"])
    faults.computer("other", "dns-host-differs",
                    host=f"name.{os.environ['LAB_DOMAIN']}")
    faults.computer("scs$iME", host=f"scs.{os.environ['LAB_DOMAIN']}",
                    servicePrincipalName=[
                        f"HTTP/scs.{os.environ['LAB_DOMAIN']}:{port}" for port
                        in (16992, 16993, 16994, 16995, 623, 664)])
    # One whose other holder no search of the domain finds.
    host = f"forest.{os.environ['LAB_DOMAIN']}"
    d.sam.add({"dn": CONFIGURATION, "objectClass": "computer",
               "servicePrincipalName": f"HOST/{host}"})
    faults.computer("forest", "spn-duplicate")
    # One with a second holder outside, and one with a holder beside it.
    for name, where in (("twice", OTHER), ("pair", FLEET)):
        host = f"{name}.{os.environ['LAB_DOMAIN']}"
        dn = faults.computer(name, "spn-duplicate")
        second = d.user(where, name + "2")
        d.second_spn(second, f"HOST/{host}")
        if where == FLEET:
            faults.plant(second, "spn-duplicate")
        check(d.get(dn, "servicePrincipalName"), f"{name}: has names")


def plant_flags(faults):
    faults.computer("off", "disabled", userAccountControl=str(0x1002))
    faults.computer("rc4", "encryption-weak",
                    **{"msDS-SupportedEncryptionTypes": "4"})
    faults.computer("unset", "encryption-unset",
                    **{"msDS-SupportedEncryptionTypes": None})
    faults.computer("trusted", "delegation-unconstrained",
                    userAccountControl=str(0x81000))


def plant_devices(faults, keeper, names):
    """On objects of devices, as cycle() has made them."""
    d = faults.domain
    dns = [keeper.device(name)["ad_dn"] for name in names]
    records = [keeper.device(name) for name in names]
    d.set(dns[0], dNSHostName="wrong.example.test",
          msDS_SupportedEncryptionTypes="4")
    faults.plant(dns[0], "dns-host-differs", "encryption-weak")
    spns = records[1]["ad_spns"].split()
    d.take(dns[1], servicePrincipalName=spns[0])
    d.add(dns[1], servicePrincipalName="HTTP/elsewhere.example.test:16993")
    faults.plant(dns[1], "spn-missing", "spn-foreign")
    d.sam.rename(dns[2], dns[2].split(",")[0] + "," + OTHER)
    d.set(dns[2].split(",")[0] + "," + OTHER,
          msDS_SupportedEncryptionTypes="8")
    faults.plant(dns[2].split(",")[0] + "," + OTHER, "wrong-ou",
                 "encryption-differs")
    d.sam.delete(dns[3])
    faults.plant(dns[3], "object-missing")
    d.sam.setpassword(f"(sAMAccountName={records[4]['ad_account']})",
                      "Another-Passw0rd")
    faults.plant(dns[4], "kvno-differs")
    keeper.run("device", "remove", names[5], "--yes", expect=0)
    faults.plant(dns[5], "orphan")


def plant_rights(faults):
    d = faults.domain
    d.allow(AMT, f"(A;CI;GA;;;{d.sid('svc-amt')})")
    d.allow(BASE, f"(A;;WD;;;{d.sid('AMT-Admins')})")
    d.allow(FLEET, f"(D;;RC;;;{d.sid('svc-amt')})")
    faults.plant(AMT, "rights-broad")
    faults.plant(BASE, "rights-broad")
    faults.plant(FLEET, "rights-unread")
    d.sam.add_remove_group_members("Backup Operators", ["svc-amt"])
    faults.plant("CN=svc-amt,CN=Users," + BASE, "rights-master")


def plant_clocks(faults):
    """A second controller, whose clock is ahead; it ends with its input."""
    second = subprocess.Popen(
        [os.path.join(ROOT, "tests/lab/labsecond"), "sh", "-c",
         "echo ready; exec cat"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, LAB_FAKETIME2="+10m"))
    equal(second.stdout.readline(), "ready\n", "a second controller")
    in_the_dns(OTHER_DC, OTHER_ADDRESS)
    faults.plant(f"{os.environ['LAB_DC']} {OTHER_DC}", "clock-spread")
    return second


def own_clock(keeper):
    """Ours is the wrong one."""
    found = {}
    for time, sign in (("+600", "-"), ("-600", "+")):
        keeper.env.update(LD_PRELOAD=FAKETIME, FAKETIME=time)
        found = audit(keeper, f"our clock {time}", BAD)
        equal(set(found), {("clock-own", os.environ["LAB_DC"])},
              f"our clock is off by {time}")
        for row in found.values():
            check(f"{os.environ['LAB_DC']}={sign}" in row["evidence"],
                  f"by how much: {row['evidence']}")
    del keeper.env["LD_PRELOAD"], keeper.env["FAKETIME"]
    return set(found)


def every_code(keeper):
    """As the command's help has them."""
    text = keeper.run("help", "directory", "audit", expect=0).stdout
    return set(text.split("Codes: ")[1].split(";")[0].split())


def evidence(found, names):
    """Of some: the values that were read, and what repairs it."""
    def row(code, name):
        return next(r for (c, o), r in found.items()
                    if c == code and o.startswith(name))

    r = row("spn-duplicate", "CN=twice,")
    check(f"CN=twice2,{OTHER}" in r["evidence"] and
          "in the forest" in r["evidence"], f"holder: {r['evidence']}")
    r = row("spn-duplicate", "CN=forest,")
    check(CONFIGURATION in r["evidence"], f"elsewhere: {r['evidence']}")
    r = row("password-overdue", "CN=overdue,")
    check("maxPwdAge=42d" in r["evidence"], f"policy: {r['evidence']}")
    equal((r["level"], row("password-expired", "CN=expired,")["level"]),
          ("warning", "bad"), "a rule of hygiene, and one of the KDC")
    r = row("rights-broad", AMT)
    check("full control" in r["evidence"] and r["account"] == "svc-amt" and
          r["level"] == "bad", f"our rights: {r}")
    r = row("rights-broad", BASE)
    check("WriteDacl" in r["evidence"] and r["account"] == "AMT-Admins",
          f"our group's: {r}")
    r = row("rights-master", "CN=svc-amt,")
    equal((r["level"], r["repair"]),
          ("bad", "Remove-ADGroupMember -Identity 'Backup Operators' -Members "
           f"'CN=svc-amt,CN=Users,{BASE}'"), "out of a group of masters")
    r = row("kvno-differs", "CN=")
    equal((r["device"], r["repair"]),
          (names[4], f"amtkeeper run renew-ad-password '{names[4]}'"),
          "of a device: who, and by what")


def alone(where):
    """As the README has it: no device, no OU, an account without rights."""
    keeper = Keeper.__new__(Keeper)
    keeper.folder = os.path.join(where, "alone")
    keeper.program = os.environ["AMTKEEPER"]
    keeper.env = dict(os.environ, AMTKEEPER_CONFIG=os.path.join(
        keeper.folder, "amtkeeper.yaml"))
    env = os.environ
    keeper.run("init", "--dir", keeper.folder, "--realm", env["LAB_REALM"],
               "--domain", env["LAB_DOMAIN"],
               "--principal", env["LAB_NONE_PRINCIPAL"],
               "--keytab", env["LAB_NONE_KEYTAB"], expect=0)
    keeper.run("directory", "audit", expect=20)
    found = audit(keeper, "alone", WARNED, "--ou", BASE)
    # The lab's own accounts have passwords that never expire; how old the
    # others' are depends on the day the domain was provisioned.
    equal({(code, o.split(",")[0]) for code, o in found
           if code not in ("password-expiring", "password-due",
                           "password-overdue", "stale")},
          {("password-never-expires", f"CN={name}") for name in
           ("Administrator", "svc-amt", "svc-none", "operator")},
          "a whole domain; that krbtgt and Guest are off is as it must be")


def main():
    where = folder()
    domain = Domain()
    domain.set("CN=amt-user," + AMT, pwdLastSet=filetime(0))
    alone(where)
    os.environ["LAB_OU"] = domain.ou(FLEET)
    keeper = Keeper(where)
    equal(audit(keeper, "empty", CLEAN), {}, "an empty OU and store")
    sim = Sim(where, 6, "--firmware", "16.1.25")
    keeper.run("device", "import", sim.csv, expect=0)
    equal({code for code, _ in audit(keeper, "before", WARNED)},
          {"object-missing"}, "before the first run")
    keeper.run("run", "auto", "--all", expect=0)
    equal(audit(keeper, "clean", CLEAN), {}, "a fleet after its first run")
    seen = own_clock(keeper)

    faults = Faults(domain)
    names = [row["name"] for row in sim.devices]
    faults.computer("healthy")
    plant_passwords(faults)
    plant_names(faults)
    plant_flags(faults)
    plant_devices(faults, keeper, names)
    plant_rights(faults)
    second = plant_clocks(faults)
    found = audit(keeper, "planted", BAD)
    compare(found, faults.wanted, "planted")
    second.stdin.close()
    second.wait(PATIENCE)
    seen |= set(found)
    evidence(found, names)
    out = subprocess.run(
        ["script", "-qec", f"{keeper.program} directory audit", "/dev/null"],
        env=dict(keeper.env, TERM="xterm", COLUMNS="80"), text=True,
        capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    check("\x1b[K1 objects" in out.stdout,
          f"progress on a terminal: {out.stdout[:200]!r}")
    gone = "gone." + os.environ["LAB_DOMAIN"]
    in_the_dns(gone, "127.0.0.99")
    found = audit(keeper, "an OU of others", BAD, "--ou", OTHER)
    check(("controller-silent", gone) in found, "a controller that is gone")
    check(("spn-duplicate", f"CN=twice2,{OTHER}") in found,
          "the second holder, from its own side")
    seen |= set(found)
    equal({code for code, _ in seen}, every_code(keeper),
          "no code that was not planted")
    keeper.run("directory", "audit", "--ou", "OU=None," + BASE, expect=4)
    keeper.run("device", "remove", "--all", "--yes", expect=0)
    found = audit(keeper, "orphans", BAD)
    equal({r["level"] for (code, _), r in found.items() if code == "orphan"},
          {"note"}, "marks may be another installation's: the store is empty")
    finish()


main()
