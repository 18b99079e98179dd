#!/usr/bin/python3
"""hostile.py: devices that answer nonsense, are someone else, or refuse; a vault
key that is gone; no space; a signal; two runs at once.  Each is named for what
it is, and nothing is lost or made up."""
import glob
import os
import shutil
import signal
import subprocess
import time

from fleet import (PATIENCE, Keeper, Sim, check, consistent, equal, finish,
                   folder, journal_empty, wait_for)

# What a device does, and the reason it must be given.
NONSENSE = [
    ("* garbage", "protocol-error"),
    ("* wrong-xml", "protocol-error"),
    ("* endless-body", "protocol-error"),
    ("* half-body", "protocol-error"),
    ("* status 500", "protocol-error"),
    ("* close-before", "offline"),
    ("connect refuse 300", "offline"),
    ("* wrong-realm", "credentials-rejected"),
    ("* 401", "credentials-rejected"),
]
# What a run may change in the record of a device it could not read.
NOTED = {"error_kind", "error_code", "error_text", "error_at", "failures",
         "strikes", "reasons", "run_at", "run_play", "run_result", "next_due",
         "due_play", "lease_token"}


def known(keeper, name):
    return {k: v for k, v in keeper.device(name).items() if k not in NOTED}


def outcome(keeper, *names):
    """A run's exit code, notes, and reasons by device."""
    run = keeper.run("run", "auto", *names)
    rows = keeper.json("diagnose", "--offline")
    return (run.returncode, run.stderr,
            {row["name"]: set(row["reasons"] or []) for row in rows})


def requests(sim):
    stats = sim.ctl("stats")
    return stats["connections"], stats["requests"]


def nonsense(sim, keeper, devices):
    names = [row["name"] for row in devices]
    before = {n: (known(keeper, n), keeper.password(n), sim.get(n))
              for n in names}
    for (rule, _), name in zip(NONSENSE, names):
        sim.fault(f"{name} {rule}")
    code, _, reasons = outcome(keeper, *names)
    equal(code, 3, "exit code with nonsense")
    for (rule, wanted), name in zip(NONSENSE, names):
        record, password, true = before[name]
        equal(reasons[name], {wanted}, f"{rule}: reason")
        equal(known(keeper, name), record, f"{rule}: the record")
        check(keeper.password(name) == password, f"{rule}: the secret")
        now = sim.get(name)
        equal(now["flash_writes"], true["flash_writes"], f"{rule}: writes")
        check(now["wrong_credentials"] <= 1, f"{rule}: wrong credentials")
    sim.ctl("clear")
    for name in names:
        sim.ctl("set", name, "power-cycle")
    journal_empty(keeper, "after nonsense")


def impostor(sim, keeper, device, other):
    """Another device at the address: it must not learn a password."""
    name = device["name"]
    before, password = known(keeper, name), keeper.password(name)
    served = sim.get(other["name"])
    keeper.run("device", "set", name, "--address", other["address"], expect=0)
    code, _, reasons = outcome(keeper, name)
    # One device alone: the exit code is its error's.
    equal((code, reasons[name]), (72, {"identity-mismatch"}), "an impostor")
    now = sim.get(other["name"])
    for count in ("flash_writes", "wrong_credentials"):
        equal(now[count], served[count], f"an impostor: {count}")
    keeper.run("device", "set", name, "--address", device["address"], expect=0)
    equal(known(keeper, name), before, "an impostor: the record")
    check(keeper.password(name) == password, "an impostor: the secret")


def mutual(sim, keeper, device):
    """Another tool let it demand certificates of its peers: it is not taken for
    one that is away, and comes back by itself."""
    name = device["name"]
    keeper.run("run", "auto", name, expect=0)
    before = known(keeper, name)
    writes = sim.get(name)["flash_writes"]
    for state in ("on", "off"):
        sim.ctl("set", name, "mutual", state)
        code, _, reasons = outcome(keeper, name)
        if state == "on":
            check(code != 0, "mutual TLS: the run fails")
            equal(reasons[name], {"client-certificate-wanted"}, "mutual TLS")
            equal(known(keeper, name), before, "mutual TLS: the record")
    equal(code, 0, "without it again")
    equal(sim.get(name)["flash_writes"], writes, "mutual TLS: writes")


