#!/usr/bin/python3
"""fallen.py [--sample N]: at every N-th message of the rotation of a password the
controller is killed, before it got that message, while it works on it or before
it answers; or the device's object is deleted or moved there and then.  It says
what is wrong, and what is run next ends with a device that takes a fresh
ticket."""
import argparse
import os
import re
import signal
import socket
import subprocess
import threading
import time

from far import OTHER_ADDRESS, OTHER_DC
from fleet import (PATIENCE, ROOT, Keeper, Sim, check, consistent, equal,
                   finish, folder, journal_empty, wait_for)
from samdb import BASE, Domain

ENV = os.environ
LDAP, KDC = 389, 88
# Changing a password costs the controller some 25 ms.
MIDDLE = 0.01
MESSAGES, KINDS = 20, 4  # about, of a rotation
SILENCE = ("did not answer|closed the connection before it answered|cannot be "
           "reached")
GONE = "there is no|no such object|does not know this account"
SAYS = {"before": SILENCE, "during": SILENCE, "deleted": GONE,
        "moved": GONE}


class Controller:
    """The lab's, from its first death on ours."""

    def __init__(self):
        self.pid = int(ENV["LAB_DC_PID"])
        self.child = None

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        if self.child:
            self.child.wait(PATIENCE)

    @staticmethod
    def answers():
        """The KDC and the DNS come after LDAP, or before."""
        try:
            for port in (KDC, 53):
                socket.create_connection((ENV["LAB_DC_ADDRESS"], port)).close()
        except OSError:
            return False
        return subprocess.run(
            ["ldapsearch", "-x", "-o", "nettimeout=1", "-H",
             "ldap://" + ENV["LAB_DC"], "-s", "base", "-b", "", "1.1"],
            capture_output=True).returncode == 0

    def start(self):
        conf = os.path.join(ENV["LAB_DIR"], "dc/smb.conf")
        self.child = subprocess.Popen(
            ["samba", "--foreground", "--no-process-group", "-M", "single",
             "-s", conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        self.pid = self.child.pid
        wait_for(self.answers, PATIENCE, "the controller is back")


class Front:
    """A name of the controller's at which each message over LDAP is seen."""

    def __init__(self):
        self.lock = threading.Lock()
        self.arm(0, None)
        for port in (LDAP, KDC):
            server = socket.create_server((OTHER_ADDRESS, port), backlog=64)
            threading.Thread(target=self.accept, args=(server, port),
                             daemon=True).start()

    def arm(self, at, act):
        """act(forward): in place of forward() of message number at."""
        with self.lock:
            self.count, self.at, self.act = 0, at, act
            self.fired = False
            self.over = threading.Event()

    def accept(self, server, port):
        while True:
            client = server.accept()[0]
            threading.Thread(target=self.serve, args=(client, port),
                             daemon=True).start()

    def serve(self, client, port):
        with client:
            try:
                there = socket.create_connection((ENV["LAB_DC_ADDRESS"], port))
            except OSError:
                return
            with there:
                threading.Thread(target=self.back, args=(there, client),
                                 daemon=True).start()
                try:
                    while data := client.recv(65536):
                        self.pass_on(there, data, port)
                except OSError:
                    pass
                there.close()

    @staticmethod
    def back(there, client):
        try:
            while data := there.recv(65536):
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def pass_on(self, there, data, port):
        act = None
        with self.lock:
            if port == LDAP:
                self.count += 1
                if self.count == self.at:
                    act, self.fired = self.act, True
        if not act:
            there.sendall(data)
            return
        try:
            act(lambda: there.sendall(data))
        finally:
            self.over.set()


def deaths(controller):
    def before(_):
        controller.kill()
        controller.start()
        raise ConnectionResetError

    def during(forward):
        forward()
        time.sleep(MIDDLE)
        controller.kill()
        controller.start()

    return (("before", before), ("during", during))


def behind_our_back(case):
    domain, stray = case.domain, case.domain.ou("OU=Stray," + ENV["LAB_OU"])

    def delete(forward):
        domain.sam.delete(case.dn())
        forward()

    def move(forward):
        domain.sam.rename(case.dn(), f"{case.dn().split(',')[0]},{stray}")
        forward()

    return (("deleted", delete), ("moved", move))


class Case:
    def __init__(self, where, devices):
        self.keeper, self.controller = Keeper(where), Controller()
        self.domain, self.front = Domain(), Front()
        self.sim = Sim(where, devices, "--firmware", "16.1.25")
        self.take(0)
        self.domain.add(f"CN=DC1,OU=Domain Controllers,{BASE}",
                        servicePrincipalName="ldap/" + OTHER_DC)
        hosts = os.path.join(ENV["LAB_DIR"], "front")
        with open(hosts, "w") as f:
            f.write(f"{OTHER_ADDRESS} {OTHER_DC}\n")
        subprocess.run([os.path.join(ROOT, "tests/lab/labdns"), "--hosts",
                        hosts], check=True)
        self.keeper.edit("amtkeeper.yaml", "  dc:", f"  dc: {OTHER_DC}")
        self.keeper.edit("amtkeeper.yaml", "  #replication:",
                         "  replication: 0s")
        self.keeper.edit("amtkeeper.yaml", "  #timeout:", "  timeout: 3s",
                         section="directory")

    def take(self, number):
        """A device remembers 24 tickets for ten minutes, and takes no more."""
        self.row = self.sim.devices[number % len(self.sim.devices)]
        self.name = self.row["name"]

    def dn(self):
        return self.keeper.device(self.name)["ad_dn"]

    def renew(self, at=0, act=None):
        self.front.arm(at, act)
        return self.keeper.run("run", "renew-ad-password", self.name)

    def mend(self, what):
        """As many runs as it takes a person to see that it is well."""
        for _ in range(3):
            if self.keeper.run("run", "auto", self.name).returncode == 0:
                break
        journal_empty(self.keeper, what)
        consistent(self.sim, self.keeper, self.row, what)
        self.keeper.run("krb", "check", self.name, expect=0)


def try_all(c, messages, sample):
    """Case after case, each at another message and with another kind."""
    kinds = deaths(c.controller) + behind_our_back(c)
    spread = [(at, *kind) for at in range(1, messages + 1) for kind in kinds]
    failed = 0
    for number, (at, word, act) in enumerate(spread[::sample]):
        c.take(number)
        what = f"message {at} of {messages}, {word}"
        out = c.renew(at, act)
        if not check(c.front.fired, f"{what}: it happened"):
            continue
        c.front.over.wait(PATIENCE)
        c.front.arm(0, None)
        said = (out.stdout.splitlines() or out.stderr.splitlines())[-1]
        failed += out.returncode != 0
        check(out.returncode == 0 or re.search(SAYS[word], said),
              f"{what}: it says what is wrong: {said}")
        c.mend(what)
    check(failed, "some of that was felt")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=11)
    sample = parser.parse_args().sample
    c = Case(folder(), MESSAGES * KINDS // sample // 6 + 1)
    c.keeper.run("device", "import", c.sim.csv, expect=0)
    c.keeper.run("run", "auto", "--all", expect=0)
    equal(c.renew().returncode, 0, "a renewal through the front")
    try_all(c, c.front.count, sample)
    c.sim.stop()
    finish()


main()
