#!/usr/bin/python3
"""ticket.py: devices that let anybody in with any ticket, without having the
key of their AD object.  Each is found out, whatever it answers, and holds up neither
the others nor its own certificate and admin password; one that answers nothing is
told by a decoy."""
import json

from fleet import (Keeper, Sim, check, consistent, equal, finish, folder,
                   journal_empty)

# What a device does with a ticket, and what is said of it (None: it is right).
DEVICES = [
    ("any-ticket", "it takes a ticket that no key opens"),
    ("forged-answer", "the answer does not fit the ticket"),
    ("junk-answer", "the answer does not fit the ticket"),
    ("no-answer", None),
    (None, None),
]


def failures(keeper, name):
    return [e["detail"] for e in keeper.json("events")
            if e["device"] == name and e["kind"] == "step.failed"]


def found_out(sim, keeper, step, times):
    """A run in which each impostor fails at this step, for its reason."""
    keeper.run("run", "auto", "--all", expect=3)
    for (rule, why), row in zip(DEVICES, sim.devices):
        name = row["name"]
        failed, record = failures(keeper, name), keeper.device(name)
        if why is None:
            equal(failed, [], f"{rule}: nothing failed")
            consistent(sim, keeper, row, f"{rule}: a device that is right")
            continue
        equal(len(failed), times, f"{rule}: one failure in each run")
        last = json.loads(failed[-1])
        equal(last["step"], step, f"{rule}: the step")
        check(why in last["error"], f"{rule}: the reason: {last['error']}")
        equal(record["run_result"], "failed", f"{rule}: the run's result")
        equal(record["ad_key_pending"], True, f"{rule}: to be set again")
        equal(record["strikes"], 0, f"{rule}: no credential of ours refused")
        equal(sim.get(name)["wrong_credentials"], 0,
              f"{rule}: no wrong password sent")
        # What does not hang on the key was done all the same.
        equal(record["cert_ours"], True, f"{rule}: its certificate is ours")
        check(record["admin_password_at"], f"{rule}: new admin password")
    reasons = keeper.reasons("--offline")
    for (rule, why), row in zip(DEVICES, sim.devices):
        equal(reasons[row["name"]], {"ad-password-due"} if why else set(),
              f"{rule}: after {step}: the diagnosis")
    journal_empty(keeper, f"after {step}")


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, len(DEVICES), "--firmware", "15.0.23", "--seed", "23",
              "--drift", "clock-renamed")
    keeper.run("device", "import", sim.csv, expect=0)
    rows = sim.devices
    names = [row["name"] for row in rows]
    for (rule, _), name in zip(DEVICES, names):
        if rule:
            sim.fault(f"{name} * {rule}")

    found_out(sim, keeper, "acl.set", 1)
    # The ACL is there now; that the key was not proved is not forgotten.
    found_out(sim, keeper, "kerberos.set", 2)

    # They mend their ways: now the key in them is proved.
    sim.ctl("clear")
    keeper.run("run", "auto", *names, expect=0)
    for (rule, _), row in zip(DEVICES, rows):
        consistent(sim, keeper, row, f"{rule}: afterwards")
    journal_empty(keeper, "afterwards")
    sim.stop()
    finish()


main()