def tell_password(keeper, name, password):
    path = os.path.join(keeper.folder, "told")
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write(password + "\n")
    keeper.run("device", "set", name, "--password-file", path, expect=0)
    os.unlink(path)


def wrong_password(sim, keeper, devices):
    names = [row["name"] for row in devices]
    for count in (1, len(devices)):
        right = {n: keeper.password(n) for n in names[:count]}
        for name in right:
            tell_password(keeper, name, "Not-The-0ne!")
        sent = {n: sim.get(n)["wrong_credentials"] for n in names}
        code, notes, reasons = outcome(keeper, *names)
        equal(code, 3, f"{count} wrong passwords: exit code")
        for i, name in enumerate(names):
            new = sim.get(name)["wrong_credentials"] - sent[name]
            equal(new, 1 if i < count else 0, f"{name}: credentials sent")
            check(i >= count or reasons[name] == {"credentials-rejected"},
                  f"{name}: reason {reasons[name]}")
        some = "only some devices refuse" in notes
        equal(some, count == 1, f"{count} wrong passwords: the hint")
        check(count == 1 or "refuse" in notes, f"all refuse: {notes!r}")
        # Each further run tries once more, until only a person may.
        for tried in (2, 3, 3, 3):
            code, _, _ = outcome(keeper, *names)
            equal(code, 3, f"{count} wrong passwords, {tried}: exit code")
            for name in right:
                equal(sim.get(name)["wrong_credentials"] - sent[name], tried,
                      f"{name}: credentials sent in further runs")
        for name, password in right.items():
            tell_password(keeper, name, password)


def gone(sim, keeper, file, spoil, what):
    """Without vault key or store nothing is touched, and nothing is made."""
    path = os.path.join(keeper.folder, file)
    shutil.copy2(path, path + ".kept")
    spoil(path)
    now = open(path, "rb").read() if os.path.isfile(path) else None
    before = requests(sim)
    for words in (("run", "auto", "--all"), ("diagnose",), ("serve",)):
        out = keeper.run(*words)
        equal(out.returncode, 11, f"{what}: exit code of {words[0]}")
    equal(requests(sim), before, f"{what}: no device was touched")
    equal(open(path, "rb").read() if os.path.isfile(path) else None, now,
          f"{what}: nothing was made in its place")
    if os.path.isdir(path):
        os.rmdir(path)
    os.replace(path + ".kept", path)


def to_folder(path):
    os.unlink(path)
    os.mkdir(path)


def foreign(keeper):
    """Replace the key by one of the right form that is not ours."""
    def spoil(path):
        other = os.path.join(keeper.folder, "other")
        env = os.environ
        keeper.run("init", "--dir", other, "--realm", env["LAB_REALM"],
                   "--domain", env["LAB_DOMAIN"], "--dc", env["LAB_DC"],
                   "--ou", env["LAB_OU"], "--principal",
                   env["LAB_PRINCIPAL"], "--keytab", env["LAB_KEYTAB"],
                   expect=0)
        shutil.copy2(os.path.join(other, "vault.key"), path)
        shutil.rmtree(other)
    return spoil


