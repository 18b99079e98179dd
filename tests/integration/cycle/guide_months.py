#!/usr/bin/python3
"""guide_months.py: scenarios 2 and 3 of the maintenance guide from June to
November, by remote commands alone.  AD passwords are renewed every 30 days
against the domain's 42, with a device that is away and a service that is away
when they are due; on the first Thursday of November certificates are issued
anew, and nothing else is touched.  Controller, firmware, service and this script
live in one time that is moved (LAB_CLOCK): what runs in it is real, only the
waiting is left out."""
import datetime
import time

from fleet import (PATIENCE, Keeper, Sim, check, equal, finish, folder,
                   journal_empty, wait_for)
from script import (CERTIFICATES, DAY, NOVEMBER, Console, due, ends,
                    first_thursday, june, moment, now, set_clock, sleep)

DEVICES = 3
MAX_AGE, EVERY = 42 * DAY, 30 * DAY
GRACE = MAX_AGE - EVERY
# The log, the runs and this script's own steps; no time is lost otherwise.
MINUTE = datetime.timedelta(minutes=1)
SLACK = 30 * MINUTE
PASSWORDS = "Renew AD password"
PASSING = {"leaf_sha256", "store", "certs", "keys", "clock_ms",
           "clock_offset_ms", "flash_writes", "connections", "requests"}


def deadlines(console):
    return {r["EPOLeafNode.NodeName"]:
            moment(r["AMT_CustomProps.ADPasswordExpires"])
            for r in console.query("AD passwords by deadline")}


def keys(sim, names):
    """Versions of the Kerberos keys that firmware has."""
    return {n: sim.get(n)["krb_kvno"] for n in names}


def raised(before, but=()):
    return {n: v + (n not in but) for n, v in before.items()}


def assign(console, task, schedule):
    _, number = console.task(task)
    console.ask("amt.assignTask", number, all="true", schedule=schedule)
    return f"{task} (all)"


def hasten(console, last, waiting):
    """Minutes pass until a run has tried a device that is away often enough."""
    def others_done():
        new = [e["id"] for e in console.history() if e["id"] > last]
        rows = console.ask("amt.listResults", new[0]) if new else []
        return rows and all(r["outcome"] for r in rows
                            if r["systemName"] != waiting)

    def over():
        sleep(0.4)  # serve looks every second
        set_clock(now() + MINUTE)
        return not console.ask("scheduler.listRunningServerTasks")

    wait_for(others_done, PATIENCE, "the others are done")
    wait_for(over, PATIENCE, f"{waiting} is given up")


def occur(console, name, what, away=None):
    """Time comes to when a server task is due; the run by its schedule, and
    the least that was left before a password's deadline then."""
    at, before = due(console, name), console.newest()
    left = min(deadlines(console).values()) - at
    set_clock(at)
    if away:
        hasten(console, before, away)
    entry = console.ended(before, name.removesuffix(" (all)"))
    equal((entry["taskSource"], entry["status"]), ("schedule", "ended"), what)
    check(at <= moment(entry["startDate"]) <= at + SLACK,
          f"{what}: begun when due: {entry}")
    return entry, left


def is_grace(left, what):
    return check(abs(left - GRACE) <= SLACK, f"{what}: {left} of grace were left")


def on_time(console, sim, task, names):
    before = keys(sim, names)
    entry, left = occur(console, task, "a month")
    check(left > GRACE - SLACK, f"a month: {left} of grace were left")
    if not equal(console.results(entry), dict.fromkeys(names, "changed"),
                 "a month"):
        print(console.ask("amt.listResults", entry["id"]))
    equal(keys(sim, names), raised(before), "each has a new key")


