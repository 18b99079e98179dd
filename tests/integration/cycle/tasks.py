#!/usr/bin/python3
"""tasks.py: serve works on runs of client tasks: by hand and by schedule, with
canaries, paused, resumed, aborted, over devices that are away; and killed in
the middle it goes on, with no device done twice."""
import collections
import signal
import time

from fleet import (PATIENCE, Keeper, Sim, check, digest_status, equal, finish,
                   folder, journal_empty, once_soon, wait_for)

DEVICES = 6


def run_of(keeper, number):
    row = keeper.json("runs", "show", str(number))
    return row[0] if isinstance(row, list) else row


def newest(keeper):
    return keeper.json("runs", "list", "--limit", "1")[0]["id"]


def items(keeper, number):
    return keeper.json("runs", "items", str(number))


def messages(keeper, number):
    return [row["message"]
            for row in keeper.json("runs", "messages", str(number))]


def order(keeper, *words):
    keeper.run("task", "run", *words, expect=0)
    return newest(keeper)


def until(keeper, number, state):
    wait_for(lambda: run_of(keeper, number)["state"] == state, PATIENCE,
             f"run {number} is {state}")
    return run_of(keeper, number)


def until_done(keeper, number, count):
    wait_for(lambda: sum(row["state"] == "done" for row in
                         items(keeper, number)) >= count, PATIENCE,
             f"run {number}: {count} devices are done")


def tasks_alone(keeper, sim):
    """Nothing is done but what tasks say."""
    before = sim.ctl("stats")["requests"]
    time.sleep(2)
    equal(sim.ctl("stats")["requests"], before, "requests without a task")


def by_hand(keeper):
    out = keeper.run("task", "run", "collect-properties", "--all", "--wave",
                     "3", "--wait", expect=0)
    check("pc00000" in out.stdout, "--wait says what became of each device")
    row = run_of(keeper, newest(keeper))
    equal((row["state"], row["percent"], row["devices"], row["ok"]),
          ("ended", 100, DEVICES, DEVICES), "a run by hand")
    said = messages(keeper, row["id"])
    check("wave: up to device 3 of 6" in said, f"waves are told: {said}")


def by_schedule(keeper):
    keeper.run("tag", "add", "VIP", "--device", "pc00000*", "--device",
               "pc00003*", expect=0)

    def assign(schedule):
        for row in keeper.json("task", "assignments"):
            keeper.run("task", "unassign", str(row["id"]), expect=0)
        keeper.run("task", "assign", "collect-properties", "--tag", "VIP",
                   "--schedule", schedule, expect=0)
        row = keeper.json("task", "assignments")[0]
        return row["next_due"] or row["last_run"]

    at = once_soon(assign)

    def last():
        return keeper.json("task", "assignments")[0]["last_run"]
    wait_for(last, PATIENCE, "the schedule has made a run")
    row = until(keeper, last(), "ended")
    equal((row["source"], row["devices"], row["ok"]), ("schedule", 2, 2),
          "a run by schedule")
    check(row["started_at"] >= at.strftime("%Y-%m-%dT%H:%M:%SZ"),
          "it is not before its time")
    equal(keeper.json("task", "assignments")[0]["next_due"], None,
          "once is once")


def canary_fails(keeper, sim, names):
    sim.fault(f"{names[0]} * status 500")
    keeper.run("task", "run", "collect-properties", "--all", "--canary", "2",
               "--wait", expect=5)
    row = run_of(keeper, newest(keeper))
    equal((row["state"], row["why"]),
          ("aborted", "canary: 1 of the first 2 devices failed"),
          "a failed canary")
    begun = [i["device"] for i in items(keeper, row["id"]) if i["attempts"]]
    check(len(begun) <= 2, f"no others were begun: {begun}")
    sim.ctl("clear")