def start(keeper, *words):
    return subprocess.Popen([keeper.program, *words], env=keeper.env,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


class Held:
    """A run in whose middle some devices do not answer until let go."""

    def __init__(self, sim, keeper, devices, held):
        self.sim, self.names = sim, [r["name"] for r in held]
        for name in self.names:
            sim.hold(name, "AMT_GeneralSettings.Put")
        self.run = start(keeper, "run", "auto", *[r["name"] for r in devices])
        wait_for(lambda: sim.held() == len(held), PATIENCE, "the run is there")

    def let_go(self):
        self.sim.let_go(*self.names)
        self.sim.ctl("clear")


def stopped(sim, keeper, devices):
    held = Held(sim, keeper, devices, devices)
    held.run.send_signal(signal.SIGTERM)
    held.let_go()
    equal(held.run.wait(PATIENCE), 6, "stopped by a signal: exit code")
    keeper.run("run", "auto", *[r["name"] for r in devices], expect=0)
    for row in devices:
        consistent(sim, keeper, row, f"{row['name']}: after SIGTERM")
    journal_empty(keeper, "after SIGTERM")


def twice(sim, keeper, devices):
    names = [r["name"] for r in devices]
    runs = [start(keeper, "run", "auto", *names) for _ in range(2)]
    for run in runs:
        run.wait(PATIENCE)
    keeper.run("run", "auto", *names, expect=0)
    done = [(e["device"], e["detail"]) for e in keeper.json("events")
            if e["kind"] == "step.done" and e["device"] in names]
    for name in names:
        passwords = [d for n, d in done if n == name
                     and '"step":"admin.password"' in d]
        equal(len(passwords), 1, f"{name}: changed by one of two runs only")
    for row in devices:
        consistent(sim, keeper, row, f"{row['name']}: after two runs at once")
    journal_empty(keeper, "after two runs at once")


def fill(folder):
    path = os.path.join(folder, "filler")
    with open(path, "wb", buffering=0) as f:
        try:
            while f.write(b"\0" * 4096):
                pass
        except OSError:
            pass
    return path


def controllers():
    """The domain controller's processes: those of this network namespace."""
    here = os.readlink("/proc/self/ns/net")
    for entry in glob.glob("/proc/[0-9]*"):
        try:
            with open(os.path.join(entry, "comm")) as f:
                if (f.read().startswith("samba") and
                        os.readlink(os.path.join(entry, "ns/net")) == here):
                    yield int(os.path.basename(entry))
        except OSError:
            pass


def owed():
    """Bytes that wait for the domain controller."""
    waiting = 0
    for table in ("tcp", "udp"):
        with open(f"/proc/net/{table}") as f:
            rows = [line.split() for line in f.readlines()[1:]]
        waiting += sum(int(row[4].partition(":")[2], 16) for row in rows
                       if int(row[1].partition(":")[2], 16) in (88, 389, 636))
    return waiting


def full(sim, keeper, devices, small, silent):
    """No space for the store in mid-run; silent: found by the last device's
    run while the domain controller owes the others answers."""
    names = [r["name"] for r in devices]
    held = Held(sim, keeper, devices, devices)
    stopped = list(controllers()) if silent else []
    check(stopped or not silent, "the domain controller is found")
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    if silent:
        sim.let_go(*names[:-1])
        wait_for(owed, PATIENCE, "the others ask the domain controller")
    filler = fill(small)
    held.let_go()
    # Time for the last to find the store full, most often; else the others do.
    time.sleep(1 if silent else 0)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    check(held.run.wait(PATIENCE) not in (0, -signal.SIGSEGV, -signal.SIGABRT),
          f"disk full: the run fails, in order: {held.run.returncode}")
    os.unlink(filler)
    keeper.run("run", "auto", *names)
    keeper.run("run", "auto", *names, expect=0)
    for row in devices:
        consistent(sim, keeper, row, f"{row['name']}: after a full disk")
    journal_empty(keeper, "after a full disk")


def main():
    where = folder()
    small = os.path.join(where, "keeper")
    os.mkdir(small)
    # Room for more than the write-ahead log of a run ever takes.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs",
                    small], check=True)
    keeper = Keeper(where)
    sim = Sim(where, len(NONSENSE) + 20, "--drift", "clock-renamed",
              "--firmware", "15.0.23", "--seed", "17", "--latency", "40")
    keeper.run("device", "import", sim.csv, expect=0)
    rest = sim.devices[len(NONSENSE):]

    gone(sim, keeper, "vault.key", os.unlink, "vault key missing")
    gone(sim, keeper, "vault.key", to_folder, "vault key unreadable")
    gone(sim, keeper, "vault.key", foreign(keeper), "vault key foreign")
    gone(sim, keeper, "fleet.db", os.unlink, "store missing")
    nonsense(sim, keeper, sim.devices[:len(NONSENSE)])
    impostor(sim, keeper, rest[0], rest[1])
    mutual(sim, keeper, rest[19])
    wrong_password(sim, keeper, rest[:3])
    stopped(sim, keeper, rest[3:7])
    twice(sim, keeper, rest[7:11])
    full(sim, keeper, rest[11:15], small, silent=False)
    full(sim, keeper, rest[15:19], small, silent=True)
    keeper.run("events", "--verify", expect=0)
    check(not glob.glob(os.path.join(small, "*.new")), "no half files")
    sim.stop()
    subprocess.run(["umount", small], check=True)
    finish()


main()