def device_away(console, sim, task, names):
    """It is offline when the task runs; eleven days later it is back, found by
    a query, and served by an order of its own: before its deadline."""
    away, before = names[0], keys(sim, names)
    sim.ctl("set", away, "offline")
    entry, left = occur(console, task, "a device away", away)
    is_grace(left, "a device away")
    equal(console.results(entry), dict.fromkeys(names[1:], "changed")
          | {away: "offline"}, "the run says who was away")
    set_clock(now() + 11 * DAY)
    sim.ctl("set", away, "online")
    rows = console.ask(
        "core.executeQuery", target="EPOLeafNode",
        select="(select EPOLeafNode.NodeName)",
        where="(where (lt AMT_CustomProps.ADPasswordExpires (timestamp "
        f"{int((now() + GRACE).timestamp() * 1000)})))")
    found = [r["EPOLeafNode.NodeName"] for r in rows]
    equal(found, [away], "a query finds whose deadline is near")
    check(now() < deadlines(console)[away] < now() + DAY + SLACK,
          "a day before it")
    equal(console.run_on(PASSWORDS, found), {away: "changed"}, "it is served")
    equal(keys(sim, names), raised(before), "each has one new key")


def service_away(console, sim, task, names):
    """Nobody is there when it is due; back within the grace the run is made up
    for, at once."""
    before, at, last = keys(sim, names), due(console, task), console.newest()
    first = min(deadlines(console).values())
    console.stop()
    set_clock(at + 11 * DAY)
    console.start()
    entry = console.ended(last, PASSWORDS)
    equal((entry["taskSource"], console.results(entry)),
          ("schedule", dict.fromkeys(names, "changed")), "a missed run")
    check(moment(entry["endDate"]) < first,
          f"it is before the first deadline, {first}: {entry}")
    equal(keys(sim, names), raised(before), "one run for the missed one")


def lasting(true):
    """What firmware keeps, without its certificate, its clock and what it
    counts."""
    found = {k: v for k, v in true.items() if k not in PASSING}
    for name in ("committed", "staged"):
        found[name] = dict(true[name], cert_handle=None)
    return found


def until(console, sim, task, names, end):
    """The months between; each in its time."""
    while due(console, task) < end:
        on_time(console, sim, task, names)


def november(console, sim, task, names):
    before = {n: sim.get(n) for n in names}
    kept = deadlines(console)
    old = ends(console)
    at = due(console, task)
    equal(at, first_thursday(at.year), "the first Thursday of November")
    entry, _ = occur(console, task, "November")
    equal(console.results(entry), dict.fromkeys(names, "changed"), "November")
    equal(due(console, task), first_thursday(at.year + 1), "the next one")
    for name in names:
        true = sim.get(name)
        check(at < old[name] < ends(console)[name],
              f"{name}: issued anew before {old[name]}")
        check(ends(console)[name] > first_thursday(at.year + 1) + 30 * DAY,
              f"{name}: it lasts to the next November")
        check(true["leaf_sha256"] != before[name]["leaf_sha256"],
              f"{name}: in the firmware, too")
        equal(lasting(true), lasting(before[name]),
              f"{name}: nothing else is touched")
    equal(deadlines(console), kept, "no password is touched")


def main():
    where = folder()
    time.sleep = sleep
    # So that November is not here before the other months.
    set_clock(june())
    keeper = Keeper(where)
    keeper.edit("profile.yaml", "#templates:",
                "templates: [{name: tls, validity: 730d}]")
    sim = Sim(where, DEVICES, "--firmware", "15.0.23", "--seed", "41")
    names = sorted(row["name"] for row in sim.devices)
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    console = Console(keeper, where)
    console.start()
    certificates = assign(console, CERTIFICATES, NOVEMBER)
    first = now() + EVERY
    passwords = assign(console, PASSWORDS, "every 30 days at "
                       f"{first:%H:%M} UTC from {first:%Y-%m-%d} missed run")
    on_time(console, sim, passwords, names)
    device_away(console, sim, passwords, names)
    service_away(console, sim, passwords, names)
    until(console, sim, passwords, names, due(console, certificates))
    november(console, sim, certificates, names)
    console.stop()
    journal_empty(keeper, "after the service")
    keeper.run("events", "--verify", expect=0)
    sim.stop()
    finish()


main()
