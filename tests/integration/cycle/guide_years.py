#!/usr/bin/python3
"""guide_years.py: scenario 2 of the maintenance guide over three Novembers, by
remote commands alone.  Certificates live for two years; a task on the first
Thursday of November issues them anew, and none ever ends.  Controller, firmware,
service and this script live in one time that is moved (LAB_CLOCK); the service
is begun anew before each, as one that is updated now and then is."""
import os
import time

from fleet import (Keeper, Sim, check, equal, finish, folder, journal_empty,
                   verifies)
from script import (CERTIFICATES, DAY, NOVEMBER, Console, due, ends,
                    first_thursday, june, set_clock, sleep)

DEVICES, YEARS = 2, 3
LIFE = 730 * DAY
TASK = f"{CERTIFICATES} (all)"


def november(console, sim, year, names):
    old = {n: sim.get(n)["leaf_sha256"] for n in names}
    at, last = due(console, TASK), console.newest()
    equal(at, first_thursday(year), "the first Thursday of November")
    console.stop()
    set_clock(at - DAY)
    console.start()
    equal(console.newest(), last, "nothing is done before")
    check(min(ends(console).values()) > at, "and no certificate has ended")
    set_clock(at)
    entry = console.ended(last, CERTIFICATES)
    equal((entry["taskSource"], console.results(entry)),
          ("schedule", dict.fromkeys(names, "changed")), f"{year}: the run")
    for name, end in ends(console).items():
        check(abs(end - at - LIFE) < DAY, f"{name}: two more years: {end}")
    for name in names:
        check(sim.get(name)["leaf_sha256"] != old[name],
              f"{name}: another one in the firmware")


def main():
    where = folder()
    time.sleep = sleep
    set_clock(june())
    keeper = Keeper(where)
    keeper.edit("profile.yaml", "  enabled: true", "  enabled: false")  # ad
    keeper.edit("profile.yaml", "#templates:",
                f"templates: [{{name: tls, validity: {LIFE.days}d}}]")
    sim = Sim(where, DEVICES, "--firmware", "15.0.23", "--seed", "47")
    names = sorted(row["name"] for row in sim.devices)
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    console = Console(keeper, where)
    console.start()
    _, number = console.task(CERTIFICATES)
    console.ask("amt.assignTask", number, all="true", schedule=NOVEMBER)
    first = due(console, TASK).year
    for year in range(first, first + YEARS):
        november(console, sim, year, names)
    anchors = os.path.join(where, "anchors.pem")
    with open(anchors, "w") as f:
        f.write(keeper.run("ca", "chain", expect=0).stdout)
    for row in sim.devices:
        verifies(row, row["name"], anchors)
    equal(len(console.ask("tasklog.listTaskHistory", TASK)), YEARS,
          "one run a year in the log")
    console.stop()
    journal_empty(keeper, "after the service")
    keeper.run("events", "--verify", expect=0)
    sim.stop()
    finish()


main()
