#!/usr/bin/python3
"""lost.py: the answer to each mutating call is lost or garbled in turn (the
device did it), and each is cut off or failed before it is done: one device per
method and loss, all in one run.  Nothing may be lost by it."""
from fleet import (Keeper, Sim, check, consistent, equal, finish, folder,
                   journal_empty)

METHODS = [
    "AMT_TimeSynchronizationService.SetHighAccuracyTimeSynch",
    "AMT_GeneralSettings.Put",
    "AMT_KerberosSettingData.Put",
    "AMT_AuthorizationService.AddUserAclEntryEx",
    "AMT_PublicKeyManagementService.GenerateKeyPair",
    "AMT_PublicKeyManagementService.GeneratePKCS10RequestEx",
    "AMT_PublicKeyManagementService.AddCertificate",
    "AMT_TLSCredentialContext.*",
    "AMT_SetupAndConfigurationService.CommitChanges",
    "AMT_PublicKeyCertificate.Delete",
    "AMT_PublicPrivateKeyPair.Delete",
    "AMT_AuthorizationService.SetAdminAclEntryEx",
]
LOSSES = ["drop-answer", "close-before", "half-body", "wrong-xml", "status 500"]


def main():
    where = folder()
    keeper = Keeper(where)
    cases = [(m, loss) for m in METHODS for loss in LOSSES]
    # Renamed with a wrong clock: that way every method is called.
    sim = Sim(where, len(cases), "--drift", "clock-renamed", "--firmware",
              "15.0.23", "--seed", "5")
    keeper.run("device", "import", sim.csv, expect=0)
    for (method, loss), row in zip(cases, sim.devices):
        sim.fault(f"{row['name']} {method} {loss} times 1")
    keeper.run("run", "auto", "--all")
    unspent = [f for f in sim.ctl("faults") if f["fired"] == 0]
    equal(unspent, [], "every planted loss happened")
    # A step whose outcome cannot be told at once is the next run's.
    keeper.run("run", "auto", "--all", expect=0)
    journal_empty(keeper, "after the second run")
    for (method, loss), row in zip(cases, sim.devices):
        consistent(sim, keeper, row, f"{method} {loss}")
    check(all(c["count"] == 1 for c in keys_per_device(keeper)),
          "one valid certificate per device")
    keeper.run("events", "--verify", expect=0)
    sim.stop()
    finish()


def keys_per_device(keeper):
    counts = {}
    for c in keeper.json("ca", "list"):
        if not c["revoked_at"]:
            counts[c["device"]] = counts.get(c["device"], 0) + 1
    return [{"device": d, "count": n} for d, n in counts.items()]


main()
