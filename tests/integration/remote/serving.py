"""A server with a fleet behind it: the program, its console, simulated
firmware; and what to ask of them."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

from clients import Server

# Seconds for what must come: no measure, a loaded machine has all of them.
PATIENCE = 300
PASSWORD = "correct horse battery"
_failed = 0
_passed = 0


def check(holds, what):
    """One expectation; the text says what must hold."""
    global _failed, _passed
    if holds:
        _passed += 1
    else:
        _failed += 1
        print(f"FAIL {what}", flush=True)
    return holds


def equal(found, wanted, what):
    return check(found == wanted, f"{what}: {found!r}, not {wanted!r}")


def finish():
    print(f"{_passed} passed, {_failed} failed", flush=True)
    return bool(_failed)


class Serving:
    def __init__(self, keeper):
        self.where = tempfile.mkdtemp(prefix="remote.")
        self.program = keeper
        self.config = os.path.join(self.where, "etc", "amtkeeper.yaml")
        self.env = dict(os.environ, AMTKEEPER_CONFIG=self.config)
        self.sim = self.child = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.sim is not None or self.child is not None:
            self.stop()

    def prepare(self, sim, devices, *options):
        self.run("init", "--dir", os.path.dirname(self.config))
        with open(self.config) as f:
            text = f.read()
        assert text.count("\nconsole:\n") == 1, text
        with open(self.config, "w") as f:
            f.write(text.replace("\nconsole:\n", "\nconsole:\n"
                                 "  listen: 127.0.0.1:0\n"
                                 "  name: localhost\n  rate: 0\n"))
        if devices == 0:
            return
        csv = os.path.join(self.where, "fleet.csv")
        read, write = os.pipe()
        self.sim = subprocess.Popen(
            [sim, "--devices", str(devices), "--first", "127.83.0.1",
             "--state", os.path.join(self.where, "sim"),
             "--control", os.path.join(self.where, "ctl"),
             "--write-fleet", csv, "--ready-fd", str(write), *options],
            pass_fds=[write], stdout=subprocess.DEVNULL)
        os.close(write)
        os.read(read, 1)
        os.close(read)
        self.run("device", "import", csv)

    def run(self, *args):
        out = subprocess.run([self.program, *args], env=self.env, text=True,
                             capture_output=True, timeout=PATIENCE)
        assert out.returncode == 0, (args, out.stdout, out.stderr)
        return out.stdout

    def json(self, *args):
        return json.loads(self.run(*args, "-o", "json") or "[]")

    def user(self, name, sets):
        path = os.path.join(self.where, "password")
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(PASSWORD + "\n")
        self.run("user", "add", name, "--sets", sets, "--password-file", path)
        os.unlink(path)

    def start(self):
        """Returns where clients find it, as the user "admin"."""
        log = os.path.join(self.where, "log")
        self.child = subprocess.Popen([self.program, "serve"], env=self.env,
                                      stderr=open(log, "w"))
        found = None
        while not found:
            assert self.child.poll() is None, open(log).read()
            with open(log) as f:
                found = re.search(r"console\.listen .*port=(\d+)", f.read())
        self.port = int(found[1])
        self.ca = os.path.join(self.where, "ca.pem")
        with open(self.ca, "w") as f:
            f.write(self.run("ca", "chain"))
        return Server(self.port, "admin", PASSWORD, self.ca)

    def stop(self):
        """The exit code of serve."""
        code = None
        for child in (self.child, self.sim):
            if child is None:
                continue
            child.send_signal(signal.SIGTERM)
            ended = child.wait(PATIENCE)
            code = ended if code is None else code
        self.child = self.sim = None
        shutil.rmtree(self.where)
        return code
