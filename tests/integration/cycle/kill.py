#!/usr/bin/python3
"""kill.py [--sample N]: the program is killed at every N-th fault point of the
real cycle, then once more in its recovery, each time on a fresh device and every
second time with a lost answer; what is run next must put everything right.
Needs a build with fault points."""
import argparse
import random

from fleet import (FAULT_EXIT, Keeper, Sim, check, consistent, equal, finish,
                   folder, journal_empty)

# Calls whose answer is lost in turn, beside the kill.
LOST = [
    "AMT_GeneralSettings.Put",
    "AMT_KerberosSettingData.Put",
    "AMT_PublicKeyManagementService.GenerateKeyPair",
    "AMT_PublicKeyManagementService.AddCertificate",
    "AMT_TLSCredentialContext.*",
    "AMT_SetupAndConfigurationService.CommitChanges",
    "AMT_AuthorizationService.SetAdminAclEntryEx",
]

# Three drifts, each with and without a lost answer: when all of them in a row
# came through, no fault point is left.
KINDS = 6


def run(sim, keeper, name, what, fault=None):
    """One run; no more than one wrong credential may leave in it."""
    before = sim.get(name)["wrong_credentials"]
    code = keeper.run("run", "auto", name, fault=fault).returncode
    sent = sim.get(name)["wrong_credentials"] - before
    check(sent <= 1, f"{what}: {sent} wrong credentials in one run")
    return code


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=16)
    parser.add_argument("--most", type=int, default=240)
    options = parser.parse_args()
    sample, rounds = options.sample, options.most // options.sample
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, rounds, "--drift", "clock-renamed,tls-off,cert-expired",
              "--firmware", "12.0.67", "--seed", "7")
    keeper.run("device", "import", sim.csv, expect=0)
    chance = random.Random(11)
    killed = spared = 0
    for i, row in enumerate(sim.devices):
        name, point = row["name"], 1 + i * sample
        lost = LOST[i // 2 % len(LOST)] if i % 2 else None
        if lost:
            sim.fault(f"{name} {lost} drop-answer times 1")
        again = chance.randrange(1, 60)
        what = f"{name}: killed at {point}, then at {again}, lost {lost}"
        first = run(sim, keeper, name, what, f"*:{point}")
        if first == FAULT_EXIT:
            killed, spared = killed + 1, 0
        else:
            check(lost or first == 0, f"{name}: run without a kill")
            spared += 1
            if spared == KINDS:
                break
            continue
        run(sim, keeper, name, what, f"*:{again}")
        if lost:  # may take one run more: the answer is lost in this one
            run(sim, keeper, name, what)
        # Which password holds may take a run for each to find out.
        if run(sim, keeper, name, what) != 0:
            equal(run(sim, keeper, name, what), 0, f"{what}: the last run")
        consistent(sim, keeper, row, what, wrong=3)
    else:
        check(False, f"more than {rounds * sample} fault points: raise --most")
    check(killed > 0, "the build has fault points")
    journal_empty(keeper, "in the end")
    keeper.run("events", "--verify", expect=0)
    print(f"killed at {killed} points, every {sample}th")
    sim.stop()
    finish()


main()
