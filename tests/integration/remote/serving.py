"""A server with a fleet behind it: the program, its console, simulated
firmware; and what to ask of them."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from clients import Server

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import PATIENCE, check, equal, far_off, finish  # noqa: E402, F401
from served import Served  # noqa: E402

PASSWORD = "correct horse battery"


class Serving:
    def __init__(self, keeper, first):
        """first: address of the first device, no other test's."""
        self.first = first
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
            [sim, "--devices", str(devices), "--first", self.first,
             "--state", os.path.join(self.where, "sim"),
             "--control", os.path.join(self.where, "ctl"),
             "--write-fleet", csv, "--ready-fd", str(write), *options],
            pass_fds=[write], stdout=subprocess.DEVNULL)
        os.close(write)
        os.read(read, 1)
        os.close(read)
        self.run("device", "import", csv)

    def run(self, *args, expect=(0,)):
        out = subprocess.run([self.program, *args], env=self.env, text=True,
                             capture_output=True, timeout=PATIENCE)
        assert out.returncode in expect, (args, out.stdout, out.stderr)
        return out.stdout

    def json(self, *args, expect=(0,)):
        return json.loads(self.run(*args, "-o", "json", expect=expect) or "[]")

    def user(self, name, sets):
        path = os.path.join(self.where, "password")
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(PASSWORD + "\n")
        self.run("user", "add", name, "--sets", sets, "--password-file", path)
        os.unlink(path)

    def start(self):
        """Returns where clients find it, as the user "admin"."""
        self.child = Served(self.program, self.env,
                            os.path.join(self.where, "log"))
        self.port = self.child.port()
        assert self.port != 0, self.child.said()
        self.ca = os.path.join(self.where, "ca.pem")
        with open(self.ca, "w") as f:
            f.write(self.run("ca", "chain"))
        return Server(self.port, "admin", PASSWORD, self.ca)

    def stop(self):
        """The exit code of serve."""
        code = None if self.child is None else self.child.stop()
        if self.sim is not None:
            self.sim.terminate()
            self.sim.wait(PATIENCE)
        self.child = self.sim = None
        shutil.rmtree(self.where)
        return code
