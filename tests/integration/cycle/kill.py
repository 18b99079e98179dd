#!/usr/bin/python3
"""kill.py [--sample N]: the program is killed at every N-th fault point of the
real cycle, then once more in its recovery, each time on a fresh device; the next
run must put everything right.  Needs a build with fault points."""
import argparse
import random

from fleet import (FAULT_EXIT, Keeper, Sim, check, consistent, equal, finish,
                   folder, journal_empty)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sample", type=int, default=5)
    options.add_argument("--most", type=int, default=400)
    sample = options.parse_args().sample
    rounds = options.parse_args().most // sample
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, rounds, "--drift", "clock-renamed,tls-off,cert-expired",
              "--firmware", "12.0.67", "--seed", "7")
    keeper.run("device", "import", sim.csv, expect=0)
    chance = random.Random(11)
    killed = 0
    for i, row in enumerate(sim.devices):
        name, point = row["name"], 1 + i * sample
        first = keeper.run("run", "auto", name, fault=f"*:{point}")
        if first.returncode != FAULT_EXIT:
            equal(first.returncode, 0, f"{name}: run without a kill")
            break
        killed += 1
        again = chance.randrange(1, 60)
        keeper.run("run", "auto", name, fault=f"*:{again}")
        keeper.run("run", "auto", name, expect=0)
        consistent(sim, keeper, row, f"killed at {point}, then at {again}")
    else:
        check(False, f"more than {rounds * sample} fault points: raise --most")
    journal_empty(keeper, "in the end")
    keeper.run("events", "--verify", expect=0)
    print(f"killed at {killed} points, every {sample}th")
    sim.stop()
    finish()


main()
