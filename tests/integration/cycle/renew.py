#!/usr/bin/python3
"""renew.py: a service that outlives its ticket, its key and its clock.  It works on
past the ticket's end; when the account's password is set anew it says so, and goes
on with the new keytab without a restart; when its clock is set it looks again."""
import base64
import os
import re
import signal
import subprocess
import time

from fleet import (PATIENCE, Keeper, Sim, check, equal, finish, folder,
                   journal_empty, wait_for)

ENV = os.environ
# Seconds of a ticket: a KDC gives less than it would when it is asked to.  With
# two minutes left Samba takes none of them any more.
LIFE, USELESS = 124, 120
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def set_password(text):
    with open(ENV["LAB_ADMIN_PASSWORD_FILE"]) as f:
        password = f.read().rstrip("\n")
    path = os.path.join(ENV["LAB_DIR"], "administrator")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(password)
    coded = base64.b64encode(f'"{text}"'.encode("utf-16-le")).decode()
    subprocess.run(
        ["ldapmodify", "-H", f"ldaps://{ENV['LAB_DC']}", "-x", "-D",
         f"Administrator@{ENV['LAB_DOMAIN']}", "-y", path],
        input=f"dn: CN=svc-amt,CN=Users,{ENV['LAB_BASE']}\nchangetype: modify"
        f"\nreplace: unicodePwd\nunicodePwd:: {coded}\n", text=True,
        capture_output=True, timeout=PATIENCE, check=True,
        env=dict(ENV, LDAPTLS_CACERT=ENV["LAB_CA"]))


def make_keytab(path, password, kvno):
    """Beside, then in its place: whoever reads it gets one or the other."""
    new = path + ".new"
    salt = ENV["LAB_REALM"] + "svc-amt"
    subprocess.run(
        ["ktutil"], input=f"addent -password -p {ENV['LAB_PRINCIPAL']} "
        f"-k {kvno} -e aes256-cts-hmac-sha1-96 -s {salt}\n{password}\n"
        f"wkt {new}\nq\n", text=True, check=True, capture_output=True,
        timeout=PATIENCE)
    os.chmod(new, 0o600)
    os.rename(new, path)


def short_tickets(where):
    """krb5.conf with tickets that end soon."""
    with open(ENV["KRB5_CONFIG"]) as f:
        text = f.read()
    path = os.path.join(where, "krb5.conf")
    with open(path, "w") as f:
        f.write(text.replace("[libdefaults]", "[libdefaults]\n"
                             f"  ticket_lifetime = {LIFE}s"))
    return path


class Service:
    def __init__(self, keeper, where):
        self.log = os.path.join(where, "log")
        self.child = subprocess.Popen(
            [keeper.program, "-v", "serve"], env=keeper.env,
            stdout=subprocess.DEVNULL, stderr=open(self.log, "w"))

    def lines(self, event):
        with open(self.log) as f:
            return [line for line in f if event in line]

    def says(self, event, words, what):
        return wait_for(lambda: any(words in line for line in
                                    self.lines(event)), PATIENCE, what)


def rename(keeper, name, host):
    """The device is another one from now on; serve has work in the domain."""
    keeper.run("device", "set", name, "--os-host", host, expect=0)


def renamed(keeper, name, host):
    return keeper.device(name)["ad_dns_host"] == f"{host}.{ENV['LAB_DOMAIN']}"


def set_clock(path, offset):
    """As libfaketime reads it; from one moment to the next."""
    with open(path + ".new", "w") as f:
        f.write(offset + "\n")
    os.rename(path + ".new", path)


def set_under_serve(service, keeper, sim, name, clock):
    """A year ahead while the device is served: nothing is set or issued by that,
    and nothing waits for a year."""
    sim.ctl("set", name, "skew-ms", "700000")
    rename(keeper, name, "fourth")
    sim.fault("* * delay 500")
    before = sim.get(name)
    wait_for(lambda: sim.ctl("faults")[0]["fired"] > 2, PATIENCE, "it begins")
    set_clock(clock, "+31536000")
    service.says("device.done", "the clock here moved by", "it stops, and why")
    after = sim.get(name)
    equal([after[k] for k in ("clock_offset_ms", "flash_writes")],
          [before[k] for k in ("clock_offset_ms", "flash_writes")],
          "nothing is set by a clock that was set")
    sim.ctl("clear")
    set_clock(clock, "+0")
    wait_for(lambda: renamed(keeper, name, "fourth") and
             abs(sim.get(name)["clock_offset_ms"]) < 3000, PATIENCE,
             "and it is served when the clock is good again")