def away(keeper, sim, names):
    sim.ctl("set", names[2], "offline")
    keeper.run("task", "run", "collect-properties", "--all", "--retries", "1",
               "--retry-wait", "1s", "--wait", expect=3)
    found = {i["device"]: (i["outcome"], i["attempts"])
             for i in items(keeper, newest(keeper))}
    equal(found[names[2]], ("offline", 2), "a device that is away")
    equal(sum(o == "ok" for o, _ in found.values()), DEVICES - 1,
          "and the others")
    sim.ctl("set", names[2], "online")
    keeper.run("task", "assign", "synchronize-clocks", "--all", "--schedule",
               "when reachable", expect=0)
    keeper.run("task", "run", "collect-properties", "--device", names[2],
               "--wait", expect=0)

    def made():
        return keeper.json("task", "assignments",
                           "synchronize-clocks")[0]["last_run"]
    wait_for(made, PATIENCE, "its coming back makes a run")
    until(keeper, made(), "ended")
    equal([i["device"] for i in items(keeper, made())], [names[2]],
          "whom that is for")


def paused(keeper, sim):
    sim.hold(sim.devices[2]["name"], "*")
    number = order(keeper, "collect-properties", "--all", "--parallel", "1")
    wait_for(sim.held, PATIENCE, "it is in the middle")
    keeper.run("runs", "pause", str(number), "--why", "lunch", expect=0)
    sim.let_go(sim.devices[2]["name"])

    def rests():
        """serve looks every second."""
        before = run_of(keeper, number)["percent"]
        time.sleep(1.5)
        return run_of(keeper, number)["percent"] == before and all(
            i["state"] != "running" for i in items(keeper, number))

    wait_for(rests, PATIENCE, "what is under way finishes, and no more")
    after = run_of(keeper, number)
    equal((after["state"], after["why"]), ("paused", "lunch"), "a paused run")
    check(after["percent"] < 100, "it was paused in the middle")
    sim.hold(sim.devices[-1]["name"], "*")
    keeper.run("runs", "resume", str(number), expect=0)
    wait_for(lambda: run_of(keeper, number)["percent"] > after["percent"],
             PATIENCE, "a resumed run goes on")
    keeper.run("runs", "abort", str(number), expect=0)
    keeper.run("runs", "resume", str(number), expect=5)
    equal(run_of(keeper, number)["state"], "aborted", "an aborted run")
    sim.ctl("clear")


def new_passwords(keeper):
    """How many each device was given."""
    return collections.Counter(i["device"]
                               for i in keeper.json("journal", "--ended")
                               if i["step"] == "admin.password")


def killed(keeper, sim, service):
    """A new admin password for each, whether it is due or not: whoever does a
    device twice shows in the journal."""
    keeper.run("task", "add", "New passwords", "--task",
               "renew-admin-password", "--when", "always", expect=0)
    before = new_passwords(keeper)
    sim.fault("* * delay 20")
    number = order(keeper, "new-passwords", "--all", "--parallel", "2",
                   "--retry-wait", "1s")
    for done in (1, 4):
        until_done(keeper, number, done)
        service.stop(signal.SIGKILL)
        service = keeper.serve()
    row = until(keeper, number, "ended")
    equal((row["devices"], row["changed"]), (DEVICES, DEVICES),
          "a run whose process was killed twice")
    given = new_passwords(keeper) - before
    equal(set(given.values()), {1}, "each device has one new password")
    equal(len(given), DEVICES, "and each has it")
    sim.ctl("clear")
    for device in sim.devices:
        tls = keeper.device(device["name"])["use_tls"]
        equal(digest_status(device["address"],
                            keeper.password(device["name"]),
                            16993 if tls else 16992), 200,
              f"{device['name']}: login with the stored password")
    return service


def main():
    where = folder()
    keeper = Keeper(where)
    keeper.edit("profile.yaml", "  enabled: true", "  enabled: false")  # ad
    keeper.edit("amtkeeper.yaml", "  #poll:",
                "  poll: 1s\n  automatic: false")
    keeper.edit("profile.yaml", "tls:", "tls:\n  enabled: false")
    sim = Sim(where, DEVICES, "--firmware", "15.0.23", "--seed", "23")
    names = [row["name"] for row in sim.devices]
    keeper.run("device", "import", sim.csv, expect=0)
    service = keeper.serve()
    tasks_alone(keeper, sim)
    by_hand(keeper)
    by_schedule(keeper)
    canary_fails(keeper, sim, names)
    away(keeper, sim, names)
    paused(keeper, sim)
    service = killed(keeper, sim, service)
    equal(service.stop(), 0, "exit code after SIGTERM")
    journal_empty(keeper, "after the service")
    keeper.run("events", "--verify", expect=0)
    sim.stop()
    finish()


main()
