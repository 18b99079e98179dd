#!/usr/bin/python3
"""cycle.py: one maintenance cycle over ten devices that drifted in ten ways:
found, planned, repaired, proven; and a second run that finds nothing to do."""
import os
import re
import subprocess

from fleet import (PATIENCE, Keeper, Sim, check, consistent, digest_status,
                   equal, finish, folder, journal_empty)

# What each drift must be diagnosed as, besides what a new fleet always has.
NEW = {"ad-object-missing", "admin-password-due", "certificate-untrusted",
       "certificate-name-mismatch", "profile-drift"}  # the last: its ACL
PLANTED = [
    set(), {"clock-skew"}, {"name-mismatch"}, {"certificate-expiring"},
    {"certificate-expired"}, {"tls-disabled"},
    {"clock-skew", "name-mismatch"}, set(), set(), {"clock-skew"},
]


def tool(*words, **more):
    out = subprocess.run(words, text=True, capture_output=True,
                         timeout=PATIENCE, **more)
    return out.stdout + out.stderr


def proof(keeper, row, authority):
    """What others' tools say of the certificate, the ticket, the object."""
    name, record = row["name"], keeper.device(row["name"])
    host = f"{record['amt_host']}.{record['amt_domain']}"
    said = tool("openssl", "s_client", "-connect", f"{row['address']}:16993",
                "-verify_hostname", host, "-CAfile", authority,
                "-verify_return_error", stdin=subprocess.DEVNULL)
    check("Verify return code: 0 (ok)" in said, f"{name}: openssl verifies")
    said = tool("kvno", f"HTTP/{host}:16993")
    equal(re.findall(r"kvno = (\d+)", said), [str(record["ad_kvno"])],
          f"{name}: the KDC's ticket")
    said = tool("ldapsearch", "-Q", "-Y", "GSSAPI", "-LLL", "-o",
                "ldif_wrap=no", "-H", f"ldap://{os.environ['LAB_DC']}", "-b",
                record["ad_dn"], "-s", "base", "dNSHostName",
                "servicePrincipalName", "msDS-KeyVersionNumber")
    for line in (f"dNSHostName: {host}",
                 f"servicePrincipalName: HTTP/{host}:16993",
                 f"msDS-KeyVersionNumber: {record['ad_kvno']}"):
        check(line in said.split("\n"), f"{name}: ldapsearch shows {line}")


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, 10, "--drift", "mixed", "--firmware", "mix", "--seed", "3")
    keeper.run("device", "import", sim.csv, expect=0)

    before = keeper.reasons()
    for planted, row in zip(PLANTED, sim.devices):
        wanted = NEW | planted
        if "tls-disabled" in planted:  # has no certificate to judge
            wanted -= {"certificate-untrusted", "certificate-name-mismatch"}
        equal(before[row["name"]], wanted, f"{row['name']}: reasons before")
    writes = {row["name"]: sim.get(row["name"])["flash_writes"]
              for row in sim.devices}
    plan = keeper.json("plan", "auto", "--all")
    check({p["name"] for p in plan} == set(before), "every device has a plan")
    check(all(sim.get(n)["flash_writes"] == w for n, w in writes.items()),
          "looking and planning write nothing")

    keeper.run("run", "auto", "--all", expect=0)
    equal(set().union(*keeper.reasons().values()), set(), "reasons after")
    journal_empty(keeper, "after the run")
    authority = os.path.join(where, "ca.pem")
    with open(authority, "w") as f:
        f.write(keeper.run("ca", "chain", expect=0).stdout)
    tool("kinit", "-k", "-t", os.environ["LAB_KEYTAB"],
         os.environ["LAB_PRINCIPAL"])
    for row in sim.devices:
        proof(keeper, row, authority)
        consistent(sim, keeper, row, row["name"])
        equal(digest_status(row["address"], row["password"]), 401,
              f"{row['name']}: the old password is refused")
        true = sim.get(row["name"])
        equal(f"{true['host']}.{true['domain']}", true["os_fqdn"],
              f"{row['name']}: firmware has the host's name")
        check(abs(true["clock_offset_ms"]) < 3000, f"{row['name']}: clock")

    writes = {row["name"]: sim.get(row["name"])["flash_writes"]
              for row in sim.devices}
    done = len([e for e in keeper.json("events")
                if e["kind"].startswith("step.")])
    out = keeper.json("run", "AutoMaintain", "--all")
    equal({row["outcome"] for row in out}, {"ok"}, "second run")
    check(all(sim.get(n)["flash_writes"] == w for n, w in writes.items()),
          "the second run writes nothing to any device")
    equal(len([e for e in keeper.json("events")
               if e["kind"].startswith("step.")]), done,
          "the second run makes no step")
    keeper.run("events", "--verify", expect=0)
    keeper.run("ca", "health", expect=0)
    sim.stop()
    finish()


main()
