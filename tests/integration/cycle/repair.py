#!/usr/bin/python3
"""repair.py: what the audit finds and a machine can put right, put right in a
real Active Directory; objects of others stay as they are until they are named;
killed at every fault point, the same command finishes it."""
import json
import os
import shlex

from fleet import (FAULT_EXIT, Keeper, Sim, check, equal, finish, folder,
                   journal_empty)
from samdb import BASE, Domain

FLEET = "OU=Fleet," + os.environ["LAB_OU"]
OTHER = "OU=Other," + BASE
TYPES = "msDS-SupportedEncryptionTypes"


def rows(keeper, *args, expect=None):
    out = keeper.run(*args, "-o", "json", expect=expect)
    return json.loads(out.stdout or "[]")


def found(keeper):
    return {(r["code"], r["object"]) for r in rows(keeper, "directory",
                                                   "audit")}


def kinds(keeper):
    return [e["kind"] for e in keeper.json("events")
            if e["kind"].startswith("directory.")]


class Case:
    def __init__(self, where):
        self.domain = Domain()
        os.environ["LAB_OU"] = self.domain.ou(FLEET)
        self.keeper = Keeper(where)
        self.sim = Sim(where, 5, "--firmware", "16.1.25")
        self.keeper.run("device", "import", self.sim.csv, expect=0)
        self.keeper.run("run", "auto", "--all", expect=0)
        self.names = [row["name"] for row in self.sim.devices]
        self.dns = [self.keeper.device(n)["ad_dn"] for n in self.names]

    def drift(self):
        """A device's object: what it says; which flags; whether it is one."""
        d = self.domain
        spn = self.keeper.device(self.names[0])["ad_spns"].split()[0]
        d.set(self.dns[0], dNSHostName="wrong.example.test",
              userAccountControl=str(0x11000))
        d.set(self.dns[0], **{TYPES: "4"})
        d.take(self.dns[0], servicePrincipalName=spn)
        d.add(self.dns[0], servicePrincipalName="HTTP/else.example.test:623")

    def orphan(self, which):
        self.keeper.run("device", "remove", self.names[which], "--yes",
                        expect=0)
        return self.dns[which]


def plan(case):
    """It says what, and writes nothing."""
    keeper = case.keeper
    before = found(keeper)
    wanted = {("spn-missing", "task sync-ad-object"),
              ("spn-foreign", "task sync-ad-object"),
              ("dns-host-differs", "task sync-ad-object"),
              ("encryption-weak", "task sync-ad-object"),
              ("password-never-expires", "userAccountControl - 69632 + 4096"),
              ("orphan", "disable")}
    planned = rows(keeper, "directory", "repair", "--plan", expect=0)
    equal({(r["code"], r["change"]) for r in planned}, wanted, "the plan")
    equal({r["state"] for r in planned}, {"planned"}, "its state")
    equal(found(keeper), before, "a plan changes nothing")
    equal(kinds(keeper), [], "and tells of nothing")
    keeper.run("directory", "repair", expect=5)  # nobody said yes
    equal(found(keeper), before, "nor does a question without answer")


def repair(case, strange):
    keeper, d = case.keeper, case.domain
    keeper.run("directory", "repair", "nonsense", expect=4)
    keeper.run("directory", "repair", "--dn", "CN=nobody," + FLEET, expect=4)
    done = rows(keeper, "directory", "repair", "spn-missing", case.names[1],
                "--yes", expect=0)
    equal(done, [], "another device has nothing")
    done = rows(keeper, "directory", "repair", "--yes", expect=0)
    equal({r["state"] for r in done}, {"done"}, f"all done: {done}")
    equal(found(keeper), {("disabled", case.dns[4]), ("orphan", case.dns[4]),
                          ("encryption-weak", strange),
                          ("password-never-expires", strange)},
          "what is left: a disabled orphan, and what is not ours")
    equal(sorted(kinds(keeper)), ["directory.repaired"] * 2 +
          ["directory.repairing"] * 2, "each write is told of twice")
    journal_empty(keeper, "the device's own")
    keeper.run("events", "--verify", expect=0)
    equal(rows(keeper, "directory", "repair", "--yes", expect=0), [],
          "again: nothing")

    done = rows(keeper, "directory", "repair", "encryption-weak", "--yes",
                "--dn", strange, expect=0)
    equal([(r["code"], r["state"]) for r in done],
          [("encryption-weak", "done")], "one that is not ours, by its name")
    equal(d.get(strange, TYPES), ["24"], "and it is so")
    elsewhere = d.computer(OTHER, "elsewhere", **{TYPES: "4"})
    # As the audit says it is done.
    told = rows(keeper, "directory", "audit", "--ou", OTHER)
    words = shlex.split(next(r["repair"] for r in told
                             if r["object"] == elsewhere))
    equal(words[0], "amtkeeper", f"repaired by us: {words}")
    done = rows(keeper, *words[1:], "--yes", expect=3)
    equal([r["state"] for r in done], ["failed"], "where we have no right")
    check("no right" in done[0]["error"], f"says so: {done[0]['error']}")
    equal(kinds(keeper)[-1], "directory.repair-failed", "and the chain")


def stays(case):
    """An orphan with something below it, and one whose mark is gone."""
    keeper, d = case.keeper, case.domain
    leaf = case.orphan(3)
    d.sam.add({"dn": "CN=key," + leaf, "objectClass": "serviceConnectionPoint"})
    done = rows(keeper, "directory", "repair", "orphan", "--delete", "--yes",
                expect=3)
    equal({r["object"]: r["state"] for r in done},
          {leaf: "failed", case.dns[4]: "done"}, "a leaf, and a tree")
    check(d.exists("CN=key," + leaf), "never a tree")
    check(not d.exists(case.dns[4]), "the leaf is gone")
    d.sam.delete("CN=key," + leaf)
    keeper.run("directory", "repair", "orphan", "--delete", "--yes", expect=0)
    check(not d.exists(leaf), "and the other, once it is one")


def killed(case):
    """At each fault point in turn."""
    keeper, d = case.keeper, case.domain
    dn, points = case.dns[1], 0
    while True:
        d.set(dn, userAccountControl=str(0x11000))
        before = len(kinds(keeper))
        code = keeper.run("directory", "repair", "--yes",
                          fault=f"*:{points + 1}").returncode
        if code != FAULT_EXIT:
            equal(code, 0, "without a fault point")
            break
        points += 1
        changed = d.get(dn, "userAccountControl") == ["4096"]
        check(not changed or len(kinds(keeper)) > before,
              f"killed at {points}: changed, and the chain does not know")
        keeper.run("directory", "repair", "--yes", expect=0)
        equal(d.get(dn, "userAccountControl"), ["4096"],
              f"killed at {points}: then repaired")
    check(points >= 4, f"{points} fault points were met")
    keeper.run("events", "--verify", expect=0)


def main():
    case = Case(folder())
    strange = case.domain.computer(FLEET, "strange", userAccountControl=str(
        0x11000), **{TYPES: "4"})
    case.drift()
    case.orphan(4)
    plan(case)
    repair(case, strange)
    stays(case)
    killed(case)
    equal({code for code, o in found(case.keeper) if o != strange}, set(),
          "nothing is left")
    finish()


main()
