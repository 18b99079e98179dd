#!/usr/bin/python3
"""serve.py: the service does what is due, sleeps when nothing is, and ends on
SIGTERM with nothing open."""
import os
import time

from fleet import (PATIENCE, Keeper, Sim, check, consistent, equal, finish,
                   folder, journal_empty, wait_for)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def healthy(keeper):
    rows = keeper.json("device", "list")
    return all(keeper.device(row["name"])["run_result"] in ("ok", "changed")
               for row in rows)


def main():
    where = folder()
    keeper = Keeper(where)
    keeper.edit("amtkeeper.yaml", "run:",
                "run:\n  per_site: 2\n  per_ca: 1\n  per_directory: 1")
    sim = Sim(where, 5, "--drift", "clock-renamed,cert-expired", "--firmware",
              "15.0.23", "--seed", "19")
    keeper.run("device", "import", sim.csv, expect=0)
    service = keeper.serve()
    wait_for(lambda: healthy(keeper), PATIENCE, "the service does what is due")
    for row in sim.devices:
        consistent(sim, keeper, row, f"{row['name']}: served")

    before, used = sim.ctl("stats")["requests"], cpu_seconds(service.pid)
    time.sleep(5)
    used = cpu_seconds(service.pid) - used
    check(used < 0.1, f"an idle service sleeps: {used:.2f} s of CPU in 5 s")
    equal(sim.ctl("stats")["requests"], before, "an idle service's requests")

    equal(service.stop(), 0, "exit code after SIGTERM")
    journal_empty(keeper, "after the service")
    keeper.run("events", "--verify", expect=0)
    sim.stop()
    finish()


main()