def set_under_a_run(keeper, sim, name, clock):
    """A run that began with a good clock ends when that is set."""
    rename(keeper, name, "fifth")
    sim.fault("* * delay 1000")
    child = subprocess.Popen([keeper.program, "run", "auto", "--all"],
                             env=keeper.env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
    wait_for(lambda: sim.ctl("faults")[0]["fired"], PATIENCE, "it begins")
    set_clock(clock, "-600")
    said = child.communicate(timeout=PATIENCE)[1]
    set_clock(clock, "+0")
    sim.ctl("clear")
    check("stopped: this computer's clock is 10m behind" in said,
          f"the run says why it stops: {said}")
    equal(child.returncode, 5, "exit code: refused")
    keeper.run("run", "auto", "--all", expect=0)
    check(renamed(keeper, name, "fifth"), "the next one finishes it")


def main():
    where = folder()
    keeper = Keeper(where)
    mine = os.path.join(where, "svc.keytab")
    clock = os.path.join(where, "clock")
    set_clock(clock, "+0")
    set_password("First-Passw0rd-1")
    make_keytab(mine, "First-Passw0rd-1", 3)
    keeper.edit("amtkeeper.yaml", "  keytab:", f"  keytab: {mine}")
    keeper.edit("amtkeeper.yaml", "  #poll:", "  poll: 1s")
    keeper.edit("amtkeeper.yaml", "  #retry_first:", "  retry_first: 1s")
    keeper.edit("amtkeeper.yaml", "  #retry_most:", "  retry_most: 2s")
    keeper.env.update(KRB5_CONFIG=short_tickets(where), LD_PRELOAD=FAKETIME,
                      FAKETIME_TIMESTAMP_FILE=clock, FAKETIME_NO_CACHE="1",
                      FAKETIME_DONT_FAKE_MONOTONIC="1")
    sim = Sim(where, 1, "--drift", "clock-renamed", "--firmware", "15.0.23",
              "--seed", "37")
    name = sim.devices[0]["name"]
    keeper.run("device", "import", sim.csv, expect=0)
    service = Service(keeper, where)
    wait_for(lambda: keeper.device(name)["run_result"] == "changed", PATIENCE,
             "the service does what is due")

    # Past the end of its ticket, and of what was connected with it.
    time.sleep(LIFE - USELESS + 1)
    rename(keeper, name, "second")
    wait_for(lambda: renamed(keeper, name, "second"), PATIENCE,
             "work in the domain after the ticket's end")
    equal(service.lines("kerberos.renewal"), [], "renewals went well")

    # The account's password is set anew, then comes its keytab.
    set_password("Second-Passw0rd-2")
    time.sleep(LIFE - USELESS + 1)
    rename(keeper, name, "third")
    service.says("device.done", "make the keytab anew",
                 "the service says what is wrong")
    check(not renamed(keeper, name, "third"), "no work without a key")
    # What is missing on the way to the domain is not missing there.
    os.unlink(mine)
    service.says("device.done", "create it with the key",
                 "the service says that there is no keytab")
    device = keeper.device(name)
    check(device["ad_dn"] and "ad-object-missing" not in
          (device["reasons"] or []), "the object is not taken for lost")
    make_keytab(mine, "Second-Passw0rd-2", 4)
    wait_for(lambda: renamed(keeper, name, "third"), PATIENCE,
             "work with the new keytab, without a restart")

    # Somebody sets the clock.
    set_clock(clock, "-600")
    service.says("serve.clock", "behind", "a clock that was set is looked at")
    check(all("kind=refused" in line for line in
              service.lines("serve.clock") if "behind" in line),
          "and no device is set by it")
    set_clock(clock, "+0")
    seen = len(service.lines("serve.clock"))
    wait_for(lambda: any("offset_ms" in line for line in
                         service.lines("serve.clock")[seen:]), PATIENCE,
             "and is good again")

    set_under_serve(service, keeper, sim, name, clock)
    service.child.send_signal(signal.SIGTERM)
    equal(service.child.wait(PATIENCE), 0, "exit code after SIGTERM")
    set_under_a_run(keeper, sim, name, clock)
    for words in ("LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE"):
        del keeper.env[words]
    journal_empty(keeper, "after the service")
    equal(keeper.device(name)["strikes"], 0, "no credential was refused")
    text = "".join(open(service.log))
    check(not re.search("Passw0rd", text), "no password in the log")
    sim.stop()
    finish()


main()
