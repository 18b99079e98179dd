"""`amtkeeper serve` as a child, from its first word to its exit code."""
import re
import signal
import subprocess

from checks import PATIENCE, wait_for


class Served:
    def __init__(self, program, env, log, *options):
        self.log = log
        with open(log, "w") as f:
            self.child = subprocess.Popen([program, "serve", *options],
                                          env=env, stdout=subprocess.DEVNULL,
                                          stderr=f)
        self.pid = self.child.pid

    def said(self):
        with open(self.log) as f:
            return f.read()

    def port(self):
        """The console's, once it listens; 0: it does not, or has ended."""
        def found():
            return re.search(r"console\.listen .*port=(\d+)", self.said())

        wait_for(lambda: found() or self.child.poll() is not None, PATIENCE,
                 "the console listens")
        return int(found()[1]) if found() else 0

    def stop(self, how=signal.SIGTERM):
        """Its exit code."""
        self.child.send_signal(how)
        return self.child.wait(PATIENCE)
