#!/usr/bin/python3
"""remote.py: the maintenance guide's three scenarios by remote commands alone,
as an administrator's scripts for ePO would send them: names that changed,
found by a query and repaired by an action on it; certificates by a yearly
schedule; AD passwords every 30 days against 42."""
import datetime
import os

from fleet import (PATIENCE, Keeper, Sim, check, equal, far_off, finish,
                   folder, journal_empty, wait_for)
from script import Console

NOVEMBER = "monthly on first thu of nov at 03:00 UTC random 4h"
THIRTY = far_off("every 30 days at %H:%M UTC random 23h missed run")


def run(epo, task, what, devices):
    """A server task from the console's button to the end of its log entry."""
    log = epo.ask("scheduler.runServerTask", taskName=task)

    def entry():
        return [e for e in epo.ask("tasklog.listTaskHistory")
                if e["id"] == log][0]

    wait_for(lambda: entry()["status"] in ("ended", "aborted"), PATIENCE,
             f"{what}: ends")
    results = epo.ask("amt.listResults", log)
    equal((entry()["status"], entry()["failures"], len(results)),
          ("ended", 0, devices), f"{what}: {results}")
    return {r["systemName"]: r["outcome"] for r in results}


def next_run(epo, name):
    return epo.ask("scheduler.getServerTask", name)["nextRunTime"]


def without_hosts(sim, where):
    """No console says how hosts are called: the firmware is asked."""
    path = os.path.join(where, "few.csv")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write("name,address,password\n")
        for row in sim.devices:
            f.write(f"{row['name']},{row['address']},{row['password']}\n")
    return path


def renamed(epo, sim, names):
    """Scenario 1: two hosts get other names.  The query finds them, the server
    task that joins it with an action repairs them, and the query is empty."""
    for name in names:
        sim.ctl("set", name, "os-fqdn", "new-" + name)
    text = epo.ask("system.wakeupAgent", ",".join(names))
    equal(text, f"completed: {len(names)}\nfailed: 0\nexpired: 0", "woken")
    query = [q["id"] for q in epo.ask("core.listQueries")
             if q["name"] == "Renamed systems"][0]
    rows = epo.ask("core.executeQuery", query)
    equal(sorted(r["EPOLeafNode.NodeName"] for r in rows), names,
          "the query finds who has another name")
    task = epo.ask("clienttask.find", "Repair renamed")[0]
    server_task = epo.ask("amt.assignTask", task["objectId"],
                          query="Renamed systems",
                          schedule=far_off("daily at %H:%M UTC missed run"))
    done = run(epo, server_task, "renamed", len(names))
    equal(sorted(done), names, "those and no others")
    equal(epo.ask("core.executeQuery", query), [], "none is left")
    for name in names:
        true = sim.get(name)
        equal(true["host"] + "." + true["domain"], "new-" + name,
              f"{name}: the firmware follows")
    epo.ask("amt.unassignTask", server_task)


def certificates(epo, sim, names):
    """Scenario 2: a new certificate for each, on a Thursday of November."""
    before = {n: sim.get(n)["leaf_sha256"] for n in names}
    epo.ask("amt.assignTask", "Re-issue certificates", all="true",
            schedule=NOVEMBER)
    task = "Re-issue certificates (all)"
    at = datetime.datetime.fromisoformat(next_run(epo, task))
    at = at.astimezone(datetime.timezone.utc)
    equal((at.month, at.weekday(), at.day <= 7, at.hour),
          (11, 3, True, 3), "the first Thursday of November")
    run(epo, task, "certificates", len(names))
    check(all(sim.get(n)["leaf_sha256"] != before[n] for n in names),
          "each has another certificate")


def passwords(epo, keeper, sim, names):
    """Scenario 3: a new AD password for each, every 30 days against 42."""
    before = {n: keeper.device(n)["ad_kvno"] for n in names}
    epo.ask("amt.assignTask", "Renew AD password", all="true", schedule=THIRTY)
    task = "Renew AD password (all)"
    days = (datetime.datetime.fromisoformat(next_run(epo, task)) -
            datetime.datetime.now().astimezone()).days
    check(days <= 30, f"within 30 days: {days}")
    equal(epo.ask("scheduler.updateServerTask", task, status="disabled"), True,
          "disabled")
    equal(next_run(epo, task), None, "and not due")
    equal(epo.ask("scheduler.updateServerTask", task, status="enabled"), True,
          "enabled")
    run(epo, task, "passwords", len(names))
    for name in names:
        equal(keeper.device(name)["ad_kvno"], before[name] + 1,
              f"{name}: kvno")


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, 4, "--firmware", "15.0.23", "--seed", "23")
    names = sorted(row["name"] for row in sim.devices)
    keeper.run("device", "import", without_hosts(sim, where), expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    console = Console(keeper, where)
    console.start()
    epo = console.epo
    renamed(epo, sim, names[:2])
    certificates(epo, sim, names)
    passwords(epo, keeper, sim, names)
    console.stop()
    journal_empty(keeper, "after the service")
    keeper.run("events", "--verify", expect=0)
    sim.stop()
    finish()


main()
