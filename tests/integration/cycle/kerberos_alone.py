#!/usr/bin/python3
"""kerberos_alone.py: a firewall lets Kerberos through to the domain controller
and no LDAP.  Passwords of objects that are known are replaced all the same, also
by a process that is killed in between; an object that is not there waits; and
nothing is done twice when LDAP answers again."""
import os
import subprocess

from fleet import (FAULT_EXIT, Keeper, Sim, check, consistent, equal, finish,
                   folder, journal_empty)

# Rules are asked in order, and "local" is the first by default.
RULES = "rule add pref 10 lookup local", "rule del pref 0"
CLOSED = "rule add pref 1 ipproto tcp dport 389 unreachable",
OPEN = "rule del pref 1",
# Before AD is told the new password, when it was, when that is on record.
KILLS = ("step.intended:1", "step.acted:1", "step.settled:1")


def firewall(commands):
    for words in commands:
        subprocess.run(["ip", *words.split()], check=True)


def versions(sim, names):
    return [sim.get(name)["krb_kvno"] for name in names]


def rotated(sim, keeper, rows, before, what):
    """At least once, by Kerberos, and proved by each device."""
    names = [row["name"] for row in rows]
    for row, old, new in zip(rows, before, versions(sim, names)):
        check(new > old, f"{what}: {row['name']} has a new key: {old}, {new}")
        equal(keeper.device(row["name"])["ad_key_pending"], False,
              f"{what}: it was proved")
        consistent(sim, keeper, row, what)
    journal_empty(keeper, what)


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, 2 + len(KILLS), "--firmware", "15.0.23", "--seed", "31", "--drift",
              "clock-renamed")
    keeper.run("device", "import", sim.csv, expect=0)
    *rows, late = sim.devices
    names = [row["name"] for row in rows]
    keeper.run("run", "auto", *names, expect=0)
    before = versions(sim, names)

    firewall(RULES + CLOSED)
    out = keeper.run("run", "auto", late["name"], expect=1)
    check("cannot be reached" in out.stdout, "an object is made over LDAP")
    equal(keeper.device(late["name"])["ad_dn"], None, "and was not")
    keeper.run("run", "auto", *names, expect=0)
    equal(versions(sim, names), before, "nothing is due, nothing is done")

    keeper.run("run", "renew-ad-password", names[0], expect=0)
    for name, point in zip(names[1:], KILLS):
        keeper.run("run", "renew-ad-password", name, fault=point,
                   expect=FAULT_EXIT)
    keeper.run("run", "renew-ad-password", *names[1:], expect=0)
    rotated(sim, keeper, rows, before, "without LDAP")

    # The profile wants the object elsewhere: that waits, its password does not.
    ou = "OU=Other," + os.environ["LAB_BASE"]
    keeper.edit("profile.yaml", "  ou:", f"  ou: {ou}")
    out = keeper.run("run", "renew-ad-password", names[0], expect=1)
    check("not yet as the profile says" in out.stdout, "the OU has to wait")
    check(versions(sim, names)[0] > before[0] + 1, "the password has not")
    keeper.edit("profile.yaml", "  ou:", f"  ou: {os.environ['LAB_OU']}")

    firewall(OPEN)
    after = versions(sim, names)
    keeper.run("run", "auto", "--all", expect=0)
    equal(versions(sim, names), after, "with LDAP again nothing is due")
    for row in sim.devices:
        consistent(sim, keeper, row, "with LDAP again")
    journal_empty(keeper, "with LDAP again")

    firewall(CLOSED)
    keeper.edit("amtkeeper.yaml", "directory:",
                "directory:\n  password_by: ldap")
    keeper.run("run", "renew-ad-password", names[0], expect=1)
    equal(versions(sim, names), after, "password_by ldap is nothing else")
    sim.stop()
    finish()


main()
