#!/usr/bin/python3
"""directory.py: what happens to objects in Active Directory behind our back, and
to the OU in the profile: passwords set by others, objects moved, an OU that is
another one now.  The next run puts it right by itself."""
import os
import subprocess

from fleet import (PATIENCE, Keeper, Sim, check, consistent, equal, finish,
                   folder, journal_empty)


def administrator(*words):
    """samba-tool, on the controller's own database."""
    dc = os.path.join(os.environ["LAB_DIR"], "dc")
    out = subprocess.run(
        ["samba-tool", *words, "-s", os.path.join(dc, "smb.conf"), "-H",
         os.path.join(dc, "private/sam.ldb")], text=True, capture_output=True,
        timeout=PATIENCE)
    check(out.returncode == 0, f"{words}: {out.stdout}{out.stderr}")


def set_by_others(keeper, sim, row):
    """Nobody knows that password, and the device not its key."""
    before = keeper.device(row["name"])
    administrator("user", "setpassword", before["ad_account"],
                  "--newpassword=By-Somebody-Else-1")
    keeper.run("run", "sync-network", row["name"], expect=0)
    equal(keeper.device(row["name"])["reasons"], ["ad-password-due"],
          "set by others: the finding")
    keeper.run("run", "auto", row["name"], expect=0)
    after = keeper.device(row["name"])
    equal(after["ad_kvno"], before["ad_kvno"] + 2, "set by others: kvno")
    consistent(sim, keeper, row, "set by others")


def disabled(keeper, sim, row):
    """Not a healthy one, and its password stays what the device has the key of."""
    before = keeper.device(row["name"])
    account, writes = before["ad_account"], sim.get(row["name"])["flash_writes"]
    administrator("user", "disable", account)
    keeper.run("run", "auto", row["name"])
    equal(keeper.device(row["name"])["reasons"], ["ad-object-disabled"],
          "disabled: the finding")
    out = keeper.run("run", "renew-ad-password", row["name"])
    equal(out.returncode, 5, "disabled: exit code")
    check("is disabled, its password was left as it is" in out.stdout,
          f"disabled: it says why: {out.stdout}")
    administrator("user", "enable", account)
    journal_empty(keeper, "disabled")
    keeper.run("run", "auto", row["name"], expect=0)
    equal((keeper.device(row["name"])["ad_kvno"],
           sim.get(row["name"])["flash_writes"]), (before["ad_kvno"], writes),
          "disabled: nothing was changed")
    consistent(sim, keeper, row, "enabled again")


def unreadable(keeper):
    """What the directory says of them is not known: that is not healthy."""
    keeper.run("diagnose", "--check", expect=0)
    administrator("user", "disable", "svc-amt")
    out = keeper.run("diagnose", "--check")
    equal(out.returncode, 3, f"nobody may ask the directory: {out.stdout}")
    administrator("user", "enable", "svc-amt")
    keeper.run("diagnose", "--check", expect=0)


def moved(keeper, sim, ou):
    """The profile names another OU; one object is in a third place."""
    rows = sim.devices
    administrator("ou", "create", ou)
    stray = "OU=Stray," + os.environ["LAB_OU"]
    administrator("ou", "create", stray)
    administrator("computer", "move",
                  keeper.device(rows[0]["name"])["ad_account"].rstrip("$"),
                  stray)
    keeper.edit("profile.yaml", "  ou: ", f"  ou: {ou}")
    plan = keeper.json("plan", "auto", "--all")
    for row in rows:
        steps = [(s["step"], s["to"]) for s in plan
                 if s.get("device", s.get("name")) == row["name"]]
        equal(steps, [("ad.move", ou)], f"{row['name']}: the plan")
    before = {row["name"]: keeper.device(row["name"]) for row in rows}
    keeper.run("run", "auto", "--all", expect=0)
    for row in rows:
        record = keeper.device(row["name"])
        equal(record["ad_dn"].split(",", 1)[1], ou,
              f"{row['name']}: where it is")
        equal(record["ad_kvno"], before[row["name"]]["ad_kvno"],
              f"{row['name']}: its key stays")
        consistent(sim, keeper, row, f"{row['name']}: moved")
    journal_empty(keeper, "after the move")


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, 3, "--firmware", "16.1.25")
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    set_by_others(keeper, sim, sim.devices[0])
    disabled(keeper, sim, sim.devices[1])
    unreadable(keeper)
    moved(keeper, sim, "OU=Branch," + os.environ["LAB_OU"])
    out = keeper.json("run", "auto", "--all")
    equal({row["outcome"] for row in out}, {"ok"}, "second run")
    sim.stop()
    finish()


main()
